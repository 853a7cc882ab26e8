"""Monthly statements: drawn up, submitted, returned or accepted, paid. No step commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.bookings import settlement
from backend.bookings.settlement import OPEN_STATEMENTS
from backend.bookings.settlement_models import (
    Statement,
    StatementChange,
    StatementLine,
    StatementState,
)
from backend.bookings.settlement_sql import APPLY, DIFFERENCES
from backend.bookings.statement_steps import (
    PAID_STATES,
    check_open,
    check_seen,
    lock_contracts,
    locked,
    log_version,
    move,
    refusal,
    submitter,
)
from backend.centres.place_models import Contract
from backend.kernel.ages import add_months
from backend.kernel.clock import CITY, Clock, city_date, city_midnight
from backend.kernel.errors import Invalid

SORTING = text("SET LOCAL work_mem = '128MB'")  # a city's month is sorted in memory
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Written:
    """What a recomputation did to the lines of a statement."""

    come: int = 0
    changed: int = 0
    gone: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.come or self.changed or self.gone)

    @property
    def words(self) -> str:
        return f"新增 {self.come} 行，变更 {self.changed} 行，移除 {self.gone} 行"


@dataclass(frozen=True)
class Difference:
    """A session whose verdict today is not what stands in the statement."""

    booking_id: int
    reason_before: str | None  # None: it did not stand there; "" : it was paid
    reason_now: str | None  # None: it would not stand there any more
    paid_fen: int  # corrections since included
    due_fen: int

    @property
    def missing_fen(self) -> int:
        return self.due_fen - self.paid_fen


def draw_up(
    session: Session, clock: Clock, *, month: date, contract_ids: Collection[int], actor: str
) -> list[int]:
    """Statements of these contracts for a month, made where there is none, and computed.

    Contracts that do not run in the month are left out; what is submitted or accepted stands
    still. Returns the ids of those that were computed. Raises Invalid for a month to come.
    """
    if month > city_date(clock.now()):
        raise Invalid("这个月还没有开始")
    contracts = lock_contracts(session, contract_ids)
    for contract in contracts:
        if contract.valid_from < add_months(month, 1) and contract.valid_until >= month:
            open_draft(session, clock, contract.id, month, actor)
    ids = session.scalars(
        select(Statement.id)
        .where(
            Statement.contract_id.in_([contract.id for contract in contracts]),
            Statement.month == month,
            Statement.state.in_(OPEN_STATEMENTS),
        )
        .order_by(Statement.id)
        .with_for_update(key_share=True)
    ).all()
    compute(session, clock, ids, actor)
    return list(ids)


def recompute(session: Session, clock: Clock, *, statement_id: int, actor: str) -> Written:
    """Bring the lines of an open statement up to date; again and again changes nothing.

    Raises NotFound, or StatementLocked or StatementChanged when it is not open any more.
    """
    statement = locked(session, statement_id)
    check_open(session, statement)
    return compute(session, clock, [statement_id], actor).get(statement_id, Written())


def submit(
    session: Session, clock: Clock, *, statement_id: int, seen: datetime, actor: str, note: str = ""
) -> Statement:
    """The institution's side signs what it has seen (`seen`: the version's changed_at).

    Raises NotFound, MonthNotOver, StatementChanged or StatementOutdated.
    """
    statement = locked(session, statement_id)
    check_seen(session, statement, seen, StatementState.SUBMITTED)
    settlement.check_month_over(statement.month, city_date(clock.now()))
    if differences(session, statement, most=1):
        raise settlement.StatementOutdated
    return move(session, clock, statement, StatementState.SUBMITTED, actor, note.strip())


def send_back(
    session: Session, clock: Clock, *, statement_id: int, seen: datetime, actor: str, note: str
) -> Statement:
    """Back to the institution, with what is to be mended. Raises NotFound, Invalid, Conflict."""
    note = settlement.check_note(note)
    statement = locked(session, statement_id)
    check_seen(session, statement, seen, StatementState.RETURNED)
    return move(session, clock, statement, StatementState.RETURNED, actor, note)


def accept(
    session: Session, clock: Clock, *, statement_id: int, seen: datetime, actor: str, note: str = ""
) -> Statement:
    """From here on the database refuses every change but the payment.

    Raises NotFound, StatementChanged, OwnSubmission or AboveCeiling.
    """
    statement = locked(session, statement_id)
    check_seen(session, statement, seen, StatementState.ACCEPTED)
    settlement.check_other_person(submitter(session, statement_id), actor)
    contract = session.get_one(Contract, statement.contract_id)
    spent = session.scalar(
        select(func.coalesce(func.sum(StatementLine.amount_fen), 0))
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(
            Statement.contract_id == contract.id,
            (Statement.id == statement_id) | Statement.state.in_(PAID_STATES),
        )
    )
    if contract.ceiling_fen is not None and (spent or 0) > contract.ceiling_fen:
        raise settlement.AboveCeiling
    return move(session, clock, statement, StatementState.ACCEPTED, actor, note.strip())


def pay(
    session: Session, clock: Clock, *, statement_id: int, seen: datetime, actor: str, note: str
) -> Statement:
    """The city has paid; the note says by which voucher. Raises NotFound, Invalid, Conflict."""
    note = settlement.check_note(note)
    statement = locked(session, statement_id)
    check_seen(session, statement, seen, StatementState.PAID)
    return move(session, clock, statement, StatementState.PAID, actor, note)


def differences(session: Session, statement: Statement, *, most: int = 200) -> list[Difference]:
    """Where today's verdicts are not what stands: to recompute an open one, to correct others."""
    session.execute(SORTING)
    rows = session.execute(DIFFERENCES, _around([statement]) | {"most": most})
    return [
        Difference(
            booking_id=row.booking_id,
            reason_before=row.reason_before,
            reason_now=row.reason_now,
            paid_fen=row.paid_fen + row.corrected_fen,
            due_fen=row.due_fen,
        )
        for row in rows
    ]


