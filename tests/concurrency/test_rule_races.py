"""The newer rules under races: two open sessions, places held back, a cancelled session.

Each is held by the lock of the child or by the guarded UPDATE of the slot; the last tests take
the guard out and show that the race is then lost.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import rules
from backend.bookings.commitments import commitments_of
from backend.bookings.models import Booking, BookingState
from backend.centres.models import Slot
from backend.kernel.clock import FixedClock
from backend.people.priority_models import PriorityGrant
from tests.bookings.family import Family, book, in_city, make_family
from tests.concurrency.racing import at_once, kinds
from tests.concurrency.test_booking_races import assert_books_balance, call, second_guardian
from tests.factories import MORNING, make_slot, make_slots
from tests.soak import record

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]
DAY = in_city(2027, 1, 1).date()


def test_two_guardians_at_once_get_two_open_sessions_and_no_third(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    slots = make_slots(committed, 6, capacity=500)
    for _ in range(races):
        mother = make_family(committed)
        father = second_guardian(committed, mother)
        tries = [(father if n % 2 else mother, slot) for n, slot in enumerate(slots)]

        booked, refused = at_once(lambda one: book(committed, clock, *one), tries)

        assert len(booked) == 2
        assert kinds(refused) == {rules.TooManyOpen}
    assert_books_balance(committed)
    record("a child races for a third open session", races=races, three=0)


def held_slot(sessions: Sessions, *, capacity: int, held: int) -> int:
    slot = make_slot(sessions, capacity=capacity)
    with sessions.begin() as session:
        row = session.get_one(Slot, slot)
        row.held_places, row.held_until = held, MORNING + timedelta(days=1)
    return slot


def with_priority(sessions: Sessions) -> Family:
    family = make_family(sessions)
    with sessions.begin() as session:
        session.add(
            PriorityGrant(
                child_id=family.child,
                kind_sealed="k1:x",
                asked_at=MORNING,
                granted_at=MORNING,
                granted_by="staff:1",
                valid_until=DAY,
            )
        )
    return family


def test_a_rush_never_takes_the_places_that_are_held_back(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    for _ in range(races):
        slot = held_slot(committed, capacity=4, held=2)
        families = [make_family(committed) for _ in range(6)]

        booked, refused = at_once(
            call, [partial(book, committed, clock, family, slot) for family in families]
        )

        assert len(booked) == 2
        assert kinds(refused) == {rules.HeldForPriority}
        special = [with_priority(committed) for _ in range(3)]
        booked, refused = at_once(
            call, [partial(book, committed, clock, family, slot) for family in special]
        )
        assert len(booked) == 2
        assert kinds(refused) == {rules.SlotFull}
    assert_books_balance(committed)
    record("a rush for two of four places", races=races, held_places_sold=0)


def test_a_session_that_is_cancelled_meanwhile_sells_nothing_more(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    for _ in range(races):
        slot = make_slot(committed, capacity=500)

        def cancel_it(slot: int = slot) -> int:
            with committed.begin() as session:
                session.execute(
                    text("UPDATE slots SET state = 'cancelled' WHERE id = :id"), {"id": slot}
                )
                session.flush()
                return taken(session, slot)

        acts: list[Callable[[], int]] = [
            partial(book, committed, clock, make_family(committed), slot) for _ in range(4)
        ]
        results, refused = at_once(call, [cancel_it, *acts])

        assert kinds(refused) <= {rules.SlotCancelled}
        with committed() as session:
            assert taken(session, slot) == len(results) - 1
    assert_books_balance(committed)


def taken(session: Session, slot: int) -> int:
    return session.scalars(select(Slot.taken).where(Slot.id == slot)).one()


def test_without_the_lock_of_the_child_three_sessions_are_open(
    committed: Sessions, clock: FixedClock
) -> None:
    """Count, then insert, with the service's own count but without the child's lock."""
    family, slots = make_family(committed), make_slots(committed, 4, capacity=500)
    everybody_has_read = Barrier(len(slots))

    def careless(number: int) -> int:
        with committed.begin() as session:
            held = commitments_of(session, family.child, clock.now())
            rules.check_open_count(rules.Policy(), held.open_ahead(clock.now()))
            everybody_has_read.wait(timeout=30)
            booking = Booking(
                child_id=family.child,
                slot_id=slots[number],
                state=BookingState.REQUESTED,
                quota_year=2026,
                quota_number=number + 1,
                requested_at=clock.now(),
                changed_at=clock.now(),
            )
            session.add(booking)
            session.flush()
            return booking.id

    booked, _ = at_once(careless, list(range(len(slots))))

    assert len(booked) == 4


def test_without_the_guard_of_the_slot_held_places_are_sold(
    committed: Sessions, clock: FixedClock
) -> None:
    """The friendly check alone, as a plain read tells it, then the place without its guard."""
    slot, families = held_slot(committed, capacity=4, held=2), range(4)
    everybody_has_read = Barrier(len(families))

    def careless(_: int) -> int:
        with committed.begin() as session:
            row = session.get_one(Slot, slot)
            rules.check_held(row.taken, row.capacity, row.held_places, row.held_until)
            everybody_has_read.wait(timeout=30)
            session.execute(text("UPDATE slots SET taken = taken + 1 WHERE id = :id"), {"id": slot})
            return 1

    sold, _ = at_once(careless, list(families))

    assert len(sold) == 4  # two of them were held back
