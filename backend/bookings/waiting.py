"""Wait for a place: join the line for a full slot, leave it, accept an offered place.

Nothing of the year's six is used while a child waits. Every function works in the caller's
transaction and never commits; the worker's side is in waiting_offers.
"""

from sqlalchemy import not_, select
from sqlalchemy.orm import Session

from backend.bookings import rules, waiting_rules
from backend.bookings.changes import (
    Step,
    fresh_booking,
    give_place_back,
    know,
    take_step,
    tell_family,
)
from backend.bookings.models import Booking, BookingState
from backend.bookings.requesting import Asker, barred, number_for, write_request
from backend.bookings.rules import Policy
from backend.bookings.waiting_guard import SLOTS, claimed_by_line, general_left
from backend.bookings.waiting_line import end, fresh_entry, fresh_slot, lines_of
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.bookings.waiting_rules import IN_LINE
from backend.centres.models import Slot, SlotState
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import NotFound
from backend.people.children import own_child
from backend.people.models import Child


def join(
    session: Session,
    clock: Clock,
    policy: Policy,
    *,
    parent_id: int,
    child_id: int,
    slot_id: int,
) -> WaitingEntry:
    """Stand in line for a slot in which the child could be but for the place.

    Locks the child, then the slot: the ids of a line are in the order in which it was joined.
    Raises what a booking raises, NotFull, WaitingClosed, AlreadyWaiting or TooManyLines.
    """
    now = clock.now()
    slot = fresh_slot(session, slot_id)
    if slot is None:
        raise NotFound("没有这个时段，请刷新后再选")
    rules.check_offered(slot.state)
    rules.check_open(policy, slot.starts_at, now)
    waiting_rules.check_may_wait(policy, slot.starts_at, now)
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    number_for(session, policy, child, slot, now)
    waiting_rules.check_lines({one.slot_id for one in lines_of(session, child.id)}, slot.id)
    _check_full(session, clock, child, slot)
    entry = WaitingEntry(
        slot_id=slot.id,
        child_id=child.id,
        joined_by=parent_id,
        state=WaitingState.WAITING,
        joined_at=now,
    )
    session.add(entry)
    session.flush()
    return entry


def _check_full(session: Session, clock: Clock, child: Child, slot: Slot) -> None:
    """Lock the slot and see that this child could not book it now. Raises NotFull."""
    now = clock.now()
    state = session.scalar(
        select(Slot.state).where(Slot.id == slot.id).with_for_update(key_share=True)
    )
    rules.check_offered(SlotState.CANCELLED if state is None else state)
    bookable = select(SLOTS.c.id).where(
        SLOTS.c.id == slot.id, SLOTS.c.taken < SLOTS.c.capacity, not_(claimed_by_line())
    )
    if barred(session, child, slot, now) is not None:
        bookable = bookable.where(general_left())
    facts = {"held_at": now, "priority_day": city_date(slot.starts_at)}
    if session.execute(bookable, facts).first() is not None:
        raise waiting_rules.NotFull


def leave(session: Session, clock: Clock, *, parent_id: int, entry_id: int) -> None:
    """Leave the line; an offered place goes on to the next. Twice is once.

    Raises NotFound, also for another family's entry.
    """
    entry, _ = _own_entry(session, parent_id, entry_id)
    if entry.state in IN_LINE and end(session, clock, entry, WaitingState.LEFT):
        give_place_back(session, entry.slot)


def accept(
    session: Session, clock: Clock, policy: Policy, *, parent_id: int, entry_id: int
) -> Booking:
    """Turn an offer into a confirmed booking. Accepting again finds the same booking.

    The offer holds the place already, so the slot is only asked whether it takes place. The
    centre said yes when it offered, so nobody has to confirm. Every other rule is asked now.

    Raises NotFound, NotOffered, OfferGone, SlotCancelled, and what `number_for` raises.
    """
    now = clock.now()
    entry, child = _own_entry(session, parent_id, entry_id)
    if entry.state is WaitingState.ACCEPTED and entry.booking_id is not None:
        made = fresh_booking(session, entry.booking_id)
        know(made, slot=made.slot, child=child)
        return made
    waiting_rules.check_offer(entry.state, entry.offer_until, now)
    slot, asker = entry.slot, Asker(f"parent:{parent_id}", parent_id)
    numbered = number_for(session, policy, child, slot, now)
    booking, _ = write_request(session, clock, child, slot, asker, numbered)
    step = Step(BookingState.CONFIRMED, "system", booking.quota_number)
    change = take_step(session, clock, booking, step)
    tell_family(session, clock, booking, change.id)
    end(session, clock, entry, WaitingState.ACCEPTED, booking_id=booking.id)
    state = session.scalar(
        select(Slot.state).where(Slot.id == slot.id).with_for_update(key_share=True)
    )
    if state is SlotState.CANCELLED:
        raise rules.SlotCancelled
    return booking


def give_up(session: Session, clock: Clock, *, parent_id: int, entry_id: int) -> None:
    """A rule was against accepting: the place goes on to the next. Call it after `accept`.

    Only an offer that still stands is given up. Raises NotFound.
    """
    entry, _ = _own_entry(session, parent_id, entry_id)
    if entry.state is WaitingState.OFFERED:
        end(session, clock, entry, WaitingState.LEFT)
        give_place_back(session, entry.slot)


def _own_entry(session: Session, parent_id: int, entry_id: int) -> tuple[WaitingEntry, Child]:
    """An entry of a child of this parent, and the child, locked. Raises NotFound."""
    child_id = session.scalar(select(WaitingEntry.child_id).where(WaitingEntry.id == entry_id))
    if child_id is None:
        raise NotFound
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    entry = fresh_entry(session, entry_id)
    if entry is None:
        raise NotFound
    return entry, child
