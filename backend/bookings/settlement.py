"""What of a month is paid, and why the rest is not. Pure: facts in, verdicts out.

`settlement_sql` gives the same verdicts by SQL, for a million bookings at once; a test lets both
judge the same random months.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from backend.bookings.settlement_models import StatementState
from backend.centres.place_models import ContractUnit
from backend.kernel.ages import add_months
from backend.kernel.errors import Conflict, Invalid

NOTE_LENGTH = 500


class Reason(StrEnum):
    """Why an attended session is not paid. Public: they stand in lines that never change."""

    OUTSIDE_CONTRACT = "outside_contract"
    ALREADY_SETTLED = "already_settled"
    CLOSED_CENTRE = "closed_centre"
    TEACHER_NOT_CERTIFIED = "teacher_not_certified"
    DUPLICATE = "duplicate"
    NOT_BORN = "not_born"
    OVER_AGE = "over_age"
    OVER_QUOTA = "over_quota"
    NO_GUARDIAN_CONFIRMATION = "no_guardian_confirmation"
    ABOVE_CEILING = "above_ceiling"


DEDUCTIONS: Mapping[Reason, str] = {
    Reason.OUTSIDE_CONTRACT: "活动当天不在合同期限内",
    Reason.ALREADY_SETTLED: "这一次已列入另一份结算单",
    Reason.CLOSED_CENTRE: "活动时间内中心或教室登记为关闭",
    Reason.TEACHER_NOT_CERTIFIED: "授课老师当天没有在有效期内的证书",
    Reason.DUPLICATE: "同一个宝宝（含合并的登记）同一时间另有一次到场，只付一次",
    Reason.NOT_BORN: "活动当天早于登记的出生日期",
    Reason.OVER_AGE: "活动当天宝宝已满服务的月龄上限",
    Reason.OVER_QUOTA: "不在当年六次之内（这一次没有占用次数）",
    Reason.NO_GUARDIAN_CONFIRMATION: "家长还没有确认到场（手机或纸质签字）",
    Reason.ABOVE_CEILING: "累计金额已到合同上限",
}
"""In the order in which they are asked: the first that holds is the line's reason.

