"""What was wrong in an accepted month is put right in a later one, once."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import corrections, settlement, statements
from backend.bookings.corrections import NewCorrection
from backend.bookings.models import Booking, BookingState
from backend.bookings.settlement_models import (
    LineKind,
    Statement,
    StatementLine,
)
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid
from tests.bookings.settling import (
    CLERK,
    OCTOBER,
    PRICE,
    Scene,
    at,
    correct,
    lines_of,
)

Sessions = sessionmaker[Session]


@pytest.fixture
def clock() -> FixedClock:
    """Thursday 2026-12-03: November is over."""
    return FixedClock(at(12, 3))


@pytest.fixture
def scene(sessions: Sessions) -> Scene:
    return Scene(sessions)


@pytest.fixture
def october(scene: Scene, clock: FixedClock) -> tuple[int, int]:
    """An accepted statement of October with one session: (statement, booking)."""
    booking = scene.attended(starts_at=at(10, 8))
    return scene.accepted(clock, OCTOBER), booking


def test_a_session_that_was_wrong_is_taken_back_later(
    scene: Scene, clock: FixedClock, october: tuple[int, int]
) -> None:
    wrong, booking = october
    with scene.sessions.begin() as session:
        session.get_one(Booking, booking).state = BookingState.MISSED
    with scene.sessions() as session:
        (found,) = statements.differences(session, session.get_one(Statement, wrong))
        assert (found.booking_id, found.missing_fen, found.reason_now) == (booking, -PRICE, None)
    november = scene.statement(clock)

    correct(scene, clock, november, NewCorrection(wrong, -PRICE, "误记到场", booking))

    with scene.sessions() as session:
        line = session.scalars(
            select(StatementLine).where(StatementLine.kind == LineKind.CORRECTION)
        ).one()
        assert (line.amount_fen, line.reason, line.note) == (
            -PRICE,
            f"statement:{wrong}",
            "误记到场",
        )
        (found,) = statements.differences(session, session.get_one(Statement, wrong))
        assert found.missing_fen == 0
    with pytest.raises(settlement.CorrectionTooMuch):
        correct(scene, clock, november, NewCorrection(wrong, -1, "又一次", booking))


def test_a_session_that_was_forgotten_is_paid_later_and_once(
    scene: Scene, clock: FixedClock, october: tuple[int, int]
) -> None:
    wrong, _ = october
    late = scene.attended(starts_at=at(10, 9))
    november = scene.statement(clock)
    new = NewCorrection(wrong, PRICE, "补登记到场", late)

    line = correct(scene, clock, november, new)

    with pytest.raises(settlement.CorrectionTooMuch):
        correct(scene, clock, november, new)
    with scene.sessions.begin() as session:
        corrections.drop_correction(
            session, clock, statement_id=november, line_id=line, actor=CLERK
        )
    correct(scene, clock, november, new)


def test_a_correction_names_an_accepted_month_before_it(
    scene: Scene, clock: FixedClock, october: tuple[int, int]
) -> None:
    wrong, _ = october
    november = scene.statement(clock)
    foreign = Scene(scene.sessions)
    foreign.attended(starts_at=at(10, 8))
    other = foreign.accepted(clock, OCTOBER)
    elsewhere = scene.attended(starts_at=at(11, 6))

    for new in (
        NewCorrection(other, 100, "别的合同"),
        NewCorrection(november, 100, "自己"),
        NewCorrection(wrong, PRICE, "别的月份的到场", elsewhere),
        NewCorrection(wrong, 100, " "),
    ):
        with pytest.raises(Invalid):
            correct(scene, clock, november, new)
    correct(scene, clock, november, NewCorrection(wrong, 100, "少算一元"))


def test_a_correction_uses_up_the_ceiling(sessions: Sessions, clock: FixedClock) -> None:
    scene = Scene(sessions, ceiling_fen=3 * PRICE)
    scene.attended(starts_at=at(10, 8))
    october = scene.accepted(clock, OCTOBER)
    bookings = [scene.attended(starts_at=at(11, day)) for day in (5, 6)]
    november = scene.statement(clock)
    assert {reason for reason, _ in lines_of(sessions, november).values()} == {""}

    correct(scene, clock, november, NewCorrection(october, 1, "尾差"))

    assert lines_of(sessions, november)[bookings[1]] == ("above_ceiling", 0)