def open_draft(
    session: Session, clock: Clock, contract_id: int, month: date, actor: str, note: str = ""
) -> int | None:
    """An empty draft where there is no statement yet, and its id. The contract is locked."""
    now = clock.now()
    made = session.scalar(
        insert(Statement)
        .values(
            contract_id=contract_id,
            month=month,
            state=StatementState.DRAFT,
            created_at=now,
            changed_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Statement.id)
    )
    if made is not None:
        session.add(
            StatementChange(
                statement_id=made,
                at=now,
                actor=actor,
                before=None,
                after=StatementState.DRAFT,
                note=note,
            )
        )
    return made


def compute(
    session: Session, clock: Clock, statement_ids: Sequence[int], actor: str
) -> Mapping[int, Written]:
    """The caller holds the locks and has seen that all are open."""
    if not statement_ids:
        return {}
    statements = session.scalars(select(Statement).where(Statement.id.in_(statement_ids))).all()
    session.flush()
    session.execute(SORTING)
    try:
        rows = session.execute(APPLY, _around(statements) | {"now": clock.now(), "actor": actor})
    except IntegrityError as error:
        raise refusal(error) from error
    written = {row.statement_id: Written(row.come, row.changed, row.gone) for row in rows}
    for statement in statements:
        if statement.id in written:
            log_version(
                session, clock, statement, actor, f"重新计算：{written[statement.id].words}"
            )
    session.flush()
    return written


def _around(statements: Collection[Statement]) -> dict[str, Any]:
    """The sessions that may matter: of the months, and what overlaps them at either end."""
    months = [statement.month for statement in statements]
    return {
        "statements": [statement.id for statement in statements],
        "first": city_midnight(min(months) - DAY),
        "last": city_midnight(add_months(max(months), 1) + DAY),
        "city": CITY.key,
    }
