"""Statements in the database: drawn up, signed, locked, corrected; and never paid twice."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import corrections, settlement, statement_steps, statements
from backend.bookings.corrections import NewCorrection
from backend.bookings.models import Booking, BookingState
from backend.bookings.settlement_models import (
    LineKind,
    Statement,
    StatementLine,
    StatementState,
)
from backend.centres.models import Centre
from backend.centres.place_models import ContractUnit
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound
from backend.people.models import Child, DuplicateState
from tests.bookings.settling import (
    CITY_DESK,
    CLERK,
    OCTOBER,
    PRICE,
    TOWN_DESK,
    Scene,
    at,
    close,
    history,
    lines_of,
    make_contract,
    make_institution,
    state_of,
    take,
    version,
)
from tests.factories import make_child

Sessions = sessionmaker[Session]


@pytest.fixture
def clock() -> FixedClock:
    """Thursday 2026-12-03: November is over."""
    return FixedClock(at(12, 3))


@pytest.fixture
def scene(sessions: Sessions) -> Scene:
    return Scene(sessions)


# What a statement holds


def test_a_month_holds_what_was_attended_in_it(scene: Scene, clock: FixedClock) -> None:
    first = scene.attended(starts_at=at(11, 1, 0))
    last = scene.attended(starts_at=at(11, 30, 22))
    scene.attended(starts_at=at(10, 31, 22))
    scene.attended(starts_at=at(12, 1, 0))
    others = [state for state in BookingState if state is not BookingState.ATTENDED]
    for number, state in enumerate(others):
        scene.attended(starts_at=at(11, 8 + number), state=state)

    statement = scene.statement(clock)

    assert lines_of(scene.sessions, statement) == {first: ("", PRICE), last: ("", PRICE)}


def test_each_deduction_is_found_in_the_database(scene: Scene, clock: FixedClock) -> None:
    sessions = scene.sessions
    child = make_child(sessions)
    old = make_child(sessions, birth_date=date(2023, 11, 5))
    unborn = make_child(sessions, birth_date=date(2026, 11, 6))
    good = scene.attended(child=child)
    twice = scene.attended(
        child=child,
        slot=scene.slot(room=None, teacher=None, centre_id=scene.another_centre()),
        quota_number=2,
    )
    expected = {
        good: "",
        twice: "duplicate",
        scene.attended(
            slot=scene.slot(at(11, 6), teacher=None), confirmed=False
        ): "no_guardian_confirmation",
        scene.attended(child=old, slot=scene.slot(at(11, 5, 12))): "over_age",
        scene.attended(child=unborn, slot=scene.slot(at(11, 5, 14))): "not_born",
        scene.attended(slot=scene.slot(at(11, 7)), quota_number=None): "over_quota",
        scene.attended(slot=scene.slot(at(11, 9))): "closed_centre",
        scene.attended(slot=scene.slot(at(11, 10))): "closed_centre",
        scene.attended(
            slot=scene.slot(at(11, 11), teacher=scene.another_teacher(until=date(2026, 11, 10)))
        ): "teacher_not_certified",
        scene.attended(
            slot=scene.slot(at(11, 12), teacher=scene.another_teacher(until=None))
        ): "teacher_not_certified",
        scene.attended(
            slot=scene.slot(at(11, 11, 15), teacher=scene.another_teacher(until=date(2026, 11, 11)))
        ): "",
    }
    close(sessions, at(11, 9, 10, 30), centre_id=scene.centre)
    close(sessions, at(11, 10, 9, 30), room_id=scene.room)
    close(sessions, at(11, 5, 11), centre_id=scene.centre)  # ends and begins between sessions

    found = lines_of(sessions, scene.statement(clock))

    assert {booking: reason for booking, (reason, _) in found.items()} == expected


def test_a_merged_registration_is_the_same_child(scene: Scene, clock: FixedClock) -> None:
    first, second = make_child(scene.sessions), make_child(scene.sessions)
    with scene.sessions.begin() as session:
        child = session.get_one(Child, second)
        child.duplicate_of_id, child.duplicate_state = first, DuplicateState.SAME
    one = scene.attended(child=first)
    other = scene.attended(child=second, slot=scene.slot(room=None, teacher=None))

    found = lines_of(scene.sessions, scene.statement(clock))

    assert found == {one: ("", PRICE), other: ("duplicate", 0)}


def test_what_a_child_attended_in_another_town_counts(scene: Scene, clock: FixedClock) -> None:
    child = make_child(scene.sessions)
    far = scene.another_centre(town_code="320281107", institution=make_institution(scene.sessions))
    scene.attended(
        child=child, slot=scene.slot(at(11, 5, 9, 30), centre_id=far, room=None, teacher=None)
    )
    here = scene.attended(child=child, quota_number=2)

    assert lines_of(scene.sessions, scene.statement(clock)) == {here: ("duplicate", 0)}


def test_days_beyond_the_term_are_listed_but_not_paid(
    sessions: Sessions, clock: FixedClock
) -> None:
    scene = Scene(sessions, term=(date(2026, 1, 1), date(2026, 11, 15)))
    inside, outside = scene.attended(starts_at=at(11, 15)), scene.attended(starts_at=at(11, 16))

    assert lines_of(sessions, scene.statement(clock)) == {
        inside: ("", PRICE),
        outside: ("outside_contract", 0),
    }


def test_days_of_the_next_contract_are_the_next_contracts(
    sessions: Sessions, clock: FixedClock
) -> None:
    scene = Scene(sessions, term=(date(2026, 1, 1), date(2026, 11, 15)))
    second = make_contract(
        sessions, scene.institution, term=(date(2026, 11, 16), date(2027, 12, 31))
    )
    inside, beyond = scene.attended(starts_at=at(11, 15)), scene.attended(starts_at=at(11, 16))

    assert set(lines_of(sessions, scene.statement(clock))) == {inside}
    assert set(lines_of(sessions, scene.statement(clock, contract=second))) == {beyond}


def test_another_institution_or_town_is_not_in_it(scene: Scene, clock: FixedClock) -> None:
    other = scene.another_centre(institution=make_institution(scene.sessions))
    far = scene.another_centre(town_code="320281107")
    for number, centre in enumerate((other, far)):
        scene.attended(
            slot=scene.slot(at(11, 5 + number), centre_id=centre, room=None, teacher=None)
        )

    assert lines_of(scene.sessions, scene.statement(clock)) == {}


def test_a_contract_that_does_not_run_in_the_month_gets_no_statement(
    scene: Scene, clock: FixedClock
) -> None:
    with scene.sessions.begin() as session:
        draw = partial(
            statements.draw_up, session, clock, contract_ids=[scene.contract], actor=CLERK
        )
        assert draw(month=date(2025, 12, 1)) == []
        with pytest.raises(Invalid):
            draw(month=date(2027, 1, 1))


# Computing again


def test_computing_again_changes_nothing(scene: Scene, clock: FixedClock) -> None:
    scene.attended()
    scene.attended(starts_at=at(11, 6), confirmed=False)
    statement = scene.statement(clock)
    before = rows(scene.sessions, statement)
    clock.advance(timedelta(hours=1))

    with scene.sessions.begin() as session:
        written = statements.recompute(session, clock, statement_id=statement, actor=TOWN_DESK)

    assert not written.anything
    assert rows(scene.sessions, statement) == before
    assert len(history(scene.sessions, statement)) == 2


def rows(sessions: Sessions, statement: int) -> list[tuple[object, ...]]:
    with sessions() as session:
        found = session.execute(
            select(*StatementLine.__table__.c)
            .where(StatementLine.statement_id == statement)
            .order_by(StatementLine.id)
        )
        return [tuple(row) for row in found]


def test_computing_again_follows_what_happened_since(scene: Scene, clock: FixedClock) -> None:
    stays = scene.attended()
    waits = scene.attended(starts_at=at(11, 6), confirmed=False)
    gone = scene.attended(starts_at=at(11, 7))
    statement = scene.statement(clock)
    seen = version(scene.sessions, statement)
    scene.confirm(waits)
    with scene.sessions.begin() as session:
        session.get_one(Booking, gone).state = BookingState.MISSED
    new = scene.attended(starts_at=at(11, 8))

    with scene.sessions.begin() as session:
        written = statements.recompute(session, clock, statement_id=statement, actor=CLERK)

    assert written == statements.Written(come=1, changed=1, gone=1)
    assert set(lines_of(scene.sessions, statement)) == {stays, waits, new}
    assert version(scene.sessions, statement) > seen


def test_by_family_the_next_session_takes_over_the_amount(
    sessions: Sessions, clock: FixedClock
) -> None:
    scene = Scene(sessions, unit=ContractUnit.FAMILY)
    child = make_child(sessions)
    first = scene.attended(child=child)
    second = scene.attended(child=child, starts_at=at(11, 6), quota_number=2)
    statement = scene.statement(clock)
    assert lines_of(sessions, statement) == {first: ("", PRICE), second: ("", 0)}
    with sessions.begin() as session:
        session.get_one(Booking, first).state = BookingState.MISSED

    scene.statement(clock)

    assert lines_of(sessions, statement) == {second: ("", PRICE)}


def test_the_ceiling_counts_earlier_months(sessions: Sessions, clock: FixedClock) -> None:
    scene = Scene(sessions, ceiling_fen=2 * PRICE)
    scene.attended(starts_at=at(10, 8))
    scene.statement(clock, OCTOBER)
    paid = scene.attended(starts_at=at(11, 5))
    above = scene.attended(starts_at=at(11, 6))

    statement = scene.statement(clock)

    assert lines_of(sessions, statement) == {paid: ("", PRICE), above: ("above_ceiling", 0)}


def test_no_statement_is_accepted_above_the_ceiling(sessions: Sessions, clock: FixedClock) -> None:
    """November was signed before anybody drew up October."""
    scene = Scene(sessions, ceiling_fen=PRICE)
    scene.attended(starts_at=at(11, 5))
    november = scene.submitted(clock)
    scene.attended(starts_at=at(10, 8))
    scene.accepted(clock, OCTOBER)

    with pytest.raises(settlement.AboveCeiling):
        take(sessions, clock, statements.accept, november, TOWN_DESK)

    take(sessions, clock, statements.send_back, november, TOWN_DESK, note="超上限")
    scene.statement(clock)
    assert [reason for reason, _ in lines_of(sessions, november).values()] == ["above_ceiling"]


def test_a_session_stands_as_paid_in_one_statement_for_ever(
    scene: Scene, clock: FixedClock
) -> None:
    """The centre goes to another institution after the month was settled."""
    booking = scene.attended()
    scene.accepted(clock)
    other = make_institution(scene.sessions)
    contract = make_contract(scene.sessions, other)
    with scene.sessions.begin() as session:
        session.get_one(Centre, scene.centre).institution_id = other

    second = scene.statement(clock, contract=contract)

    assert lines_of(scene.sessions, second) == {booking: ("already_settled", 0)}
    with scene.sessions() as session, pytest.raises(IntegrityError, match="paid_once"):
        session.execute(
            update(StatementLine)
            .where(StatementLine.statement_id == second)
            .values(kind=LineKind.SESSION, reason="")
        )


# Signing


def test_from_draft_to_payment(scene: Scene, clock: FixedClock) -> None:
    scene.attended()
    statement = scene.submitted(clock)
    take(scene.sessions, clock, statements.send_back, statement, TOWN_DESK, note="请补签到表")
    take(scene.sessions, clock, statements.submit, statement, CLERK)
    take(scene.sessions, clock, statements.accept, statement, TOWN_DESK)
    take(scene.sessions, clock, statements.pay, statement, CITY_DESK, note="凭证 2026-118")

    assert history(scene.sessions, statement) == [
        (None, "draft", CLERK),
        ("draft", "draft", CLERK),
        ("draft", "submitted", CLERK),
        ("submitted", "returned", TOWN_DESK),
        ("returned", "submitted", CLERK),
        ("submitted", "accepted", TOWN_DESK),
        ("accepted", "paid", CITY_DESK),
    ]


def test_who_submitted_does_not_accept(scene: Scene, clock: FixedClock) -> None:
    statement = scene.statement(clock)
    take(scene.sessions, clock, statements.submit, statement, TOWN_DESK)

    with pytest.raises(settlement.OwnSubmission):
        take(scene.sessions, clock, statements.accept, statement, TOWN_DESK)
    take(scene.sessions, clock, statements.accept, statement, "staff:22")


def test_a_month_that_still_runs_is_not_submitted(scene: Scene) -> None:
    clock = FixedClock(at(11, 30, 23))
    statement = scene.statement(clock)

    with pytest.raises(settlement.MonthNotOver):
        take(scene.sessions, clock, statements.submit, statement, CLERK)
    clock.advance(timedelta(hours=1))
    take(scene.sessions, clock, statements.submit, statement, CLERK)


def test_what_changed_since_is_looked_at_before_it_is_signed(
    scene: Scene, clock: FixedClock
) -> None:
    booking = scene.attended(confirmed=False)
    statement = scene.statement(clock)
    scene.confirm(booking)

    with pytest.raises(settlement.StatementOutdated):
        take(scene.sessions, clock, statements.submit, statement, CLERK)


def test_nobody_signs_figures_that_he_has_not_seen(scene: Scene, clock: FixedClock) -> None:
    scene.attended()
    statement = scene.submitted(clock)
    seen = version(scene.sessions, statement)
    take(scene.sessions, clock, statements.send_back, statement, TOWN_DESK, note="x")
    scene.attended(starts_at=at(11, 6))
    scene.statement(clock)
    take(scene.sessions, clock, statements.submit, statement, CLERK)

    with pytest.raises(settlement.StatementChanged) as refused:
        take(scene.sessions, clock, statements.accept, statement, CITY_DESK, seen=seen)

    assert "12月3日 10:00 处理：待审核" in str(refused.value.detail)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("draft", statements.send_back),
        ("draft", statements.accept),
        ("draft", statements.pay),
        ("submitted", statements.submit),
        ("submitted", statements.pay),
        ("accepted", statements.submit),
        ("accepted", statements.send_back),
        ("accepted", statements.accept),
    ],
)
def test_no_step_is_skipped_or_taken_back(
    scene: Scene, clock: FixedClock, state: str, step: Callable[..., Statement]
) -> None:
    scene.attended()
    made = {"draft": scene.statement, "submitted": scene.submitted, "accepted": scene.accepted}
    statement = made[state](clock)
    more = {} if step in {statements.submit, statements.accept} else {"note": "x"}

    with pytest.raises(settlement.StatementChanged):
        take(scene.sessions, clock, step, statement, CITY_DESK, **more)

    assert state_of(scene.sessions, statement) is StatementState(state)


def test_sending_back_and_paying_say_why(scene: Scene, clock: FixedClock) -> None:
    statement = scene.submitted(clock)
    with pytest.raises(Invalid):
        take(scene.sessions, clock, statements.send_back, statement, TOWN_DESK, note=" ")
    take(scene.sessions, clock, statements.accept, statement, TOWN_DESK)
    with pytest.raises(Invalid):
        take(scene.sessions, clock, statements.pay, statement, CITY_DESK, note="")


def test_what_is_not_there_is_not_found(sessions: Sessions, clock: FixedClock) -> None:
    with sessions.begin() as session, pytest.raises(NotFound):
        statements.recompute(session, clock, statement_id=987654, actor=CLERK)
    with sessions.begin() as session, pytest.raises(NotFound):
        corrections.drop_correction(session, clock, statement_id=987654, line_id=1, actor=CLERK)


# The lock of the database

LINE = "statement_id = :statement"
TAMPERING = {
    "a line is changed": f"UPDATE statement_lines SET amount_fen = 1 WHERE {LINE}",
    "a line is removed": f"DELETE FROM statement_lines WHERE {LINE}",
    "a line is added": "INSERT INTO statement_lines (statement_id, kind, amount_fen, reason, note,"
    " created_at, created_by) VALUES (:statement, 'correction', 1, '', 'x', now(), 'x')",
    "a line moves out": "WITH other AS (INSERT INTO statements (contract_id, month, state,"
    " created_at, changed_at) SELECT contract_id, '2026-12-01', 'draft', now(), now()"
    " FROM statements WHERE id = :statement RETURNING id)"
    f" UPDATE statement_lines SET statement_id = (SELECT id FROM other) WHERE {LINE}",
    "the state goes back": "UPDATE statements SET state = 'draft' WHERE id = :statement",
    "the month changes": "UPDATE statements SET month = '2026-12-01' WHERE id = :statement",
    "payment with another month": "UPDATE statements SET state = 'paid', month = '2026-12-01'"
    " WHERE id = :statement",
    "the statement is removed": "DELETE FROM statements WHERE id = :statement",
}


@pytest.mark.parametrize("sql", TAMPERING.values(), ids=TAMPERING)
@pytest.mark.parametrize("paid", [False, True], ids=["accepted", "paid"])
def test_the_database_locks_what_is_accepted(
    scene: Scene, clock: FixedClock, sql: str, paid: bool
) -> None:
    scene.attended()
    statement = scene.accepted(clock)
    if paid:
        take(scene.sessions, clock, statements.pay, statement, CITY_DESK, note="凭证 1")

    with scene.sessions() as session, pytest.raises(IntegrityError) as refused:
        session.execute(text(sql), {"statement": statement})

    assert isinstance(statement_steps.refusal(refused.value), settlement.StatementLocked)


def test_a_submitted_statement_is_not_locked_by_the_database(
    scene: Scene, clock: FixedClock
) -> None:
    """What the trigger lets pass: it is the acceptance that locks."""
    scene.attended()
    statement = scene.submitted(clock)

    with scene.sessions.begin() as session:
        session.execute(text(TAMPERING["a line is changed"]), {"statement": statement})


def test_the_services_say_that_it_is_locked(scene: Scene, clock: FixedClock) -> None:
    scene.attended()
    statement = scene.accepted(clock)
    new = NewCorrection(statement, 100, "x")

    with scene.sessions.begin() as session, pytest.raises(settlement.StatementLocked):
        statements.recompute(session, clock, statement_id=statement, actor=CLERK)
    with scene.sessions.begin() as session, pytest.raises(settlement.StatementLocked):
        corrections.correct(session, clock, statement_id=statement, new=new, actor=CLERK)


def test_the_log_of_a_statement_is_only_added_to(scene: Scene, clock: FixedClock) -> None:
    scene.statement(clock)
    for sql in ("DELETE FROM statement_log", "UPDATE statement_log SET note = 'x'"):
        with scene.sessions() as session, pytest.raises(Exception, match=r"statement_log"):
            session.execute(text(sql))
