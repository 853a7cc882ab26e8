"""A family, a slot and the acts of this folder's tests, each in a transaction of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import queries, service
from backend.bookings.models import Booking, BookingChange
from backend.centres.models import Slot
from backend.kernel.clock import Clock
from backend.outbox.models import Message
from backend.people.documents import load_documents
from tests.factories import make_child, make_parent

DOCUMENTS = load_documents(Path(__file__).parents[2] / "content")

Sessions = sessionmaker[Session]


@dataclass(frozen=True)
class Family:
    parent: int
    child: int


def make_family(sessions: Sessions, **child: Any) -> Family:
    """A parent who agreed to everything, and a child."""
    parent = make_parent(sessions, documents=DOCUMENTS)
    return Family(parent, make_child(sessions, parent_id=parent, **child))


def book(sessions: Sessions, clock: Clock, family: Family, slot_id: int) -> int:
    with sessions.begin() as session:
        booking = service.request_booking(
            session,
            clock,
            queries.policy_at(session, clock.now()),
            parent_id=family.parent,
            child_id=family.child,
            slot_id=slot_id,
        )
        return booking.id


def cancel(sessions: Sessions, clock: Clock, family: Family, booking_id: int) -> None:
    with sessions.begin() as session:
        service.cancel_by_family(
            session,
            clock,
            queries.policy_at(session, clock.now()),
            parent_id=family.parent,
            booking_id=booking_id,
        )


def act(
    sessions: Sessions,
    clock: Clock,
    what: Callable[..., Booking],
    booking_id: int,
    *,
    actor: str = "staff:1",
    **more: str,
) -> None:
    """One act of staff: confirm, decline, cancel_by_centre, mark_attended, mark_missed, undo."""
    with sessions.begin() as session:
        what(session, clock, booking_id=booking_id, actor=actor, **more)


def state_of(sessions: Sessions, booking_id: int) -> tuple[str, int | None, int]:
    """State, number of the year's six, and places taken in the slot."""
    with sessions() as session:
        booking = session.get_one(Booking, booking_id)
        slot = session.get_one(Slot, booking.slot_id)
        return booking.state.value, booking.quota_number, slot.taken


def log_of(sessions: Sessions, booking_id: int) -> list[tuple[str | None, str, str]]:
    with sessions() as session:
        rows = session.scalars(
            select(BookingChange)
            .where(BookingChange.booking_id == booking_id)
            .order_by(BookingChange.id)
        )
        return [(row.before and row.before.value, row.after.value, row.actor) for row in rows]


def told(sessions: Sessions, parent_id: int) -> list[str]:
    """The templates of the messages to a parent, in order."""
    with sessions() as session:
        return list(
            session.scalars(
                select(Message.template).where(Message.parent_id == parent_id).order_by(Message.id)
            )
        )


def in_city(year: int, month: int, day: int, hour: int = 10) -> datetime:
    from backend.kernel.clock import CITY

    return datetime(year, month, day, hour, tzinfo=CITY)


def born(months_before_slot: int) -> date:
    """A birth date so many completed months before 26 November 2026, the usual slot's day."""
    from backend.kernel.ages import add_months

    return add_months(date(2026, 11, 26), -months_before_slot)
