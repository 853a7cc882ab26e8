"""What counts as a sign: the area that is looked at, thresholds, titles. Pure.

Each sign has innocent explanations (a large family, a list ticked after the session, a teacher
who hurried). They are worded 需要核对 and change no amount; a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select

from backend.bookings.sign_models import SignKind
from backend.bookings.statement_queries import StatementRow, centres_of

MOST_ITEMS = 50  # of one kind on a page; the number says how many there are at least


@dataclass(frozen=True)
class Area:
    """What is looked at: the days, first and last, and the centres (a query of their ids)."""

    days: tuple[date, date]
    centres: Select[int]
    most: int = MOST_ITEMS


def area_of(statement: StatementRow) -> Area:
    return Area(statement.days, centres_of(statement))


@dataclass(frozen=True)
class Thresholds:
    """From when on something is shown. Ours, to be tuned with what the first months bring."""

    children_of_one_phone: int = 4  # under three and cared for at home
    list_check_ins: int = 5  # of one session …
    list_within: timedelta = timedelta(seconds=10)  # … within this time
    travel: timedelta = timedelta(minutes=20)  # between two centres
    unconfirmed: int = 10  # of one centre …
    unconfirmed_percent: int = 50  # … and this share of what was attended
    paper: int = 10  # confirmations on paper at one centre in a month …
    paper_percent: int = 30  # … and more than this share of what was attended


@dataclass(frozen=True)
class Item:
    """One thing to look at. `bookings`: sessions that it is about, the first few.

    `subject`: what it is about, the same whoever looks (see SignCheck).
    """

    subject: str
    text: str
    bookings: tuple[int, ...] = ()
    centre_id: int | None = None
    day: date | None = None


@dataclass(frozen=True)
class Sign:
    kind: SignKind
    title: str
    rule: str  # the threshold in words
    items: list[Item]
    most: int = MOST_ITEMS

    @property
    def is_cut(self) -> bool:
        """There may be more than are listed."""
        return len(self.items) >= self.most


SIGN_TITLES: Mapping[SignKind, str] = {
    SignKind.ONE_PHONE: "同一手机号名下孩子较多",
    SignKind.LIST_IN_SECONDS: "名单勾选集中在几秒内",
    SignKind.TEACHER_IN_TWO_PLACES: "老师在两个地点之间来不及赶到",
    SignKind.ROOM_TOO_FULL: "到场人数超过教室容量",
    SignKind.MOSTLY_UNCONFIRMED: "家长未确认的到场较多",
    SignKind.CHILD_IN_TWO_CENTRES: "一个孩子同一天到了两个中心",
    SignKind.NOBODY_TAUGHT: "没有登记老师",
    SignKind.MOSTLY_PAPER: "纸质签字较多",
}


def is_crowd(check_ins: int, seconds: float, limits: Thresholds) -> bool:
    """So many ticks of one list in so short a time."""
    return check_ins >= limits.list_check_ins and seconds <= limits.list_within.total_seconds()


def is_mostly_unconfirmed(unconfirmed: int, attended: int, limits: Thresholds) -> bool:
    return (
        unconfirmed >= limits.unconfirmed
        and 100 * unconfirmed >= limits.unconfirmed_percent * attended
    )


def is_mostly_paper(on_paper: int, attended: int, limits: Thresholds) -> bool:
    return on_paper >= limits.paper and 100 * on_paper > limits.paper_percent * attended


def is_too_fast(gap: timedelta, limits: Thresholds) -> bool:
    """Between the end of a session at one centre and the start of one at another."""
    return gap < limits.travel
