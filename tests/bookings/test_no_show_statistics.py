"""Two wordings side by side: who was reminded, who stayed away, and how sure that is."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.bookings.reminders import Wording
from backend.kernel.clock import FixedClock
from backend.outbox.models import Message, MessageState
from backend.people.models import Role
from backend.people.scopes import Scope
from backend.statistics.no_shows import (
    Comparison,
    Group,
    compare_reminders,
    difference,
)
from tests.bookings.family import act, book, make_family
from tests.bookings.visit import confirmed
from tests.factories import MORNING, make_centre, make_slot

Sessions = sessionmaker[Session]
NOVEMBER = date(2026, 11, 1)
EVERYWHERE = Scope(Role.CITY, None, None)


def compare(sessions: Sessions, scope: Scope = EVERYWHERE, month: date = NOVEMBER) -> Comparison:
    with sessions() as session:
        return compare_reminders(session, scope, (month, month))


def test_each_reminded_booking_counts_once_in_its_wording(
    sessions: Sessions, clock: FixedClock
) -> None:
    centre = make_centre(sessions)
    slot = make_slot(sessions, centre_id=centre, capacity=20)
    bookings = [confirmed(sessions, clock, make_family(sessions), slot) for _ in range(6)]
    book(sessions, clock, make_family(sessions), slot)  # only asked for: no reminder
    clock.set(MORNING + timedelta(days=3))
    odd = sorted(one for one in bookings if one % 2)
    even = sorted(one for one in bookings if not one % 2)
    act(sessions, clock, service.mark_missed, odd[0])
    act(sessions, clock, service.mark_missed, odd[1])
    act(sessions, clock, service.mark_attended, odd[2])
    act(sessions, clock, service.mark_missed, even[0])
    act(sessions, clock, service.mark_attended, even[1])
    with sessions.begin() as session:
        session.execute(
            update(Message)
            .where(
                Message.template == "booking_reminder",
                Message.data["booking_id"].as_integer() == even[0],
            )
            .values(state=MessageState.SENT)
        )

    found = compare(sessions)

    assert found.plain == Group(Wording.PLAIN, reminded=3, sent=0, attended=1, missed=2)
    assert found.cost == Group(Wording.COST, reminded=3, sent=1, attended=1, missed=1)
    assert found.cost.rate == 50.0
    assert found.difference is not None
    assert not found.difference.certain
    elsewhere = Scope(Role.CLERK, frozenset({centre + 1}), None)
    assert compare(sessions, elsewhere).plain == Group(Wording.PLAIN)
    assert compare(sessions, month=date(2026, 12, 1)).cost == Group(Wording.COST)


def test_who_cancelled_before_the_reminder_is_not_in_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot = make_slot(sessions)
    booking = confirmed(sessions, clock, make_family(sessions), slot)
    act(sessions, clock, service.cancel_by_centre, booking, reason="停电")
    clock.set(MORNING + timedelta(days=3))

    found = compare(sessions)

    assert found.plain.reminded + found.cost.reminded == 0
    assert found.difference is None


counts = st.integers(0, 5000)


@given(attended=counts, missed=counts, more=counts, fewer=counts)
def test_the_limits_hold_the_difference_of_the_adjusted_rates(
    attended: int, missed: int, more: int, fewer: int
) -> None:
    plain = Group(Wording.PLAIN, attended=attended, missed=missed)
    cost = Group(Wording.COST, attended=more, missed=fewer)

    found = difference(plain, cost)

    if plain.decided == 0 or cost.decided == 0:
        assert found is None
        return
    assert found is not None
    assert -100 <= found.points <= 100
    assert found.low < found.high
    mirrored = difference(cost, plain)
    assert mirrored is not None
    assert abs(found.low + mirrored.high) < 1e-9


def test_the_british_trial_would_have_been_seen() -> None:
    """PMC4569397: 11.1 % of about 5,000 against 8.4 % of about 5,000."""
    plain = Group(Wording.PLAIN, attended=4445, missed=555)
    cost = Group(Wording.COST, attended=4580, missed=420)

    found = difference(plain, cost)

    assert found is not None
    assert found.certain
    assert round(found.points, 1) == -2.7
    assert (round(found.low, 1), round(found.high, 1)) == (-3.9, -1.5)
