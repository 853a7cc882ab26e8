"""What was wrong in an accepted month comes as a line in a later one, with a note."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.bookings import settlement
from backend.bookings.settlement_models import LineKind, Statement, StatementLine
from backend.bookings.statement_steps import PAID_STATES, check_open, flush, locked, log_version
from backend.bookings.statements import compute, differences
from backend.centres.place_models import Contract
from backend.kernel.clock import Clock
from backend.kernel.errors import Invalid, NotFound


@dataclass(frozen=True)
class NewCorrection:
    """`of_statement`: the accepted one that was wrong; `booking_id`: the session, if it is one."""

    of_statement: int
    amount_fen: int
    note: str
    booking_id: int | None = None


def correct(
    session: Session, clock: Clock, *, statement_id: int, new: NewCorrection, actor: str
) -> StatementLine:
    """A line in an open statement that puts right an accepted month of the same contract.

    Raises NotFound, Invalid, CorrectionTooMuch, StatementLocked or StatementChanged.
    """
    note = settlement.check_note(new.note)
    statement = locked(session, statement_id)
    check_open(session, statement)
    _check_corrected(session, statement, new.of_statement)
    if new.booking_id is not None:
        _check_session(session, statement, new)
    line = StatementLine(
        statement_id=statement_id,
        kind=LineKind.CORRECTION,
        booking_id=new.booking_id,
        amount_fen=new.amount_fen,
        reason=reference(new.of_statement),
        note=note,
        created_at=clock.now(),
        created_by=actor,
    )
    session.add(line)
    flush(session)
    log_version(session, clock, statement, actor, f"新增更正：{note}")
    compute(session, clock, [statement_id], actor)  # the ceiling may reach less far now
    return line


def drop_correction(
    session: Session, clock: Clock, *, statement_id: int, line_id: int, actor: str
) -> Statement:
    """Take a correction out of an open statement. Raises NotFound, or as `recompute`."""
    statement = locked(session, statement_id)
    check_open(session, statement)
    line = session.get(StatementLine, line_id)
    if line is None or line.statement_id != statement_id or line.kind is not LineKind.CORRECTION:
        raise NotFound
    session.delete(line)
    flush(session)
    log_version(session, clock, statement, actor, f"移除更正：{line.note}")
    compute(session, clock, [statement.id], actor)
    return statement


def reference(statement_id: int) -> str:
    """What a correction bears as its reason."""
    return f"statement:{statement_id}"


def _check_corrected(session: Session, statement: Statement, of_statement: int) -> None:
    wrong = session.get(Statement, of_statement)
    if wrong is None or wrong.contract_id != statement.contract_id:
        raise Invalid("请选同一合同的结算单")
    if wrong.state not in PAID_STATES or wrong.month >= statement.month:
        raise Invalid("只能更正以前月份已受理的结算单")


def _check_session(session: Session, statement: Statement, new: NewCorrection) -> None:
    """A correction of one session keeps what is paid for it between nothing and the price."""
    lines = session.execute(
        select(StatementLine.statement_id, StatementLine.kind, StatementLine.amount_fen).where(
            StatementLine.booking_id == new.booking_id
        )
    ).all()
    wrong = session.get_one(Statement, new.of_statement)
    known = any(row.statement_id == wrong.id for row in lines) or new.booking_id in {
        one.booking_id for one in differences(session, wrong)
    }
    if not known:
        raise Invalid("这一次到场不属于所选的结算单，请核对预约编号")
    price = session.get_one(Contract, statement.contract_id).price_fen
    settlement.check_correction(price, sum(row.amount_fen for row in lines), new.amount_fen)
