"""Who does not say again that it comes loses the place, if the city wants it so."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import reconfirming, service
from backend.bookings.models import Booking
from backend.bookings.reconfirming import CannotReconfirm, ask_and_release
from backend.bookings.reminders import Wording, wording_of
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.outbox.models import Message, MessageState
from tests.bookings.family import Family, act, book, make_family, state_of, told
from tests.bookings.visit import confirmed
from tests.factories import MORNING, make_policy, make_slot, make_staff

Sessions = sessionmaker[Session]
HOUR = timedelta(hours=1)
START = MORNING + timedelta(days=3)


@pytest.fixture
def family(sessions: Sessions) -> Family:
    return make_family(sessions)


@pytest.fixture
def booking(sessions: Sessions, clock: FixedClock, family: Family) -> int:
    """Confirmed three days ahead, in a city that asks until 24 hours before."""
    make_policy(sessions, reconfirm_hours=24)
    return confirmed(sessions, clock, family, make_slot(sessions))


def reconfirm(sessions: Sessions, clock: FixedClock, parent: int, booking: int) -> None:
    with sessions.begin() as session:
        reconfirming.reconfirm(session, clock, parent_id=parent, booking_id=booking)


def at(clock: FixedClock, sessions: Sessions, hours_before: float) -> tuple[int, int]:
    clock.set(START - hours_before * HOUR)
    return ask_and_release(sessions, clock)


def test_asked_two_days_before_once_and_released_a_day_before(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    assert at(clock, sessions, 48.1) == (0, 0)
    assert at(clock, sessions, 48) == (1, 0)
    assert at(clock, sessions, 47) == (0, 0)
    assert at(clock, sessions, 24.1) == (0, 0)
    assert state_of(sessions, booking) == ("confirmed", 1, 1)

    assert at(clock, sessions, 24) == (0, 1)

    assert state_of(sessions, booking) == ("cancelled_by_centre", None, 0)
    assert told(sessions, family.parent).count("booking_reconfirm") == 1
    assert told(sessions, family.parent)[-1] == "booking_cancelled"
    assert at(clock, sessions, 23) == (0, 0)


def test_a_family_that_says_it_comes_keeps_the_place(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    at(clock, sessions, 48)

    reconfirm(sessions, clock, family.parent, booking)
    reconfirm(sessions, clock, family.parent, booking)

    assert at(clock, sessions, 24) == (0, 0)
    assert state_of(sessions, booking)[0] == "confirmed"
    with sessions() as session:
        states = session.scalars(
            select(Message.state).where(Message.template == "booking_reconfirm")
        ).all()
    assert states == [MessageState.IN_APP]  # no call to WeChat for what is answered


def test_without_the_policy_nobody_is_asked(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    booking = confirmed(sessions, clock, family, make_slot(sessions))

    assert at(clock, sessions, 40) == (0, 0)
    assert at(clock, sessions, 20) == (0, 0)
    assert state_of(sessions, booking)[0] == "confirmed"


def test_who_was_not_asked_in_time_keeps_the_place(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    make_policy(sessions, reconfirm_hours=24)
    clock.set(START - 30 * HOUR)
    booking = confirmed(sessions, clock, family, make_slot(sessions))

    assert at(clock, sessions, 29) == (0, 0)
    assert at(clock, sessions, 20) == (0, 0)
    assert state_of(sessions, booking)[0] == "confirmed"


def test_who_booked_by_a_community_worker_is_not_asked(
    sessions: Sessions, clock: FixedClock, booking: int
) -> None:
    with sessions.begin() as session:
        session.get_one(Booking, booking).on_behalf_of_by = make_staff(sessions)

    assert at(clock, sessions, 40) == (0, 0)
    assert at(clock, sessions, 20) == (0, 0)


def test_a_confirmation_that_was_taken_back_and_given_again_is_asked_again(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    at(clock, sessions, 48)
    clock.set(START - 47 * HOUR)
    clerk = f"staff:{make_staff(sessions)}"
    act(sessions, clock, service.cancel_by_centre, booking, actor=clerk, reason="误点")
    act(sessions, clock, service.undo, booking, actor=clerk)

    assert at(clock, sessions, 46) == (1, 0)
    assert at(clock, sessions, 24) == (0, 1)


def test_only_a_confirmed_session_ahead_of_ones_own_is_reconfirmed(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    with pytest.raises(NotFound):
        reconfirm(sessions, clock, make_family(sessions).parent, booking)
    asked = book(sessions, clock, family, make_slot(sessions, starts_at=START + timedelta(days=1)))
    with pytest.raises(CannotReconfirm):
        reconfirm(sessions, clock, family.parent, asked)
    clock.set(START)
    with pytest.raises(CannotReconfirm):
        reconfirm(sessions, clock, family.parent, booking)


def test_the_reminder_has_the_wording_of_its_booking(sessions: Sessions, clock: FixedClock) -> None:
    bookings = [
        confirmed(sessions, clock, make_family(sessions), make_slot(sessions)) for _ in range(2)
    ]

    with sessions() as session:
        facts = session.scalars(
            select(Message.data).where(Message.template == "booking_reminder")
        ).all()
    assert {fact["booking_id"]: fact["wording"] for fact in facts} == {
        booking: wording_of(booking).value for booking in bookings
    }
    assert {fact["wording"] for fact in facts} == set(Wording)
