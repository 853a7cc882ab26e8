"""The sessions that a sign is about, as far as the viewer may see them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.bookings.models import Booking
from backend.bookings.settlement_models import LineKind, Statement, StatementLine
from backend.bookings.statement_queries import in_scope
from backend.centres.models import Centre, Slot
from backend.centres.place_models import Contract, Institution
from backend.people.models import Child
from backend.people.scopes import Scope


@dataclass(frozen=True)
class SignBooking:
    """The face masks the child's name. `statement_id`: where it is a line, if the viewer may."""

    booking_id: int
    child_id: int
    child_name_sealed: str
    starts_at: datetime
    title: str
    centre: str
    statement_id: int | None


def sign_bookings(
    session: Session, scope: Scope, booking_ids: Collection[int]
) -> dict[int, SignBooking]:
    """Those of the bookings that are of a centre in the scope."""
    listed = (
        select(func.max(Statement.id))
        .join(StatementLine, StatementLine.statement_id == Statement.id)
        .join(Contract, Contract.id == Statement.contract_id)
        .where(
            StatementLine.booking_id == Booking.id,
            StatementLine.kind != LineKind.CORRECTION,
            in_scope(scope),
        )
        .correlate(Booking)
        .scalar_subquery()
    )
    query = (
        select(
            Booking.id,
            Booking.child_id,
            Child.name_sealed,
            Slot.starts_at,
            Slot.title,
            Centre.name,
            listed,
        )
        .join(Child, Child.id == Booking.child_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Centre, Centre.id == Slot.centre_id)
        .where(Booking.id.in_(booking_ids))
    )
    if scope.centre_ids is not None:
        query = query.where(Centre.id.in_(scope.centre_ids))
    return {row[0]: SignBooking(*row) for row in session.execute(query)}


def institutions_in(session: Session, scope: Scope) -> list[tuple[int, str]]:
    """Id and name of those who run a centre in the scope."""
    query = (
        select(Institution.id, Institution.name)
        .join(Centre, Centre.institution_id == Institution.id)
        .distinct()
        .order_by(Institution.name, Institution.id)
    )
    if scope.centre_ids is not None:
        query = query.where(Centre.id.in_(scope.centre_ids))
    return [(row.id, row.name) for row in session.execute(query)]
