"""What can be booked in each centre just now: what a family looks at before it chooses one."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.bookings.rules import Policy
from backend.bookings.waiting_guard import general_left
from backend.centres.models import Slot, SlotKind, SlotState

Openings = dict[int, Counter[SlotKind]]
"""Centre id → how many sessions of each kind."""


def open_sessions(
    session: Session,
    policy: Policy,
    now: datetime,
    *,
    centre_ids: Collection[int],
    age_months: int | None = None,
) -> Openings:
    """Sessions that are open for booking at `now` with a place that anybody may take.

    With `age_months` only those that take a child of so many completed months. The rules of one
    child (its six, its town, the age it will have by then) are asked where the slots are listed.
    """
    query = (
        select(Slot.centre_id, Slot.kind, func.count())
        .where(
            Slot.centre_id.in_(centre_ids),
            Slot.state == SlotState.OPEN,
            Slot.starts_at > now + timedelta(minutes=policy.closes_minutes),
            Slot.starts_at <= now + timedelta(days=policy.opens_days),
            general_left(),
        )
        .group_by(Slot.centre_id, Slot.kind)
    )
    if age_months is not None:
        query = query.where(Slot.age_from_months <= age_months, Slot.age_to_months > age_months)
    found: Openings = {}
    for centre_id, kind, count in session.execute(query, {"held_at": now}):
        found.setdefault(centre_id, Counter())[kind] = count
    return found
