"""Where two people can collide, two threads do. Real commits, real PostgreSQL."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk, moving, rules, service
from backend.bookings.models import Booking, BookingChange, BookingState
from backend.centres.models import Slot
from backend.kernel.clock import FixedClock, city_date
from backend.kernel.errors import DomainError
from backend.people.models import Child, DuplicateState, Guardian, Relation
from tests.bookings.family import Family, act, book, cancel, in_city, make_family, state_of
from tests.concurrency.racing import at_once, kinds
from tests.factories import MORNING, make_parent, make_policy, make_slot, make_slots, make_staff
from tests.handbook.test_race import wait_until_somebody_waits
from tests.soak import record

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]
Result = TypeVar("Result")


def assert_books_balance(sessions: Sessions) -> None:
    """Counters equal rows, no slot holds too many, no child has seven."""
    with sessions() as session:
        assert desk.counter_drift(session) == []
        assert session.scalars(select(Slot.id).where(Slot.taken > Slot.capacity)).all() == []
        numbers = session.execute(
            select(Booking.child_id, Booking.quota_year, Booking.quota_number).where(
                Booking.quota_number.is_not(None)
            )
        ).all()
        assert len(numbers) == len(set(numbers))


def call(what: Callable[[], Result]) -> Result:
    return what()


def second_guardian(sessions: Sessions, family: Family) -> Family:
    parent = make_parent(sessions)
    with sessions.begin() as session:
        session.add(
            Guardian(
                child_id=family.child, parent_id=parent, relation=Relation.FATHER, since=MORNING
            )
        )
    return Family(parent, family.child)


def test_only_three_of_eight_families_get_three_places(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    families = [make_family(committed) for _ in range(8)]
    for number in range(races):
        starts_at = in_city(2026, 11, 25) + timedelta(minutes=number)
        slot = make_slot(committed, capacity=3, starts_at=starts_at)

        booked, refused = at_once(
            call, [partial(book, committed, clock, family, slot) for family in families]
        )

        assert len(booked) == 3
        assert len(refused) == 5
        assert kinds(refused) == {rules.SlotFull}
        assert_books_balance(committed)
        for booking in booked:  # the six of these families are for the next race
            with committed.begin() as session:
                row = session.get_one(Booking, booking)
                family = next(one for one in families if one.child == row.child_id)
            cancel(committed, clock, family, booking)
    record("8 families race for 3 places", races=races, oversold=0, undersold=0)


def race_for_six(sessions: Sessions, clock: FixedClock, slots: list[int]) -> None:
    """Two guardians of one child try all the slots at once."""
    mother = make_family(sessions)
    father = second_guardian(sessions, mother)
    tries = [(father if n % 2 else mother, slot) for n, slot in enumerate(slots)]

    booked, refused = at_once(lambda one: book(sessions, clock, one[0], one[1]), tries)

    years = {city_date(starts_at).year for starts_at in starts_of(sessions, slots)}
    assert len(booked) == 6 * len(years)
    assert kinds(refused) == {rules.QuotaUsedUp}
    assert_books_balance(sessions)


def starts_of(sessions: Sessions, slots: list[int]) -> list[datetime]:
    with sessions() as session:
        return list(session.scalars(select(Slot.starts_at).where(Slot.id.in_(slots))))


def test_one_child_gets_exactly_six_of_eight_slots(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    make_policy(committed, max_open=6)
    slots = make_slots(committed, 8, capacity=500)
    for _ in range(races):
        race_for_six(committed, clock, slots)
    record("a child races for 8 slots with 6 left", races=races, not_exactly_six=0)


def test_over_new_year_one_child_gets_six_of_each_year(committed: Sessions, races: int) -> None:
    make_policy(committed, max_open=12)
    clock = FixedClock(in_city(2026, 12, 28))
    slots = make_slots(committed, 8, capacity=500, starts_at=in_city(2026, 12, 31, 12))
    slots += make_slots(committed, 8, capacity=500, starts_at=in_city(2027, 1, 1, 0))
    for _ in range(races):
        race_for_six(committed, clock, slots)
    record("the same over New Year", races=races, not_exactly_six_each=0)


def test_one_slot_twice_at_once_is_booked_once(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    slot = make_slot(committed, capacity=500)
    for _ in range(races):
        mother = make_family(committed)
        pair = [mother, second_guardian(committed, mother)]

        booked, refused = at_once(lambda one: book(committed, clock, one, slot), pair)

        assert len(booked) == 1
        assert kinds(refused) == {rules.AlreadyBooked}
        assert_books_balance(committed)


def test_of_two_clerks_one_wins_and_the_other_sees_who_and_when(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    slot = make_slot(committed, capacity=500)
    clerks = [make_staff(committed), make_staff(committed)]
    acts: list[Callable[..., Booking]] = [
        service.confirm,
        service.decline,
        service.cancel_by_centre,
    ]
    pick = random.Random(races)  # the same pairs each time
    for _ in range(races * 10):
        booking = book(committed, clock, make_family(committed), slot)
        pair = list(zip(clerks, pick.sample(acts[:2] * 2 + acts[2:], 2), strict=True))

        def press(one: tuple[int, Callable[..., Booking]], booking: int = booking) -> int:
            clerk, what = one
            reason = {} if what is service.confirm else {"reason": "名额调整"}
            act(committed, clock, what, booking, actor=f"staff:{clerk}", **reason)
            return clerk

        won, lost = at_once(press, pair)

        # What is confirmed may still be cancelled: then both won, one after the other.
        if len(won) == 2:
            assert state_of(committed, booking)[0] == "cancelled_by_centre"
            assert steps_of(committed, booking) == 3
        else:
            assert len(won) == 1
            assert kinds(lost) == {rules.BookingStateChanged}
            assert isinstance(lost[0], DomainError)
            assert str(lost[0].detail).startswith("测试员 于 11月23日 10:00 处理：")
            assert steps_of(committed, booking) == 2
    assert_books_balance(committed)
    record("two clerks on one booking", pairs=races * 10, without_one_winner=0)


def steps_of(sessions: Sessions, booking_id: int) -> int:
    with sessions() as session:
        rows = session.scalars(
            select(BookingChange.id).where(BookingChange.booking_id == booking_id)
        )
        return len(rows.all())


def test_a_family_that_cancels_and_a_clerk_that_confirms_do_not_both_win_the_place(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    slot = make_slot(committed, capacity=500)
    for _ in range(races):
        family = make_family(committed)
        booking = book(committed, clock, family, slot)

        at_once(
            call,
            [
                partial(cancel, committed, clock, family, booking),
                partial(act, committed, clock, service.confirm, booking),
            ],
        )

        assert state_of(committed, booking)[:2] == ("cancelled_by_family", None)
        assert_books_balance(committed)


def test_what_a_colleague_does_in_this_moment_is_not_undone_instead(
    committed: Sessions, clock: FixedClock
) -> None:
    """The undo of a confirmation waits for the child, and looks again when it has it."""
    booking = book(committed, clock, make_family(committed), make_slot(committed))
    act(committed, clock, service.confirm, booking)

    def undo() -> None:
        with committed.begin() as session:
            service.undo(
                session,
                clock,
                booking_id=booking,
                actor="staff:1",
                of=BookingState.CONFIRMED,
            )

    with ThreadPoolExecutor(1) as pool:
        with committed.begin() as session:
            service.cancel_by_centre(
                session, clock, booking_id=booking, actor="staff:2", reason="停水"
            )
            undone = pool.submit(undo)
            wait_until_somebody_waits(committed)
        refusal = undone.exception(timeout=30)

    assert isinstance(refusal, rules.CannotUndo)
    assert state_of(committed, booking) == ("cancelled_by_centre", None, 0)


def test_a_freed_place_goes_to_one_family_or_back_to_the_first(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    for _ in range(races):
        slot = make_slot(committed, capacity=1)
        booking = book(committed, clock, make_family(committed), slot)
        act(committed, clock, service.decline, booking, reason="误点")
        waiting = make_family(committed)

        both: list[Callable[[], object]] = [
            partial(act, committed, clock, service.undo, booking),
            partial(book, committed, clock, waiting, slot),
        ]

        won, lost = at_once(call, both)

        assert len(won) == len(lost) == 1
        assert kinds(lost) <= {rules.CannotUndo, rules.SlotFull}
        assert_books_balance(committed)


def test_a_storm_of_everything_ends_without_deadlock_and_with_true_books(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    """Few children, few slots, every act of families, staff and merges at once."""
    slots = make_slots(committed, 6, capacity=2)
    families = [make_family(committed) for _ in range(4)]

    def storm(seed: int) -> list[Exception]:
        pick = random.Random(seed)
        surprises: list[Exception] = []
        for _ in range(4 * races):
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


def random_act(
    sessions: Sessions,
    clock: FixedClock,
    pick: random.Random,
    families: list[Family],
    slots: list[int],
) -> None:
    family, dice = pick.choice(families), pick.random()
    if dice < 0.4:
        book(sessions, clock, family, pick.choice(slots))
    elif dice < 0.5:
        merge_and_part(sessions, clock, pick.choice(families[:2]), pick.choice(families[2:]))
    else:
        with sessions() as session:
            newest = select(Booking.id).order_by(Booking.id.desc()).limit(12)
            ids = [*session.scalars(newest), 1]
        what = pick.choice(["confirm", "decline", "cancel_by_centre", "undo", "family"])
        if what == "family":
            cancel(sessions, clock, family, pick.choice(ids))
        else:
            reason = {} if what in {"confirm", "undo"} else {"reason": "名额调整"}
            act(sessions, clock, getattr(service, what), pick.choice(ids), **reason)


def merge_and_part(sessions: Sessions, clock: FixedClock, incoming: Family, into: Family) -> None:
    """As people.joining does it: while two registrations are one, the second books nothing."""
    with sessions.begin() as session:
        pair = session.scalars(
            select(Child)
            .where(Child.id.in_([incoming.child, into.child]))
            .order_by(Child.id)
            .with_for_update()
        ).all()
        second = next(child for child in pair if child.id == incoming.child)
        if second.duplicate_state is not None:
            return
        second.duplicate_of_id, second.duplicate_state = into.child, DuplicateState.SAME
        moved = moving.move_sessions(session, clock, incoming.child, into.child)
    with sessions.begin() as session:
        moving.move_back(session, clock, moved)
        second = session.get_one(Child, incoming.child)
        second.duplicate_of_id = second.duplicate_state = None


def test_locks_and_the_guarded_update_hold_without_any_constraint(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    """The service alone: what the constraints would refuse does not even reach them."""
    make_policy(committed, max_open=6)
    with committed.begin() as session:
        for statement in (
            "ALTER TABLE slots DROP CONSTRAINT ck_slots_taken_within_capacity",
            "ALTER TABLE bookings DROP CONSTRAINT uq_bookings_child_id_quota_year_quota_number",
            "ALTER TABLE bookings DROP CONSTRAINT ck_bookings_quota_number_range",
            "DROP INDEX uq_bookings_place",
        ):
            session.execute(text(statement))
    slots = make_slots(committed, 8, capacity=500)
    for _ in range(races):
        race_for_six(committed, clock, slots)
        slot = make_slot(committed, capacity=3)
        families = [make_family(committed) for _ in range(8)]

        booked, _ = at_once(
            call, [partial(book, committed, clock, family, slot) for family in families]
        )

        assert len(booked) == 3
    assert_books_balance(committed)
