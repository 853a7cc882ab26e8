"""The acts of a waiting list, each in a transaction of its own."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import waiting
from backend.bookings.policies import policy_at
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.centres.models import Slot
from backend.jobs.tasks import expire_offers, offer_places
from backend.kernel.clock import Clock
from tests.bookings.family import Family, book, make_family
from tests.factories import MORNING, make_slot

Sessions = sessionmaker[Session]
W = WaitingState


def join(sessions: Sessions, clock: Clock, family: Family, slot_id: int) -> int:
    with sessions.begin() as session:
        return waiting.join(
            session,
            clock,
            policy_at(session, clock.now()),
            parent_id=family.parent,
            child_id=family.child,
            slot_id=slot_id,
        ).id


def leave(sessions: Sessions, clock: Clock, family: Family, entry: int) -> None:
    with sessions.begin() as session:
        waiting.leave(session, clock, parent_id=family.parent, entry_id=entry)


def accept(sessions: Sessions, clock: Clock, family: Family, entry: int) -> int:
    with sessions.begin() as session:
        policy = policy_at(session, clock.now())
        return waiting.accept(session, clock, policy, parent_id=family.parent, entry_id=entry).id


def give_up(sessions: Sessions, clock: Clock, family: Family, entry: int) -> None:
    with sessions.begin() as session:
        waiting.give_up(session, clock, parent_id=family.parent, entry_id=entry)


def full_slot(
    sessions: Sessions,
    clock: Clock,
    *,
    capacity: int = 1,
    starts_at: datetime = MORNING + timedelta(days=3),
) -> tuple[int, list[tuple[Family, int]]]:
    """A slot with every place booked; each family and its booking."""
    slot = make_slot(sessions, capacity=capacity, starts_at=starts_at)
    families = [make_family(sessions) for _ in range(capacity)]
    return slot, [(family, book(sessions, clock, family, slot)) for family in families]


def line(sessions: Sessions, clock: Clock, slot: int, count: int) -> list[tuple[Family, int]]:
    """So many families in line for the slot, in order; each with its entry."""
    families = [make_family(sessions) for _ in range(count)]
    return [(family, join(sessions, clock, family, slot)) for family in families]


def state_of_entry(sessions: Sessions, entry: int) -> WaitingState:
    with sessions() as session:
        return session.get_one(WaitingEntry, entry, populate_existing=True).state


def states_in_line(sessions: Sessions, slot: int) -> list[WaitingState]:
    """The states of all entries of a slot, in the order of the line."""
    with sessions() as session:
        query = select(WaitingEntry.state).where(WaitingEntry.slot_id == slot)
        return list(session.scalars(query.order_by(WaitingEntry.id)))


def taken(sessions: Sessions, slot: int) -> int:
    with sessions() as session:
        return session.get_one(Slot, slot, populate_existing=True).taken


def tick(sessions: Sessions, clock: Clock) -> None:
    """What the worker does every second or two."""
    expire_offers(sessions, clock)
    offer_places(sessions, clock)
