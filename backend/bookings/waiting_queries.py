"""Reads of the waiting list for screens: a family's lines, and a centre's."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.bookings.waiting_rules import IN_LINE
from backend.centres.models import Slot
from backend.centres.queries import SLOT_COLUMNS, SlotRow, slot_row
from backend.kernel.ages import age_months
from backend.kernel.clock import city_date
from backend.people.models import Child, Guardian

MOST_ROWS = 1000  # of one screen


@dataclass(frozen=True)
class Waiting:
    """An entry as a screen shows it. The name is sealed; the face opens or masks it.

    `position`: 1 is who waits longest; None for who is not in line any more.
    """

    id: int
    child_id: int
    child_name_sealed: str
    age_months: int  # completed, on the day of the session
    state: WaitingState
    position: int | None
    joined_at: datetime
    offered_at: datetime | None
    offer_until: datetime | None
    ended_at: datetime | None
    booking_id: int | None
    slot: SlotRow

    def may_accept(self, now: datetime) -> bool:
        """Whether to offer the button; the service decides."""
        until = self.offer_until
        return self.state is WaitingState.OFFERED and until is not None and now < until


Ahead = aliased(WaitingEntry)
POSITION = (
    select(func.count())
    .where(
        Ahead.slot_id == WaitingEntry.slot_id,
        Ahead.state.in_(IN_LINE),
        Ahead.id <= WaitingEntry.id,
    )
    .scalar_subquery()
)
QUERY: Select[*tuple[Any, ...]] = (
    select(*SLOT_COLUMNS, WaitingEntry, Child.name_sealed, Child.birth_date, POSITION.label("at"))
    .select_from(WaitingEntry)
    .join(WaitingEntry.slot)
    .join(Slot.centre)
    .join(Child, Child.id == WaitingEntry.child_id)
    .order_by(Slot.starts_at, Slot.id, WaitingEntry.id)
    .limit(MOST_ROWS)
    .execution_options(populate_existing=True)
)


def lines_of_parent(session: Session, parent_id: int) -> list[Waiting]:
    """Where the children of a parent stand in line, the next session first."""
    query = QUERY.join(Guardian, Guardian.child_id == Child.id).where(
        Guardian.parent_id == parent_id, Child.deleted_at.is_(None), WaitingEntry.state.in_(IN_LINE)
    )
    return _rows(session, query)


def entry_of_parent(session: Session, parent_id: int, entry_id: int) -> Waiting | None:
    """One entry of a child of this parent, whatever became of it."""
    query = QUERY.join(Guardian, Guardian.child_id == Child.id).where(
        Guardian.parent_id == parent_id, WaitingEntry.id == entry_id
    )
    return next(iter(_rows(session, query)), None)


def lines_of_centres(
    session: Session,
    centre_ids: Collection[int] | None,
    *,
    now: datetime,
    slot_id: int | None = None,
    also_ended: bool = False,
) -> list[Waiting]:
    """The lines for slots that have not begun; of one slot also those of one that has.

    `centre_ids` None means all centres.
    """
    query = QUERY if also_ended else QUERY.where(WaitingEntry.state.in_(IN_LINE))
    if centre_ids is not None:
        query = query.where(Slot.centre_id.in_(centre_ids))
    here = Slot.starts_at > now if slot_id is None else Slot.id == slot_id
    return _rows(session, query.where(here))


def _rows(session: Session, query: Select[*tuple[Any, ...]]) -> list[Waiting]:
    rows = []
    for row in session.execute(query):
        slot, entry = slot_row(row), row.WaitingEntry
        rows.append(
            Waiting(
                id=entry.id,
                child_id=entry.child_id,
                child_name_sealed=row.name_sealed,
                age_months=age_months(row.birth_date, city_date(slot.starts_at)),
                state=entry.state,
                position=row.at if entry.state in IN_LINE else None,
                joined_at=entry.joined_at,
                offered_at=entry.offered_at,
                offer_until=entry.offer_until,
                ended_at=entry.ended_at,
                booking_id=entry.booking_id,
                slot=slot,
            )
        )
    return rows
