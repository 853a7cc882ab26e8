"""The CSV files of content/growth as tables. A file that is not whole is refused with its line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

from backend.facts.errors import ContentError
from backend.handbook.growth.measurements import Indicator
from backend.handbook.growth.scores import Lines, Lms
from backend.handbook.growth.tables import LineTable, LmsTable
from backend.kernel.sex import Sex

Key: TypeAlias = tuple[Indicator, Sex]
Row = TypeVar("Row")

LMS_HEAD = ["indicator", "sex", "x", "L", "M", "S"]
LINES_HEAD = ["indicator", "sex", "x", *(f"SD_{z}" for z in range(-3, 4))]
UNRESTRICTED = {Indicator.LENGTH, Indicator.HEAD}  # WHO 2006: scores of lengths go on as they are
DAY, MILLIMETRE = 1.0, 0.1
LAST_DAY = 1856

# What the standards publish: a row for each of these places.
_EACH_MONTH_THEN_THREE = [*range(24), *range(24, 82, 3)]
LMS_PLACES: Mapping[Indicator, Sequence[float]] = {
    Indicator.WEIGHT: range(LAST_DAY + 1),
    Indicator.LENGTH: range(LAST_DAY + 1),
    Indicator.HEAD: range(LAST_DAY + 1),
    Indicator.BMI: range(LAST_DAY + 1),
    Indicator.WEIGHT_FOR_LENGTH: [tenth / 10 for tenth in range(450, 1101)],
    Indicator.WEIGHT_FOR_HEIGHT: [tenth / 10 for tenth in range(650, 1201)],
}
LINE_PLACES: Mapping[Indicator, Sequence[float]] = {
    Indicator.WEIGHT: _EACH_MONTH_THEN_THREE,
    Indicator.LENGTH: _EACH_MONTH_THEN_THREE,
    Indicator.HEAD: [month for month in _EACH_MONTH_THEN_THREE if month <= 36],
    Indicator.BMI: _EACH_MONTH_THEN_THREE,
    Indicator.WEIGHT_FOR_LENGTH: range(45, 101),
    Indicator.WEIGHT_FOR_HEIGHT: range(75, 131),
}


def read_lms_tables(file: Path) -> dict[Key, LmsTable]:
    """Raises ContentError."""
    rows = _read(file, LMS_HEAD, LMS_PLACES, lambda cells: Lms(*map(float, cells)))
    return {
        key: LmsTable(
            LMS_PLACES[key[0]][0],
            MILLIMETRE if LMS_PLACES[key[0]][0] else DAY,  # ages begin at birth, lengths do not
            found,
            restricted=key[0] not in UNRESTRICTED,
        )
        for key, found in rows.items()
    }


def read_line_tables(file: Path) -> dict[Key, LineTable]:
    """Raises ContentError."""
    rows = _read(file, LINES_HEAD, LINE_PLACES, _lines)
    return {key: LineTable(list(LINE_PLACES[key[0]]), found) for key, found in rows.items()}


def _lines(cells: Sequence[str]) -> Lines:
    a, b, c, d, e, f, g = map(float, cells)
    return (a, b, c, d, e, f, g)


def _read(
    file: Path,
    head: Sequence[str],
    places: Mapping[Indicator, Sequence[float]],
    parse: Callable[[Sequence[str]], Row],
) -> dict[Key, list[Row]]:
    """The rows of each table, all of them and in the order of their places."""
    found: dict[Key, list[Row]] = {(one, sex): [] for one in places for sex in Sex}
    for line, cells in _numbered(file, head):
        try:
            key = (Indicator(cells[0]), Sex(cells[1]))
            place, row = float(cells[2]), parse(cells[3:])
        except (ValueError, TypeError, IndexError) as error:
            raise ContentError(file, line, "growth_row", "不是一行完整的数") from error
        rows = found[key]
        if len(rows) == len(places[key[0]]) or place != places[key[0]][len(rows)]:
            raise ContentError(file, line, "growth_gap", f"x={cells[2]} 不是应有的下一行")
        rows.append(row)
    for (indicator, sex), rows in found.items():
        if len(rows) < len(places[indicator]):
            missing = f"{places[indicator][len(rows)]:g}"
            raise ContentError(file, 1, "growth_gap", f"{indicator},{sex} 缺 x={missing} 起的行")
    return found


def _numbered(file: Path, head: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.reader(lines)
            if next(reader, None) != list(head):
                raise ContentError(file, 1, "growth_head", f"第一行应为 {','.join(head)}")
            for cells in reader:
                yield reader.line_num, cells
    except FileNotFoundError as error:
        raise ContentError(file, 1, "growth_missing", "缺少这个文件") from error
