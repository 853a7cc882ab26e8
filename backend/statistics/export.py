"""Tables as CSV that Excel opens with a double click, Chinese included."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

BOM = "\ufeff"  # without it Excel takes UTF-8 for the system's encoding
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | Decimal | None


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with byte order mark, CRLF (RFC 4180). A text is never run as a formula."""
    text = io.StringIO(BOM, newline="")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(BEGINS_A_FORMULA) else cell
