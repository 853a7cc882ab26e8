"""On the first of a month: a draft of every contract, once, whatever happens to who makes it."""

import multiprocessing
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import statements
from backend.bookings.models import BookingState
from backend.bookings.settlement_models import Statement, StatementChange, StatementState
from backend.centres.place_models import Contract
from backend.jobs.models import TaskRun
from backend.jobs.monthly import TASK, draw_up_statements
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.db import make_engine, session_factory
from tests.bookings.settling import (
    CLERK,
    NOVEMBER,
    OCTOBER,
    PRICE,
    Scene,
    at,
    lines_of,
    make_contract,
    make_institution,
    take,
)
from tests.handbook.test_race import wait_until_somebody_waits

Sessions = sessionmaker[Session]
NIGHT = datetime(2026, 12, 1, 2, 30, tzinfo=CITY)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NIGHT)


@pytest.fixture
def scene(sessions: Sessions) -> Scene:
    return Scene(sessions)


def drafts(sessions: Sessions) -> dict[tuple[int, date], StatementState]:
    with sessions() as session:
        return {
            (row.contract_id, row.month): row.state for row in session.scalars(select(Statement))
        }


def notes(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(StatementChange.note).order_by(StatementChange.id)))


def test_every_contract_in_force_gets_a_draft_and_no_other(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    booking = scene.attended()
    other = make_contract(sessions, make_institution(sessions))
    over = (date(2026, 1, 1), date(2026, 10, 31))
    make_contract(sessions, make_institution(sessions), term=over)

    draw_up_statements(sessions, clock, NIGHT)

    made = drafts(sessions)
    assert made == dict.fromkeys(
        [(scene.contract, NOVEMBER), (other, NOVEMBER)], StatementState.DRAFT
    )
    with sessions() as session:
        (statement,) = session.scalars(
            select(Statement.id).where(Statement.contract_id == scene.contract)
        )
    assert lines_of(sessions, statement) == {booking: ("", PRICE)}


def test_twice_or_days_late_is_once(scene: Scene, sessions: Sessions, clock: FixedClock) -> None:
    scene.attended()
    clock.set(NIGHT + timedelta(days=9))

    draw_up_statements(sessions, clock, NIGHT)
    first = notes(sessions)
    draw_up_statements(sessions, clock, NIGHT)

    assert first == ["每月自动生成", "重新计算：新增 1 行，变更 0 行，移除 0 行"]
    assert notes(sessions) == first


def test_months_without_a_scheduler_are_drawn_up_later(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    with sessions.begin() as session:
        session.add(TaskRun(task=TASK, nominal_at=at(10, 1, 2, 30), finished_at=at(10, 1, 2, 30)))

    draw_up_statements(sessions, clock, NIGHT)

    assert set(drafts(sessions)) == {(scene.contract, OCTOBER), (scene.contract, NOVEMBER)}


def test_what_somebody_has_begun_is_left_alone(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    scene.attended()
    statement = scene.statement(clock)
    before = notes(sessions)
    scene.attended(starts_at=at(11, 6))

    draw_up_statements(sessions, clock, NIGHT)

    assert notes(sessions) == before
    assert len(lines_of(sessions, statement)) == 1


def test_a_month_that_is_not_judged_yet_says_how_much_is_open(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    scene.attended()
    for hour in (9, 11):
        scene.attended(starts_at=at(11, 30, hour), state=BookingState.CONFIRMED)

    draw_up_statements(sessions, clock, NIGHT)

    assert notes(sessions)[0] == "每月自动生成，还有 2 个预约没有登记到场或未到"


def test_a_draft_of_the_night_can_be_submitted(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    scene.attended()
    draw_up_statements(sessions, clock, NIGHT)
    with sessions() as session:
        (statement,) = session.scalars(select(Statement.id))

    take(sessions, clock, statements.submit, statement, CLERK)

    assert drafts(sessions) == {(scene.contract, NOVEMBER): StatementState.SUBMITTED}


def run_alone(url: str) -> None:
    """The task in a process of its own, on the night itself."""
    engine = make_engine(url, pool_size=1)
    draw_up_statements(session_factory(engine), FixedClock(NIGHT), NIGHT)


def test_a_run_killed_between_two_institutions_is_made_good(
    url: str, own_sessions: Sessions, clock: FixedClock
) -> None:
    contracts = [make_contract(own_sessions, make_institution(own_sessions)) for _ in range(2)]
    process = multiprocessing.get_context("spawn").Process(target=run_alone, args=(url,))
    with own_sessions.begin() as blocker:
        blocker.execute(select(Contract).where(Contract.id == contracts[1]).with_for_update())
        process.start()
        wait_until_somebody_waits(own_sessions)
        process.kill()
        process.join()
    assert set(drafts(own_sessions)) == {(contracts[0], NOVEMBER)}

    draw_up_statements(own_sessions, clock, NIGHT)

    assert set(drafts(own_sessions)) == {(contract, NOVEMBER) for contract in contracts}
    assert notes(own_sessions) == ["每月自动生成"] * 2
