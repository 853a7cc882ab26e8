"""Which of the two reminders keeps more places filled: 未到场率 side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from backend.bookings.models import Booking, BookingState
from backend.bookings.reminders import WORDING_TITLES, Wording
from backend.centres.models import Slot
from backend.kernel.ages import add_months
from backend.kernel.clock import city_midnight
from backend.outbox.models import Message, MessageState
from backend.people.scopes import Scope

TEMPLATE = "booking_reminder"
NORMAL_95 = 1.96  # the two-sided 5 % point of the normal distribution
FORMULA = (
    "未到场率 = 未到场 ÷（到场＋未到场），只算提醒已发出的预约；"
    "差值 = 乙 − 甲，95% 区间按 Agresti–Caffo（2000）：每组各加 1 次到场、1 次未到场"
)


@dataclass(frozen=True)
class Group:
    """Bookings that were reminded in one wording.

    `reminded`: the message is in the family's list; `sent`: it went to WeChat as well.
    """

    wording: Wording
    reminded: int = 0
    sent: int = 0
    attended: int = 0
    missed: int = 0

    @property
    def title(self) -> str:
        return WORDING_TITLES[self.wording]

    @property
    def decided(self) -> int:
        return self.attended + self.missed

    @property
    def rate(self) -> float | None:
        """Per cent; None before anybody came or not."""
        return 100 * self.missed / self.decided if self.decided else None


@dataclass(frozen=True)
class Difference:
    """Of the cost wording against the plain one, in percentage points, with 95 % limits."""

    points: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether the limits leave out “no difference”."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    plain: Group
    cost: Group

    @property
    def groups(self) -> tuple[Group, Group]:
        return self.plain, self.cost

    @property
    def difference(self) -> Difference | None:
        return difference(self.plain, self.cost)


def difference(plain: Group, cost: Group) -> Difference | None:
    """None while one side has nobody who came or did not.

    Agresti & Caffo, The American Statistician 54 (2000): with one success and one failure more
    on either side the usual limits hold for few people and for none missed, too.
    """
    if plain.rate is None or cost.rate is None:
        return None
    p, n = _with_one_more(plain)
    q, m = _with_one_more(cost)
    half = NORMAL_95 * sqrt(p * (1 - p) / n + q * (1 - q) / m)
    middle = q - p
    return Difference(cost.rate - plain.rate, 100 * (middle - half), 100 * (middle + half))


def _with_one_more(group: Group) -> tuple[float, int]:
    number = group.decided + 2
    return (group.missed + 1) / number, number


def compare_reminders(session: Session, scope: Scope, months: tuple[date, date]) -> Comparison:
    """Sessions from one city month to another, both by their first day, of the scope."""
    begin, end = city_midnight(months[0]), city_midnight(add_months(months[1], 1))
    reminded = (
        select(
            cast(Message.data["booking_id"].astext, BigInteger).label("booking"),
            Message.data["wording"].astext.label("wording"),
            func.bool_or(Message.state == MessageState.SENT).label("sent"),
        )
        .where(
            Message.template == TEMPLATE,
            Message.data.has_key("wording"),
            # A reminder goes out a day before; one that was not due yet has been withdrawn.
            Message.due_at >= begin - timedelta(days=2),
            Message.due_at < end,
        )
        .group_by("booking", "wording")
        .subquery()
    )
    query = (
        select(
            reminded.c.wording,
            func.count(),
            func.count().filter(reminded.c.sent),
            func.count().filter(Booking.state == BookingState.ATTENDED),
            func.count().filter(Booking.state == BookingState.MISSED),
        )
        .join(Booking, Booking.id == reminded.c.booking)
        .join(Slot, Slot.id == Booking.slot_id)
        .where(Slot.starts_at >= begin, Slot.starts_at < end)
        .group_by(reminded.c.wording)
    )
    if scope.centre_ids is not None:
        query = query.where(Slot.centre_id.in_(scope.centre_ids))
    found = {row[0]: Group(Wording(row[0]), *row[1:]) for row in session.execute(query)}
    plain, cost = (found.get(wording.value, Group(wording)) for wording in Wording)
    return Comparison(plain, cost)
