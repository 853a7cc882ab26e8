"""The line for a slot: who is next, and how an entry moves on.

An entry changes only while its child is locked, so the child's lock is the lock of its entries.
A slot is locked after them: child, booking, waiting entry, slot. A new entry is written while its
slot is locked, so that the ids of a line are in the order in which its families came.
docs/decisions/0014-waiting-list.md says why no place is lost or given twice.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from backend.bookings.waiting_guard import granted
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.bookings.waiting_rules import IN_LINE, OfferGone
from backend.centres.models import KIND_TITLES, Slot
from backend.kernel.clock import Clock, city_time
from backend.outbox import service as outbox
from backend.people.models import Child


def next_in_line(
    session: Session, slot_id: int, *, only_priority_on: date | None = None
) -> WaitingEntry | None:
    """Who waits longest; with a day, among the families with priority on it. No lock."""
    query = select(WaitingEntry).where(
        WaitingEntry.slot_id == slot_id, WaitingEntry.state == WaitingState.WAITING
    )
    if only_priority_on is not None:
        query = query.where(granted())
    query = _fresh(query.order_by(WaitingEntry.id).limit(1))
    return session.scalars(query, {"priority_day": only_priority_on}).one_or_none()


def try_lock_child(session: Session, child_id: int) -> bool:
    """Lock the child unless somebody else has it. Never waits.

    For those who come back anyway: they hold nothing yet, and keep nobody waiting.
    """
    found = session.scalar(
        select(Child.id)
        .where(Child.id == child_id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return found is not None


def fresh_entry(session: Session, entry_id: int) -> WaitingEntry | None:
    """An entry as it stands now."""
    return session.scalars(
        _fresh(select(WaitingEntry).where(WaitingEntry.id == entry_id))
    ).one_or_none()


def fresh_slot(session: Session, slot_id: int) -> Slot | None:
    """A slot with its centre, as it stands now."""
    return session.scalars(
        select(Slot)
        .where(Slot.id == slot_id)
        .options(joinedload(Slot.centre))
        .execution_options(populate_existing=True)
    ).one_or_none()


def lines_of(session: Session, child_id: int) -> Sequence[WaitingEntry]:
    """The entries of a child that are in line, in the order of their slots."""
    query = select(WaitingEntry).where(
        WaitingEntry.child_id == child_id, WaitingEntry.state.in_(IN_LINE)
    )
    return session.scalars(_fresh(query.order_by(WaitingEntry.slot_id))).all()


def move(session: Session, entry: WaitingEntry, state: WaitingState, **values: Any) -> None:
    """Compare and swap, from the state in which the caller saw the entry.

    Call with the child locked; then it cannot fail. Raises OfferGone.
    """
    values = {"state": state, **values}
    moved = session.execute(
        update(WaitingEntry)
        .where(WaitingEntry.id == entry.id, WaitingEntry.state == entry.state)
        .values(values)
        .returning(WaitingEntry.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if moved is None:
        raise OfferGone
    for name, value in values.items():
        set_committed_value(entry, name, value)


def end(
    session: Session,
    clock: Clock,
    entry: WaitingEntry,
    state: WaitingState,
    *,
    booking_id: int | None = None,
) -> bool:
    """Take an entry out of the line. True when it held a place: the caller gives that back."""
    held = entry.state is WaitingState.OFFERED
    move(session, entry, state, ended_at=clock.now(), booking_id=booking_id)
    outbox.withdraw(session, clock, child_id=entry.child_id, key=key_of(entry))
    return held


def leave_all(session: Session, clock: Clock, child_id: int) -> list[Slot]:
    """A child that goes leaves every line. Call with it locked.

    Returns the slots of which it held an offered place. The caller gives these back together
    with those of its bookings, in the order of their ids: slots are locked in one order.
    """
    entries = lines_of(session, child_id)
    return [one.slot for one in entries if end(session, clock, one, WaitingState.LEFT)]


def tell(session: Session, clock: Clock, entry: WaitingEntry, slot: Slot, template: str) -> None:
    """Put a word about an entry into the outbox, once for each step that it takes.

    The moment is part of the key: a line that was closed and stands again may offer again.
    """
    until = entry.offer_until
    outbox.put(
        session,
        clock,
        key=f"{key_of(entry)}:{template}:{clock.now().timestamp():.6f}",
        child_id=entry.child_id,
        template=template,
        data={
            "waiting_id": entry.id,
            "slot_id": slot.id,
            "kind_title": KIND_TITLES[slot.kind],
            "title": slot.title,
            "starts_at": city_time(slot.starts_at).isoformat(),
            "centre": slot.centre.name,
            "until": None if until is None else city_time(until).isoformat(),
        },
    )


def key_of(entry: WaitingEntry) -> str:
    return f"waiting:{entry.id}"


def _fresh(query: Select[WaitingEntry]) -> Select[WaitingEntry]:
    return query.options(joinedload(WaitingEntry.slot).joinedload(Slot.centre)).execution_options(
        populate_existing=True
    )
