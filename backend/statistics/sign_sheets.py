"""Signs of a month as a workbook: what was seen, what a person found, the sessions behind it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from openpyxl import Workbook

from backend.bookings.sheets import Value, add_sheet
from backend.bookings.sign_checks import VERDICT_TITLES, Finding
from backend.bookings.sign_evidence import SignBooking
from backend.bookings.sign_models import SignVerdict
from backend.statistics.sign_rules import Item, Sign

TITLE_OPEN = VERDICT_TITLES[SignVerdict.REOPENED]


@dataclass(frozen=True)
class Seen:
    """A sign with the newest word about it and the sessions that the viewer may see."""

    sign: Sign
    item: Item
    said: Finding | None
    bookings: Sequence[SignBooking]


def sign_workbook(seen: Iterable[Seen], mask: Callable[[SignBooking], str]) -> bytes:
    """Two sheets: 情况, 到场. Names are masked."""
    rows = list(seen)
    made = Workbook(write_only=True)
    add_sheet(made, "情况", (8, 28, 60, 10, 40, 16, 18), _signs(rows))
    add_sheet(made, "到场", (8, 12, 18, 26, 22, 12, 10), _sessions(rows, mask))
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def _signs(rows: Sequence[Seen]) -> Iterator[Sequence[Value]]:
    yield ("序号", "种类", "情况", "核对", "结果", "核对人", "核对时间")
    for number, one in enumerate(rows, 1):
        said = one.said
        rest = (said.title, said.note, said.who, said.at) if said else (TITLE_OPEN, "", "", None)
        yield (number, one.sign.title, one.item.text, *rest)


def _sessions(
    rows: Sequence[Seen], mask: Callable[[SignBooking], str]
) -> Iterator[Sequence[Value]]:
    yield ("序号", "预约编号", "开始", "中心", "活动", "孩子", "结算单")
    for number, one in enumerate(rows, 1):
        for held in one.bookings:
            yield (
                number,
                held.booking_id,
                held.starts_at,
                held.centre,
                held.title,
                mask(held),
                held.statement_id,
            )
