"""Places held back for families with priority: theirs until a moment, then everybody's."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk, rules
from backend.centres.models import Slot
from backend.kernel.clock import FixedClock
from backend.people.models import Purpose
from tests.bookings.family import book, make_family
from tests.bookings.test_home_visits import reason
from tests.factories import MORNING, make_slot
from tests.people import private
from tests.people.private import give_priority

Sessions = sessionmaker[Session]
STARTS_AT = MORNING + timedelta(days=3)
SLOT_DAY = date(2026, 11, 26)
UNTIL = STARTS_AT - timedelta(hours=48)


def held_slot(
    sessions: Sessions, *, capacity: int = 2, held: int = 1, until: datetime = UNTIL
) -> int:
    slot = make_slot(sessions, capacity=capacity, starts_at=STARTS_AT)
    with sessions.begin() as session:
        values = {"held_places": held, "held_until": until}
        session.execute(update(Slot).where(Slot.id == slot).values(values))
    return slot


def test_the_last_place_is_for_a_family_with_priority(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ordinary, special = held_slot(sessions), make_family(sessions), make_family(sessions)
    give_priority(sessions, clock, special)
    book(sessions, clock, make_family(sessions), slot)

    assert reason(sessions, clock, ordinary, slot) == "held_for_priority"
    assert reason(sessions, clock, special, slot) is None
    with pytest.raises(rules.HeldForPriority) as refused:
        book(sessions, clock, ordinary, slot)
    assert "11月24日 10:00 起向所有家庭开放" in (refused.value.detail or "")
    book(sessions, clock, special, slot)
    with pytest.raises(rules.SlotFull):
        book(sessions, clock, ordinary, slot)


def test_from_that_moment_on_the_place_is_simply_open(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ordinary = held_slot(sessions, capacity=1), make_family(sessions)
    clock.set(UNTIL - timedelta(seconds=1))
    assert reason(sessions, clock, ordinary, slot) == "held_for_priority"

    clock.set(UNTIL)

    assert reason(sessions, clock, ordinary, slot) is None
    book(sessions, clock, ordinary, slot)


@pytest.mark.parametrize(("until", "open_to_it"), [(SLOT_DAY, True), (date(2026, 11, 25), False)])
def test_priority_counts_on_the_day_of_the_session(
    sessions: Sessions, clock: FixedClock, until: date, open_to_it: bool
) -> None:
    slot, special = held_slot(sessions, capacity=1), make_family(sessions)
    give_priority(sessions, clock, special, until)

    assert (reason(sessions, clock, special, slot) is None) is open_to_it


def test_a_request_that_nobody_has_granted_counts_for_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, special = held_slot(sessions, capacity=1), make_family(sessions)
    private.ask(sessions, clock, special)

    with pytest.raises(rules.HeldForPriority):
        book(sessions, clock, special, slot)


def test_a_booking_made_with_priority_stays_when_it_is_taken_back(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, special = held_slot(sessions, capacity=1), make_family(sessions)
    give_priority(sessions, clock, special)
    booking = book(sessions, clock, special, slot)
    with sessions() as session:
        shown = desk.booking_in_scope(session, booking, None)
    assert shown.has_priority is True
    assert "autism" not in repr(shown)

    private.withdraw(sessions, clock, special.parent, Purpose.PRIORITY)

    with sessions() as session:
        assert desk.booking_in_scope(session, booking, None).has_priority is False
        assert session.get_one(Slot, slot).taken == 1
