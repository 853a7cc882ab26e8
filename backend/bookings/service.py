"""Ask for a session, confirm it, cancel it, say whether the child came.

Every function works in the caller's transaction and never commits. A seventh session, a place
too many and a booking twice are refused by the database itself; the rules only say it kindly.
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.bookings import aftermath, rules
from backend.bookings.changes import (
    TEMPLATES,
    Step,
    booking_of,
    free_number,
    fresh_booking,
    give_place_back,
    give_places_back,
    know,
    last_change,
    lock_child,
    locked_booking,
    refusal,
    somebody_was_faster,
    take_place,
    take_step,
    tell_family,
)
from backend.bookings.models import Booking, BookingState
from backend.bookings.requesting import request_booking
from backend.bookings.rules import Policy
from backend.bookings.waiting_line import leave_all
from backend.kernel.clock import Clock
from backend.kernel.errors import DomainError, NotFound
from backend.people.children import own_child

__all__ = ["request_booking"]  # the first step of a booking; the others stand here


def cancel_by_family(
    session: Session, clock: Clock, policy: Policy, *, parent_id: int, booking_id: int
) -> Booking:
    """Cancel before the start. In good time the session is given back; later it stays used.

    Raises NotFound (also for another family's booking) or CannotCancel.
    """
    child_id = session.scalar(select(Booking.child_id).where(Booking.id == booking_id))
    if child_id is None:
        raise NotFound
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    booking = booking_of(session, booking_id, child_id)
    know(booking, slot=booking.slot, child=child)
    now, starts_at = clock.now(), booking.slot.starts_at
    rules.check_cancel(booking.state, starts_at, now)
    stays_used = rules.cancel_keeps_number(policy, starts_at, now)
    number = booking.quota_number if stays_used else None
    step = Step(BookingState.CANCELLED_BY_FAMILY, f"parent:{parent_id}", number)
    take_step(session, clock, booking, step)
    give_place_back(session, booking.slot)
    return booking


def confirm(session: Session, clock: Clock, *, booking_id: int, actor: str) -> Booking:
    """Say yes to a request. Raises NotFound or BookingStateChanged."""
    booking = _expect(session, booking_id, BookingState.CONFIRMED)
    return _keep_place(session, clock, booking, BookingState.CONFIRMED, actor)


def decline(session: Session, clock: Clock, *, booking_id: int, actor: str, reason: str) -> Booking:
    """Say no to a request; session and place are given back.

    Raises NotFound, BookingStateChanged, or Invalid without a reason for the family.
    """
    return _refuse(session, clock, booking_id, BookingState.DECLINED, actor, reason)


def cancel_by_centre(
    session: Session, clock: Clock, *, booking_id: int, actor: str, reason: str
) -> Booking:
    """Take an open booking back, whenever; the session is always given back, and the place.

    Raises NotFound, BookingStateChanged, or Invalid without a reason for the family.
    """
    return _refuse(session, clock, booking_id, BookingState.CANCELLED_BY_CENTRE, actor, reason)


def mark_attended(
    session: Session,
    clock: Clock,
    *,
    booking_id: int,
    actor: str,
    early: timedelta = timedelta(0),
) -> Booking:
    """The child came; `early`: so long before the start it may be said (a check-in at the door).

    Raises NotFound, BookingStateChanged or NotStartedYet.
    """
    booking = _expect(session, booking_id, BookingState.ATTENDED)
    rules.check_started(booking.slot.starts_at - early, clock.now())
    return _keep_place(session, clock, booking, BookingState.ATTENDED, actor)


def mark_missed(session: Session, clock: Clock, *, booking_id: int, actor: str) -> Booking:
    """The child did not come: a warning, a session used, or a pause (no_shows says which).

    Raises NotFound, BookingStateChanged or NotStartedYet.
    """
    booking = _expect(session, booking_id, BookingState.MISSED)
    rules.check_started(booking.slot.starts_at, clock.now())
    number = aftermath.missed_number(session, booking)
    change = take_step(session, clock, booking, Step(BookingState.MISSED, actor, number))
    aftermath.after_missed(session, clock, booking, change.id)
    return booking


GONE_MEANWHILE: dict[type[DomainError], str] = {
    rules.QuotaUsedUp: "这个宝宝这一年的六次已经约满",
    rules.SlotCancelled: "这一场已经整场取消",
    rules.SlotFull: "名额已经被其他家庭约走",
}


def undo(
    session: Session,
    clock: Clock,
    *,
    booking_id: int,
    actor: str,
    of: BookingState | None = None,
) -> Booking:
    """Take back the last step of staff, within ten minutes; with `of` only a step to that state.

    After a refusal the place or the session may be gone meanwhile. Raises NotFound or
    CannotUndo, which says why.
    """
    booking = locked_booking(session, booking_id)
    if of is not None and booking.state is not of:
        raise rules.CannotUndo("这之后又有了变化")
    last = last_change(session, booking_id)
    if last is None or last.before is None or not last.actor.startswith("staff:"):
        raise rules.CannotUndo("没有可以撤销的操作")
    rules.check_undo(last.before, last.after, clock.now() - last.at)
    back, number = booking.state not in rules.PLACE_STATES, booking.quota_number
    try:
        if back or (number is None and last.quota_before is not None):
            year = booking.quota_year
            number = free_number(session, booking.child_id, year, last.quota_before)
        change = take_step(session, clock, booking, Step(last.before, actor, number))
        aftermath.undone(session, clock, booking, last)
        if last.after in TEMPLATES:  # of attendance the family heard nothing
            tell_family(session, clock, booking, change.id)
        if back:
            take_place(session, booking.slot, also_closed=True)
    except IntegrityError as error:
        raise rules.CannotUndo("家长已经重新预约了这个时段") from refusal(error)
    except (rules.QuotaUsedUp, rules.SlotCancelled, rules.SlotFull) as error:
        raise rules.CannotUndo(GONE_MEANWHILE[type(error)]) from error
    return booking


def release_child(session: Session, clock: Clock, *, child_id: int, actor: str) -> int:
    """Cancel every open booking of a child that leaves the product; return how many.

    It leaves every line too, and a place that it was offered goes to the next.
    """
    lock_child(session, child_id)
    open_ids = session.scalars(
        select(Booking.id)
        .where(Booking.child_id == child_id, Booking.state.in_(rules.OPEN_STATES))
        .order_by(Booking.slot_id)
    ).all()
    slots = []
    for booking_id in open_ids:
        booking = fresh_booking(session, booking_id)
        take_step(session, clock, booking, Step(BookingState.CANCELLED_BY_FAMILY, actor, None))
        slots.append(booking.slot)
    slots += leave_all(session, clock, child_id)
    give_places_back(session, slots)
    return len(open_ids)


def _expect(session: Session, booking_id: int, after: BookingState) -> Booking:
    """The booking, locked, from whose state `after` can be reached."""
    booking = locked_booking(session, booking_id)
    if after not in rules.NEXT_STATES[booking.state]:
        raise somebody_was_faster(session, booking_id)
    return booking


def _keep_place(
    session: Session, clock: Clock, booking: Booking, after: BookingState, actor: str
) -> Booking:
    change = take_step(session, clock, booking, Step(after, actor, booking.quota_number))
    tell_family(session, clock, booking, change.id)
    return booking


def _refuse(
    session: Session,
    clock: Clock,
    booking_id: int,
    after: BookingState,
    actor: str,
    reason: str,
) -> Booking:
    reason = rules.check_reason(reason)
    booking = _expect(session, booking_id, after)
    change = take_step(session, clock, booking, Step(after, actor, None, reason))
    tell_family(session, clock, booking, change.id)
    give_place_back(session, booking.slot)
    return booking
