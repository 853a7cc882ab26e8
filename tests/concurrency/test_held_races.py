"""A place that is held back is never lost to those who pass by; no consent is overtaken."""

from collections.abc import Callable
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import changes, rules
from backend.bookings.models import Booking
from backend.centres.models import Slot
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.people import addresses, consents, priority
from backend.people.models import Purpose
from backend.people.rules import ConsentNeeded
from tests.bookings.family import DOCUMENTS, Family, book, make_family
from tests.bookings.test_held_places import held_slot
from tests.concurrency.racing import at_once, kinds
from tests.concurrency.test_booking_races import assert_books_balance, call
from tests.factories import default_vault
from tests.people import private
from tests.people.private import give_priority
from tests.soak import record

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]


def children_in(sessions: Sessions, slot: int) -> set[int]:
    with sessions() as session:
        return set(session.scalars(select(Booking.child_id).where(Booking.slot_id == slot)))


@pytest.mark.parametrize("general", [0, 1])
def test_the_last_held_place_goes_to_the_family_with_priority(
    committed: Sessions, clock: FixedClock, races: int, general: int
) -> None:
    """One with priority and three ordinary families at once; beside it none or one free place."""
    for _ in range(races):
        special, *ordinary = [make_family(committed) for _ in range(4)]
        give_priority(committed, clock, special)
        slot = held_slot(committed, capacity=1 + general)

        booked, refused = at_once(
            call, [partial(book, committed, clock, one, slot) for one in (special, *ordinary)]
        )

        # The held places are the last ones: a family with priority that comes first takes a
        # free one, and the held one stays held for the next.
        inside = children_in(committed, slot)
        assert special.child in inside
        assert len(inside) == len(booked)
        assert 1 <= len(booked) <= 1 + general
        assert len(booked) + len(refused) == 4
        assert kinds(refused) <= {rules.HeldForPriority, rules.SlotFull}
        assert_books_balance(committed)
    record(f"1 held and {general} free places, 1 with priority, 3 without", races=races, lost=0)


def book_unguarded(
    sessions: Sessions, everybody_has_read: Barrier, slot_id: int, family: Family
) -> None:
    """Look whether a place is left that is not held back, then take one: without the guard."""
    with sessions.begin() as session:
        slot = session.get_one(Slot, slot_id)
        rules.check_held(slot.taken, slot.capacity, slot.held_places, slot.held_until)
        everybody_has_read.wait(timeout=30)
        changes.take_place(session, slot)


def test_without_the_guard_the_held_place_is_lost(committed: Sessions, clock: FixedClock) -> None:
    special, *ordinary = [make_family(committed) for _ in range(4)]
    give_priority(committed, clock, special)
    slot, everybody_has_read = held_slot(committed, capacity=2), Barrier(3)

    took, _ = at_once(
        lambda family: book_unguarded(committed, everybody_has_read, slot, family), ordinary
    )

    assert len(took) == 2  # one of them the place that was held
    with pytest.raises(rules.SlotFull):
        book(committed, clock, special, slot)


def test_of_two_officers_one_decides(committed: Sessions, clock: FixedClock, races: int) -> None:
    for _ in range(races):
        family = make_family(committed)
        number = private.ask(committed, clock, family)

        def refuse(number: int = number) -> None:
            with committed.begin() as session:
                priority.refuse(session, clock, grant_id=number, actor="staff:2")

        grant = partial(private.grant, committed, clock, number)
        both: list[Callable[[], None]] = [grant, refuse]
        won, lost = at_once(call, both)

        assert (len(won), kinds(lost)) == (1, {priority.PriorityDecided})
        assert len(private.audited(committed, family.child)) == 2


def test_a_family_that_takes_back_and_an_officer_who_grants(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    for _ in range(races):
        family = make_family(committed)
        number = private.ask(committed, clock, family)
        both: list[Callable[[], None]] = [
            partial(private.grant, committed, clock, number),
            partial(private.withdraw, committed, clock, family.parent, Purpose.PRIORITY),
        ]

        _, lost = at_once(call, both)

        assert kinds(lost) <= {NotFound}
        assert private.grants(committed, family.child) == []


def test_nothing_is_kept_beyond_a_consent_that_is_taken_back_meanwhile(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    """Whoever comes first: in the end there is no address and no request without a consent."""
    for _ in range(races * 3):
        family = make_family(committed)
        acts: list[Callable[[], object]] = [
            partial(private.put_address, committed, clock, family),
            partial(private.withdraw, committed, clock, family.parent, Purpose.ADDRESS),
            partial(private.ask, committed, clock, family),
            partial(private.withdraw, committed, clock, family.parent, Purpose.PRIORITY),
        ]

        _, lost = at_once(call, acts)

        assert kinds(lost) <= {ConsentNeeded}
        assert private.address(committed, family.child) is None
        assert private.grants(committed, family.child) == []


def test_without_the_lock_an_address_outlives_its_consent(
    committed: Sessions, clock: FixedClock
) -> None:
    """Check, then write, with the withdrawal between: what the child's lock keeps apart."""
    family = make_family(committed)
    with committed.begin() as session:
        consents.check_agreed(session, DOCUMENTS, family.parent, Purpose.ADDRESS)
        private.withdraw(committed, clock, family.parent, Purpose.ADDRESS)
        addresses.put(
            session,
            clock,
            default_vault(),
            child_id=family.child,
            text=private.STREET,
            actor="parent:1",
        )

    assert private.address(committed, family.child) == private.STREET


def test_one_child_has_one_open_request_whoever_asks(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    for _ in range(races):
        family = make_family(committed)

        made, lost = at_once(lambda one: private.ask(committed, clock, one), [family] * 4)

        assert (len(set(made)), lost) == (1, [])
