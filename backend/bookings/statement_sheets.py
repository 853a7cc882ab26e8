"""A statement as a workbook that Excel sums: money and times are numbers, names are masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from openpyxl import Workbook

from backend.bookings.money import yuan_number
from backend.bookings.settlement import DEDUCTIONS, REASON_TITLES, STATEMENT_TITLES, Reason
from backend.bookings.sheets import Value, add_sheet, bytes_of
from backend.bookings.statement_evidence import WAY_TITLES, CorrectionRow, LineRow
from backend.bookings.statement_queries import StatementRow, Subtotal, Summary

LINE_HEAD = ("预约编号", "开始", "中心", "类型", "活动", "孩子", "月龄", "年度", "第几次", "签到")
LINE_WIDTHS = (12, 18, 26, 12, 22, 12, 8, 8, 8, 12)


@dataclass(frozen=True)
class Book:
    """What goes into the workbook. `mask` gives the masked name of a line's child."""

    row: StatementRow
    town: str
    summary: Summary
    paid: Iterable[LineRow]
    deducted: Iterable[LineRow]
    corrections: Sequence[CorrectionRow]
    mask: Callable[[LineRow], str]


def workbook(book: Book) -> bytes:
    """Four sheets: 汇总, 明细, 扣减, 更正; written row by row, however many there are."""
    made = Workbook(write_only=True)
    add_sheet(made, "汇总", (30, 16, 16, 16), _summary(book), headed=False)
    add_sheet(
        made,
        "明细",
        (*LINE_WIDTHS, 18, 14),
        _lines((*LINE_HEAD, "家长确认", "金额（元）"), book.paid, book, _paid),
    )
    add_sheet(
        made,
        "扣减",
        (*LINE_WIDTHS, 16, 44),
        _lines((*LINE_HEAD, "原因", "说明"), book.deducted, book, _deducted),
    )
    add_sheet(made, "更正", (14, 14, 14, 40, 18), _corrections(book))
    return bytes_of(made)


def _summary(book: Book) -> Iterator[Sequence[Value]]:
    row = book.row
    yield ("机构", row.institution)
    yield ("街镇", book.town)
    yield ("月份", f"{row.month:%Y-%m}")
    yield ("状态", STATEMENT_TITLES[row.state])
    yield ("单价（元）", yuan_number(row.price_fen))
    yield ()
    yield ("计付人次", row.sessions)
    yield ("到场金额（元）", yuan_number(row.sessions_fen))
    yield ("更正（元）", yuan_number(row.corrections_fen))
    yield ("应付（元）", yuan_number(row.total_fen))
    yield from _subtotals("按中心", book.summary.by_centre)
    yield from _subtotals("按类型", book.summary.by_kind)
    yield ()
    yield ("不计付的原因", "人次")
    for reason, number in book.summary.by_reason:
        yield (REASON_TITLES[reason], number)


def _subtotals(title: str, rows: Sequence[Subtotal]) -> Iterator[Sequence[Value]]:
    yield ()
    yield (title, "计付人次", "不计付人次", "金额（元）")
    for one in rows:
        yield (one.name, one.sessions, one.deductions, yuan_number(one.sessions_fen))


def _lines(
    head: Sequence[str],
    lines: Iterable[LineRow],
    book: Book,
    rest: Callable[[LineRow], Sequence[Value]],
) -> Iterator[Sequence[Value]]:
    yield head
    for line in lines:
        yield (
            line.booking_id,
            line.starts_at,
            line.centre,
            line.slot_kind_title,
            line.title,
            book.mask(line),
            line.age_months,
            line.quota_year,
            line.quota_number,
            WAY_TITLES[line.way] if line.way else "没有",
            *rest(line),
        )


def _paid(line: LineRow) -> Sequence[Value]:
    return _confirmed(line), yuan_number(line.amount_fen)


def _confirmed(line: LineRow) -> Value:
    """When on the phone, or on which sheet of paper."""
    return line.confirmed_at or (line.paper_sheet and f"纸质签字 {line.paper_sheet}")


def _deducted(line: LineRow) -> Sequence[Value]:
    reason = Reason(line.reason)
    return REASON_TITLES[reason], DEDUCTIONS[reason]


def _corrections(book: Book) -> Iterator[Sequence[Value]]:
    yield ("更正月份", "金额（元）", "预约编号", "原因", "登记时间")
    for one in book.corrections:
        yield (
            f"{one.of_month:%Y-%m}" if one.of_month else "",
            yuan_number(one.amount_fen),
            one.booking_id,
            one.note,
            one.created_at,
        )
