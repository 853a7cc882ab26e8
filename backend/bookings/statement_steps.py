"""One step of a statement: locks, compare-and-swap, log row; and what it may refuse.

Locks: the contract, then its statement. Nobody who books, cancels or marks takes either.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.bookings import settlement
from backend.bookings.changes import actor_name
from backend.bookings.rules import moment
from backend.bookings.settlement import OPEN_STATEMENTS, STATEMENT_TITLES
from backend.bookings.settlement_models import Statement, StatementChange, StatementState
from backend.centres.place_models import Contract
from backend.kernel.clock import Clock
from backend.kernel.errors import DomainError, NotFound

TICK = timedelta(microseconds=1)  # two versions never bear the same time
PAID_STATES = (StatementState.ACCEPTED, StatementState.PAID)


def lock_contracts(session: Session, contract_ids: Collection[int]) -> Sequence[Contract]:
    return session.scalars(
        select(Contract)
        .where(Contract.id.in_(contract_ids))
        .order_by(Contract.id)
        .with_for_update(key_share=True)
    ).all()


def locked(session: Session, statement_id: int) -> Statement:
    """A statement as it stands now, with its contract locked. Raises NotFound."""
    contract_id = session.scalar(select(Statement.contract_id).where(Statement.id == statement_id))
    if contract_id is None:
        raise NotFound
    lock_contracts(session, [contract_id])
    return session.scalars(
        select(Statement)
        .where(Statement.id == statement_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def log_version(
    session: Session, clock: Clock, statement: Statement, actor: str, note: str
) -> None:
    """A new version in the same state, so that who has seen the old one is told."""
    statement.changed_at = max(clock.now(), statement.changed_at + TICK)
    session.add(
        StatementChange(
            statement_id=statement.id,
            at=clock.now(),
            actor=actor,
            before=statement.state,
            after=statement.state,
            note=note,
        )
    )


def move(
    session: Session,
    clock: Clock,
    statement: Statement,
    after: StatementState,
    actor: str,
    note: str,
) -> Statement:
    """Compare-and-swap from the version that the caller has seen, and log it."""
    before, version = statement.state, statement.changed_at
    moved = session.scalar(
        update(Statement)
        .where(
            Statement.id == statement.id,
            Statement.state == before,
            Statement.changed_at == version,
        )
        .values(state=after, changed_at=max(clock.now(), version + TICK))
        .returning(Statement.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        raise somebody_was_faster(session, statement.id)
    session.refresh(statement)
    session.add(
        StatementChange(
            statement_id=statement.id,
            at=clock.now(),
            actor=actor,
            before=before,
            after=after,
            note=note,
        )
    )
    session.flush()
    return statement


def check_open(session: Session, statement: Statement) -> None:
    if statement.state in PAID_STATES:
        raise settlement.StatementLocked
    if statement.state not in OPEN_STATEMENTS:
        raise somebody_was_faster(session, statement.id)


def check_seen(
    session: Session, statement: Statement, seen: datetime, after: StatementState
) -> None:
    """Nobody decides on figures that he has not seen."""
    if statement.changed_at != seen or after not in settlement.NEXT_STATEMENTS[statement.state]:
        raise somebody_was_faster(session, statement.id)


def submitter(session: Session, statement_id: int) -> str | None:
    """Who submitted it last: that person may not accept it."""
    return session.scalar(
        select(StatementChange.actor)
        .where(
            StatementChange.statement_id == statement_id,
            StatementChange.after == StatementState.SUBMITTED,
        )
        .order_by(StatementChange.id.desc())
        .limit(1)
    )


def flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise refusal(error) from error


def somebody_was_faster(session: Session, statement_id: int) -> settlement.StatementChanged:
    """The refusal for the slower of two: 李老师 于 12月3日 10:03 处理：已受理."""
    last = session.scalars(
        select(StatementChange)
        .where(StatementChange.statement_id == statement_id)
        .order_by(StatementChange.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return settlement.StatementChanged()
    who = actor_name(session, last.actor)
    return settlement.StatementChanged(
        f"{who} 于 {moment(last.at)} 处理：{STATEMENT_TITLES[last.after]}"
    )


def refusal(error: IntegrityError) -> DomainError:
    """The friendly form of a rule of the database; the error itself for any other."""
    diagnosis = getattr(error.orig, "diag", None)
    match getattr(diagnosis, "constraint_name", None):
        case "lock_statements_accepted":
            return settlement.StatementLocked()
        case "uq_statement_lines_paid_once":
            return settlement.StatementChanged("有的到场刚刚列入了另一份结算单")
    raise error
