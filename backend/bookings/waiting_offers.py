"""The worker's side of the waiting list: offer free places in order, end what is over.

Whoever frees a place only counts it free. `offer_places` finds slots that have free places and a
line, whatever freed them: a cancellation, a larger capacity, an offer that ran out. So nothing
has to be remembered, and a worker that is killed, late or runs twice loses nothing.
Each step is a transaction of its own for one entry, and none waits for a child's lock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from backend.bookings import waiting_rules
from backend.bookings.changes import give_place_back, take_place
from backend.bookings.models import Booking
from backend.bookings.rules import PLACE_STATES, Policy, holds_back
from backend.bookings.waiting_guard import SLOTS, claimed_by_line
from backend.bookings.waiting_line import (
    end,
    fresh_entry,
    fresh_slot,
    move,
    next_in_line,
    tell,
    try_lock_child,
)
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.bookings.waiting_rules import IN_LINE
from backend.centres.models import Slot, SlotState
from backend.kernel.clock import Clock, city_date

OVER_AT_ONCE = 500
W = WaitingState


def slots_to_offer(session: Session, policy: Policy, now: datetime) -> Sequence[int]:
    """Slots of which a free place is for somebody who waits. A plain read.

    Perhaps one too many: whose priority ends before the session is seen by `offer_next`.
    """
    return session.scalars(
        select(SLOTS.c.id)
        .where(
            claimed_by_line(),
            SLOTS.c.state == SlotState.OPEN,
            SLOTS.c.taken < SLOTS.c.capacity,
            SLOTS.c.starts_at > now + timedelta(hours=policy.no_offer_hours),
        )
        .order_by(SLOTS.c.starts_at, SLOTS.c.id),
        {"held_at": now, "priority_day": city_date(now)},
    ).all()


def offer_next(session: Session, clock: Clock, policy: Policy, slot_id: int) -> bool:
    """Offer one free place to the next in line. True when it did: there may be another.

    False when there is nothing to offer, the line has just moved, or somebody has the child of
    the next one locked just now: nobody is passed over, the next tick comes back. Raises
    SlotFull, SlotClosed or HeldForPriority when the place went meanwhile; then the transaction
    must be rolled back.
    """
    now, slot = clock.now(), fresh_slot(session, slot_id)
    if slot is None or not waiting_rules.line_counts(policy, slot.starts_at, now):
        return False
    entry = _next_for(session, slot, now)
    if entry is None or not try_lock_child(session, entry.child_id):
        return False
    again = _next_for(session, slot, now)  # as whoever had the child until now has left it
    if again is None or again.id != entry.id:
        return False
    now = clock.now()  # after the offer before this one: times are in the order of the line
    until = waiting_rules.offer_until(policy, slot.starts_at, now)
    move(session, again, W.OFFERED, offered_at=now, offer_until=until)
    tell(session, clock, again, slot, "waiting_offered")
    take_place(session, slot, barred_at=now if _general(slot, now) else None)
    return True


def _next_for(session: Session, slot: Slot, now: datetime) -> WaitingEntry | None:
    """The next in line who may have what is free: held places are for priority alone."""
    if _general(slot, now):
        return next_in_line(session, slot.id)
    if slot.taken < slot.capacity:
        return next_in_line(session, slot.id, only_priority_on=city_date(slot.starts_at))
    return None


def _general(slot: Slot, now: datetime) -> bool:
    """Whether a place is free that is not held back for families with priority."""
    held = slot.held_places if holds_back(slot.held_places, slot.held_until, now) else 0
    return slot.taken < slot.capacity - held


def over(session: Session, now: datetime) -> Sequence[int]:
    """Entries whose time is over: offer run out, session begun or cancelled, place booked."""
    return session.scalars(_over(now).order_by(WaitingEntry.id).limit(OVER_AT_ONCE)).all()


def _over(now: datetime) -> Select[int]:
    booked = exists().where(
        Booking.child_id == WaitingEntry.child_id,
        Booking.slot_id == WaitingEntry.slot_id,
        Booking.state.in_(PLACE_STATES),
    )
    return (
        select(WaitingEntry.id)
        .join(WaitingEntry.slot)
        .where(
            WaitingEntry.state.in_(IN_LINE),
            or_(
                WaitingEntry.offer_until <= now,
                Slot.starts_at <= now,
                Slot.state == SlotState.CANCELLED,
                booked,
            ),
        )
    )


def end_if_over(session: Session, clock: Clock, entry_id: int) -> bool:
    """End one entry, tell the family, give an offered place back. True when it did.

    False when it is not over (any more), or somebody has its child locked just now.
    """
    entry = fresh_entry(session, entry_id)
    if entry is None or not try_lock_child(session, entry.child_id):
        return False
    entry = fresh_entry(session, entry_id)
    if entry is None or entry.state not in IN_LINE:
        return False
    state, booking_id = _end_of(session, entry, clock.now())
    if state is None:
        return False
    slot = entry.slot
    held = end(session, clock, entry, state, booking_id=booking_id)
    template = _word(state, slot)
    if template is not None:
        tell(session, clock, entry, slot, template)
    if held:
        give_place_back(session, slot)
    return True


def _end_of(
    session: Session, entry: WaitingEntry, now: datetime
) -> tuple[WaitingState | None, int | None]:
    """How an entry in line ends, and the booking that its child has made by itself."""
    booking_id = session.scalar(
        select(Booking.id).where(
            Booking.child_id == entry.child_id,
            Booking.slot_id == entry.slot_id,
            Booking.state.in_(PLACE_STATES),
        )
    )
    if booking_id is not None:
        return W.ACCEPTED, booking_id
    if entry.slot.state is SlotState.CANCELLED or entry.slot.starts_at <= now:
        return W.CLOSED, None
    if entry.offer_until is not None and entry.offer_until <= now:
        return W.EXPIRED, None
    return None, None


def _word(state: WaitingState, slot: Slot) -> str | None:
    if state is W.EXPIRED:
        return "waiting_expired"
    if state is W.CLOSED:
        off = slot.state is SlotState.CANCELLED
        return "waiting_cancelled" if off else "waiting_closed"
    return None
