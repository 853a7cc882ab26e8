"""Nobody came: warning, used session, pause; taken back by an undo or an appeal."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import moving, rules, service
from backend.bookings.appeals import (
    AlreadyAppealed,
    AppealDecided,
    CannotAppeal,
    Decision,
)
from backend.bookings.attendance_models import Appeal, AppealState
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound
from backend.outbox.models import Message
from tests.bookings.family import Family, act, book, make_family, state_of, told
from tests.bookings.visit import (
    appeal,
    check_ins,
    confirmed,
    decide,
    pauses,
    row,
)
from tests.factories import MORNING, make_policy, make_slot, make_staff

Sessions = sessionmaker[Session]
DAY = timedelta(days=1)


@pytest.fixture
def family(sessions: Sessions) -> Family:
    return make_family(sessions)


def missed(sessions: Sessions, clock: FixedClock, family: Family, days: int = 2) -> int:
    """A confirmed session `days` ahead that nobody comes to; the clock is then at its start."""
    slot = make_slot(sessions, starts_at=clock.now() + days * DAY)
    booking = confirmed(sessions, clock, family, slot)
    clock.advance(days * DAY)
    act(sessions, clock, service.mark_missed, booking, actor=f"staff:{make_staff(sessions)}")
    return booking


def cost_told(sessions: Sessions, booking: int) -> str:
    with sessions() as session:
        data = session.scalars(
            select(Message.data)
            .where(
                Message.template == "booking_missed",
                Message.data["booking_id"].as_integer() == booking,
            )
            .order_by(Message.id.desc())
        ).first()
    assert data is not None
    return str(data["cost"])


def test_the_first_is_a_warning_that_gives_the_number_back_and_keeps_the_place(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    booking = missed(sessions, clock, family)

    assert state_of(sessions, booking) == ("missed", None, 1)
    assert told(sessions, family.parent)[-1] == "booking_missed"
    assert "次数已退还" in cost_told(sessions, booking)
    assert pauses(sessions) == []


def test_the_second_stays_used_and_pauses_booking_for_thirty_days(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    missed(sessions, clock, family)
    second = missed(sessions, clock, family)

    assert state_of(sessions, second) == ("missed", 1, 1)
    (pause,) = pauses(sessions)
    assert (pause.booking_id, pause.from_at) == (second, clock.now())
    assert pause.until_at == clock.now() + 30 * DAY
    assert "预约暂停到" in cost_told(sessions, second)
    slot = make_slot(sessions, starts_at=clock.now() + 2 * DAY)
    with pytest.raises(rules.BookingPaused):
        book(sessions, clock, family, slot)


def test_another_policy_has_another_cost(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    make_policy(sessions, warn_months=0, pause_after=3)

    assert state_of(sessions, missed(sessions, clock, family))[1] == 1
    missed(sessions, clock, family)
    assert pauses(sessions) == []
    missed(sessions, clock, family)
    assert len(pauses(sessions)) == 1


def test_a_session_cancelled_by_the_centre_is_no_missed_one(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    booking = confirmed(sessions, clock, family, make_slot(sessions))
    clock.advance(3 * DAY)
    act(sessions, clock, service.cancel_by_centre, booking, reason="停电")

    assert state_of(sessions, booking) == ("cancelled_by_centre", None, 0)
    assert state_of(sessions, missed(sessions, clock, family))[1] is None  # still the first


def test_an_undo_takes_pause_warning_and_message_back(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    first = missed(sessions, clock, family)
    act(sessions, clock, service.undo, first)
    assert state_of(sessions, first) == ("confirmed", 1, 1)
    act(sessions, clock, service.mark_missed, first)
    second = missed(sessions, clock, family)

    act(sessions, clock, service.undo, second)

    assert state_of(sessions, second) == ("confirmed", 1, 1)
    assert pauses(sessions) == []
    with sessions() as session:
        states = session.execute(
            select(Message.state, Message.problem).where(
                Message.template == "booking_missed",
                Message.data["booking_id"].as_integer() == second,
            )
        ).all()
    assert [problem for _, problem in states] == ["已有更新的消息"]


def test_after_an_undone_first_one_the_second_is_the_warning(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    first = confirmed(sessions, clock, family, make_slot(sessions, starts_at=clock.now() + DAY))
    second = confirmed(
        sessions, clock, family, make_slot(sessions, starts_at=clock.now() + 2 * DAY)
    )
    clock.advance(2 * DAY)
    for booking in (first, second):
        act(sessions, clock, service.mark_missed, booking)
    assert (state_of(sessions, first)[1], state_of(sessions, second)[1]) == (None, 2)

    act(sessions, clock, service.undo, first)

    assert state_of(sessions, first) == ("confirmed", 1, 1)
    assert state_of(sessions, second)[:2] == ("missed", None)
    assert [pause.lifted_by for pause in pauses(sessions)] == ["system"]


def test_a_pause_goes_with_its_booking_to_the_other_registration_and_back(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    missed(sessions, clock, family)
    missed(sessions, clock, family)
    into = make_family(sessions)

    with sessions.begin() as session:
        moved = moving.move_sessions(session, clock, family.child, into.child)
    assert [pause.child_id for pause in pauses(sessions)] == [into.child]
    with pytest.raises(rules.BookingPaused):
        book(sessions, clock, into, make_slot(sessions, starts_at=clock.now() + 2 * DAY))
    with sessions.begin() as session:
        moving.move_back(session, clock, moved)

    assert [pause.child_id for pause in pauses(sessions)] == [family.child]


class TestAppeals:
    def test_words_are_sealed_and_it_is_made_once(
        self, sessions: Sessions, clock: FixedClock, family: Family
    ) -> None:
        booking = missed(sessions, clock, family)

        appeal(sessions, clock, family, booking, "堵在路上，老师看见了")

        assert "堵在路上" not in row(sessions, Appeal, booking).words_sealed
        with pytest.raises(AlreadyAppealed):
            appeal(sessions, clock, family, booking)

    def test_only_missed_only_own_only_fourteen_days_only_with_words(
        self, sessions: Sessions, clock: FixedClock, family: Family
    ) -> None:
        waiting = confirmed(sessions, clock, family, make_slot(sessions))
        with pytest.raises(CannotAppeal):
            appeal(sessions, clock, family, waiting)
        booking = missed(sessions, clock, family)
        with pytest.raises(NotFound):
            appeal(sessions, clock, make_family(sessions), booking)
        for words in ("  ", "长" * 301):
            with pytest.raises(Invalid):
                appeal(sessions, clock, family, booking, words)
        clock.advance(14 * DAY + timedelta(minutes=1))
        with pytest.raises(CannotAppeal):
            appeal(sessions, clock, family, booking)

    def test_granted_as_attended_it_counts_with_proof_and_the_pause_is_lifted(
        self, sessions: Sessions, clock: FixedClock, family: Family
    ) -> None:
        missed(sessions, clock, family)
        second = missed(sessions, clock, family)
        appeal(sessions, clock, family, second)

        decide(sessions, clock, second, Decision.ATTENDED)

        assert state_of(sessions, second) == ("attended", 1, 1)
        (proof,) = check_ins(sessions)
        assert (proof.booking_id, proof.confirmed_by) == (second, family.parent)
        assert pauses(sessions)[0].lifted_at == clock.now()
        assert row(sessions, Appeal, second).state is AppealState.GRANTED
        assert told(sessions, family.parent)[-1] == "appeal_answered"
        with pytest.raises(rules.CannotUndo):
            act(sessions, clock, service.undo, second)

    def test_excused_the_number_is_back_and_the_next_one_is_a_warning(
        self, sessions: Sessions, clock: FixedClock, family: Family
    ) -> None:
        first = missed(sessions, clock, family)
        second = missed(sessions, clock, family)
        appeal(sessions, clock, family, first)

        decide(sessions, clock, first, Decision.EXCUSED, "孩子住院，已核实")

        assert state_of(sessions, first)[:2] == ("missed", None)
        assert state_of(sessions, second)[:2] == ("missed", None)  # now the first of the year
        assert pauses(sessions)[0].lifted_at == clock.now()
        slot = make_slot(sessions, starts_at=clock.now() + 2 * DAY)
        book(sessions, clock, family, slot)

    def test_a_refusal_needs_words_and_changes_nothing_else(
        self, sessions: Sessions, clock: FixedClock, family: Family
    ) -> None:
        missed(sessions, clock, family)
        second = missed(sessions, clock, family)
        appeal(sessions, clock, family, second)
        with pytest.raises(Invalid):
            decide(sessions, clock, second, Decision.REFUSED, " ")

        decide(sessions, clock, second, Decision.REFUSED, "签到表上没有您")

        assert state_of(sessions, second) == ("missed", 1, 1)
        assert pauses(sessions)[0].lifted_at is None
        with pytest.raises(AppealDecided):
            decide(sessions, clock, second, Decision.EXCUSED)

    def test_a_warning_granted_as_attended_uses_a_number_again(
        self, sessions: Sessions, clock: FixedClock, family: Family
    ) -> None:
        booking = missed(sessions, clock, family)
        appeal(sessions, clock, family, booking)

        decide(sessions, clock, booking, Decision.ATTENDED)

        assert state_of(sessions, booking) == ("attended", 1, 1)


def test_the_policy_of_the_day_of_the_session_counts(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    booking = confirmed(sessions, clock, family, make_slot(sessions))
    clock.advance(4 * DAY)
    make_policy(sessions, effective_from=MORNING + 3.5 * DAY, warn_months=0)

    act(sessions, clock, service.mark_missed, booking)

    assert state_of(sessions, booking)[1] is None
