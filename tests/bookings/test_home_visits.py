"""The address of a visit: asked before it is booked, read by its teacher, a day around it."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import queries, service
from backend.bookings.home_visits import (
    AddressNotShown,
    address_for_teacher,
    is_shown,
    is_teacher,
    visits_of,
)
from backend.bookings.queries import SlotFilter
from backend.centres.models import Slot, SlotState
from backend.centres.place_models import Teacher
from backend.jobs.tasks import offer_places
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock, city_date
from backend.kernel.errors import NotFound
from backend.people.addresses import AddressNeeded
from backend.people.models import Child, Purpose, Role, Staff
from backend.rights.deletion import leave_child
from tests.bookings import waiting
from tests.bookings.family import Family, act, book, cancel, make_family
from tests.bookings.home import VISIT_AT, confirmed_visit, make_account, make_teacher, make_visit
from tests.factories import TOWN, default_vault, make_slot
from tests.people import private
from tests.people.private import STREET, put_address

Sessions = sessionmaker[Session]
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
ENDS_AT = VISIT_AT + HOUR


def read(sessions: Sessions, clock: FixedClock, staff: int, booking: int) -> str:
    with sessions.begin() as session:
        return address_for_teacher(
            session, clock, default_vault(), staff_id=staff, booking_id=booking
        ).text


def reads_of(sessions: Sessions) -> list[tuple[str, str, object]]:
    with sessions() as session:
        rows = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "address.read").order_by(AuditEntry.id)
        )
        return [(row.actor, row.subject, row.detail) for row in rows]


def reason(sessions: Sessions, clock: FixedClock, family: Family, slot: int) -> str | None:
    """What a family's list of slots says against one."""
    with sessions() as session:
        now = clock.now()
        first = city_date(now)
        page = queries.slots_for_child(
            session,
            queries.policy_at(session, now),
            now,
            child=session.get_one(Child, family.child),
            which=SlotFilter(first, first + timedelta(days=14)),
        )
        return next(one.reason for one in page.items if one.slot.id == slot)


def test_a_home_visit_is_booked_only_with_an_address_and_nothing_else_needs_one(
    sessions: Sessions, clock: FixedClock
) -> None:
    family, visit = make_family(sessions), make_visit(sessions, None)
    assert reason(sessions, clock, family, visit) == "address_needed"
    with pytest.raises(AddressNeeded) as refused:
        book(sessions, clock, family, visit)
    assert "我的" in (refused.value.detail or "")
    book(sessions, clock, family, make_slot(sessions, starts_at=VISIT_AT + HOUR))

    put_address(sessions, clock, family)

    assert reason(sessions, clock, family, visit) is None
    book(sessions, clock, family, visit)


def test_nobody_gives_an_address_for_what_is_refused_anyway(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = make_family(sessions, birth_date=date(2023, 11, 26))
    visit = make_visit(sessions, None)

    assert reason(sessions, clock, family, visit) == "too_old"


def test_the_waiting_list_asks_for_it_too_and_keeps_the_offer(
    sessions: Sessions, clock: FixedClock
) -> None:
    first, second = make_family(sessions), make_family(sessions)
    visit = make_visit(sessions, None, capacity=1)
    put_address(sessions, clock, first)
    booking = book(sessions, clock, first, visit)
    with pytest.raises(AddressNeeded):
        waiting.join(sessions, clock, second, visit)
    put_address(sessions, clock, second)
    entry = waiting.join(sessions, clock, second, visit)
    cancel(sessions, clock, first, booking)
    offer_places(sessions, clock)
    private.withdraw(sessions, clock, second.parent, Purpose.ADDRESS)

    with pytest.raises(AddressNeeded):
        waiting.accept(sessions, clock, second, entry)


@given(minutes=st.integers(1, 12 * 60), seconds=st.integers(-3 * 24 * 3600, 3 * 24 * 3600))
def test_an_address_is_shown_a_day_before_until_a_day_after(minutes: int, seconds: int) -> None:
    ends_at, now = VISIT_AT + timedelta(minutes=minutes), VISIT_AT + timedelta(seconds=seconds)

    shown = is_shown(VISIT_AT, ends_at, now)

    assert shown == (-24 * 3600 <= seconds <= minutes * 60 + 24 * 3600)


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (VISIT_AT - 24 * HOUR - SECOND, False),
        (VISIT_AT - 24 * HOUR, True),
        (VISIT_AT, True),
        (ENDS_AT + 24 * HOUR, True),
        (ENDS_AT + 24 * HOUR + SECOND, False),
    ],
)
def test_the_assigned_teacher_reads_it_in_time_and_every_look_is_written_down(
    sessions: Sessions, clock: FixedClock, at: datetime, shown: bool
) -> None:
    staff, teacher = make_account(sessions)
    family, booking = confirmed_visit(sessions, clock, teacher)
    clock.set(at)

    if not shown:
        with pytest.raises(AddressNotShown):
            read(sessions, clock, staff, booking)
        assert reads_of(sessions) == []
        return
    assert [read(sessions, clock, staff, booking) for _ in range(2)] == [STREET, STREET]
    assert (
        reads_of(sessions)
        == [(f"staff:{staff}", f"child:{family.child}", {"booking": booking})] * 2
    )


