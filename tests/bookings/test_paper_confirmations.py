"""A signature on paper counts where no phone could say it, for a week, and nowhere else."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import attendance, paper_confirmations, rules, service
from backend.bookings.attendance import NothingToConfirm
from backend.bookings.attendance_models import PaperConfirmation
from backend.bookings.models import Booking
from backend.bookings.paper_confirmations import ConfirmsByPhone, PaperTooLate, Sheet, record
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound
from backend.people.models import ParentToken
from tests.bookings.family import Family, act, make_family
from tests.bookings.visit import check_in, confirmed
from tests.factories import MORNING, make_slot, make_staff

Sessions = sessionmaker[Session]
DAY = date(2026, 11, 26)
SHEET = Sheet("12-20261126", DAY)
ONE = timedelta(days=1)


@pytest.fixture
def family(sessions: Sessions) -> Family:
    return make_family(sessions)


@pytest.fixture
def staff(sessions: Sessions) -> int:
    return make_staff(sessions)


@pytest.fixture
def booking(sessions: Sessions, clock: FixedClock, family: Family, staff: int) -> int:
    """Attended on Thursday 2026-11-26, at ten."""
    made = confirmed(sessions, clock, family, make_slot(sessions))
    clock.set(MORNING + 3 * ONE)
    check_in(sessions, clock, made, staff_id=staff)
    return made


def sign_in(sessions: Sessions, clock: FixedClock, family: Family, life: timedelta = ONE) -> None:
    with sessions.begin() as session:
        session.add(
            ParentToken(
                token_hash=b"1",
                parent_id=family.parent,
                created_at=clock.now(),
                expires_at=clock.now() + life,
            )
        )


def sign(
    sessions: Sessions, clock: FixedClock, booking: int, staff: int, sheet: Sheet = SHEET
) -> bool:
    with sessions.begin() as session:
        return record(session, clock, booking_id=booking, sheet=sheet, staff_id=staff)


def kept(sessions: Sessions, booking: int) -> PaperConfirmation | None:
    with sessions() as session:
        return session.get(PaperConfirmation, booking)


def test_a_signature_is_recorded_once_with_its_sheet_and_by_whom(
    sessions: Sessions, clock: FixedClock, booking: int, staff: int
) -> None:
    assert sign(sessions, clock, booking, staff)
    assert not sign(sessions, clock, booking, staff, Sheet("another", DAY))

    row = kept(sessions, booking)
    assert row is not None
    assert (row.sheet, row.signed_on, row.recorded_by) == ("12-20261126", DAY, staff)
    with sessions() as session:
        noted = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "paper_confirmation.recorded")
        ).all()
    assert [(one.actor, one.subject) for one in noted] == [(f"staff:{staff}", f"booking:{booking}")]
    assert noted[0].detail == {"sheet": "12-20261126", "signed_on": "2026-11-26"}


def test_a_family_that_is_signed_in_on_a_phone_confirms_there(
    sessions: Sessions, clock: FixedClock, booking: int, family: Family, staff: int
) -> None:
    sign_in(sessions, clock, family)
    with pytest.raises(ConfirmsByPhone):
        sign(sessions, clock, booking, staff)

    with sessions.begin() as session:
        session.execute(delete(ParentToken))
    sign_in(sessions, clock, family, life=timedelta(0))  # one that has run out is no phone
    assert sign(sessions, clock, booking, staff)


def test_a_booking_on_behalf_is_signed_on_paper_whoever_has_a_phone_at_home(
    sessions: Sessions, clock: FixedClock, booking: int, family: Family, staff: int
) -> None:
    sign_in(sessions, clock, family)
    with sessions.begin() as session:
        session.get_one(Booking, booking).on_behalf_of_by = staff

    assert sign(sessions, clock, booking, staff)


def test_what_the_phone_has_confirmed_needs_no_paper(
    sessions: Sessions, clock: FixedClock, booking: int, family: Family, staff: int
) -> None:
    with sessions.begin() as session:
        attendance.confirm_attendance(session, clock, parent_id=family.parent, booking_id=booking)

    assert not sign(sessions, clock, booking, staff)
    assert kept(sessions, booking) is None


def test_only_what_was_attended_and_for_a_week(
    sessions: Sessions, clock: FixedClock, booking: int, staff: int
) -> None:
    other = confirmed(
        sessions, clock, make_family(sessions), make_slot(sessions, starts_at=MORNING + 5 * ONE)
    )
    with pytest.raises(NothingToConfirm):
        sign(sessions, clock, other, staff)

    clock.advance(8 * ONE)
    with pytest.raises(PaperTooLate) as late:
        sign(sessions, clock, booking, staff)
    assert late.value.detail == "11月26日的活动可登记到 12月3日"
    clock.advance(-ONE)
    assert sign(sessions, clock, booking, staff)


@pytest.mark.parametrize(
    ("number", "signed_on", "said"),
    [
        (" ", DAY, "编号"),
        ("x" * 41, DAY, "编号"),
        ("1", DAY - ONE, "签字日期"),
        ("1", DAY + 2 * ONE, "签字日期"),
    ],
)
def test_a_sheet_has_a_number_and_a_day(number: str, signed_on: date, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        paper_confirmations.check_sheet(Sheet(number, signed_on), DAY, DAY + ONE)
    assert said in str(refused.value.detail)

    good = paper_confirmations.check_sheet(Sheet(" 12 页 ", DAY + ONE), DAY, DAY + ONE)
    assert good == Sheet("12 页", DAY + ONE)


def test_it_is_taken_back_within_ten_minutes(
    sessions: Sessions, clock: FixedClock, booking: int, staff: int
) -> None:
    def take_back() -> None:
        with sessions.begin() as session:
            paper_confirmations.take_back(session, clock, booking_id=booking, staff_id=staff)

    with pytest.raises(NotFound):
        take_back()
    sign(sessions, clock, booking, staff)
    take_back()
    assert kept(sessions, booking) is None

    sign(sessions, clock, booking, staff)
    clock.advance(timedelta(minutes=11))
    with pytest.raises(rules.CannotUndo):
        take_back()


def test_an_attendance_that_is_taken_back_takes_the_signature_along(
    sessions: Sessions, clock: FixedClock, booking: int, staff: int
) -> None:
    sign(sessions, clock, booking, staff)

    act(sessions, clock, service.undo, booking)

    assert kept(sessions, booking) is None


def test_the_day_says_who_signs_and_who_confirms_on_the_phone(
    sessions: Sessions, clock: FixedClock, booking: int, family: Family, staff: int
) -> None:
    sign_in(sessions, clock, family)
    paper = make_family(sessions)
    with sessions.begin() as session:
        slot = session.get_one(Booking, booking).slot_id
    clock.set(MORNING)
    signs = confirmed(sessions, clock, paper, slot)
    clock.set(MORNING + 3 * ONE)
    act(sessions, clock, service.mark_attended, signs)  # by hand: without a check-in

    with sessions() as session:
        rows = paper_confirmations.paper_day(session, None, DAY, clock.now())
    assert [(row.booking.id, row.open) for row in rows] == [(booking, False), (signs, True)]
    sign(sessions, clock, signs, staff)
    with sessions() as session:
        rows = paper_confirmations.paper_day(session, None, DAY, clock.now())
    assert [row.open for row in rows] == [False, False]
