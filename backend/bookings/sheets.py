"""Sheets of a workbook that Excel sums: money and times are numbers, text is never a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from backend.kernel.clock import city_time

MONEY, MOMENT = "#,##0.00", "yyyy-mm-dd hh:mm"
BOLD = Font(bold=True)
Value = str | int | Decimal | datetime | None


def add_sheet(
    made: Workbook,
    title: str,
    widths: Sequence[int],
    rows: Iterable[Sequence[Value]],
    *,
    headed: bool = True,
) -> None:
    """A sheet of a write-only workbook, row by row. `headed`: its first row stays in sight."""
    sheet = made.create_sheet(title)
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    if headed:
        sheet.freeze_panes = "A2"
    for number, row in enumerate(rows):
        sheet.append([_cell(sheet, value, head=number == 0) for value in row])


def bytes_of(made: Workbook) -> bytes:
    """The file; a write-only workbook is written once."""
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def _cell(sheet: Any, value: Value, *, head: bool) -> Any:
    """Excel keeps no time zone, and runs what begins with “=” unless it is said to be text."""
    shape = None
    if isinstance(value, datetime):
        value, shape = city_time(value).replace(tzinfo=None), MOMENT
    elif isinstance(value, Decimal):
        shape = MONEY
    elif isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell = WriteOnlyCell(sheet, value)  # type: ignore[arg-type]  # it takes Decimals too
    if isinstance(value, str):
        cell.data_type = "s"
    if shape is not None:
        cell.number_format = shape
    if head:
        cell.font = BOLD
    return cell
