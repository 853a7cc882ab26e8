"""Two devices, two clerks, two kinds of clerk: each thing happens once. Real commits."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import reconfirming, service
from backend.bookings.appeals import AppealDecided, Decision
from backend.bookings.attendance import CheckInOutcome, ScanKeyUsed
from backend.bookings.attendance_models import BookingPause, CheckIn
from backend.bookings.models import BookingChange
from backend.bookings.reconfirming import CannotReconfirm
from backend.bookings.rules import BookingStateChanged
from backend.kernel.clock import FixedClock
from backend.outbox.models import Message
from tests.bookings.family import Family, act, make_family, state_of
from tests.bookings.visit import appeal, check_in, check_ins, confirmed, decide, pauses
from tests.concurrency.racing import at_once, kinds
from tests.concurrency.test_booking_races import assert_books_balance, call
from tests.factories import MORNING, make_policy, make_slot, make_staff

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]
DAY = timedelta(days=1)


@pytest.fixture
def slot(committed: Sessions) -> int:
    return make_slot(committed, capacity=500)


def steps(sessions: Sessions, booking: int) -> int:
    with sessions() as session:
        query = select(func.count()).where(BookingChange.booking_id == booking)
        return session.scalar(query) or 0


def begun(clock: FixedClock) -> None:
    clock.set(MORNING + 3 * DAY)


def test_two_devices_send_the_same_booking_at_once_and_it_is_one_check_in(
    committed: Sessions, clock: FixedClock, races: int, slot: int
) -> None:
    staff = make_staff(committed)
    families = [make_family(committed) for _ in range(races)]
    bookings = [confirmed(committed, clock, family, slot) for family in families]
    begun(clock)
    for number, booking in enumerate(bookings):
        keys = [f"a{number}", f"b{number}", f"a{number}", f"c{number}"]

        done, refused = at_once(
            lambda key, booking=booking: check_in(  # type: ignore[misc]  # bound per race
                committed, clock, booking, key=key, staff_id=staff
            ),
            keys,
        )

        assert refused == []
        assert sorted(done) == [CheckInOutcome.ALREADY] * 3 + [CheckInOutcome.DONE]
        assert steps(committed, booking) == 3
    assert len(check_ins(committed)) == races
    with committed() as session:
        told = session.scalar(select(func.count()).where(Message.template == "attendance_confirm"))
    assert told == races
    assert_books_balance(committed)


def test_one_key_for_two_bookings_at_once_serves_one(
    committed: Sessions, clock: FixedClock, races: int, slot: int
) -> None:
    staff = make_staff(committed)
    pairs = [
        [confirmed(committed, clock, make_family(committed), slot) for _ in range(2)]
        for _ in range(races)
    ]
    begun(clock)
    for number, pair in enumerate(pairs):
        done, refused = at_once(
            partial(check_in, committed, clock, key=f"k{number}", staff_id=staff), pair
        )

        assert len(done) == 1
        assert kinds(refused) == {ScanKeyUsed}
        states = sorted(state_of(committed, booking)[0] for booking in pair)
        assert states == ["attended", "confirmed"]


def test_a_check_in_and_a_clerk_who_marks_missed_do_not_both_win(
    committed: Sessions, clock: FixedClock, races: int, slot: int
) -> None:
    staff = make_staff(committed)
    bookings = [confirmed(committed, clock, make_family(committed), slot) for _ in range(races)]
    begun(clock)
    for number, booking in enumerate(bookings):
        both: list[Callable[[], object]] = [
            partial(check_in, committed, clock, booking, key=f"k{number}", staff_id=staff),
            partial(act, committed, clock, service.mark_missed, booking),
        ]
        at_once(call, both)

        state = state_of(committed, booking)[0]
        with committed() as session:
            proof = session.get(CheckIn, booking)
        assert (state, proof is None) in {("attended", False), ("missed", True)}
        assert steps(committed, booking) == 3
    assert_books_balance(committed)


def test_two_sessions_marked_missed_at_once_are_one_warning_and_one_pause(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    first = make_slot(committed, capacity=500)
    second = make_slot(committed, capacity=500, starts_at=MORNING + 2.5 * DAY)
    pairs = []
    for _ in range(races):
        family = make_family(committed)
        pairs.append([confirmed(committed, clock, family, one) for one in (first, second)])
    begun(clock)
    for pair in pairs:
        _, refused = at_once(partial(act, committed, clock, service.mark_missed), pair)

        assert refused == []
        numbers = [state_of(committed, booking)[1] for booking in pair]
        assert numbers.count(None) == 1
        with committed() as session:
            query = select(func.count()).where(BookingPause.booking_id.in_(pair))
            assert session.scalar(query) == 1
    assert_books_balance(committed)


def test_of_two_clerks_who_answer_an_appeal_the_first_one_wins(
    committed: Sessions, clock: FixedClock, races: int, slot: int
) -> None:
    families = [make_family(committed) for _ in range(races)]
    bookings = [confirmed(committed, clock, family, slot) for family in families]
    begun(clock)
    for family, booking in zip(families, bookings, strict=True):
        act(committed, clock, service.mark_missed, booking)
        appeal(committed, clock, family, booking)
        decisions = [Decision.ATTENDED, Decision.REFUSED]

        done, refused = at_once(
            lambda one, booking=booking: decide(  # type: ignore[misc]  # bound per race
                committed, clock, booking, one, "核对过签到表"
            ),
            decisions,
        )

        assert len(done) == 1
        assert kinds(refused) == {AppealDecided}
        granted = state_of(committed, booking)[0] == "attended"
        assert steps(committed, booking) == (4 if granted else 3)


def test_a_family_that_speaks_at_the_last_moment_keeps_the_place_or_is_told_it_is_gone(
    committed: Sessions, clock: FixedClock, races: int, slot: int
) -> None:
    make_policy(committed, reconfirm_hours=24)
    families = [make_family(committed) for _ in range(races)]
    bookings = [confirmed(committed, clock, family, slot) for family in families]
    clock.set(MORNING + DAY)
    reconfirming.ask_and_release(committed, clock)
    clock.set(MORNING + 2 * DAY)

    def speak(family: Family, booking: int) -> None:
        with committed.begin() as session:
            reconfirming.reconfirm(session, clock, parent_id=family.parent, booking_id=booking)

    acts: list[Callable[[], object]] = [
        partial(speak, *one) for one in zip(families, bookings, strict=True)
    ]
    acts.append(partial(reconfirming.ask_and_release, committed, clock))
    _, refused = at_once(call, acts)

    assert kinds(refused) <= {CannotReconfirm, BookingStateChanged}
    gone = [one for one in bookings if state_of(committed, one)[0] == "cancelled_by_centre"]
    assert len(gone) == len(refused)
    assert_books_balance(committed)


class TestTheRacesCanFail:
    """The same without the lock on the child, and then without the keys of the table."""

    def naive(
        self, sessions: Sessions, everybody_has_read: Barrier, key: str, booking: int
    ) -> None:
        with sessions.begin() as session:
            known = session.scalar(
                text("SELECT 1 FROM check_ins WHERE booking_id = :id"), {"id": booking}
            )
            everybody_has_read.wait(timeout=30)
            if known is None:
                session.execute(
                    text(
                        "INSERT INTO check_ins (booking_id, way, scan_key, scanned_at, synced_at)"
                        " VALUES (:id, 'list', :key, now(), now())"
                    ),
                    {"id": booking, "key": key},
                )

    def race(self, sessions: Sessions, booking: int) -> list[Exception]:
        barrier = Barrier(4)
        _, refused = at_once(
            lambda key: self.naive(sessions, barrier, key, booking), ["a", "b", "c", "d"]
        )
        return refused

    def count(self, sessions: Sessions) -> int:
        with sessions() as session:
            return session.scalar(text("SELECT count(*) FROM check_ins")) or 0

    def test_without_the_lock_the_key_of_the_table_holds(
        self, committed: Sessions, clock: FixedClock, slot: int
    ) -> None:
        booking = confirmed(committed, clock, make_family(committed), slot)

        assert kinds(self.race(committed, booking)) == {IntegrityError}

        assert self.count(committed) == 1

    def test_without_lock_and_key_one_visit_is_four(
        self, committed: Sessions, clock: FixedClock, slot: int
    ) -> None:
        booking = confirmed(committed, clock, make_family(committed), slot)
        with committed.begin() as session:
            session.execute(text("ALTER TABLE check_ins DROP CONSTRAINT pk_check_ins"))

        assert self.race(committed, booking) == []

        assert self.count(committed) == 4

    def test_without_the_lock_two_missed_sessions_are_two_warnings(
        self, committed: Sessions, clock: FixedClock, slot: int
    ) -> None:
        """Each transaction reads a history without the other's: a write skew."""
        family = make_family(committed)
        other = make_slot(committed, starts_at=MORNING + 2.5 * DAY)
        pair = [confirmed(committed, clock, family, one) for one in (slot, other)]
        barrier = Barrier(2)

        def naive(booking: int) -> None:
            with committed.begin() as session:
                missed = session.scalar(
                    text("SELECT count(*) FROM bookings WHERE child_id = :c AND state = 'missed'"),
                    {"c": family.child},
                )
                barrier.wait(timeout=30)
                session.execute(
                    text(
                        "UPDATE bookings SET state = 'missed', quota_number ="
                        " CASE WHEN :missed = 0 THEN NULL ELSE quota_number END WHERE id = :id"
                    ),
                    {"missed": missed, "id": booking},
                )

        at_once(naive, pair)

        assert [state_of(committed, booking)[1] for booking in pair] == [None, None]
        assert pauses(committed) == []
