"""A place that its family does not confirm again goes to the next one. Off unless the policy says.

With `reconfirm_hours` 24 a family is asked from 48 hours before the start, and a place that
nobody spoke for is given back 24 hours before it. Only families that were asked NOTICE before
that moment lose a place, and none for whom a community worker booked: it may have no phone.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, cast, exists, select
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Session, joinedload, sessionmaker

from backend.bookings import rules, service
from backend.bookings.attendance import family_booking_locked
from backend.bookings.changes import last_change, locked_booking, message_facts
from backend.bookings.models import Booking, BookingState
from backend.bookings.policies import policy_at
from backend.centres.models import Slot
from backend.kernel.clock import Clock, city_time
from backend.kernel.errors import Conflict, DomainError
from backend.outbox import service as outbox
from backend.outbox.models import Message

ASKED_BEFORE = timedelta(hours=24)  # the deadline
NOTICE = timedelta(hours=12)  # at least; a shorter one would fall into the night
TEMPLATE = "booking_reconfirm"
RELEASED = "没有在活动前再次确认，名额已让给候补的家庭"
ASKED_AT_ONCE = 500


class CannotReconfirm(Conflict):
    code = "cannot_reconfirm"
    message = "这个预约不用再次确认"


def reconfirm(session: Session, clock: Clock, *, parent_id: int, booking_id: int) -> Booking:
    """The family still comes. Saying it again changes nothing. Locks the child.

    Raises NotFound or CannotReconfirm.
    """
    booking = family_booking_locked(session, parent_id=parent_id, booking_id=booking_id)
    now = clock.now()
    if booking.state is not BookingState.CONFIRMED or now >= booking.slot.starts_at:
        raise CannotReconfirm(f"当前状态：{rules.STATE_TITLES[booking.state]}")
    if booking.reconfirmed_at is None:
        booking.reconfirmed_at = now
        session.flush()
        outbox.withdraw(session, clock, child_id=booking.child_id, key=f"reconfirm:{booking.id}")
    return booking


def ask_and_release(sessions: sessionmaker[Session], clock: Clock) -> tuple[int, int]:
    """Ask whom it is time to ask, give back what nobody spoke for: (asked, released).

    Each place in a transaction of its own, so that none waits for another.
    """
    with sessions.begin() as session:
        hours = policy_at(session, clock.now()).reconfirm_hours
        if hours is None:
            return 0, 0
        asked = _ask(session, clock, timedelta(hours=hours))
        silent = session.scalars(_silent(clock.now(), timedelta(hours=hours))).all()
    released = 0
    for booking_id in silent:
        with sessions.begin() as session:
            released += _release(session, clock, booking_id)
    return asked, released


def _ask(session: Session, clock: Clock, before: timedelta) -> int:
    now = clock.now()
    due = session.scalars(
        select(Booking)
        .join(Booking.slot)
        .where(
            _unspoken(),
            Slot.starts_at > now + before + NOTICE,
            Slot.starts_at <= now + before + ASKED_BEFORE,
            ~_asked(),
        )
        .options(joinedload(Booking.slot).joinedload(Slot.centre))
        .order_by(Slot.starts_at, Booking.id)
        .limit(ASKED_AT_ONCE)
    ).all()
    return sum(_put(session, clock, booking, before) > 0 for booking in due)


def _put(session: Session, clock: Clock, booking: Booking, before: timedelta) -> int:
    until = city_time(booking.slot.starts_at - before).isoformat()
    change = last_change(session, booking.id)
    return outbox.put(
        session,
        clock,
        key=f"reconfirm:{booking.id}:{0 if change is None else change.id}",
        child_id=booking.child_id,
        template=TEMPLATE,
        data=message_facts(booking) | {"until": until},
    )


def _silent(now: datetime, before: timedelta) -> Select[int]:
    return (
        select(Booking.id)
        .join(Booking.slot)
        .where(_unspoken(), Slot.starts_at > now, Slot.starts_at <= now + before, _asked())
        .order_by(Slot.starts_at, Booking.id)
        .limit(ASKED_AT_ONCE)
    )


def _unspoken() -> ColumnElement[bool]:
    return and_(
        Booking.state == BookingState.CONFIRMED,
        Booking.reconfirmed_at.is_(None),
        Booking.on_behalf_of_by.is_(None),
    )


def _asked() -> ColumnElement[bool]:
    """Since it was confirmed: what was asked before an undone step does not count."""
    return exists().where(
        Message.child_id == Booking.child_id,
        Message.template == TEMPLATE,
        Message.data["booking_id"].astext == cast(Booking.id, TEXT),
        Message.created_at >= Booking.changed_at,
    )


def _release(session: Session, clock: Clock, booking_id: int) -> int:
    """Give one place back, unless its family has spoken or somebody was faster."""
    try:
        booking = locked_booking(session, booking_id)
        if booking.state is not BookingState.CONFIRMED or booking.reconfirmed_at is not None:
            return 0
        service.cancel_by_centre(
            session, clock, booking_id=booking_id, actor="system", reason=RELEASED
        )
    except DomainError:
        return 0
    return 1
