"""A family comes: one check-in whatever is sent twice, and the guardian's own word."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import attendance, passes, rules, service
from backend.bookings.attendance import (
    CheckInOutcome,
    CheckInTooEarly,
    NothingToConfirm,
    ScanKeyUsed,
    ScanTimeWrong,
    Shown,
)
from backend.bookings.attendance_models import CheckInWay
from backend.bookings.passes import Holder, Passes, PassInvalid
from backend.bookings.slips import DoorCodes, Slips
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from tests.bookings.family import Family, act, log_of, make_family, state_of, told
from tests.bookings.visit import check_in, check_ins, confirmed
from tests.factories import make_centre, make_slot, make_staff

Sessions = sessionmaker[Session]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PASSES = Passes("s" * 32)
CODES = DoorCodes(PASSES, Slips("s" * 32))


@pytest.fixture
def family(sessions: Sessions) -> Family:
    return make_family(sessions)


@pytest.fixture
def booking(sessions: Sessions, clock: FixedClock, family: Family) -> int:
    """Confirmed; the session begins in three days."""
    return confirmed(sessions, clock, family, make_slot(sessions))


def test_a_check_in_marks_attended_says_how_and_asks_the_guardian(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    clock.advance(3 * DAY)
    clerk = make_staff(sessions)

    assert check_in(sessions, clock, booking, staff_id=clerk) is CheckInOutcome.DONE

    assert state_of(sessions, booking) == ("attended", 1, 1)
    assert log_of(sessions, booking)[-1] == ("confirmed", "attended", f"staff:{clerk}")
    (row,) = check_ins(sessions)
    assert (row.way, row.staff_id, row.confirmed_at) == (CheckInWay.LIST, clerk, None)
    assert told(sessions, family.parent)[-1] == "attendance_confirm"


def test_the_same_scan_again_is_the_same_check_in(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    clock.advance(3 * DAY)
    check_in(sessions, clock, booking, key="a")

    assert check_in(sessions, clock, booking, key="a") is CheckInOutcome.ALREADY
    assert check_in(sessions, clock, booking, key="b") is CheckInOutcome.ALREADY

    assert [one.scan_key for one in check_ins(sessions)] == ["a"]
    assert told(sessions, family.parent).count("attendance_confirm") == 1
    assert len(log_of(sessions, booking)) == 3


def test_a_key_serves_one_booking(sessions: Sessions, clock: FixedClock, booking: int) -> None:
    other = confirmed(sessions, clock, make_family(sessions), make_slot(sessions))
    clock.advance(3 * DAY)
    check_in(sessions, clock, booking, key="a")

    with pytest.raises(ScanKeyUsed):
        check_in(sessions, clock, other, key="a")

    assert state_of(sessions, other)[0] == "confirmed"


def test_the_door_opens_an_hour_before_the_start(
    sessions: Sessions, clock: FixedClock, booking: int
) -> None:
    clock.advance(3 * DAY - HOUR - 3 * MINUTE)
    with pytest.raises(CheckInTooEarly):
        check_in(sessions, clock, booking)
    with pytest.raises(rules.NotStartedYet):  # by hand, without a check-in, nobody is early
        act(sessions, clock, service.mark_attended, booking)

    clock.advance(3 * MINUTE)
    check_in(sessions, clock, booking)

    assert state_of(sessions, booking)[0] == "attended"


@pytest.mark.parametrize("off", [timedelta(minutes=5), timedelta(days=-3)])
def test_a_device_with_a_wrong_clock_is_told(
    sessions: Sessions, clock: FixedClock, booking: int, off: timedelta
) -> None:
    clock.advance(3 * DAY)

    with pytest.raises(ScanTimeWrong):
        check_in(sessions, clock, booking, at=clock.now() + off)


def test_a_scan_from_a_hall_without_network_counts_when_it_was_made(
    sessions: Sessions, clock: FixedClock, booking: int
) -> None:
    clock.advance(3 * DAY + 5 * MINUTE)
    scanned_at = clock.now()
    clock.advance(9 * HOUR)

    check_in(sessions, clock, booking, at=scanned_at, way=CheckInWay.QR)

    (row,) = check_ins(sessions)
    assert (row.scanned_at, row.synced_at) == (scanned_at, clock.now())


def test_a_code_after_the_end_is_no_proof_but_the_list_is(
    sessions: Sessions, clock: FixedClock, booking: int
) -> None:
    clock.advance(3 * DAY + 2 * HOUR)

    with pytest.raises(PassInvalid):
        check_in(sessions, clock, booking, way=CheckInWay.QR)
    assert check_in(sessions, clock, booking) is CheckInOutcome.DONE


def test_a_session_that_was_marked_by_hand_gets_its_proof(
    sessions: Sessions, clock: FixedClock, booking: int
) -> None:
    clock.advance(3 * DAY)
    act(sessions, clock, service.mark_attended, booking)

    assert check_in(sessions, clock, booking) is CheckInOutcome.DONE

    assert len(check_ins(sessions)) == 1
    assert len(log_of(sessions, booking)) == 3


def test_a_scan_of_a_session_marked_missed_says_who_marked_it(
    sessions: Sessions, clock: FixedClock, booking: int
) -> None:
    clock.advance(3 * DAY)
    scanned_at = clock.now()
    clerk = make_staff(sessions)
    act(sessions, clock, service.mark_missed, booking, actor=f"staff:{clerk}")

    with pytest.raises(rules.BookingStateChanged) as refused:
        check_in(sessions, clock, booking, at=scanned_at)

    assert "测试员" in str(refused.value.detail)
    assert check_ins(sessions) == []


def test_an_undo_takes_the_check_in_and_its_message_back(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    clock.advance(3 * DAY)
    check_in(sessions, clock, booking)

    act(sessions, clock, service.undo, booking)

    assert state_of(sessions, booking) == ("confirmed", 1, 1)
    assert check_ins(sessions) == []
    assert check_in(sessions, clock, booking, key="again") is CheckInOutcome.DONE


def test_the_guardian_confirms_once(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    def confirm(parent: int) -> None:
        with sessions.begin() as session:
            attendance.confirm_attendance(session, clock, parent_id=parent, booking_id=booking)

    with pytest.raises(NothingToConfirm):
        confirm(family.parent)
    clock.advance(3 * DAY)
    check_in(sessions, clock, booking)
    with pytest.raises(NotFound):
        confirm(make_family(sessions).parent)

    confirm(family.parent)
    first = check_ins(sessions)[0].confirmed_at
    clock.advance(HOUR)
    confirm(family.parent)

    (row,) = check_ins(sessions)
    assert (row.confirmed_at, row.confirmed_by) == (first, family.parent)


class TestWhatADeskReads:
    def shown(self, sessions: Sessions, shown: Shown, clock: FixedClock, centre: int) -> int:
        with sessions.begin() as session:
            return attendance.booking_shown(session, CODES, shown, clock.now(), {centre})

    def test_code_typed_letters_and_line_lead_to_the_same_booking(
        self, sessions: Sessions, clock: FixedClock, family: Family
    ) -> None:
        centre = make_centre(sessions)
        booking = confirmed(sessions, clock, family, make_slot(sessions, centre_id=centre))
        clock.advance(3 * DAY - 10 * MINUTE)
        made = PASSES.issue(Holder(booking, family.child), clock.now() + HOUR, clock.now())

        for shown in (
            Shown(CheckInWay.QR, made.code),
            Shown(CheckInWay.TYPED, made.short_code.lower()),
            Shown(CheckInWay.LIST, booking_id=booking),
        ):
            assert self.shown(sessions, shown, clock, centre) == booking

        elsewhere = make_centre(sessions)
        for shown in (
            Shown(CheckInWay.QR, made.code),
            Shown(CheckInWay.LIST, booking_id=booking),
        ):
            with pytest.raises(NotFound):
                self.shown(sessions, shown, clock, elsewhere)
        with pytest.raises(PassInvalid):
            self.shown(sessions, Shown(CheckInWay.TYPED, made.short_code), clock, elsewhere)

    def test_a_code_for_another_booking_is_refused(
        self, sessions: Sessions, clock: FixedClock, family: Family
    ) -> None:
        centre = make_centre(sessions)
        booking = confirmed(sessions, clock, family, make_slot(sessions, centre_id=centre))
        clock.advance(3 * DAY)
        made = PASSES.issue(Holder(booking, family.child + 1), clock.now() + HOUR, clock.now())

        with pytest.raises(passes.PassInvalid):
            self.shown(sessions, Shown(CheckInWay.QR, made.code), clock, centre)
        with pytest.raises(NotFound):
            self.shown(sessions, Shown(CheckInWay.LIST, booking_id=2**62), clock, centre)
