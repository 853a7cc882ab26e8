"""Confirm, decline, cancel, attend, undo."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import changes, rules, service
from backend.bookings.models import Booking, BookingState
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound
from tests.bookings.family import (
    act,
    book,
    cancel,
    log_of,
    make_family,
    state_of,
    told,
)
from tests.factories import make_booking, make_child, make_policy, make_slot, make_slots, make_staff

Sessions = sessionmaker[Session]
DAY = timedelta(days=1)


def test_a_confirmation_is_logged_and_told(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    booking = book(sessions, clock, family, make_slot(sessions))

    act(sessions, clock, service.confirm, booking, actor="staff:7")

    assert state_of(sessions, booking) == ("confirmed", 1, 1)
    assert log_of(sessions, booking)[1:] == [("requested", "confirmed", "staff:7")]
    assert told(sessions, family.parent) == [
        "booking_requested",
        "booking_confirmed",
        "booking_reminder",
    ]


@pytest.mark.parametrize(
    ("refuse", "state", "template"),
    [
        (service.decline, "declined", "booking_declined"),
        (service.cancel_by_centre, "cancelled_by_centre", "booking_cancelled"),
    ],
)
def test_a_refusal_gives_number_and_place_back_and_says_why(
    sessions: Sessions,
    clock: FixedClock,
    refuse: Callable[..., Booking],
    state: str,
    template: str,
) -> None:
    family = make_family(sessions)
    booking = book(sessions, clock, family, make_slot(sessions))

    act(sessions, clock, refuse, booking, reason=" 老师生病 ")

    assert state_of(sessions, booking) == (state, None, 0)
    assert told(sessions, family.parent)[-1] == template
    with sessions() as session:
        assert session.get_one(Booking, booking).reason == "老师生病"


@pytest.mark.parametrize("refuse", [service.decline, service.cancel_by_centre])
def test_a_refusal_without_a_reason_changes_nothing(
    sessions: Sessions, clock: FixedClock, refuse: Callable[..., Booking]
) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))

    with pytest.raises(Invalid):
        act(sessions, clock, refuse, booking, reason="  ")

    assert state_of(sessions, booking) == ("requested", 1, 1)


def test_the_centre_may_cancel_what_it_confirmed_even_late(
    sessions: Sessions, clock: FixedClock
) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))
    act(sessions, clock, service.confirm, booking)
    clock.advance(3 * DAY - timedelta(minutes=5))

    act(sessions, clock, service.cancel_by_centre, booking, reason="停电")

    assert state_of(sessions, booking) == ("cancelled_by_centre", None, 0)


def test_a_confirmed_booking_is_not_declined(sessions: Sessions, clock: FixedClock) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))
    act(sessions, clock, service.confirm, booking)

    with pytest.raises(rules.BookingStateChanged):
        act(sessions, clock, service.decline, booking, reason="满了")


@pytest.mark.parametrize(
    ("mark", "after", "more"),
    [
        (service.mark_attended, ("attended", 1, 1), []),
        (service.mark_missed, ("missed", None, 1), ["booking_missed"]),  # test_missed.py has more
    ],
)
def test_attendance_keeps_the_place_and_a_first_missed_one_gives_its_number_back(
    sessions: Sessions,
    clock: FixedClock,
    mark: Callable[..., Booking],
    after: tuple[str, int | None, int],
    more: list[str],
) -> None:
    family = make_family(sessions)
    booking = book(sessions, clock, family, make_slot(sessions))
    act(sessions, clock, service.confirm, booking)
    with pytest.raises(rules.NotStartedYet):
        act(sessions, clock, mark, booking)
    clock.advance(3 * DAY)

    act(sessions, clock, mark, booking)

    assert state_of(sessions, booking) == after
    assert told(sessions, family.parent) == [
        "booking_requested",
        "booking_confirmed",
        "booking_reminder",
        *more,
    ]


def test_an_unconfirmed_request_is_not_marked_attended(
    sessions: Sessions, clock: FixedClock
) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))
    clock.advance(3 * DAY)

    with pytest.raises(rules.BookingStateChanged):
        act(sessions, clock, service.mark_attended, booking)


def test_a_family_cancels_in_good_time_and_gets_its_session_back(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = make_family(sessions)
    booking = book(sessions, clock, family, make_slot(sessions))
    act(sessions, clock, service.confirm, booking)

    cancel(sessions, clock, family, booking)

    assert state_of(sessions, booking) == ("cancelled_by_family", None, 0)


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_late_cancellation_frees_the_place_but_stays_used(
    sessions: Sessions, clock: FixedClock, confirmed: bool
) -> None:
    family = make_family(sessions)
    booking = book(sessions, clock, family, make_slot(sessions))
    if confirmed:
        act(sessions, clock, service.confirm, booking)
    clock.advance(2 * DAY + timedelta(seconds=1))

    cancel(sessions, clock, family, booking)

    assert state_of(sessions, booking) == ("cancelled_by_family", 1, 0)


def test_cancelling_twice_or_after_the_start_is_refused(
    sessions: Sessions, clock: FixedClock
) -> None:
    family, slots = make_family(sessions), make_slots(sessions, 2)
    first, second = (book(sessions, clock, family, slot) for slot in slots)
    cancel(sessions, clock, family, first)
    clock.advance(4 * DAY)

    for booking in (first, second):
        with pytest.raises(rules.CannotCancel):
            cancel(sessions, clock, family, booking)


def test_another_familys_booking_is_not_found(sessions: Sessions, clock: FixedClock) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))

    with pytest.raises(NotFound):
        cancel(sessions, clock, make_family(sessions), booking)
    with pytest.raises(NotFound):
        cancel(sessions, clock, make_family(sessions), 10**12)
    with pytest.raises(NotFound):
        act(sessions, clock, service.confirm, 10**12)


def test_the_slower_clerk_sees_who_was_faster_and_when(
    sessions: Sessions, clock: FixedClock
) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))
    clerk = make_staff(sessions)
    act(sessions, clock, service.confirm, booking, actor=f"staff:{clerk}")
    clock.advance(timedelta(seconds=2))

    with pytest.raises(rules.BookingStateChanged) as refusal:
        act(sessions, clock, service.decline, booking, actor="staff:2", reason="满了")

    assert refusal.value.detail == "测试员 于 11月23日 10:00 处理：已确认"


def test_a_clerk_sees_that_the_family_was_faster(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    booking = book(sessions, clock, family, make_slot(sessions))
    cancel(sessions, clock, family, booking)

    with pytest.raises(rules.BookingStateChanged) as refusal:
        act(sessions, clock, service.confirm, booking)

    assert refusal.value.detail == "家长 于 11月23日 10:00 处理：家庭已取消"


def test_a_step_from_a_state_that_is_gone_writes_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))
    with sessions() as stale:
        seen = stale.scalars(select(Booking).where(Booking.id == booking)).one()
        stale.expunge(seen)
    clock.advance(timedelta(seconds=1))
    act(sessions, clock, service.confirm, booking)
    act(sessions, clock, service.undo, booking)  # back in the same state, but not the same step

    step = changes.Step(BookingState.DECLINED, "staff:2", None, "满了")
    with pytest.raises(rules.BookingStateChanged), sessions.begin() as session:
        changes.take_step(session, clock, seen, step)
    assert state_of(sessions, booking)[0] == "requested"


def test_a_confirmation_is_undone_within_ten_minutes(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    booking = book(sessions, clock, family, make_slot(sessions))
    act(sessions, clock, service.confirm, booking)
    clock.advance(timedelta(minutes=10))

    act(sessions, clock, service.undo, booking)

    assert state_of(sessions, booking) == ("requested", 1, 1)
    assert told(sessions, family.parent)[-1] == "booking_requested"


def test_an_undo_after_ten_minutes_is_refused(sessions: Sessions, clock: FixedClock) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))
    act(sessions, clock, service.confirm, booking)
    clock.advance(timedelta(minutes=10, seconds=1))

    with pytest.raises(rules.CannotUndo):
        act(sessions, clock, service.undo, booking)


def test_an_undone_refusal_takes_number_and_place_again_and_tells(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = make_family(sessions)
    booking = book(sessions, clock, family, make_slot(sessions, capacity=1))
    act(sessions, clock, service.confirm, booking)
    act(sessions, clock, service.cancel_by_centre, booking, reason="误点")

    act(sessions, clock, service.undo, booking)

    assert state_of(sessions, booking) == ("confirmed", 1, 1)
    assert told(sessions, family.parent)[-3:] == [
        "booking_cancelled",
        "booking_confirmed",
        "booking_reminder",
    ]
    with sessions() as session:
        assert session.get_one(Booking, booking).reason is None


def test_an_undo_is_refused_when_the_place_is_gone(sessions: Sessions, clock: FixedClock) -> None:
    slot = make_slot(sessions, capacity=1)
    booking = book(sessions, clock, make_family(sessions), slot)
    act(sessions, clock, service.decline, booking, reason="误点")
    book(sessions, clock, make_family(sessions), slot)

    with pytest.raises(rules.CannotUndo) as refusal:
        act(sessions, clock, service.undo, booking)

    assert refusal.value.detail == "名额已经被其他家庭约走"
    assert state_of(sessions, booking) == ("declined", None, 1)


def test_an_undo_is_refused_when_six_are_used_meanwhile(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, max_open=6)
    family, slots = make_family(sessions), make_slots(sessions, 7)
    bookings = [book(sessions, clock, family, slot) for slot in slots[:6]]
    act(sessions, clock, service.decline, bookings[0], reason="误点")
    book(sessions, clock, family, slots[6])

    with pytest.raises(rules.CannotUndo) as refusal:
        act(sessions, clock, service.undo, bookings[0])

    assert refusal.value.detail == "这个宝宝这一年的六次已经约满"


def test_an_undo_is_refused_when_the_family_booked_again(
    sessions: Sessions, clock: FixedClock
) -> None:
    family, slot = make_family(sessions), make_slot(sessions)
    booking = book(sessions, clock, family, slot)
    act(sessions, clock, service.decline, booking, reason="误点")
    book(sessions, clock, family, slot)

    with pytest.raises(rules.CannotUndo) as refusal:
        act(sessions, clock, service.undo, booking)

    assert refusal.value.detail == "家长已经重新预约了这个时段"


def test_an_undone_attendance_can_be_marked_anew(sessions: Sessions, clock: FixedClock) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))
    act(sessions, clock, service.confirm, booking)
    clock.advance(3 * DAY)
    act(sessions, clock, service.mark_missed, booking)
    act(sessions, clock, service.undo, booking)

    act(sessions, clock, service.mark_attended, booking)

    assert state_of(sessions, booking) == ("attended", 1, 1)


def test_an_undone_attendance_tells_the_family_nothing_new(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = make_family(sessions)
    booking = book(sessions, clock, family, make_slot(sessions))
    act(sessions, clock, service.confirm, booking)
    clock.advance(3 * DAY)
    act(sessions, clock, service.mark_attended, booking)
    before = told(sessions, family.parent)

    act(sessions, clock, service.undo, booking)

    assert told(sessions, family.parent) == before


def test_neither_a_familys_step_nor_an_undo_is_undone(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, max_open=6)
    family, slots = make_family(sessions), make_slots(sessions, 3)
    asked, cancelled, undone = (book(sessions, clock, family, slot) for slot in slots)
    cancel(sessions, clock, family, cancelled)
    act(sessions, clock, service.confirm, undone)
    act(sessions, clock, service.undo, undone)

    for booking in (asked, cancelled, undone):
        with pytest.raises(rules.CannotUndo):
            act(sessions, clock, service.undo, booking)


def test_a_booking_without_a_log_is_not_undone(sessions: Sessions, clock: FixedClock) -> None:
    booking = make_booking(sessions, child_id=make_child(sessions), slot_id=make_slot(sessions))

    with pytest.raises(rules.CannotUndo):
        act(sessions, clock, service.undo, booking)


def test_a_child_that_leaves_frees_all_its_open_places(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, max_open=6)
    family, slots = make_family(sessions), make_slots(sessions, 3)
    bookings = [book(sessions, clock, family, slot) for slot in slots]
    act(sessions, clock, service.decline, bookings[0], reason="满了")

    with sessions.begin() as session:
        actor = f"parent:{family.parent}"
        assert service.release_child(session, clock, child_id=family.child, actor=actor) == 2

    assert [state_of(sessions, booking)[0::2] for booking in bookings[1:]] == [
        ("cancelled_by_family", 0)
    ] * 2
