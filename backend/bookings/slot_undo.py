"""Take back the cancellation of whole sessions, within ten minutes, in one transaction.

The act's own row is locked first (nothing but an undo locks it), so that of two clerks one
undoes. Then every child that is concerned, and only then bookings, waiting entries and the slot,
session by session: with all children locked nobody else can hold one of their bookings or
entries, so that this order waits for nobody who waits for us.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.bookings import rules, waiting_line, waiting_rules
from backend.bookings.cancellation_models import (
    CancelledBooking,
    CancelledSlot,
    SlotCancellation,
)
from backend.bookings.changes import (
    Step,
    actor_name,
    change_before,
    free_number,
    fresh_booking,
    last_change,
    message_facts,
    refusal,
    remind,
    take_step,
)
from backend.bookings.commitments import commitments_of
from backend.bookings.models import Booking, BookingChange, BookingState
from backend.bookings.policies import policy_at
from backend.bookings.rules import UNDO_WITHIN, CannotUndo, Policy, moment
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.centres.closures import in_the_way, lock_centre_to_offer
from backend.centres.models import Slot, SlotState
from backend.centres.obstacles import PlaceClosed, taken_twice
from backend.centres.place_models import Closure
from backend.centres.slot_edits import SlotOver
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, DomainError, NotFound
from backend.outbox import service as outbox
from backend.people.models import Child, DuplicateState

TEMPLATES = {
    BookingState.CONFIRMED: "booking_restored",
    BookingState.REQUESTED: "request_restored",
}


class FamilyGone(Conflict):
    code = "family_gone"
    message = "这个宝宝的登记已注销或已合并"


@dataclass(frozen=True)
class LeftOut:
    """A family that does not come back, and why. `booking_id` None: it only waited in line."""

    child_id: int
    starts_at: datetime
    why: DomainError
    booking_id: int | None = None


@dataclass
class Undone:
    """What came back. `off`: sessions that stay cancelled, by their start, and why."""

    slots: list[int] = field(default_factory=list)
    returned: int = 0
    told: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    off: list[tuple[datetime, DomainError]] = field(default_factory=list)


@dataclass(frozen=True)
class _Undo:
    """What every step of one undo needs."""

    session: Session
    clock: Clock
    policy: Policy
    actor: str
    locked: Collection[int]  # children


def slots_of(session: Session, cancellation_id: int) -> list[int]:
    """The sessions that one act cancelled: who undoes it must hold all of them."""
    return list(
        session.scalars(
            select(CancelledSlot.slot_id)
            .where(CancelledSlot.cancellation_id == cancellation_id)
            .order_by(CancelledSlot.slot_id)
        )
    )


def undoable(session: Session, slot_id: int, now: datetime) -> int | None:
    """The cancellation of a session that can still be undone; the service decides."""
    return session.scalar(
        select(SlotCancellation.id)
        .join(CancelledSlot, CancelledSlot.cancellation_id == SlotCancellation.id)
        .where(
            CancelledSlot.slot_id == slot_id,
            SlotCancellation.undone_at.is_(None),
            SlotCancellation.at >= now - UNDO_WITHIN,
        )
        .order_by(SlotCancellation.id.desc())
        .limit(1)
    )


def undo_cancellation(
    session: Session, clock: Clock, *, cancellation_id: int, actor: str
) -> Undone:
    """Let the sessions of one act stand again, with the families and the lines that they had.

    A family that a rule is against by now, and a session whose room or teacher is taken, are
    left out and named; the others return. Raises NotFound, or CannotUndo: too late, undone
    already, or no session can stand again.
    """
    at = _take_act(session, clock, cancellation_id, actor)
    slot_ids = slots_of(session, cancellation_id)
    undo = _Undo(
        session=session,
        clock=clock,
        policy=policy_at(session, clock.now()),
        actor=actor,
        locked=_lock_families(session, cancellation_id, slot_ids, at),
    )
    done = Undone()
    for row in _cancelled_slots(session, cancellation_id):
        starts_at = session.get_one(Slot, row.slot_id).starts_at
        try:
            with session.begin_nested():
                came = _slot_back(undo, row, at)
        except DomainError as error:
            done.off.append((starts_at, error))
            continue
        done.slots += came.slots
        done.left_out += came.left_out
        done.returned += came.returned
        done.told += came.told
    if not done.slots:
        raise _nothing_stands(done)
    return done


def _take_act(session: Session, clock: Clock, cancellation_id: int, actor: str) -> datetime:
    """Compare and swap: of two clerks one undoes. Returns when it was cancelled."""
    now = clock.now()
    at = session.scalar(
        update(SlotCancellation)
        .where(
            SlotCancellation.id == cancellation_id,
            SlotCancellation.undone_at.is_(None),
            SlotCancellation.at >= now - UNDO_WITHIN,
        )
        .values(undone_at=now, undone_by=actor)
        .returning(SlotCancellation.at)
        .execution_options(synchronize_session=False)
    )
    if at is not None:
        return at
    act = session.get(SlotCancellation, cancellation_id, populate_existing=True)
    if act is None:
        raise NotFound
    if act.undone_at is not None and act.undone_by is not None:
        who = actor_name(session, act.undone_by)
        raise CannotUndo(f"{who} 于 {moment(act.undone_at)} 已撤销")
    raise CannotUndo("只能在 10 分钟内撤销，请另开时段")


def _cancelled_slots(session: Session, cancellation_id: int) -> Sequence[CancelledSlot]:
    """In the order in which slots are locked."""
    return session.scalars(
        select(CancelledSlot)
        .where(CancelledSlot.cancellation_id == cancellation_id)
        .order_by(CancelledSlot.slot_id)
    ).all()


def _lock_families(
    session: Session, cancellation_id: int, slot_ids: Collection[int], at: datetime
) -> Collection[int]:
    """Everybody whose booking or place in a line may come back, in the order of all locks."""
    booked = (
        select(Booking.child_id)
        .join(BookingChange, BookingChange.booking_id == Booking.id)
        .join(CancelledBooking, CancelledBooking.change_id == BookingChange.id)
        .where(CancelledBooking.cancellation_id == cancellation_id)
    )
    waited = select(WaitingEntry.child_id).where(
        WaitingEntry.slot_id.in_(slot_ids),
        or_(WaitingEntry.state.in_(waiting_rules.IN_LINE), _closed_since(at)),
    )
    return session.scalars(
        select(Child.id)
        .where(or_(Child.id.in_(booked), Child.id.in_(waited)))
        .order_by(Child.id)
        .with_for_update(key_share=True)
    ).all()


def _slot_back(undo: _Undo, row: CancelledSlot, at: datetime) -> Undone:
    """One session with its families; it stands last, when it is known how many return."""
    session, came = undo.session, Undone(slots=[row.slot_id])
    slot = waiting_line.fresh_slot(session, row.slot_id)
    if slot is None:
        raise NotFound
    _check_place(session, slot, at)
    for change in _ended(session, row):
        booking = fresh_booking(session, change.booking_id)
        told = _or_left_out(
            undo, came, booking, slot, partial(_booking_back, undo, change, booking)
        )
        if told is not None:
            came.returned += 1
            came.told += told
    for entry_id in _closed_entries(session, slot.id, at):
        entry = waiting_line.fresh_entry(session, entry_id)
        if entry is not None:
            _or_left_out(undo, came, entry, slot, partial(_entry_back, undo, entry, slot))
    _stand(undo, row, came.returned)
    audit.record(
        session,
        undo.clock,
        actor=undo.actor,
        action="slot.restored",
        subject=f"slot:{slot.id}",
        detail={
            "act": row.cancellation_id,
            "bookings": came.returned,
            "left_out": [one.booking_id for one in came.left_out if one.booking_id],
        },
    )
    return came


def _or_left_out(
    undo: _Undo,
    came: Undone,
    who: Booking | WaitingEntry,
    slot: Slot,
    back: Callable[[], bool],
) -> bool | None:
    """`back`, or the family is named with what is against it, and nothing of it is written."""
    booking_id = who.id if isinstance(who, Booking) else None
    why: DomainError
    try:
        with undo.session.begin_nested():
            return back()
    except IntegrityError as error:
        why = refusal(error)
    except DomainError as error:
        why = error
    came.left_out.append(LeftOut(who.child_id, slot.starts_at, why, booking_id))
    return None


def _booking_back(undo: _Undo, change: BookingChange, booking: Booking) -> bool:
    """The booking as it was before `change`. True when the family is told.

    Raises FamilyGone, BookingStateChanged, TooManyOpen or QuotaUsedUp.
    """
    session, clock = undo.session, undo.clock
    last = last_change(session, booking.id)
    if last is None or last.id != change.id or change.before is None:
        raise rules.BookingStateChanged("取消以后又有变动")
    _check_family(undo, booking.child_id)
    held = commitments_of(session, booking.child_id, clock.now())
    rules.check_open_count(undo.policy, held.open_ahead(clock.now()))
    number = change.quota_before
    if number is not None:
        number = free_number(session, booking.child_id, booking.quota_year, number)
    key = f"booking:{booking.id}:{change.id}"
    knows = not outbox.recall(session, child_id=booking.child_id, key=key)
    step = take_step(session, clock, booking, Step(change.before, undo.actor, number))
    key = f"booking:{booking.id}:{step.id}"
    if knows:
        outbox.put(
            session,
            clock,
            key=key,
            child_id=booking.child_id,
            template=TEMPLATES[booking.state],
            data=message_facts(booking),
        )
    else:  # what the cancellation overtook may still have to be said
        said = f"booking:{booking.id}:{change_before(session, change)}"
        outbox.revive(session, child_id=booking.child_id, key=said)
    remind(session, clock, booking, f"{key}:reminder")
    return knows


def _entry_back(undo: _Undo, entry: WaitingEntry, slot: Slot) -> bool:
    """In line again, where it stood: a line is in the order of its ids.

    A place that was offered to it is offered again by the worker. Raises FamilyGone,
    TooManyLines or AlreadyWaiting.
    """
    session = undo.session
    _check_family(undo, entry.child_id)
    lines = {one.slot_id for one in waiting_line.lines_of(session, entry.child_id)}
    waiting_rules.check_lines(lines, slot.id)
    key = f"{waiting_line.key_of(entry)}:waiting_cancelled"
    knows = not outbox.recall(session, child_id=entry.child_id, key=key)
    waiting_line.move(
        session, entry, WaitingState.WAITING, ended_at=None, offered_at=None, offer_until=None
    )
    if knows:
        waiting_line.tell(session, undo.clock, entry, slot, "waiting_restored")
    return knows


def _check_family(undo: _Undo, child_id: int) -> None:
    """Raises FamilyGone, also where it was merged while we waited for the lock."""
    child = undo.session.get_one(Child, child_id, populate_existing=True)
    merged = child.duplicate_state is DuplicateState.SAME
    if merged or child.deleted_at is not None or child_id not in undo.locked:
        raise FamilyGone


def _check_place(session: Session, slot: Slot, at: datetime) -> None:
    """Nobody has closed the place since. Raises PlaceClosed."""
    lock_centre_to_offer(session, slot.centre_id)
    closed = session.scalar(
        select(Closure.reason)
        .where(
            in_the_way(slot.centre_id, slot.room_id, slot.starts_at, slot.ends_at),
            Closure.created_at >= at,
        )
        .limit(1)
    )
    if closed is not None:
        raise PlaceClosed(f"停用原因：{closed}")


def _stand(undo: _Undo, row: CancelledSlot, returned: int) -> None:
    """The database decides whether room and teacher are free. Raises SlotOver or their refusal."""
    try:
        stands = undo.session.scalar(
            update(Slot)
            .where(
                Slot.id == row.slot_id,
                Slot.state == SlotState.CANCELLED,
                Slot.starts_at > undo.clock.now(),
            )
            .values(state=row.state_before, taken=Slot.taken + returned)
            .returning(Slot.id)
            .execution_options(synchronize_session=False)
        )
    except IntegrityError as error:
        raise taken_twice(error) from error
    if stands is None:
        raise SlotOver


def _ended(session: Session, row: CancelledSlot) -> Sequence[BookingChange]:
    """What the act did to the bookings of one session, who asked first first."""
    return session.scalars(
        select(BookingChange)
        .join(CancelledBooking, CancelledBooking.change_id == BookingChange.id)
        .join(Booking, Booking.id == BookingChange.booking_id)
        .where(
            CancelledBooking.cancellation_id == row.cancellation_id,
            Booking.slot_id == row.slot_id,
        )
        .order_by(Booking.id)
    ).all()


def _closed_entries(session: Session, slot_id: int, at: datetime) -> Sequence[int]:
    return session.scalars(
        select(WaitingEntry.id)
        .where(WaitingEntry.slot_id == slot_id, _closed_since(at))
        .order_by(WaitingEntry.id)
    ).all()


def _closed_since(at: datetime) -> ColumnElement[bool]:
    return and_(WaitingEntry.state == WaitingState.CLOSED, WaitingEntry.ended_at >= at)


def _nothing_stands(done: Undone) -> CannotUndo:
    if not done.off:
        return CannotUndo("没有可以恢复的场次")
    starts_at, why = done.off[0]
    return CannotUndo(f"{moment(starts_at)} {why.message}")
