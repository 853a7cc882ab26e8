"""The city's table of days as text: one day a line, as pasted from Excel or from a CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import date

from backend.centres.calendar import CityDay
from backend.centres.place_models import DayKind
from backend.kernel.errors import Invalid

COLUMNS = ("日期", "类别", "名称")
KINDS = {
    "放假": DayKind.HOLIDAY,
    "休": DayKind.HOLIDAY,
    "holiday": DayKind.HOLIDAY,
    "上班": DayKind.WORKDAY,
    "班": DayKind.WORKDAY,
    "调休上班": DayKind.WORKDAY,
    "workday": DayKind.WORKDAY,
}
TITLES = {DayKind.HOLIDAY: "放假", DayKind.WORKDAY: "上班"}
MOST_DAYS = 200
SHOWN_MISTAKES = 5
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")  # Excel writes 2027/1/3


def read_days(text: str) -> list[CityDay]:
    """The days of a sheet; a heading may be there or not.

    Raises Invalid with the first lines that are wrong; then none of them counts.
    """
    found: dict[date, CityDay] = {}
    mistakes: list[str] = []
    for line, cells in _lines(text):
        try:
            row = _day(cells)
            if row.day in found:
                raise Invalid("这一天前面已经有了")
            found[row.day] = row
        except Invalid as error:
            mistakes.append(f"第 {line} 行：{error.detail}")
    if mistakes:
        more = f"；另有 {len(mistakes) - SHOWN_MISTAKES} 行" if len(mistakes) > 5 else ""
        raise Invalid("；".join(mistakes[:SHOWN_MISTAKES]) + more)
    if not 0 < len(found) <= MOST_DAYS:
        raise Invalid(f"一次可以导入 1–{MOST_DAYS} 天，这里有 {len(found)} 天")
    return list(found.values())


def write_sheet(days: Iterable[CityDay]) -> str:
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(COLUMNS)
    sheet.writerows((row.day.isoformat(), TITLES[row.kind], row.name) for row in days)
    return text.getvalue()


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of what says anything. Excel's clipboard parts cells by tabs."""
    between = "\t" if "\t" in text else ","
    text = text.replace("，", ",")  # a Chinese keyboard's comma
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True))
    except csv.Error as error:
        raise Invalid("这不是逗号分隔的表格（CSV）") from error
    rows = [(line, [cell.strip() for cell in row]) for line, row in enumerate(table, 1)]
    return [(line, row) for line, row in rows if any(row) and row[0] != COLUMNS[0]]


def _day(cells: list[str]) -> CityDay:
    if len(cells) < len(COLUMNS):
        raise Invalid("要有日期、类别、名称三格")
    parts = DAY.fullmatch(cells[0])
    try:
        if parts is None:
            raise ValueError
        day = date(*(int(part) for part in parts.groups()))
    except ValueError as error:
        raise Invalid("日期请写成 2027-01-31 这样") from error
    kind = KINDS.get(cells[1])
    if kind is None:
        raise Invalid("类别请写“放假”或“上班”")
    if not cells[2]:
        raise Invalid("请写名称，例如“春节”")
    return CityDay(day, kind, cells[2])
