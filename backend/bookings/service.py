"""Ask for a session, confirm it, cancel it, say whether the child came.

Every function works in the caller's transaction and never commits. A seventh session, a place
too many and a booking twice are refused by the database itself; the rules only say it kindly.
"""

from typing import Any

from sqlalchemy import Text, bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, make_transient_to_detached

from backend.bookings import rules
from backend.bookings.changes import (
    TEMPLATES,
    Step,
    booking_of,
    free_number,
    fresh_booking,
    give_place_back,
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
from backend.bookings.rules import Policy
from backend.centres.models import Slot, SlotState
from backend.kernel.clock import Clock, city_date
from backend.kernel.db import Base
from backend.kernel.errors import NotFound
from backend.people.children import own_child
from backend.people.models import Child
from backend.people.rules import check_may_book

# The way of a request is the hot one: its statements are built once.
SLOT = (
    select(Slot)
    .where(Slot.id == bindparam("slot"))
    .options(joinedload(Slot.centre))
    .execution_options(populate_existing=True)
)
BOOKINGS, LOG = Base.metadata.tables["bookings"], Base.metadata.tables["booking_log"]
COMMITMENTS = select(BOOKINGS.c.slot_id, BOOKINGS.c.state, BOOKINGS.c.quota_number).where(
    BOOKINGS.c.child_id == bindparam("child"), BOOKINGS.c.quota_year == bindparam("year")
)
MADE = (
    insert(BOOKINGS)
    .values(
        {
            name: bindparam(name)
            for name in (
                "child_id",
                "slot_id",
                "booked_by",
                "state",
                "quota_year",
                "quota_number",
                "requested_at",
                "changed_at",
            )
        }
    )
    .returning(BOOKINGS.c.id, BOOKINGS.c.state, BOOKINGS.c.quota_number, BOOKINGS.c.changed_at)
    .cte("made")
)
INSERT = (
    insert(LOG)
    .from_select(
        ["booking_id", "at", "actor", "after", "quota_after"],
        select(
            MADE.c.id,
            MADE.c.changed_at,
            bindparam("actor", type_=Text),
            MADE.c.state,
            MADE.c.quota_number,
        ),
    )
    .returning(LOG.c.booking_id, LOG.c.id.label("change_id"))
)


def request_booking(
    session: Session,
    clock: Clock,
    policy: Policy,
    *,
    parent_id: int,
    child_id: int,
    slot_id: int,
) -> Booking:
    """Ask for a place for a child of this parent.

    A slot that is sold out or closed is refused by a plain read, before any lock. Then the
    child is locked, the number of the year found, the booking written, and the place taken
    last by a guarded UPDATE.

    Raises NotFound, SlotClosed, NotOpenYet, SlotFull, PossibleDuplicate, NotHomeCared,
    TooYoung, TooOld, AlreadyBooked or QuotaUsedUp.
    """
    now = clock.now()
    slot = _offered_slot(session, slot_id)
    rules.check_offered(slot.state is SlotState.OPEN)
    rules.check_open(policy, slot.starts_at, now)
    rules.check_capacity(slot.taken, slot.capacity)

    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    check_may_book(child)
    _check_child_fits(policy, child, slot)
    booking, change = _write(
        session,
        {
            "child_id": child.id,
            "slot_id": slot.id,
            "booked_by": parent_id,
            "state": BookingState.REQUESTED,
            "quota_year": rules.quota_year(slot.starts_at),
            "quota_number": _number_for(session, child.id, slot),
            "requested_at": now,
            "changed_at": now,
        },
        f"parent:{parent_id}",
    )
    know(booking, slot=slot, child=child)
    tell_family(session, clock, booking, change)
    take_place(session, slot)
    return booking


def _offered_slot(session: Session, slot_id: int) -> Slot:
    slot = session.scalars(SLOT, {"slot": slot_id}).one_or_none()
    if slot is None:
        raise NotFound("没有这个时段，请刷新后再选")
    return slot


def _check_child_fits(policy: Policy, child: Child, slot: Slot) -> None:
    rules.check_home_cared(child.home_cared)
    rules.check_age(
        policy,
        child.birth_date,
        city_date(slot.starts_at),
        from_months=slot.age_from_months,
        to_months=slot.age_to_months,
    )


def _number_for(session: Session, child_id: int, slot: Slot) -> int:
    """Which of the year's six this will be. One query for both refusals."""
    rows = session.execute(
        COMMITMENTS, {"child": child_id, "year": rules.quota_year(slot.starts_at)}
    ).all()
    if any(row.slot_id == slot.id and row.state in rules.PLACE_STATES for row in rows):
        raise rules.AlreadyBooked
    return rules.next_quota_number({row.quota_number for row in rows})


def _write(session: Session, row: dict[str, Any], actor: str) -> tuple[Booking, int]:
    """The booking and its first log row, in one statement. The id of the log row is second."""
    try:
        made = session.execute(INSERT, row | {"actor": actor}).one()
    except IntegrityError as error:
        raise refusal(error) from error
    booking = Booking(id=made.booking_id, reason=None, **row)
    make_transient_to_detached(booking)  # it is in the database, but was not sent by the session
    session.add(booking)
    return booking, made.change_id


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


def mark_attended(session: Session, clock: Clock, *, booking_id: int, actor: str) -> Booking:
    """The child came. Raises NotFound, BookingStateChanged or NotStartedYet."""
    booking = _expect(session, booking_id, BookingState.ATTENDED)
    rules.check_started(booking.slot.starts_at, clock.now())
    return _keep_place(session, clock, booking, BookingState.ATTENDED, actor)


def mark_missed(session: Session, clock: Clock, *, booking_id: int, actor: str) -> Booking:
    """The child did not come. Raises NotFound, BookingStateChanged or NotStartedYet."""
    booking = _expect(session, booking_id, BookingState.MISSED)
    rules.check_started(booking.slot.starts_at, clock.now())
    return _keep_place(session, clock, booking, BookingState.MISSED, actor)


def undo(session: Session, clock: Clock, *, booking_id: int, actor: str) -> Booking:
    """Take back the last step of staff, within ten minutes.

    After a refusal the place or the session may be gone meanwhile. Raises NotFound or
    CannotUndo, which says why.
    """
    booking = locked_booking(session, booking_id)
    last = last_change(session, booking_id)
    if last is None or last.before is None or not last.actor.startswith("staff:"):
        raise rules.CannotUndo("没有可以撤销的操作")
    rules.check_undo(last.before, last.after, clock.now() - last.at)
    back, number = booking.state not in rules.PLACE_STATES, booking.quota_number
    try:
        if back:
            year = booking.quota_year
            number = free_number(session, booking.child_id, year, last.quota_before)
        change = take_step(session, clock, booking, Step(last.before, actor, number))
        if last.after in TEMPLATES:  # of attendance the family heard nothing
            tell_family(session, clock, booking, change.id)
        if back:
            take_place(session, booking.slot, also_closed=True)
    except IntegrityError as error:
        raise rules.CannotUndo("家长已经重新预约了这个时段") from refusal(error)
    except rules.QuotaUsedUp as error:
        raise rules.CannotUndo("这个宝宝这一年的六次已经约满") from error
    except rules.SlotFull as error:
        raise rules.CannotUndo("名额已经被其他家庭约走") from error
    return booking


def release_child(session: Session, clock: Clock, *, child_id: int, actor: str) -> int:
    """Cancel every open booking of a child that leaves the product; return how many."""
    lock_child(session, child_id)
    open_ids = session.scalars(
        select(Booking.id)
        .where(Booking.child_id == child_id, Booking.state.in_(rules.OPEN_STATES))
        .order_by(Booking.slot_id)
    ).all()
    for booking_id in open_ids:
        booking = fresh_booking(session, booking_id)
        take_step(session, clock, booking, Step(BookingState.CANCELLED_BY_FAMILY, actor, None))
        give_place_back(session, booking.slot)
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