@pytest.mark.parametrize("role", [Role.CLERK, Role.TOWN, Role.CITY])
def test_nobody_else_of_the_staff_reads_it(
    sessions: Sessions, clock: FixedClock, role: Role
) -> None:
    """Another teacher of the same day, the town, the city: nobody."""
    _, teacher = make_account(sessions)
    _, booking = confirmed_visit(sessions, clock, teacher)
    where: dict[str, int | str] = {"town_code": TOWN} if role is Role.TOWN else {}
    other, _ = make_account(sessions, role, **where)
    clock.set(VISIT_AT)

    with pytest.raises(NotFound):
        read(sessions, clock, other, booking)
    with sessions() as session:
        assert visits_of(session, clock, staff_id=other) == []


def test_an_account_of_the_city_that_links_itself_to_a_teacher_reads_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    city, teacher = make_account(sessions, Role.CITY)
    _, booking = confirmed_visit(sessions, clock, teacher)
    clock.set(VISIT_AT)

    with pytest.raises(NotFound):
        read(sessions, clock, city, booking)


@pytest.mark.parametrize("how", ["requested", "cancelled", "missed", "other", "left", "off", "out"])
def test_it_is_for_a_visit_that_takes_place_and_a_teacher_who_goes_there(
    sessions: Sessions, clock: FixedClock, how: str
) -> None:
    staff, teacher = make_account(sessions)
    family, booking = confirmed_visit(sessions, clock, teacher)
    clock.set(VISIT_AT)
    assert read(sessions, clock, staff, booking) == STREET
    with sessions.begin() as session:
        if how == "requested":
            clock.set(VISIT_AT - 72 * HOUR)
            service.undo(session, clock, booking_id=booking, actor="staff:1")
        elif how == "cancelled":
            service.cancel_by_centre(
                session, clock, booking_id=booking, actor="staff:1", reason="老师病了"
            )
        elif how == "missed":
            service.mark_missed(session, clock, booking_id=booking, actor="staff:1")
        elif how == "other":
            session.execute(update(Slot).values(teacher_id=make_teacher(sessions)))
        elif how == "left":
            session.execute(update(Teacher).values(left_on=date(2026, 11, 26)))
        elif how == "off":
            session.execute(update(Slot).values(state=SlotState.CANCELLED))
        else:
            session.execute(update(Staff).values(disabled_at=clock.now()))
    clock.set(VISIT_AT)

    with pytest.raises(NotFound):
        read(sessions, clock, staff, booking)
    assert family.child


def test_after_the_visit_the_teacher_who_was_there_still_reads_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    staff, teacher = make_account(sessions)
    _, booking = confirmed_visit(sessions, clock, teacher)
    clock.set(VISIT_AT)
    act(sessions, clock, service.mark_attended, booking)

    assert read(sessions, clock, staff, booking) == STREET


def test_a_family_that_removed_it_is_told_of_as_such(sessions: Sessions, clock: FixedClock) -> None:
    staff, teacher = make_account(sessions)
    family, booking = confirmed_visit(sessions, clock, teacher)
    private.withdraw(sessions, clock, family.parent, Purpose.ADDRESS)
    clock.set(VISIT_AT)

    with pytest.raises(NotFound) as refused:
        read(sessions, clock, staff, booking)
    assert "没有留地址" in (refused.value.detail or "")
    with sessions() as session:
        (visit,) = visits_of(session, clock, staff_id=staff)
    assert (visit.has_address, visit.shown) == (False, True)


def test_the_list_of_a_teacher_says_from_when_and_forgets_what_is_over(
    sessions: Sessions, clock: FixedClock
) -> None:
    staff, teacher = make_account(sessions)
    _, booking = confirmed_visit(sessions, clock, teacher)
    with sessions() as session:
        (visit,) = visits_of(session, clock, staff_id=staff)
        assert is_teacher(session, staff)
        assert not is_teacher(session, staff + 1)
    assert (visit.booking_id, visit.shown, visit.has_address) == (booking, False, True)
    assert visit.shown_from == VISIT_AT - 24 * HOUR
    assert STREET not in repr(visit)

    clock.set(ENDS_AT + 24 * HOUR + SECOND)
    with sessions() as session:
        assert visits_of(session, clock, staff_id=staff) == []


def test_a_family_that_has_gone_has_no_address(sessions: Sessions, clock: FixedClock) -> None:
    staff, teacher = make_account(sessions)
    family, booking = confirmed_visit(sessions, clock, teacher)
    clock.set(VISIT_AT)
    act(sessions, clock, service.mark_attended, booking)
    with sessions.begin() as session:
        leave_child(session, clock, parent_id=family.parent, child_id=family.child)

    with pytest.raises(NotFound):
        read(sessions, clock, staff, booking)
    assert private.sealed_addresses(sessions) == []
