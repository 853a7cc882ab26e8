"""Join, wait, be offered, accept, leave: the waiting list as a family lives it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk, moving, rules, service, waiting_queries
from backend.bookings import waiting_rules as wr
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.centres.models import Slot, SlotState
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.outbox.models import Message
from backend.people.priority_models import PriorityGrant
from tests.bookings.family import (
    book,
    cancel,
    in_city,
    log_of,
    make_family,
    state_of,
    told,
)
from tests.bookings.waiting import (
    accept,
    full_slot,
    give_up,
    join,
    leave,
    line,
    state_of_entry,
    states_in_line,
    taken,
    tick,
)
from tests.factories import MORNING, make_booking, make_child, make_slot

Sessions = sessionmaker[Session]
W = WaitingState
TWO_HOURS = timedelta(hours=2)


def change_slot(sessions: Sessions, slot: int, **values: object) -> None:
    with sessions.begin() as session:
        session.execute(update(Slot).where(Slot.id == slot).values(**values))


def assert_balance(sessions: Sessions) -> None:
    with sessions() as session:
        assert desk.counter_drift(session) == []


def test_a_freed_place_is_offered_to_the_first_and_told_until_when(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    (first, entry), (second, _) = line(sessions, clock, slot, 2)
    cancel(sessions, clock, holder, booking)

    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.OFFERED, W.WAITING]
    assert taken(sessions, slot) == 1
    assert told(sessions, first.parent) == ["waiting_offered"]
    assert told(sessions, second.parent) == []
    with sessions() as session:
        found = session.get_one(WaitingEntry, entry)
        assert found.offer_until == clock.now() + TWO_HOURS
        message = session.scalars(select(Message).where(Message.parent_id == first.parent)).one()
        assert message.data["until"] == "2026-11-23T12:00:00+08:00"
    assert_balance(sessions)


def test_an_accepted_offer_is_a_confirmed_booking_with_two_steps_in_its_log(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    ((family, entry),) = line(sessions, clock, slot, 1)
    cancel(sessions, clock, holder, booking)
    tick(sessions, clock)

    made = accept(sessions, clock, family, entry)

    assert state_of(sessions, made) == ("confirmed", 1, 1)
    assert log_of(sessions, made) == [
        (None, "requested", f"parent:{family.parent}"),
        ("requested", "confirmed", "system"),
    ]
    assert state_of_entry(sessions, entry) is W.ACCEPTED
    assert told(sessions, family.parent)[1:] == ["booking_confirmed", "booking_reminder"]
    assert accept(sessions, clock, family, entry) == made
    assert_balance(sessions)


def test_an_offer_that_runs_out_goes_to_the_next_and_is_told(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    (first, entry), (second, other) = line(sessions, clock, slot, 2)
    cancel(sessions, clock, holder, booking)
    tick(sessions, clock)
    clock.advance(TWO_HOURS)

    with pytest.raises(wr.OfferGone):
        accept(sessions, clock, first, entry)
    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.EXPIRED, W.OFFERED]
    assert told(sessions, first.parent)[-1] == "waiting_expired"
    assert told(sessions, second.parent) == ["waiting_offered"]
    accept(sessions, clock, second, other)
    assert_balance(sessions)


def test_an_offer_stands_until_the_last_second(sessions: Sessions, clock: FixedClock) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    ((family, entry),) = line(sessions, clock, slot, 1)
    cancel(sessions, clock, holder, booking)
    tick(sessions, clock)
    clock.advance(TWO_HOURS - timedelta(seconds=1))

    tick(sessions, clock)

    assert state_of_entry(sessions, entry) is W.OFFERED
    accept(sessions, clock, family, entry)


def test_who_passes_by_gets_nothing_while_somebody_waits(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    ((waiting, entry),) = line(sessions, clock, slot, 1)
    cancel(sessions, clock, holder, booking)

    with pytest.raises(rules.SlotFull) as refused:
        book(sessions, clock, make_family(sessions), slot)

    assert "候补" in str(refused.value.detail)
    tick(sessions, clock)
    accept(sessions, clock, waiting, entry)


def test_a_larger_capacity_is_offered_too_and_not_to_who_passes_by(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, _ = full_slot(sessions, clock)
    line(sessions, clock, slot, 3)
    change_slot(sessions, slot, capacity=3)

    with pytest.raises(rules.SlotFull):
        book(sessions, clock, make_family(sessions), slot)
    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.OFFERED, W.OFFERED, W.WAITING]
    assert_balance(sessions)


def test_a_place_for_which_nobody_waits_any_more_is_for_everybody(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    ((waiting, entry),) = line(sessions, clock, slot, 1)
    cancel(sessions, clock, holder, booking)
    leave(sessions, clock, waiting, entry)

    book(sessions, clock, make_family(sessions), slot)

    assert state_of_entry(sessions, entry) is W.LEFT


def test_whoever_leaves_with_an_offer_passes_it_on(sessions: Sessions, clock: FixedClock) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    (first, entry), _ = line(sessions, clock, slot, 2)
    cancel(sessions, clock, holder, booking)
    tick(sessions, clock)

    leave(sessions, clock, first, entry)
    leave(sessions, clock, first, entry)
    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.LEFT, W.OFFERED]
    assert_balance(sessions)


def test_nobody_waits_for_a_slot_with_places(sessions: Sessions, clock: FixedClock) -> None:
    with pytest.raises(wr.NotFull):
        join(sessions, clock, make_family(sessions), make_slot(sessions))


def test_a_line_is_joined_once_and_again_after_leaving(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, _ = full_slot(sessions, clock)
    (family, entry), _ = line(sessions, clock, slot, 2)

    with pytest.raises(wr.AlreadyWaiting):
        join(sessions, clock, family, slot)
    leave(sessions, clock, family, entry)
    again = join(sessions, clock, family, slot)

    assert again > entry
    with sessions() as session:
        (row,) = waiting_queries.lines_of_parent(session, family.parent)
    assert (row.id, row.position) == (again, 2)


def test_a_child_stands_in_three_lines_at_most(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    for hour in range(3):
        slot, _ = full_slot(sessions, clock, starts_at=MORNING + timedelta(days=3, hours=hour))
        join(sessions, clock, family, slot)
    slot, _ = full_slot(sessions, clock, starts_at=MORNING + timedelta(days=4))

    with pytest.raises(wr.TooManyLines):
        join(sessions, clock, family, slot)


def test_joining_asks_what_a_booking_asks(sessions: Sessions, clock: FixedClock) -> None:
    slot, ((holder, _),) = full_slot(sessions, clock)

    with pytest.raises(rules.NotHomeCared):
        join(sessions, clock, make_family(sessions, home_cared=False), slot)
    with pytest.raises(rules.AlreadyBooked):
        join(sessions, clock, holder, slot)
    with pytest.raises(NotFound):
        join(sessions, clock, make_family(sessions), 999_999)
    other = make_family(sessions)
    stranger = make_child(sessions)
    with pytest.raises(NotFound):
        join(sessions, clock, type(other)(other.parent, stranger), slot)


def test_waiting_uses_none_of_the_six(sessions: Sessions, clock: FixedClock) -> None:
    slot, _ = full_slot(sessions, clock)
    ((family, _),) = line(sessions, clock, slot, 1)

    booking = book(sessions, clock, family, make_slot(sessions))

    assert state_of(sessions, booking)[1] == 1


def test_in_the_last_twelve_hours_nothing_is_offered_and_the_first_to_come_books(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    line(sessions, clock, slot, 1)
    clock.set(MORNING + timedelta(days=3, hours=-12))
    cancel(sessions, clock, holder, booking)

    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.WAITING]
    with pytest.raises(wr.WaitingClosed):
        join(sessions, clock, make_family(sessions), slot)
    book(sessions, clock, make_family(sessions), slot)


def test_a_child_in_line_that_books_by_itself_leaves_the_line(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    ((family, entry),) = line(sessions, clock, slot, 1)
    clock.set(MORNING + timedelta(days=3, hours=-3))
    cancel(sessions, clock, holder, booking)
    made = book(sessions, clock, family, slot)

    tick(sessions, clock)

    assert state_of_entry(sessions, entry) is W.ACCEPTED
    with sessions() as session:
        assert session.get_one(WaitingEntry, entry).booking_id == made
    assert_balance(sessions)


def test_an_offer_is_not_longer_than_booking_is_open(sessions: Sessions, clock: FixedClock) -> None:
    starts_at = in_city(2026, 11, 24, 7)
    slot, ((holder, booking),) = full_slot(sessions, clock, starts_at=starts_at)
    ((_, entry),) = line(sessions, clock, slot, 1)
    clock.set(in_city(2026, 11, 23, 18).replace(minute=59))
    cancel(sessions, clock, holder, booking)

    tick(sessions, clock)

    with sessions() as session:
        until = session.get_one(WaitingEntry, entry).offer_until
    assert until is not None
    assert until <= starts_at - TWO_HOURS


def test_an_offer_of_the_night_counts_its_hours_from_eight(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    ((_, entry),) = line(sessions, clock, slot, 1)
    clock.set(in_city(2026, 11, 23, 23))
    cancel(sessions, clock, holder, booking)

    tick(sessions, clock)

    with sessions() as session:
        assert session.get_one(WaitingEntry, entry).offer_until == in_city(2026, 11, 24, 10)


@pytest.mark.parametrize("offered", [False, True])
def test_a_session_that_begins_closes_its_line(
    sessions: Sessions, clock: FixedClock, offered: bool
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    ((family, _),) = line(sessions, clock, slot, 1)
    if offered:
        cancel(sessions, clock, holder, booking)
        tick(sessions, clock)
    clock.set(MORNING + timedelta(days=3))

    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.CLOSED]
    assert told(sessions, family.parent)[-1] == "waiting_closed"
    assert taken(sessions, slot) == (0 if offered else 1)
    assert_balance(sessions)


def test_a_cancelled_session_closes_its_line(sessions: Sessions, clock: FixedClock) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    (first, entry), _ = line(sessions, clock, slot, 2)
    cancel(sessions, clock, holder, booking)
    tick(sessions, clock)
    change_slot(sessions, slot, state=SlotState.CANCELLED)

    with pytest.raises(rules.SlotCancelled):
        accept(sessions, clock, first, entry)
    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.CLOSED, W.CLOSED]
    assert told(sessions, first.parent)[-1] == "waiting_cancelled"
    assert taken(sessions, slot) == 0


def test_a_closed_slot_offers_nothing_but_keeps_what_it_offered(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, bookings = full_slot(sessions, clock, capacity=2)
    (first, entry), _ = line(sessions, clock, slot, 2)
    cancel(sessions, clock, *bookings[0])
    tick(sessions, clock)
    change_slot(sessions, slot, state=SlotState.CLOSED)
    cancel(sessions, clock, *bookings[1])

    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.OFFERED, W.WAITING]
    accept(sessions, clock, first, entry)


def test_an_offer_against_a_rule_is_refused_and_given_up(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    (first, entry), _ = line(sessions, clock, slot, 2)
    cancel(sessions, clock, holder, booking)
    tick(sessions, clock)
    for number in range(1, 7):
        make_booking(
            sessions,
            child_id=first.child,
            slot_id=make_slot(sessions, starts_at=MORNING - timedelta(days=number)),
            quota_number=number,
        )

    with pytest.raises(rules.QuotaUsedUp):
        accept(sessions, clock, first, entry)
    assert state_of_entry(sessions, entry) is W.OFFERED
    give_up(sessions, clock, first, entry)
    give_up(sessions, clock, first, entry)
    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.LEFT, W.OFFERED]
    assert_balance(sessions)


def test_before_the_offer_there_is_nothing_to_accept(sessions: Sessions, clock: FixedClock) -> None:
    slot, _ = full_slot(sessions, clock)
    ((family, entry),) = line(sessions, clock, slot, 1)

    with pytest.raises(wr.NotOffered):
        accept(sessions, clock, family, entry)
    with pytest.raises(NotFound):
        accept(sessions, clock, make_family(sessions), entry)


def test_a_child_that_goes_leaves_every_line_and_its_offer_goes_on(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    (first, _), _ = line(sessions, clock, slot, 2)
    elsewhere, _ = full_slot(sessions, clock)
    join(sessions, clock, first, elsewhere)
    cancel(sessions, clock, holder, booking)
    tick(sessions, clock)

    with sessions.begin() as session:
        service.release_child(session, clock, child_id=first.child, actor="system")
    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.LEFT, W.OFFERED]
    assert states_in_line(sessions, elsewhere) == [W.LEFT]
    assert_balance(sessions)


def test_a_registration_that_is_merged_leaves_its_lines(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(sessions, clock)
    (second, _), (first, _) = line(sessions, clock, slot, 2)
    cancel(sessions, clock, holder, booking)
    tick(sessions, clock)

    with sessions.begin() as session:
        moving.move_sessions(session, clock, second.child, first.child)
    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.LEFT, W.OFFERED]
    assert_balance(sessions)


def grant(sessions: Sessions, child: int) -> None:
    with sessions.begin() as session:
        session.add(
            PriorityGrant(
                child_id=child,
                kind_sealed="x",
                asked_at=MORNING,
                granted_at=MORNING,
                granted_by="staff:1",
                valid_until=(MORNING + timedelta(days=90)).date(),
            )
        )


def test_a_held_place_is_offered_to_the_first_with_priority(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot, bookings = full_slot(sessions, clock, capacity=2)
    (_, _), (special, entry) = line(sessions, clock, slot, 2)
    change_slot(sessions, slot, held_places=1, held_until=MORNING + timedelta(days=2))
    grant(sessions, special.child)
    cancel(sessions, clock, *bookings[0])

    tick(sessions, clock)

    assert states_in_line(sessions, slot) == [W.WAITING, W.OFFERED]
    accept(sessions, clock, special, entry)
    clock.set(MORNING + timedelta(days=2))
    cancel(sessions, clock, *bookings[1])
    tick(sessions, clock)
    assert states_in_line(sessions, slot) == [W.OFFERED, W.ACCEPTED]


def test_an_ordinary_family_may_wait_while_only_held_places_are_free(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot = make_slot(sessions, capacity=1)
    change_slot(sessions, slot, held_places=1, held_until=MORNING + timedelta(days=2))
    special = make_family(sessions)
    grant(sessions, special.child)

    ((_, entry),) = line(sessions, clock, slot, 1)
    with pytest.raises(wr.NotFull):
        join(sessions, clock, special, slot)
    tick(sessions, clock)

    assert state_of_entry(sessions, entry) is W.WAITING
    book(sessions, clock, special, slot)  # the line of others does not keep it from the held place
