"""Change or cancel sessions that families have booked, and tell them, in one transaction.

Everybody locks in one order: children, bookings, slots. So the families come first and the
slots last; who booked in between is found once the slots are locked, and then nothing is done.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from backend.bookings import rules
from backend.bookings.cancellation_models import (
    CancelledBooking,
    CancelledSlot,
    SlotCancellation,
)
from backend.bookings.changes import (
    Step,
    last_change,
    message_facts,
    remind,
    take_step,
    tell_family,
)
from backend.bookings.models import Booking, BookingState
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.centres.models import Slot, SlotState
from backend.centres.place_models import Room
from backend.centres.slot_edits import (
    Reach,
    SlotEdit,
    SlotOver,
    SlotsChangedMeanwhile,
    Wish,
    planned_edits,
    slot_with_centre,
    slots_reached,
    write_edit,
)
from backend.kernel import audit
from backend.kernel.clock import Clock, city_time
from backend.outbox import service as outbox
from backend.people.models import Child


@dataclass(frozen=True)
class Effect:
    """What an edit does to one session. `families`: those with an open booking."""

    edit: SlotEdit
    families: int

    @property
    def told(self) -> int:
        return self.families if self.edit.moves else 0


def effects(
    session: Session, clock: Clock, *, slot_id: int, wish: Wish, reach: Reach
) -> list[Effect]:
    """What `change_slots` would do, session by session. Writes nothing.

    Raises NotFound, Invalid or SlotOver.
    """
    slot = slot_with_centre(session, slot_id)
    edits = planned_edits(session, clock, slot, wish, reach)
    booked = _open_by_slot(session, [edit.slot.id for edit in edits])
    return [Effect(edit, len(booked.get(edit.slot.id, ()))) for edit in edits]


def change_slots(
    session: Session, clock: Clock, *, slot_id: int, wish: Wish, reach: Reach, actor: str
) -> list[Effect]:
    """Make a session as wished, with LATER also those after it in its pattern: all or none.

    Who books in this moment after having read the old time is refused with SlotMoved. Families
    whose time or room changes get a message, and a reminder at the new time. Raises what
    `effects` does, the first problem of a session, or SlotsChangedMeanwhile.
    """
    found = effects(session, clock, slot_id=slot_id, wish=wish, reach=reach)
    for effect in found:
        if effect.edit.problem is not None:
            raise _of_day(effect.edit)
    slot_ids = [effect.edit.slot.id for effect in found]
    _lock_children(session, slot_ids)  # nobody is told the old time by another act meanwhile
    before = _open_by_slot(session, slot_ids)
    for effect in found:
        if effect.edit.moves:
            for booking in before.get(effect.edit.slot.id, ()):
                _tell_moved(session, clock, booking, effect.edit)
    for effect in sorted(found, key=lambda one: one.edit.slot.id):
        write_edit(session, effect.edit)
    _check_nobody_came(session, slot_ids, before)
    names = sorted(set().union(*(effect.edit.names for effect in found)))
    for slot in slot_ids:
        _note(session, clock, actor, "changed", slot, {"changed": names})
    return found


@dataclass(frozen=True)
class CalledOff:
    """One act of cancelling. `id`: what slot_undo takes back."""

    id: int
    bookings: list[Booking]


def cancel_slots(
    session: Session, clock: Clock, *, slot_ids: Collection[int], reason: str, actor: str
) -> CalledOff:
    """These sessions do not take place; return the bookings that were cancelled with them.

    Every open booking is cancelled by the centre: the number of the year is given back and the
    family hears the reason. Who waits in line hears it from the waiting list's own task. All of
    it is one act that `slot_undo` takes back as one. Raises Invalid without a reason, SlotOver
    for a session that has begun or is cancelled already, or SlotsChangedMeanwhile.
    """
    reason = rules.check_reason(reason)
    act = SlotCancellation(at=clock.now(), actor=actor)
    session.add(act)
    session.flush()
    _lock_children(session, slot_ids)
    before = _open_by_slot(session, slot_ids)
    cancelled = [booking for rows in before.values() for booking in rows]
    for booking in sorted(cancelled, key=lambda row: row.id):
        step = Step(BookingState.CANCELLED_BY_CENTRE, actor, None, reason)
        change = take_step(session, clock, booking, step)
        session.add(CancelledBooking(change_id=change.id, cancellation_id=act.id))
        tell_family(session, clock, booking, change.id)
    for slot_id in sorted(slot_ids):
        families = len(before.get(slot_id, ()))
        stood = _call_off(session, clock, slot_id, families)
        session.add(CancelledSlot(cancellation_id=act.id, slot_id=slot_id, state_before=stood))
        _note(session, clock, actor, "cancelled", slot_id, {"bookings": families, "act": act.id})
    _check_nobody_came(session, slot_ids, {})
    session.flush()
    return CalledOff(act.id, cancelled)


def slots_to_cancel(session: Session, clock: Clock, slot_id: int, reach: Reach) -> list[Slot]:
    """A session, with LATER also those after it in its pattern. Raises NotFound or SlotOver."""
    slot = slot_with_centre(session, slot_id)
    return slots_reached(session, slot, reach, clock.now())


def families_of(session: Session, slot_ids: Collection[int]) -> dict[int, int]:
    """How many families have an open booking, by session."""
    return {slot: len(rows) for slot, rows in _open_by_slot(session, slot_ids).items()}


def _open_by_slot(session: Session, slot_ids: Collection[int]) -> dict[int, list[Booking]]:
    rows = session.scalars(
        select(Booking)
        .where(Booking.slot_id.in_(slot_ids), Booking.state.in_(rules.OPEN_STATES))
        .options(joinedload(Booking.slot).joinedload(Slot.centre))
        .order_by(Booking.id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[Booking]] = {}
    for row in rows:
        found.setdefault(row.slot_id, []).append(row)
    return found


def _lock_children(session: Session, slot_ids: Collection[int]) -> None:
    """Those with a booking or an offer in these sessions, in the order in which all lock."""
    booked = select(Booking.child_id).where(
        Booking.slot_id.in_(slot_ids), Booking.state.in_(rules.OPEN_STATES)
    )
    offered = select(WaitingEntry.child_id).where(
        WaitingEntry.slot_id.in_(slot_ids), WaitingEntry.state == WaitingState.OFFERED
    )
    session.execute(
        select(Child.id)
        .where(or_(Child.id.in_(booked), Child.id.in_(offered)))
        .order_by(Child.id)
        .with_for_update(key_share=True)
    )


def _call_off(session: Session, clock: Clock, slot_id: int, given_back: int) -> SlotState:
    """Cancel a session; return whether it could be booked before. Raises SlotOver."""
    before = session.scalar(
        select(Slot.state).where(Slot.id == slot_id).with_for_update(key_share=True)
    )
    off = session.execute(
        update(Slot)
        .where(Slot.id == slot_id, Slot.state != SlotState.CANCELLED, Slot.starts_at > clock.now())
        .values(state=SlotState.CANCELLED, taken=Slot.taken - given_back)
        .returning(Slot.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if before is None or off is None:
        raise SlotOver
    return before


def _check_nobody_came(
    session: Session, slot_ids: Collection[int], before: dict[int, list[Booking]]
) -> None:
    """With the slots locked: the open bookings are those that were told. Raises otherwise."""
    told = {(row.id, row.child_id) for rows in before.values() for row in rows}
    now = session.execute(
        select(Booking.id, Booking.child_id).where(
            Booking.slot_id.in_(slot_ids), Booking.state.in_(rules.OPEN_STATES)
        )
    )
    if {(row.id, row.child_id) for row in now} != told:
        raise SlotsChangedMeanwhile("刚刚有家庭预约或取消，请再看一遍")


def _tell_moved(session: Session, clock: Clock, booking: Booking, edit: SlotEdit) -> None:
    """The new time and place instead of whatever still waits to be sent of the old ones."""
    change = last_change(session, booking.id)
    number = change.id if change is not None else 0
    outbox.withdraw(session, clock, child_id=booking.child_id, key=f"booking:{booking.id}")
    facts = message_facts(booking) | {
        "title": edit.wish.title.strip(),
        "before": city_time(edit.slot.starts_at).isoformat(),
        "starts_at": city_time(edit.when.starts_at).isoformat(),
        "ends_at": city_time(edit.when.ends_at).isoformat(),
        "room": _room_name(session, edit.wish.room_id),
    }
    key = f"booking:{booking.id}:{number}:moved:{clock.now().timestamp():.6f}"
    outbox.put(
        session,
        clock,
        key=key,
        child_id=booking.child_id,
        template="booking_moved",
        data=facts,
    )
    remind(session, clock, booking, f"{key}:reminder", moved_to=edit.when.starts_at, facts=facts)


def _room_name(session: Session, room_id: int | None) -> str | None:
    if room_id is None:
        return None
    return session.scalar(select(Room.name).where(Room.id == room_id))


def _of_day(edit: SlotEdit) -> Exception:
    """The problem of one session among several, saying which."""
    problem = edit.problem
    assert problem is not None
    said = problem.detail or ""
    return type(problem)(f"{rules.moment(edit.slot.starts_at)} {said}".strip())


def _note(
    session: Session, clock: Clock, actor: str, act: str, slot_id: int, detail: dict[str, object]
) -> None:
    audit.record(
        session, clock, actor=actor, action=f"slot.{act}", subject=f"slot:{slot_id}", detail=detail
    )
