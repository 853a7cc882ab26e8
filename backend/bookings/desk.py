"""Reads for a centre's desk: the day's list, open requests, a booking's history, the books.

Every list takes the ids of the centres in the clerk's scope; None means all of them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, union_all
from sqlalchemy.orm import Session, aliased

from backend.bookings.changes import actor_name
from backend.bookings.models import Booking, BookingChange, BookingState
from backend.bookings.rules import NEXT_STATES, PLACE_STATES, UNDO_WITHIN
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.centres.models import Slot
from backend.centres.queries import SLOT_COLUMNS, SlotRow, on_days, slot_row
from backend.kernel.ages import age_months
from backend.kernel.clock import city_date
from backend.kernel.errors import NotFound
from backend.people.models import Child
from backend.people.priority_models import PriorityGrant

CentreIds = Collection[int] | None
MOST_ROWS = 1000  # of one screen; a centre has some dozens a day


@dataclass(frozen=True)
class DeskBooking:
    """A booking as a clerk sees it. The face masks the child's name after opening it.

    `changed_by` is the actor of the last step ("staff:7"), None for rows without a log.
    """

    id: int
    child_id: int
    child_name_sealed: str
    age_months: int  # completed, on the day of the session
    has_priority: bool  # on that day; of what kind, the desk never learns
    state: BookingState
    quota_year: int
    quota_number: int | None
    requested_at: datetime
    changed_at: datetime
    changed_by: str | None
    state_before: BookingState | None
    reason: str | None
    slot: SlotRow

    def may_undo(self, now: datetime) -> bool:
        """Whether to offer the undo button; the service decides."""
        before = self.state_before
        return (
            before is not None
            and (self.changed_by or "").startswith("staff:")
            and self.state in NEXT_STATES[before]
            and now - self.changed_at <= UNDO_WITHIN
        )


@dataclass(frozen=True)
class HistoryRow:
    at: datetime
    who: str
    before: BookingState | None
    after: BookingState
    reason: str | None


@dataclass(frozen=True)
class Drift:
    """A slot whose counter disagrees with its rows. There should never be one."""

    slot_id: int
    taken: int
    counted: int


Last = aliased(BookingChange)
PRIORITY_UNTIL = (
    select(PriorityGrant.valid_until)
    .where(
        PriorityGrant.child_id == Booking.child_id,
        PriorityGrant.granted_at.is_not(None),
        PriorityGrant.ended_at.is_(None),
    )
    .correlate(Booking)
    .scalar_subquery()
)
COLUMNS = (
    *SLOT_COLUMNS,
    Booking.id.label("booking_id"),
    Booking.child_id,
    Child.name_sealed,
    Child.birth_date,
    Booking.state.label("booking_state"),
    Booking.quota_year,
    Booking.quota_number,
    Booking.requested_at,
    Booking.changed_at,
    Booking.reason,
    PRIORITY_UNTIL.label("priority_until"),
    Last.actor.label("changed_by"),
    Last.before.label("state_before"),
)


def day_list(
    session: Session, centre_ids: CentreIds, day_from: date, day_to: date
) -> list[DeskBooking]:
    """Every booking of the sessions on these city days, both included, in order of time."""
    query = _query(centre_ids).where(on_days(day_from, day_to))
    return [_row(row) for row in session.execute(query)]


def open_requests(session: Session, centre_ids: CentreIds) -> list[DeskBooking]:
    """Requests that wait for an answer, the next session first."""
    query = _query(centre_ids).where(Booking.state == BookingState.REQUESTED)
    return [_row(row) for row in session.execute(query)]


def count_requests(session: Session, centre_ids: CentreIds) -> int:
    """How many wait for an answer, also beyond MOST_ROWS."""
    query = (
        select(func.count())
        .select_from(Booking)
        .join(Booking.slot)
        .where(Booking.state == BookingState.REQUESTED)
    )
    if centre_ids is not None:
        query = query.where(Slot.centre_id.in_(centre_ids))
    return session.scalar(query) or 0


def booking_in_scope(session: Session, booking_id: int, centre_ids: CentreIds) -> DeskBooking:
    """One booking. Raises NotFound also for one of another centre."""
    row = session.execute(_query(centre_ids).where(Booking.id == booking_id)).one_or_none()
    if row is None:
        raise NotFound
    return _row(row)


def bookings_of_child(
    session: Session, child_id: int, centre_ids: CentreIds = None
) -> list[DeskBooking]:
    """Every booking of a child, past and coming, in order of time."""
    query = _query(centre_ids).where(Booking.child_id == child_id)
    return [_row(row) for row in session.execute(query)]


def history(session: Session, booking_id: int) -> list[HistoryRow]:
    """Who did what with a booking, oldest first."""
    rows = session.scalars(
        select(BookingChange)
        .where(BookingChange.booking_id == booking_id)
        .order_by(BookingChange.id)
    ).all()
    names = {actor: actor_name(session, actor) for actor in {row.actor for row in rows}}
    return [HistoryRow(row.at, names[row.actor], row.before, row.after, row.reason) for row in rows]


def counter_drift(session: Session) -> list[Drift]:
    """Slots whose `taken` differs from bookings that hold a place and open offers together."""
    holders = union_all(
        select(Booking.slot_id).where(Booking.state.in_(PLACE_STATES)),
        select(WaitingEntry.slot_id).where(WaitingEntry.state == WaitingState.OFFERED),
    ).subquery()
    counted = (
        select(holders.c.slot_id, func.count().label("counted"))
        .group_by(holders.c.slot_id)
        .subquery()
    )
    number = func.coalesce(counted.c.counted, 0)
    rows = session.execute(
        select(Slot.id, Slot.taken, number)
        .outerjoin(counted, counted.c.slot_id == Slot.id)
        .where(Slot.taken != number)
        .order_by(Slot.id)
    )
    return [Drift(*row) for row in rows]


def _query(centre_ids: CentreIds) -> Select[*tuple[Any, ...]]:
    newest = (
        select(func.max(BookingChange.id))
        .where(BookingChange.booking_id == Booking.id)
        .correlate(Booking)
        .scalar_subquery()
    )
    query = (
        select(*COLUMNS)
        .select_from(Booking)
        .join(Booking.slot)
        .join(Slot.centre)
        .join(Child, Child.id == Booking.child_id)
        .outerjoin(Last, Last.id == newest)
        .order_by(Slot.starts_at, Slot.id, Booking.id)
        .limit(MOST_ROWS)
    )
    return query if centre_ids is None else query.where(Slot.centre_id.in_(centre_ids))


def _row(row: Row[*tuple[Any, ...]]) -> DeskBooking:
    slot = slot_row(row)
    day, priority_until = city_date(slot.starts_at), row.priority_until
    return DeskBooking(
        id=row.booking_id,
        child_id=row.child_id,
        child_name_sealed=row.name_sealed,
        age_months=age_months(row.birth_date, day),
        has_priority=priority_until is not None and day <= priority_until,
        state=row.booking_state,
        quota_year=row.quota_year,
        quota_number=row.quota_number,
        requested_at=row.requested_at,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        state_before=row.state_before,
        reason=row.reason,
        slot=slot,
    )
