"""What the desk shows of a booking: a masked name, an age, and what may be done next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from backend.bookings.desk import DeskBooking
from backend.bookings.models import BookingState
from backend.bookings.rules import STATE_TITLES
from backend.centres.queries import SlotRow
from backend.console.auth import viewer
from backend.deps import deps
from backend.kernel import audit
from backend.kernel.clock import city_date
from backend.kernel.privacy import mask_name
from backend.people.children import NAME


@dataclass(frozen=True)
class Line:
    """One booking on a page."""

    id: int
    child: str  # masked: 王*一
    age: str
    has_priority: bool
    state: BookingState
    state_title: str
    reason: str | None
    quota_number: int | None
    requested_at: datetime
    may_undo: bool
    started: bool
    slot: SlotRow

    @property
    def to_answer(self) -> bool:
        return self.state is BookingState.REQUESTED

    @property
    def to_mark(self) -> bool:
        return self.state is BookingState.CONFIRMED and self.started

    @property
    def to_cancel(self) -> bool:
        return self.state is BookingState.CONFIRMED and not self.started


@dataclass(frozen=True)
class SlotCard:
    """One session on offer with its bookings."""

    slot: SlotRow
    lines: list[Line]
    started: bool
    over: bool

    @property
    def coming(self) -> list[Line]:
        return [line for line in self.lines if line.to_mark]

    @property
    def asking(self) -> list[Line]:
        return [line for line in self.lines if line.to_answer]


@dataclass(frozen=True)
class Day:
    day: date
    sessions: list[SlotCard]


def line_of(booking: DeskBooking) -> Line:
    now, name = deps().clock.now(), deps().vault.open(booking.child_name_sealed, NAME)
    return Line(
        id=booking.id,
        child=mask_name(name),
        age=age_words(booking.age_months),
        has_priority=booking.has_priority,
        state=booking.state,
        state_title=STATE_TITLES[booking.state],
        reason=booking.reason,
        quota_number=booking.quota_number,
        requested_at=booking.requested_at,
        may_undo=booking.may_undo(now),
        started=booking.slot.starts_at <= now,
        slot=booking.slot,
    )


def age_words(months: int) -> str:
    if months < 24:
        return f"{months}月龄"
    rest = months % 12
    return f"{months // 12}岁{rest}个月" if rest else f"{months // 12}岁"


def by_slot(slots: Iterable[SlotRow], bookings: Iterable[DeskBooking]) -> list[SlotCard]:
    """The sessions in order of time, each with its bookings, also where there are none."""
    now = deps().clock.now()
    lines: dict[int, list[Line]] = {}
    found = {slot.id: slot for slot in slots}
    for booking in bookings:
        found.setdefault(booking.slot.id, booking.slot)
        lines.setdefault(booking.slot.id, []).append(line_of(booking))
    return [
        SlotCard(slot, lines.get(slot.id, []), slot.starts_at <= now, slot.ends_at <= now)
        for slot in sorted(found.values(), key=lambda slot: (slot.starts_at, slot.id))
    ]


def by_day(sessions: Iterable[SlotCard], days: Iterable[date]) -> list[Day]:
    groups: dict[date, list[SlotCard]] = {day: [] for day in days}
    for one in sessions:
        groups.setdefault(city_date(one.slot.starts_at), []).append(one)
    return [Day(day, held) for day, held in sorted(groups.items())]


def note_listed(session: Session, page: str, child_ids: Iterable[int]) -> None:
    """Write down whose masked records a list has shown, in the transaction of the reading."""
    seen = sorted(set(child_ids))
    if seen:
        audit.record(
            session,
            deps().clock,
            actor=viewer().actor,
            action="child.listed",
            subject=f"page:{page}",
            detail={"children": seen},
        )
