"""`growth`: score a table of measurements, row by row, from stdin to stdout."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from backend.facts.errors import ContentError
from backend.handbook.growth.rows import ADDED, NOTHING, Columns, WrongHead, score_row
from backend.handbook.growth.standards import Standard, StandardName, load_standard


class CannotScore(Exception):
    """The text says why, in a sentence."""


def score_table(content_root: Path, name: StandardName, source: BinaryIO, target: BinaryIO) -> None:
    """Copy the table and add z and label to each row; order and number of rows stay.

    A row is written before the next one is needed, so a table may be of any length. Bytes that
    are not UTF-8 go through as they are. Raises CannotScore.
    """
    try:
        standard = load_standard(content_root, name)
    except ContentError as error:
        raise CannotScore(str(error)) from error
    text_in = io.TextIOWrapper(source, "utf-8-sig", errors="surrogateescape", newline="")
    text_out = io.TextIOWrapper(target, "utf-8", errors="surrogateescape", newline="")
    reader = csv.reader(text_in)
    try:
        csv.writer(text_out, lineterminator="\n").writerows(_scored(standard, reader))
    except WrongHead as error:
        raise CannotScore(str(error)) from error
    except csv.Error as error:
        raise CannotScore(f"第{reader.line_num}行读不出来：引号没有成对，或者一格太长") from error
    finally:
        text_out.flush()
        text_out.detach()
        text_in.detach()


def _scored(standard: Standard, rows: Iterator[list[str]]) -> Iterator[list[str]]:
    head = next(rows, [])
    columns = Columns.of(head)
    added = _places_of_added(head)
    yield _with(head, columns.width, added, ADDED)
    for row in rows:
        if not row:
            yield row  # an empty line stays one
            continue
        row += [""] * (columns.width - len(row))
        whole = not any(row[columns.width :])  # a comma at the end harms nobody
        scored = score_row(standard, columns.fields(row)) if whole else NOTHING
        yield _with(row, columns.width, added, scored)


def _places_of_added(head: list[str]) -> list[int | None]:
    """Where z and label stand already: a table that comes back is scored anew."""
    names = [name.strip().lower() for name in head]
    return [names.index(name) if name in names else None for name in ADDED]


def _with(
    row: list[str], width: int, places: list[int | None], values: tuple[str, ...]
) -> list[str]:
    """The row with both values; cells beyond the head stay, to the right of them."""
    cells, beyond = row[:width], row[width:]
    for place, value in zip(places, values, strict=True):
        if place is None:
            cells.append(value)
        else:
            cells[place] = value
    return cells + beyond
