"""Two registrations of one child: its sessions move, and move back."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk, moving, queries, service
from backend.bookings.models import Booking
from backend.bookings.rules import Policy
from backend.kernel.clock import FixedClock
from backend.people import joining
from backend.people.models import Child, DuplicateState
from tests.bookings.family import Family, act, book, make_family, state_of, told
from tests.factories import make_policy, make_slots

Sessions = sessionmaker[Session]


def move(
    sessions: Sessions, clock: FixedClock, incoming: Family, into: Family
) -> dict[str, object]:
    with sessions.begin() as session:
        return moving.move_sessions(session, clock, incoming.child, into.child)


def back(sessions: Sessions, clock: FixedClock, moved: dict[str, object]) -> None:
    with sessions.begin() as session:
        moving.move_back(session, clock, moved)


def numbers(sessions: Sessions, child_id: int) -> dict[int, int | None]:
    with sessions() as session:
        rows = session.execute(
            select(Booking.id, Booking.quota_number).where(Booking.child_id == child_id)
        )
        return {row.id: row.quota_number for row in rows}


def drift(sessions: Sessions) -> list[desk.Drift]:
    with sessions() as session:
        return desk.counter_drift(session)


def test_two_and_three_sessions_become_five(sessions: Sessions, clock: FixedClock) -> None:
    make_policy(sessions, max_open=6)
    first, second, slots = make_family(sessions), make_family(sessions), make_slots(sessions, 5)
    for slot in slots[:2]:
        book(sessions, clock, first, slot)
    for slot in slots[2:]:
        book(sessions, clock, second, slot)

    move(sessions, clock, second, first)

    assert sorted(numbers(sessions, first.child).values(), key=str) == [1, 2, 3, 4, 5]
    assert numbers(sessions, second.child) == {}
    assert drift(sessions) == []


def test_open_bookings_beyond_six_are_cancelled_with_a_word(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, max_open=6)
    first, second, slots = make_family(sessions), make_family(sessions), make_slots(sessions, 8)
    for slot in slots[:4]:
        book(sessions, clock, first, slot)
    clock.advance(timedelta(minutes=1))
    late = [book(sessions, clock, second, slot) for slot in slots[4:]]

    moved = move(sessions, clock, second, first)

    assert moved["cancelled"] == late[2:]
    assert [state_of(sessions, one) for one in late[2:]] == [("cancelled_by_centre", None, 0)] * 2
    assert told(sessions, first.parent).count("booking_cancelled") == 2
    with sessions() as session:
        child = session.get_one(Child, first.child)
        assert queries.quota(session, Policy(), clock.now(), child).left == 0
    assert drift(sessions) == []


def test_of_one_slot_booked_twice_one_place_is_given_back(
    sessions: Sessions, clock: FixedClock
) -> None:
    first, second = make_family(sessions), make_family(sessions)
    (slot,) = make_slots(sessions, 1)
    kept, doubled = book(sessions, clock, first, slot), book(sessions, clock, second, slot)

    move(sessions, clock, second, first)

    assert state_of(sessions, kept) == ("requested", 1, 1)
    assert state_of(sessions, doubled) == ("cancelled_by_centre", None, 1)
    assert drift(sessions) == []


def test_one_session_attended_under_both_names_counts_once(
    sessions: Sessions, clock: FixedClock
) -> None:
    first, second = make_family(sessions), make_family(sessions)
    (slot,) = make_slots(sessions, 1)
    both = [book(sessions, clock, family, slot) for family in (first, second)]
    for booking in both:
        act(sessions, clock, service.confirm, booking)
    clock.advance(timedelta(days=3))
    for booking in both:
        act(sessions, clock, service.mark_attended, booking)

    moved = move(sessions, clock, second, first)

    assert moved["stayed"] == [both[1]]
    assert numbers(sessions, first.child) == {both[0]: 1}
    assert numbers(sessions, second.child) == {both[1]: None}
    back(sessions, clock, moved)
    assert numbers(sessions, second.child) == {both[1]: 1}


def test_moving_back_restores_children_numbers_places_and_states(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, max_open=6)
    first, second, slots = make_family(sessions), make_family(sessions), make_slots(sessions, 8)
    for slot in slots[:4]:
        book(sessions, clock, first, slot)
    for slot in slots[3:]:
        book(sessions, clock, second, slot)
    before = numbers(sessions, first.child), numbers(sessions, second.child)

    back(sessions, clock, move(sessions, clock, second, first))

    assert (numbers(sessions, first.child), numbers(sessions, second.child)) == before
    assert {state_of(sessions, one)[0] for one in before[0] | before[1]} == {"requested"}
    assert drift(sessions) == []


def test_a_place_that_went_to_another_family_is_not_taken_back(
    sessions: Sessions, clock: FixedClock
) -> None:
    first, second, third = (make_family(sessions) for _ in range(3))
    (slot,) = make_slots(sessions, 1, capacity=2)
    book(sessions, clock, first, slot)
    doubled = book(sessions, clock, second, slot)
    moved = move(sessions, clock, second, first)
    book(sessions, clock, third, slot)

    back(sessions, clock, moved)

    assert state_of(sessions, doubled) == ("cancelled_by_centre", None, 2)
    assert numbers(sessions, second.child) == {doubled: None}


def test_a_session_given_back_after_the_merge_stays_given_back(
    sessions: Sessions, clock: FixedClock
) -> None:
    first, second = make_family(sessions), make_family(sessions)
    (slot,) = make_slots(sessions, 1)
    booking = book(sessions, clock, second, slot)
    moved = move(sessions, clock, second, first)
    act(sessions, clock, service.decline, booking, reason="满了")

    back(sessions, clock, moved)

    assert numbers(sessions, second.child) == {booking: None}


def test_visits_beyond_six_get_their_number_again(sessions: Sessions, clock: FixedClock) -> None:
    make_policy(sessions, max_open=6)
    first, second, slots = make_family(sessions), make_family(sessions), make_slots(sessions, 8)
    visits = [
        book(sessions, clock, first if number % 2 else second, slot)
        for number, slot in enumerate(slots)
    ]
    for booking in visits:
        act(sessions, clock, service.confirm, booking)
    clock.advance(timedelta(days=4))
    for booking in visits:
        act(sessions, clock, service.mark_attended, booking)
    before = numbers(sessions, first.child), numbers(sessions, second.child)

    moved = move(sessions, clock, second, first)

    assert list(numbers(sessions, first.child).values()).count(None) == 2
    back(sessions, clock, moved)
    assert (numbers(sessions, first.child), numbers(sessions, second.child)) == before


def test_a_decision_of_staff_moves_sessions_and_its_undo_moves_them_back(
    sessions: Sessions, clock: FixedClock
) -> None:
    first, second = make_family(sessions), make_family(sessions)
    slots = make_slots(sessions, 2)
    mine, theirs = book(sessions, clock, first, slots[0]), book(sessions, clock, second, slots[1])
    with sessions.begin() as session:
        child = session.get_one(Child, second.child)
        child.duplicate_of_id, child.duplicate_state = first.child, DuplicateState.POSSIBLE

    with sessions.begin() as session:
        decision = joining.decide_duplicate(
            session,
            clock,
            child_id=second.child,
            same=True,
            actor="staff:1",
            move=moving.move_sessions,
        )
    assert numbers(sessions, first.child) == {mine: 1, theirs: 2}

    with sessions.begin() as session:
        joining.undo_decision(
            session,
            clock,
            decision_id=decision.id,
            actor="staff:1",
            move_back=moving.move_back,
        )
    assert numbers(sessions, first.child) == {mine: 1}
    assert numbers(sessions, second.child) == {theirs: 1}


def test_nothing_moved_is_nothing_to_move_back(sessions: Sessions, clock: FixedClock) -> None:
    back(sessions, clock, {})
    first, second = make_family(sessions), make_family(sessions)

    moved = move(sessions, clock, second, first)

    assert moved["before"] == []
    back(sessions, clock, moved)


def test_of_two_merges_into_one_child_each_is_undone_by_itself(
    sessions: Sessions, clock: FixedClock
) -> None:
    first, second, third = (make_family(sessions) for _ in range(3))
    slots = make_slots(sessions, 2)
    theirs = book(sessions, clock, second, slots[0])
    others = book(sessions, clock, third, slots[1])
    earlier = move(sessions, clock, second, first)
    later = move(sessions, clock, third, first)

    back(sessions, clock, earlier)
    back(sessions, clock, later)

    assert numbers(sessions, second.child) == {theirs: 1}
    assert numbers(sessions, third.child) == {others: 1}
    assert numbers(sessions, first.child) == {}
