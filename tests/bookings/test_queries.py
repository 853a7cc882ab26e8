"""What families and desks read."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk, queries, service
from backend.bookings.models import BookingState
from backend.bookings.queries import SlotFilter
from backend.bookings.rules import Policy
from backend.centres.models import Slot, SlotKind, SlotState
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound
from backend.kernel.paging import Page
from backend.people.models import Child, DuplicateState
from tests.bookings.family import Family, act, book, born, cancel, in_city, make_family
from tests.factories import (
    MORNING,
    make_booking,
    make_centre,
    make_child,
    make_policy,
    make_slot,
    make_slots,
    make_staff,
)

Sessions = sessionmaker[Session]
FORTNIGHT = SlotFilter(date(2026, 11, 23), date(2026, 12, 7))


def offered(
    sessions: Sessions,
    clock: FixedClock,
    family: Family,
    which: SlotFilter = FORTNIGHT,
    page: tuple[str | None, int] = (None, 50),
) -> Page[queries.OfferedSlot]:
    with sessions() as session:
        return queries.slots_for_child(
            session,
            queries.policy_at(session, clock.now()),
            clock.now(),
            child=session.get_one(Child, family.child),
            which=which,
            page=page,
        )


def reasons(sessions: Sessions, clock: FixedClock, family: Family) -> list[str | None]:
    return [one.reason for one in offered(sessions, clock, family).items]


def test_what_the_city_set_first_holds_until_a_newer_row(
    sessions: Sessions, clock: FixedClock
) -> None:
    with sessions() as session:
        assert queries.policy_at(session, clock.now()) == Policy(14, 120, 24, 36)


def test_quota_counts_numbers_of_its_year_only(sessions: Sessions, clock: FixedClock) -> None:
    make_policy(sessions, max_open=6)
    family, slots = make_family(sessions), make_slots(sessions, 3)
    bookings = [book(sessions, clock, family, slot) for slot in slots]
    cancel(sessions, clock, family, bookings[0])

    with sessions() as session:
        child, policy = session.get_one(Child, family.child), Policy()
        quota = queries.quota(session, policy, clock.now(), child)
        assert (quota.year, quota.limit, quota.used, quota.left) == (2026, 6, 2, 4)
        assert queries.quota(session, policy, clock.now(), child, 2027).left == 6


def test_each_slot_says_what_stands_against_it(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions, birth_date=born(10))
    centre = make_centre(sessions)
    at = iter(MORNING + timedelta(days=1, hours=hour) for hour in range(24))
    free = make_slot(sessions, centre_id=centre, starts_at=next(at))
    mine = make_slot(sessions, centre_id=centre, starts_at=next(at))
    full = make_slot(sessions, centre_id=centre, starts_at=next(at), capacity=1)
    closed = make_slot(sessions, centre_id=centre, starts_at=next(at))
    make_slot(sessions, centre_id=centre, starts_at=next(at), ages=(12, 24))
    make_slot(sessions, centre_id=centre, starts_at=next(at), ages=(0, 6))
    make_slot(sessions, centre_id=centre, starts_at=MORNING + timedelta(days=14, minutes=1))
    make_slot(sessions, centre_id=centre, starts_at=MORNING + timedelta(hours=2))
    make_slot(sessions, centre_id=centre, starts_at=MORNING - timedelta(hours=1))  # not shown
    book(sessions, clock, family, mine)
    make_booking(sessions, child_id=make_child(sessions), slot_id=full)
    with sessions.begin() as session:
        session.execute(update(Slot).where(Slot.id == closed).values(state=SlotState.CLOSED))

    found = offered(sessions, clock, family).items

    assert [one.reason for one in found] == [
        "slot_closed",  # begins in two hours
        None,
        "already_booked",
        "slot_full",
        "slot_closed",
        "too_young",
        "too_old",
        "not_open_yet",
    ]
    assert found[1].bookable
    assert found[1].slot.id == free
    assert found[1].slot.kind_title == "亲子活动"


def test_what_concerns_the_child_stands_against_every_slot(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, max_open=6)
    slots = make_slots(sessions, 7)
    in_daycare, used_up, doubled = (
        make_family(sessions, home_cared=False),
        make_family(sessions),
        make_family(sessions),
    )
    for number, slot in enumerate(slots[:6], 1):
        make_booking(sessions, child_id=used_up.child, slot_id=slot, quota_number=number)
    with sessions.begin() as session:
        child = session.get_one(Child, doubled.child)
        child.duplicate_of_id, child.duplicate_state = used_up.child, DuplicateState.POSSIBLE

    assert set(reasons(sessions, clock, in_daycare)) == {"not_home_cared"}
    assert set(reasons(sessions, clock, doubled)) == {"possible_duplicate"}
    assert reasons(sessions, clock, used_up)[-1] == "quota_used_up"


def test_six_used_this_year_say_nothing_about_the_next(sessions: Sessions) -> None:
    make_policy(sessions, max_open=12)
    clock = FixedClock(in_city(2026, 12, 29))
    family = make_family(sessions)
    old = make_slots(sessions, 7, starts_at=in_city(2026, 12, 31))
    for number, slot in enumerate(old[:6], 1):
        make_booking(sessions, child_id=family.child, slot_id=slot, quota_number=number)
    make_slot(sessions, starts_at=in_city(2027, 1, 1))

    which = SlotFilter(date(2026, 12, 31), date(2027, 1, 1))
    found = [one.reason for one in offered(sessions, clock, family, which).items]

    assert found == ["already_booked"] * 6 + ["quota_used_up", None]


def test_what_the_list_promises_the_service_keeps(sessions: Sessions, clock: FixedClock) -> None:
    make_policy(sessions, max_open=6)
    family = make_family(sessions, birth_date=born(10))
    make_slots(sessions, 3)
    make_slots(sessions, 2, ages=(12, 20))
    make_slots(sessions, 2, starts_at=clock.now() + timedelta(days=20))
    which = SlotFilter(date(2026, 11, 23), date(2026, 12, 30))

    for one in offered(sessions, clock, family, which).items:
        if one.bookable:
            book(sessions, clock, family, one.slot.id)
        else:
            with pytest.raises(Exception, match=str(one.reason)):
                book(sessions, clock, family, one.slot.id)


def test_slots_are_filtered_by_centre_kind_and_day(sessions: Sessions, clock: FixedClock) -> None:
    family, centre = make_family(sessions), make_centre(sessions)
    wanted = make_slot(sessions, centre_id=centre, kind=SlotKind.HOME_VISIT)
    make_slot(sessions, centre_id=centre, kind=SlotKind.CLASS)
    make_slot(sessions, kind=SlotKind.HOME_VISIT)
    make_slot(
        sessions,
        centre_id=centre,
        kind=SlotKind.HOME_VISIT,
        starts_at=MORNING + timedelta(days=4),
    )
    day = date(2026, 11, 26)

    found = offered(
        sessions, clock, family, SlotFilter(day, day, centre, SlotKind.HOME_VISIT)
    ).items

    assert [one.slot.id for one in found] == [wanted]


def test_a_day_is_the_citys_day(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    make_slot(sessions, starts_at=in_city(2026, 11, 26, 0) - timedelta(seconds=1))
    first = make_slot(sessions, starts_at=in_city(2026, 11, 26, 0))
    last = make_slot(sessions, starts_at=in_city(2026, 11, 27, 0) - timedelta(seconds=1))
    make_slot(sessions, starts_at=in_city(2026, 11, 27, 0))
    day = date(2026, 11, 26)

    found = offered(sessions, clock, family, SlotFilter(day, day)).items

    assert [one.slot.id for one in found] == [first, last]


def test_pages_join_without_gap_or_repeat(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    ids = make_slots(sessions, 4) + [make_slot(sessions) for _ in range(3)]  # three at one instant
    found: list[int] = []
    cursor: str | None = None
    for _ in range(4):
        page = offered(sessions, clock, family, page=(cursor, 2))
        found += [one.slot.id for one in page.items]
        cursor = page.next

    assert cursor is None
    assert len(found) == len(set(found)) == 7
    assert set(found) == set(ids)


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJ4IiwxXQ", "WyIyMDI2LTExLTIzIiwxXQ"])
def test_a_made_up_cursor_is_invalid(sessions: Sessions, clock: FixedClock, cursor: str) -> None:
    with pytest.raises(Invalid):
        offered(sessions, clock, make_family(sessions), page=(cursor, 2))


def test_fifty_slots_cost_no_more_queries_than_one(committed: Sessions, clock: FixedClock) -> None:
    family = make_family(committed)
    make_slots(committed, 50)
    statements: list[str] = []
    engine = committed.kw["bind"]

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert len(offered(committed, clock, family).items) == 50
    finally:
        event.remove(engine, "before_cursor_execute", note)

    assert len(statements) == 4  # the child, the policy, the slots, the child's commitments


def test_a_familys_bookings_come_latest_session_first_in_pages(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, max_open=6)
    family, slots = make_family(sessions), make_slots(sessions, 5)
    bookings = [book(sessions, clock, family, slot) for slot in slots]
    book(sessions, clock, make_family(sessions), slots[0])

    found: list[int] = []
    cursor: str | None = None
    with sessions() as session:
        for _ in range(3):
            page = queries.bookings_of_parent(
                session, parent_id=family.parent, after=cursor, limit=2
            )
            found += [one.id for one in page.items]
            cursor = page.next

    assert found == bookings[::-1]
    assert cursor is None


def test_the_desk_sees_its_own_centre_only(sessions: Sessions, clock: FixedClock) -> None:
    here, there = make_centre(sessions), make_centre(sessions)
    family = make_family(sessions, birth_date=born(10))
    mine = book(sessions, clock, family, make_slot(sessions, centre_id=here))
    other = book(sessions, clock, family, make_slot(sessions, centre_id=there))
    day = date(2026, 11, 26)

    with sessions() as session:
        rows = desk.day_list(session, {here}, day, day)
        assert [(row.id, row.age_months, row.slot.taken) for row in rows] == [(mine, 10, 1)]
        assert {row.id for row in desk.day_list(session, None, day, day)} == {mine, other}
        assert desk.day_list(session, set(), day, day) == []
        assert [row.id for row in desk.open_requests(session, {there})] == [other]
        assert desk.booking_in_scope(session, mine, {here}).id == mine
        with pytest.raises(NotFound):
            desk.booking_in_scope(session, mine, {there})
        assert {row.id for row in desk.bookings_of_child(session, family.child)} == {mine, other}


def test_the_desk_offers_undo_as_long_as_the_service_allows_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))
    with sessions() as session:
        assert not desk.booking_in_scope(session, booking, None).may_undo(clock.now())
    act(sessions, clock, service.confirm, booking)

    with sessions() as session:
        row = desk.booking_in_scope(session, booking, None)
    assert row.state is BookingState.CONFIRMED
    assert row.may_undo(clock.now())
    assert not row.may_undo(clock.now() + timedelta(minutes=11))
    assert [row.id for row in _requests(sessions)] == []


def _requests(sessions: Sessions) -> list[desk.DeskBooking]:
    with sessions() as session:
        return desk.open_requests(session, None)


def test_the_history_names_staff_and_keeps_families_anonymous(
    sessions: Sessions, clock: FixedClock
) -> None:
    booking = book(sessions, clock, make_family(sessions), make_slot(sessions))
    act(
        sessions,
        clock,
        service.decline,
        booking,
        actor=f"staff:{make_staff(sessions)}",
        reason="满",
    )

    with sessions() as session:
        rows = desk.history(session, booking)

    assert [(row.who, row.after.value, row.reason) for row in rows] == [
        ("家长", "requested", None),
        ("测试员", "declined", "满"),
    ]


def test_a_counter_that_disagrees_with_its_rows_is_found(
    sessions: Sessions, clock: FixedClock
) -> None:
    slots = make_slots(sessions, 3)
    book(sessions, clock, make_family(sessions), slots[0])
    with sessions.begin() as session:
        assert desk.counter_drift(session) == []
        session.execute(update(Slot).where(Slot.id == slots[1]).values(taken=2))
        session.execute(update(Slot).where(Slot.id == slots[0]).values(taken=0))

    with sessions() as session:
        assert desk.counter_drift(session) == [
            desk.Drift(slots[0], 0, 1),
            desk.Drift(slots[1], 2, 0),
        ]