What nobody can mend any more comes first; what the family can still mend, last.
"""

REASON_TITLES: Mapping[Reason, str] = {
    Reason.OUTSIDE_CONTRACT: "合同期外",
    Reason.ALREADY_SETTLED: "已结算",
    Reason.CLOSED_CENTRE: "中心关闭",
    Reason.TEACHER_NOT_CERTIFIED: "老师无有效证书",
    Reason.DUPLICATE: "重复",
    Reason.NOT_BORN: "早于出生",
    Reason.OVER_AGE: "超龄",
    Reason.OVER_QUOTA: "超出六次",
    Reason.NO_GUARDIAN_CONFIRMATION: "家长未确认",
    Reason.ABOVE_CEILING: "超合同上限",
}

S = StatementState
STATEMENT_TITLES: Mapping[StatementState, str] = {
    S.DRAFT: "草稿",
    S.SUBMITTED: "待审核",
    S.RETURNED: "已退回",
    S.ACCEPTED: "已受理",
    S.PAID: "已付款",
}
OPEN_STATEMENTS = frozenset({S.DRAFT, S.RETURNED})  # recomputed; all others stand still
NEXT_STATEMENTS: Mapping[StatementState, frozenset[StatementState]] = {
    S.DRAFT: frozenset({S.SUBMITTED}),
    S.RETURNED: frozenset({S.SUBMITTED}),
    S.SUBMITTED: frozenset({S.RETURNED, S.ACCEPTED}),
    S.ACCEPTED: frozenset({S.PAID}),
    S.PAID: frozenset(),
}


class StatementLocked(Conflict):
    code = "statement_locked"
    message = "结算单已受理，不能再改，请在以后的月份里更正"


class StatementChanged(Conflict):
    """Somebody else was faster; the detail says who, when and what."""

    code = "statement_changed"
    message = "这份结算单刚刚有变化，请刷新后再看一遍"


class StatementOutdated(Conflict):
    code = "statement_outdated"
    message = "到场记录有变化，请先重新计算，看过新的数字再提交"


class MonthNotOver(Conflict):
    code = "statement_month_not_over"
    message = "这个月还没有结束，月底以后才能提交"


class OwnSubmission(Conflict):
    code = "statement_own_submission"
    message = "提交人不能审核自己提交的结算单，请由另一人审核"


class AboveCeiling(Conflict):
    code = "statement_above_ceiling"
    message = "受理后会超过合同的金额上限，请退回重新计算"


class CorrectionTooMuch(Conflict):
    code = "statement_correction_too_much"
    message = "更正后这一次到场的付款会小于零或超过单价"


@dataclass(frozen=True)
class Terms:
    """What the contract says. Money in fen; `ceiling_fen` of the whole term, None: no limit."""

    valid_from: date
    valid_until: date
    unit: ContractUnit
    price_fen: int
    ceiling_fen: int | None


@dataclass(frozen=True)
class Attended:
    """A session that a child came to, as far as the money looks at it.

    `child`: the registration that remains after merging. `by_phone`, `on_paper`: how the guardian
    has confirmed; either counts, and both are the same. `frozen`: it stands as paid in a
    statement that is submitted, accepted or paid. `elsewhere`: in any other statement.
    """

    booking_id: int
    child: int
    day: date
    starts_at: datetime
    ends_at: datetime
    birth_date: date
    under_months: int
    quota_number: int | None
    by_phone: bool
    on_paper: bool = False
    closed: bool = False
    certified: bool = True
    frozen: bool = False
    elsewhere: bool = False

    @property
    def confirmed(self) -> bool:
        return self.by_phone or self.on_paper

    @property
    def rank(self) -> tuple[bool, bool, datetime, int]:
        """Of two sessions of a child at one time the lower rank stays: what is settled, then

        what the guardian has confirmed, then what began first.
        """
        return (not self.frozen, not self.confirmed, self.starts_at, self.booking_id)


@dataclass(frozen=True)
class Verdict:
    """`reason` is None for a session that is paid."""

    booking_id: int
    reason: Reason | None
    amount_fen: int


def settle(
    terms: Terms,
    attended: Sequence[Attended],
    *,
    elsewhere: Iterable[Attended] = (),
    spent_fen: int = 0,
) -> list[Verdict]:
    """A verdict for each attended session of the month.

    `elsewhere`: what the same children attended at other places. `spent_fen`: what the contract
    has paid in other months, corrections of this month included.
    """
    twice = duplicates([*attended, *elsewhere])
    found = {one.booking_id: first_reason(one, terms, twice) for one in attended}
    in_order = sorted(attended, key=lambda one: (one.starts_at, one.booking_id))
    payable = [one for one in in_order if found[one.booking_id] is None]
    amounts = _amounts(terms, payable, spent_fen)
    return [
        Verdict(
            one.booking_id,
            found[one.booking_id] or (None if one.booking_id in amounts else Reason.ABOVE_CEILING),
            amounts.get(one.booking_id, 0),
        )
        for one in in_order
    ]


def duplicates(sessions: Iterable[Attended]) -> set[int]:
    """Bookings of children who came to something else at an overlapping time that goes first."""
    by_child: dict[int, list[Attended]] = {}
    for one in sessions:
        by_child.setdefault(one.child, []).append(one)
    return {
        one.booking_id
        for held in by_child.values()
        for one in held
        if any(_overlap(one, other) and other.rank < one.rank for other in held)
    }


def first_reason(one: Attended, terms: Terms, twice: set[int]) -> Reason | None:
    """The first thing that stands against a payment, apart from the ceiling."""
    against = {
        Reason.OUTSIDE_CONTRACT: not terms.valid_from <= one.day <= terms.valid_until,
        Reason.ALREADY_SETTLED: one.elsewhere,
        Reason.CLOSED_CENTRE: one.closed,
        Reason.TEACHER_NOT_CERTIFIED: not one.certified,
        Reason.DUPLICATE: one.booking_id in twice,
        Reason.NOT_BORN: one.day < one.birth_date,
        Reason.OVER_AGE: one.day >= add_months(one.birth_date, one.under_months),
        Reason.OVER_QUOTA: one.quota_number is None,
        Reason.NO_GUARDIAN_CONFIRMATION: not one.confirmed,
    }
    return next((reason for reason in DEDUCTIONS if against.get(reason)), None)


def _amounts(terms: Terms, payable: Sequence[Attended], spent_fen: int) -> dict[int, int]:
    """Fen by booking, as far as the ceiling reaches.

    By session each costs the price; by family a child's first of the month does and the others
    go with it.
    """
    left = None if terms.ceiling_fen is None else max(0, terms.ceiling_fen - spent_fen)
    reach = None if left is None else left // terms.price_fen
    amounts: dict[int, int] = {}
    units: dict[int, int] = {}
    for one in payable:
        unit = one.child if terms.unit is ContractUnit.FAMILY else one.booking_id
        first = unit not in units
        number = units.setdefault(unit, len(units) + 1)
        if reach is None or number <= reach:
            amounts[one.booking_id] = terms.price_fen if first else 0
    return amounts


def _overlap(one: Attended, other: Attended) -> bool:
    apart = one.ends_at <= other.starts_at or other.ends_at <= one.starts_at
    return one.booking_id != other.booking_id and not apart


def month_of(day: date) -> date:
    """A month by its first day."""
    return day.replace(day=1)


def check_month_over(month: date, today: date) -> None:
    """Raises MonthNotOver until the last day of the month is past."""
    if today < add_months(month, 1):
        raise MonthNotOver


def check_other_person(submitted_by: str | None, actor: str) -> None:
    """Two pairs of eyes. Raises OwnSubmission."""
    if submitted_by == actor:
        raise OwnSubmission


def check_note(note: str) -> str:
    """The note without surrounding blanks. Raises Invalid for an empty or endless one."""
    note = note.strip()
    if not note:
        raise Invalid("请写明原因，对方会看到")
    if len(note) > NOTE_LENGTH:
        raise Invalid(f"说明请不超过 {NOTE_LENGTH} 字")
    return note


def check_correction(price_fen: int, paid_fen: int, amount_fen: int) -> None:
    """What has been paid for one session stays between nothing and the price.

    Raises CorrectionTooMuch.
    """
    if not 0 <= paid_fen + amount_fen <= price_fen:
        raise CorrectionTooMuch
