"""What a free place belongs to: the line for its slot, before anybody who passes by.

Clauses for the guarded UPDATE of a slot and for the queries of the line; no reads of their own.
"""

from sqlalchemy import ColumnElement, Date, and_, bindparam, case, exists, or_

from backend.bookings.waiting_models import WaitingState
from backend.kernel.db import Base, UTCDateTime
from backend.people import priority_models as priority_models  # tables that this refers to

SLOTS = Base.metadata.tables["slots"]
ENTRIES = Base.metadata.tables["waiting_entries"]
GRANTS = Base.metadata.tables["priority_grants"]


def granted() -> ColumnElement[bool]:
    """For a row of waiting_entries: the child's priority stands on `priority_day`."""
    return exists().where(
        GRANTS.c.child_id == ENTRIES.c.child_id,
        GRANTS.c.granted_at.is_not(None),
        GRANTS.c.ended_at.is_(None),
        GRANTS.c.valid_until >= bindparam("priority_day", type_=Date),
    )


def general_left() -> ColumnElement[bool]:
    """For a row of slots: a place is free that is not held back for priority at `held_at`."""
    held = case(
        (SLOTS.c.held_until > bindparam("held_at", type_=UTCDateTime), SLOTS.c.held_places),
        else_=0,
    )
    return SLOTS.c.taken < SLOTS.c.capacity - held


def claimed_by_line() -> ColumnElement[bool]:
    """For a row of slots: its next free place is for somebody who waits.

    A place that is held back is for the families with priority among them only.
    """
    return exists().where(
        and_(ENTRIES.c.slot_id == SLOTS.c.id, ENTRIES.c.state == WaitingState.WAITING),
        or_(general_left(), granted()),
    )
