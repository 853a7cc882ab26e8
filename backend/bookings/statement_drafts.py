"""Drafts that nobody has to ask for: one of every contract, when its month is over.

What is there already is left alone, whoever began it: only who makes the row computes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from backend.bookings.settlement_models import Statement
from backend.bookings.statement_queries import centres_run_by, days_of, open_bookings
from backend.bookings.statement_steps import lock_contracts
from backend.bookings.statements import compute, open_draft
from backend.centres.place_models import Contract
from backend.kernel.ages import add_months
from backend.kernel.clock import Clock

ACTOR = "system"


@dataclass(frozen=True)
class Drafts:
    """What was made for an institution, and how many bookings of the month are not judged."""

    made: int = 0
    open: int = 0


def institutions_without(session: Session, month: date) -> list[int]:
    """Institutions with a contract in force in the month that has no statement of it."""
    query = select(Contract.institution_id).where(*_lacking(month)).distinct()
    return list(session.scalars(query.order_by(Contract.institution_id)))


def draw_up_missing(session: Session, clock: Clock, *, month: date, institution_id: int) -> Drafts:
    """The drafts of an institution that are not there yet. Locks its contracts.

    Of two who do it at once the second waits for the first, and finds nothing to do.
    """
    lacking = session.scalars(
        select(Contract.id).where(Contract.institution_id == institution_id, *_lacking(month))
    ).all()
    made, open_ = [], 0
    for contract in lock_contracts(session, lacking):
        centres = centres_run_by(institution_id, contract.town_code)
        number = open_bookings(session, centres, days_of(month), clock.now())
        draft = open_draft(session, clock, contract.id, month, ACTOR, note_of(number))
        if draft is not None:
            made.append(draft)
            open_ += number
    compute(session, clock, made, ACTOR)
    return Drafts(len(made), open_)


def note_of(number: int) -> str:
    """What the history of a draft says of its making: how many bookings it could not count."""
    rest = f"，还有 {number} 个预约没有登记到场或未到" if number else ""
    return f"每月自动生成{rest}"


def _lacking(month: date) -> tuple[ColumnElement[bool], ...]:
    drawn_up = exists().where(Statement.contract_id == Contract.id, Statement.month == month)
    return (
        Contract.valid_from < add_months(month, 1),
        Contract.valid_until >= month,
        ~drawn_up,
    )
