"""Asking for a session."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import changes, rules, service
from backend.bookings.models import Booking, BookingPolicy, BookingState
from backend.centres.models import Slot, SlotState
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.outbox.models import Message
from backend.people.models import Child, DuplicateState, Guardian, Relation
from backend.people.rules import PossibleDuplicate
from tests.bookings.family import (
    Family,
    act,
    book,
    born,
    cancel,
    in_city,
    log_of,
    make_family,
    state_of,
    told,
)
from tests.factories import (
    MORNING,
    make_booking,
    make_child,
    make_parent,
    make_policy,
    make_slot,
    make_slots,
)

Sessions = sessionmaker[Session]


def test_a_request_takes_a_number_a_place_a_log_row_and_a_message(
    sessions: Sessions, clock: FixedClock
) -> None:
    family, slot = make_family(sessions), make_slot(sessions)

    booking = book(sessions, clock, family, slot)

    assert state_of(sessions, booking) == ("requested", 1, 1)
    assert log_of(sessions, booking) == [(None, "requested", f"parent:{family.parent}")]
    assert told(sessions, family.parent) == ["booking_requested"]


def test_a_message_holds_facts_and_nobodys_name(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions, name="测试小明")
    booking = book(sessions, clock, family, make_slot(sessions, title="一起爬一爬"))

    with sessions() as session:
        message = session.scalars(select(Message)).one()
    assert message.data["booking_id"] == booking
    assert message.data["title"] == "一起爬一爬"
    assert message.data["starts_at"] == "2026-11-26T10:00:00+08:00"
    assert message.data["kind_title"] == "亲子活动"
    assert "小明" not in str(message.data)


def test_seventh_session_in_a_year_is_refused(sessions: Sessions, clock: FixedClock) -> None:
    make_policy(sessions, max_open=6)
    family, slots = make_family(sessions), make_slots(sessions, 7)
    for slot in slots[:6]:
        book(sessions, clock, family, slot)

    with pytest.raises(rules.QuotaUsedUp):
        book(sessions, clock, family, slots[6])
    with sessions() as session:
        assert session.get_one(Slot, slots[6]).taken == 0


def test_both_guardians_use_the_same_six(sessions: Sessions, clock: FixedClock) -> None:
    make_policy(sessions, max_open=6)
    mother, slots = make_family(sessions), make_slots(sessions, 7)
    father = Family(make_parent(sessions), mother.child)
    with sessions.begin() as session:
        session.add(
            Guardian(
                child_id=mother.child,
                parent_id=father.parent,
                relation=Relation.FATHER,
                since=MORNING,
            )
        )
    for number, slot in enumerate(slots[:6]):
        book(sessions, clock, mother if number % 2 else father, slot)

    with pytest.raises(rules.QuotaUsedUp):
        book(sessions, clock, father, slots[6])


def test_the_new_year_brings_six_more(sessions: Sessions) -> None:
    make_policy(sessions, max_open=12)
    clock = FixedClock(in_city(2026, 12, 28))
    family = make_family(sessions)
    for slot in make_slots(sessions, 6, starts_at=in_city(2026, 12, 31)):
        book(sessions, clock, family, slot)

    booking = book(sessions, clock, family, make_slot(sessions, starts_at=in_city(2027, 1, 1, 0)))

    with sessions() as session:
        found = session.get_one(Booking, booking)
        assert (found.quota_year, found.quota_number) == (2027, 1)


def test_a_full_slot_is_refused(sessions: Sessions, clock: FixedClock) -> None:
    slot = make_slot(sessions, capacity=1)
    book(sessions, clock, make_family(sessions), slot)

    with pytest.raises(rules.SlotFull):
        book(sessions, clock, make_family(sessions), slot)


def test_a_sold_out_slot_is_refused_without_waiting_for_the_child(
    committed: Sessions, clock: FixedClock
) -> None:
    family, slot = make_family(committed), make_slot(committed, capacity=1)
    make_booking(committed, child_id=make_child(committed), slot_id=slot)

    with committed.begin() as other:
        other.get(Child, family.child, with_for_update=True)  # somebody holds the child
        with pytest.raises(rules.SlotFull):
            book(committed, clock, family, slot)


def test_a_slot_closed_by_the_centre_is_refused(sessions: Sessions, clock: FixedClock) -> None:
    slot = make_slot(sessions)
    with sessions.begin() as session:
        session.execute(update(Slot).values(state=SlotState.CLOSED))

    with pytest.raises(rules.SlotClosed):
        book(sessions, clock, make_family(sessions), slot)


@pytest.mark.parametrize(
    ("ahead", "refusal"),
    [
        (timedelta(days=14, seconds=1), rules.NotOpenYet),
        (timedelta(minutes=120), rules.SlotClosed),
        (-timedelta(hours=1), rules.SlotClosed),
    ],
)
def test_a_slot_is_booked_only_in_its_window(
    sessions: Sessions, clock: FixedClock, ahead: timedelta, refusal: type[Exception]
) -> None:
    slot = make_slot(sessions, starts_at=clock.now() + ahead)

    with pytest.raises(refusal):
        book(sessions, clock, make_family(sessions), slot)


def test_the_citys_newest_policy_row_counts_from_its_day_on(
    sessions: Sessions, clock: FixedClock
) -> None:
    slot = make_slot(sessions, starts_at=clock.now() + timedelta(days=10))
    with sessions.begin() as session:
        session.execute(
            insert(BookingPolicy).values(
                effective_from=clock.now() - timedelta(days=1),
                opens_days=7,
                closes_minutes=120,
                free_cancel_hours=24,
                eligible_under_months=36,
                created_by="test",
            )
        )

    with pytest.raises(rules.NotOpenYet):
        book(sessions, clock, make_family(sessions), slot)


@pytest.mark.parametrize(
    ("months", "refusal"), [(5, rules.TooYoung), (12, rules.TooOld), (36, rules.TooOld)]
)
def test_a_child_of_the_wrong_age_on_the_day_is_refused(
    sessions: Sessions, clock: FixedClock, months: int, refusal: type[Exception]
) -> None:
    family = make_family(sessions, birth_date=born(months))

    with pytest.raises(refusal):
        book(sessions, clock, family, make_slot(sessions, ages=(6, 12)))


def test_a_child_in_daycare_is_refused(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions, home_cared=False)

    with pytest.raises(rules.NotHomeCared):
        book(sessions, clock, family, make_slot(sessions))


def test_a_possible_duplicate_may_not_book(sessions: Sessions, clock: FixedClock) -> None:
    first, second = make_family(sessions), make_family(sessions)
    with sessions.begin() as session:
        child = session.get_one(Child, second.child)
        child.duplicate_of_id, child.duplicate_state = first.child, DuplicateState.POSSIBLE

    with pytest.raises(PossibleDuplicate):
        book(sessions, clock, second, make_slot(sessions))


def test_the_same_slot_twice_is_refused(sessions: Sessions, clock: FixedClock) -> None:
    family, slot = make_family(sessions), make_slot(sessions)
    book(sessions, clock, family, slot)

    with pytest.raises(rules.AlreadyBooked):
        book(sessions, clock, family, slot)


def test_a_cancelled_slot_can_be_booked_again(sessions: Sessions, clock: FixedClock) -> None:
    family, slot = make_family(sessions), make_slot(sessions)
    cancel(sessions, clock, family, book(sessions, clock, family, slot))

    again = book(sessions, clock, family, slot)

    assert state_of(sessions, again) == ("requested", 1, 1)


def test_another_familys_child_and_an_unknown_slot_are_not_found(
    sessions: Sessions, clock: FixedClock
) -> None:
    mine, other, slot = make_family(sessions), make_family(sessions), make_slot(sessions)

    with pytest.raises(NotFound):
        book(sessions, clock, Family(mine.parent, other.child), slot)
    with pytest.raises(NotFound):
        book(sessions, clock, Family(mine.parent, 10**12), slot)
    with pytest.raises(NotFound):
        book(sessions, clock, mine, 10**12)


def test_nothing_of_a_request_stays_when_the_place_goes_last(
    sessions: Sessions, clock: FixedClock
) -> None:
    family, slot = make_family(sessions), make_slot(sessions, capacity=1)

    def book_and_find_no_place_in_the_end() -> None:
        with sessions.begin() as session:
            booking = service.request_booking(
                session,
                clock,
                rules.Policy(),
                parent_id=family.parent,
                child_id=family.child,
                slot_id=slot,
            )
            changes.take_place(session, booking.slot)

    with pytest.raises(rules.SlotFull):
        book_and_find_no_place_in_the_end()
    assert told(sessions, family.parent) == []
    with sessions() as session:
        assert session.scalars(select(Booking)).all() == []
        assert session.get_one(Slot, slot).taken == 0


@pytest.mark.parametrize("number", [0, 7])
def test_the_database_knows_six_numbers_only(sessions: Sessions, number: int) -> None:
    child, slot = make_child(sessions), make_slot(sessions)

    with pytest.raises(IntegrityError, match="quota_number_range"):
        make_booking(sessions, child_id=child, slot_id=slot, quota_number=number)


def test_the_database_refuses_a_number_twice_a_place_twice_and_one_place_too_many(
    sessions: Sessions,
) -> None:
    child, slots = make_child(sessions), make_slots(sessions, 2, capacity=1)
    make_booking(sessions, child_id=child, slot_id=slots[0])

    with pytest.raises(IntegrityError, match="quota_year_quota_number"):
        make_booking(sessions, child_id=child, slot_id=slots[1])
    with sessions.begin() as session:
        session.execute(update(Slot).values(capacity=2))
    with pytest.raises(IntegrityError, match="uq_bookings_place"):
        make_booking(sessions, child_id=child, slot_id=slots[0], quota_number=2)
    with sessions.begin() as session:
        session.execute(update(Slot).values(capacity=1))
    with pytest.raises(IntegrityError, match="taken_within_capacity"):
        make_booking(sessions, child_id=make_child(sessions), slot_id=slots[0])


def test_constraints_speak_as_kindly_as_the_rules(sessions: Sessions) -> None:
    child, slots = make_child(sessions), make_slots(sessions, 2)
    make_booking(sessions, child_id=child, slot_id=slots[0])

    with pytest.raises(IntegrityError) as number:
        make_booking(sessions, child_id=child, slot_id=slots[1])
    with pytest.raises(IntegrityError) as place:
        make_booking(sessions, child_id=child, slot_id=slots[0], quota_number=2)

    assert isinstance(changes.refusal(number.value), rules.QuotaUsedUp)
    assert isinstance(changes.refusal(place.value), rules.AlreadyBooked)


def test_a_late_booking_of_a_declined_child_is_counted_once(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, max_open=6)
    family, slots = make_family(sessions), make_slots(sessions, 7)
    bookings = [book(sessions, clock, family, slot) for slot in slots[:6]]
    act(sessions, clock, service.decline, bookings[2], reason="名额调整")

    again = book(sessions, clock, family, slots[6])

    assert state_of(sessions, again) == ("requested", 3, 1)
    assert BookingState.DECLINED.value == state_of(sessions, bookings[2])[0]
