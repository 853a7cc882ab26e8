"""Freed places, families in line, families that pass by, and several workers, all at once."""

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk, rules, waiting_rules
from backend.bookings.models import Booking
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.centres.models import Slot
from backend.jobs.tasks import expire_offers, offer_places
from backend.kernel.clock import FixedClock
from backend.kernel.errors import DomainError
from backend.outbox.models import Message
from tests.bookings.family import Family, book, cancel, make_family
from tests.bookings.waiting import (
    accept,
    full_slot,
    join,
    leave,
    line,
    state_of_entry,
    states_in_line,
    taken,
    tick,
)
from tests.concurrency.racing import at_once, kinds
from tests.concurrency.test_booking_races import merge_and_part
from tests.factories import MORNING, make_slots
from tests.soak import record

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]
W = WaitingState
TWO_HOURS = timedelta(hours=2)


def call(what: Callable[[], object]) -> object:
    return what()


def assert_books_balance(sessions: Sessions) -> None:
    """`taken` is bookings and offers, nowhere too many, and no child has two of one slot."""
    with sessions() as session:
        assert desk.counter_drift(session) == []
        assert session.scalars(select(Slot.id).where(Slot.taken > Slot.capacity)).all() == []


def offers_told(sessions: Sessions, slot: int) -> int:
    """Messages about offers of a slot; each family here has one parent."""
    with sessions() as session:
        return (
            session.scalar(
                select(func.count()).where(
                    Message.template == "waiting_offered",
                    Message.data["slot_id"].as_integer() == slot,
                )
            )
            or 0
        )


def test_five_places_freed_at_once_go_to_the_first_five_of_eight_and_to_nobody_else(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    passers = [make_family(committed) for _ in range(4)]
    for _ in range(races):
        slot, bookings = full_slot(committed, clock, capacity=5)
        line(committed, clock, slot, 8)
        acts: list[Callable[[], object]] = [
            *(partial(cancel, committed, clock, *one) for one in bookings),
            *(partial(book, committed, clock, one, slot) for one in passers),
            *[partial(offer_places, committed, clock)] * 3,
        ]

        _, refused = at_once(call, acts)
        tick(committed, clock)

        assert len(refused) == len(passers)
        assert kinds(refused) == {rules.SlotFull}
        assert states_in_line(committed, slot) == [W.OFFERED] * 5 + [W.WAITING] * 3
        assert offers_told(committed, slot) == 5
        assert_books_balance(committed)
    record("5 freed places, 8 in line, 4 passing by", races=races, out_of_order=0, snatched=0)


def test_four_workers_at_once_offer_each_place_once(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    for _ in range(races):
        slot, bookings = full_slot(committed, clock, capacity=3)
        line(committed, clock, slot, 6)
        for one in bookings:
            cancel(committed, clock, *one)

        _, crashed = at_once(call, [partial(offer_places, committed, clock)] * 4)
        offer_places(committed, clock)

        assert crashed == []
        assert states_in_line(committed, slot) == [W.OFFERED] * 3 + [W.WAITING] * 3
        assert offers_told(committed, slot) == 3
        assert_books_balance(committed)


def test_who_accepts_as_the_offer_runs_out_has_the_place_or_has_not(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    """The two clocks differ by a second, as those of two machines may."""
    accepted = 0
    for _ in range(races * 2):
        slot, ((holder, booking),) = full_slot(committed, clock)
        (family, entry), (_, other) = line(committed, clock, slot, 2)
        cancel(committed, clock, holder, booking)
        tick(committed, clock)
        slow = FixedClock(clock.now() + TWO_HOURS - timedelta(seconds=1))
        fast = FixedClock(clock.now() + TWO_HOURS)
        acts: list[Callable[[], object]] = [
            partial(accept, committed, slow, family, entry),
            partial(expire_offers, committed, fast),
            partial(expire_offers, committed, fast),
        ]

        _, refused = at_once(call, acts)
        tick(committed, fast)

        won = not refused
        accepted += won
        assert kinds(refused) <= {waiting_rules.OfferGone}
        assert state_of_entry(committed, entry) is (W.ACCEPTED if won else W.EXPIRED)
        assert state_of_entry(committed, other) is (W.WAITING if won else W.OFFERED)
        assert taken(committed, slot) == 1
        assert_books_balance(committed)
        tick(committed, FixedClock(clock.now() + timedelta(days=4)))  # the lines of this race end
    record("accept against expire", races=races * 2, accepted=accepted, both=0, neither=0)


def test_whoever_joins_as_the_last_place_goes_or_comes_back_is_not_forgotten(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    for _ in range(races):
        slot, ((holder, booking),) = full_slot(committed, clock)
        families = [make_family(committed) for _ in range(4)]
        acts: list[Callable[[], object]] = [
            partial(cancel, committed, clock, holder, booking),
            *(partial(join, committed, clock, one, slot) for one in families),
        ]

        _, refused = at_once(call, acts)
        tick(committed, clock)

        assert kinds(refused) <= {waiting_rules.NotFull}
        states = states_in_line(committed, slot)
        assert states == ([W.OFFERED] + [W.WAITING] * (len(states) - 1) if states else [])
        assert_books_balance(committed)


def test_a_storm_on_the_lines_ends_without_deadlock_and_with_true_books(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    """Few children, few slots; families, merges and workers do everything at once."""
    slots = make_slots(committed, 4, capacity=1)
    families = [make_family(committed) for _ in range(6)]

    def storm(seed: int) -> list[Exception]:
        pick, surprises = random.Random(seed), []
        for _ in range(6 * races):
            try:
                random_act(committed, clock, pick, families, slots)
            except DomainError:
                continue
            except Exception as error:
                surprises.append(error)
        return surprises

    surprises, crashed = at_once(storm, list(range(6)))

    assert crashed == []
    assert [error for found in surprises for error in found] == []
    assert_books_balance(committed)
    later = FixedClock(MORNING + timedelta(days=4))
    tick(committed, later)
    with committed() as session:
        ended = select(WaitingEntry.id).where(WaitingEntry.ended_at.is_(None))
        assert session.scalars(ended).all() == []
    assert_books_balance(committed)


def random_act(
    sessions: Sessions,
    clock: FixedClock,
    pick: random.Random,
    families: list[Family],
    slots: list[int],
) -> None:
    family, slot, dice = pick.choice(families), pick.choice(slots), pick.random()
    if dice < 0.2:
        book(sessions, clock, family, slot)
    elif dice < 0.45:
        join(sessions, clock, family, slot)
    elif dice < 0.65:
        tick(sessions, FixedClock(clock.now() + pick.choice([timedelta(0), TWO_HOURS])))
    elif dice < 0.7:
        merge_and_part(sessions, clock, pick.choice(families[:2]), pick.choice(families[2:]))
    elif dice < 0.85:
        with sessions() as session:
            entry = session.scalars(
                select(WaitingEntry.id)
                .where(WaitingEntry.child_id == family.child)
                .order_by(WaitingEntry.id.desc())
                .limit(1)
            ).one_or_none()
        if entry is not None:
            pick.choice([accept, accept, leave])(sessions, clock, family, entry)
    else:
        with sessions() as session:
            mine = select(Booking.id).where(Booking.child_id == family.child)
            ids = session.scalars(mine.order_by(Booking.id.desc()).limit(2)).all()
        if ids:
            cancel(sessions, clock, family, pick.choice(ids))
