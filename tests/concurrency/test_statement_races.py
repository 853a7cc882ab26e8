"""Two who sign, compute or correct at the same moment. Real commits, real PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import settlement, statements
from backend.bookings.corrections import NewCorrection
from backend.bookings.settlement_models import (
    Statement,
    StatementState,
)
from backend.bookings.sign_checks import SignAlreadyChecked, SignName, check_sign
from backend.bookings.sign_models import SignKind, SignVerdict
from backend.jobs.monthly import draw_up_statements
from backend.kernel.clock import FixedClock
from tests.bookings.settling import (
    CITY_DESK,
    CLERK,
    OCTOBER,
    PRICE,
    TOWN_DESK,
    Scene,
    at,
    correct,
    history,
    lines_of,
    make_contract,
    make_institution,
    state_of,
    take,
    version,
)
from tests.concurrency.racing import at_once, kinds
from tests.factories import make_staff

Sessions = sessionmaker[Session]


@pytest.fixture
def clock() -> FixedClock:
    """Thursday 2026-12-03: November is over."""
    return FixedClock(at(12, 3))


def test_of_two_who_accept_at_once_one_wins(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    scene = Scene(committed)
    scene.attended()
    desks = [f"staff:{make_staff(committed)}" for _ in range(4)]
    for number in range(races):
        contract = make_contract(committed, make_institution(committed))
        statement = scene.statement(clock, contract=contract if number else scene.contract)
        take(committed, clock, statements.submit, statement, CLERK)
        seen = version(committed, statement)

        won, lost = at_once(partial(accept_as, committed, clock, statement, seen=seen), desks)

        assert len(won) == 1
        assert kinds(lost) == {settlement.StatementChanged}
        assert str(lost[0].detail).startswith("测试员 于 12月3日 10:00 处理：已受理")  # type: ignore[attr-defined]
        assert [step[1] for step in history(committed, statement)].count("accepted") == 1


def accept_as(
    sessions: Sessions, clock: FixedClock, statement: int, actor: str, **more: object
) -> str:
    take(sessions, clock, statements.accept, statement, actor, **more)
    return actor


def test_without_the_lock_and_the_version_two_accept_at_once(
    committed: Sessions, clock: FixedClock
) -> None:
    """What one writes without thinking: read the state, then set it. Both win."""
    statement = Scene(committed).submitted(clock)
    both_have_read = Barrier(2)

    def naive(actor: str) -> str:
        with committed.begin() as session:
            state = session.scalar(select(Statement.state).where(Statement.id == statement))
            both_have_read.wait(timeout=30)
            assert state is StatementState.SUBMITTED
            session.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger
            session.execute(
                update(Statement)
                .where(Statement.id == statement)
                .values(state=StatementState.ACCEPTED)
            )
        return actor

    won, lost = at_once(naive, [TOWN_DESK, CITY_DESK])

    assert (len(won), lost) == (2, [])


def test_computing_while_somebody_submits(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    """Either the new figures come first and the signature is refused, or they come too late."""
    for _ in range(races):
        scene = Scene(committed)
        scene.attended()
        statement = scene.statement(clock)
        seen = version(committed, statement)
        scene.attended(starts_at=at(11, 6))
        signed = len(lines_of(committed, statement))

        acts: list[Callable[[], object]] = [
            partial(take, committed, clock, statements.submit, statement, CLERK, seen=seen),
            partial(recompute, committed, clock, statement),
        ]
        _, lost = at_once(lambda act: act(), acts)

        assert kinds(lost) <= {settlement.StatementChanged, settlement.StatementOutdated}
        if state_of(committed, statement) is StatementState.SUBMITTED:
            assert len(lines_of(committed, statement)) == signed
        else:
            assert len(lines_of(committed, statement)) == signed + 1


def recompute(sessions: Sessions, clock: FixedClock, statement: int) -> None:
    with sessions.begin() as session:
        statements.recompute(session, clock, statement_id=statement, actor=TOWN_DESK)


def test_many_who_draw_up_at_once_make_one_statement(
    committed: Sessions, clock: FixedClock
) -> None:
    scene = Scene(committed)
    booking = scene.attended()

    made, lost = at_once(lambda _: scene.statement(clock), list(range(6)))

    assert lost == []
    assert len(set(made)) == 1
    assert lines_of(committed, made[0]) == {booking: ("", PRICE)}


def test_the_monthly_task_twice_at_once_makes_each_draft_once(
    committed: Sessions, clock: FixedClock
) -> None:
    scene = Scene(committed)
    booking = scene.attended()
    contracts = [make_contract(committed, make_institution(committed)) for _ in range(3)]
    nominal = at(12, 1, 2, 30)

    _, lost = at_once(lambda _: draw_up_statements(committed, clock, nominal), list(range(4)))

    assert lost == []
    with committed() as session:
        made = {row.contract_id: row.id for row in session.scalars(select(Statement))}
    assert set(made) == {scene.contract, *contracts}
    assert lines_of(committed, made[scene.contract]) == {booking: ("", PRICE)}
    for statement in made.values():
        computed = 1 if statement == made[scene.contract] else 0
        assert len(history(committed, statement)) == 1 + computed


def test_of_two_who_judge_a_sign_at_once_one_is_told(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    for number in range(races):
        sign = SignName(OCTOBER, SignKind.NOBODY_TAUGHT, f"slot:{number}")

        def judge(actor: str, sign: SignName = sign) -> str:
            with committed.begin() as session:
                check_sign(
                    session,
                    clock,
                    sign=sign,
                    verdict=SignVerdict.HARMLESS,
                    note="已核实",
                    seen=0,
                    actor=actor,
                )
            return actor

        won, lost = at_once(judge, [TOWN_DESK, CITY_DESK])

        assert len(won) == 1
        assert kinds(lost) == {SignAlreadyChecked}


def test_two_corrections_at_once_do_not_pay_a_session_twice(
    committed: Sessions, clock: FixedClock
) -> None:
    scene = Scene(committed)
    october = scene.accepted(clock, OCTOBER)
    late = scene.attended(starts_at=at(10, 9))
    november = scene.statement(clock)
    new = NewCorrection(october, PRICE, "补登记到场", late)

    won, lost = at_once(
        lambda one: correct(scene, clock, november, one), [new, replace(new, note="也补")]
    )

    assert len(won) == 1
    assert kinds(lost) == {settlement.CorrectionTooMuch}
