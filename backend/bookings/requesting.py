"""Ask for a session: the hot way, of a whole city at ten in the morning.

A slot that is sold out or closed is refused by a plain read, before any lock. Then the child is
locked, its commitments read, the booking written, and the place taken last by a guarded UPDATE.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, make_transient_to_detached

from backend.bookings import rules
from backend.bookings.changes import know, refusal, take_place, tell_family
from backend.bookings.commitments import commitments_of
from backend.bookings.models import Booking, BookingState
from backend.bookings.policies import serves_other_towns
from backend.bookings.rules import Policy
from backend.bookings.waiting_rules import line_counts
from backend.centres.models import Slot, SlotKind
from backend.centres.queries import SlotRow
from backend.kernel.clock import Clock, city_date
from backend.kernel.db import Base
from backend.kernel.errors import NotFound
from backend.people.addresses import check_address, has_address
from backend.people.children import own_child
from backend.people.models import Child
from backend.people.priority import has_priority
from backend.people.rules import check_may_book

# The way of a request is the hot one: its statements are built once.
SLOT = (
    select(Slot)
    .where(Slot.id == bindparam("slot"))
    .options(joinedload(Slot.centre))
    .execution_options(populate_existing=True)
)
BOOKINGS, LOG = Base.metadata.tables["bookings"], Base.metadata.tables["booking_log"]
MADE = (
    insert(BOOKINGS)
    .values(
        {
            name: bindparam(name)
            for name in (
                "child_id",
                "slot_id",
                "booked_by",
                "on_behalf_of_by",
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

    Raises what `offered_slot` and `number_for` raise, and HeldForPriority.
    """
    slot = offered_slot(session, policy, slot_id, clock.now())
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    return book_place(session, clock, policy, child, slot, Asker(f"parent:{parent_id}", parent_id))


@dataclass(frozen=True)
class Asker:
    """Who books: a parent, or staff for a family without a smartphone."""

    actor: str
    parent_id: int | None = None
    staff_id: int | None = None


def offered_slot(session: Session, policy: Policy, slot_id: int, now: datetime) -> Slot:
    """A slot that can be booked as far as a plain read tells, with its centre.

    Raises NotFound, SlotClosed, SlotCancelled, NotOpenYet or SlotFull.
    """
    slot = session.scalars(SLOT, {"slot": slot_id}).one_or_none()
    if slot is None:
        raise NotFound("没有这个时段，请刷新后再选")
    rules.check_offered(slot.state)
    rules.check_open(policy, slot.starts_at, now)
    rules.check_capacity(slot.taken, slot.capacity)
    return slot


def book_place(
    session: Session, clock: Clock, policy: Policy, child: Child, slot: Slot, asker: Asker
) -> Booking:
    """Book a place of an offered slot for a child that the caller has locked.

    A place that somebody waits for is not there for those who pass by.
    """
    now = clock.now()
    numbered = number_for(session, policy, child, slot, now)
    barred_at = barred(session, child, slot, now)
    if barred_at is not None:
        rules.check_held(slot.taken, slot.capacity, slot.held_places, slot.held_until)
    in_turn_at = now if line_counts(policy, slot.starts_at, now) else None
    booking, change = write_request(session, clock, child, slot, asker, numbered)
    tell_family(session, clock, booking, change)
    take_place(session, slot, barred_at=barred_at, in_turn_at=in_turn_at)
    return booking


def write_request(
    session: Session,
    clock: Clock,
    child: Child,
    slot: Slot,
    asker: Asker,
    numbered: tuple[int, int],
) -> tuple[Booking, int]:
    """The row and its log, without the place; the id of the log row is second.

    `numbered`: what `number_for` said.
    """
    now, (number, year) = clock.now(), numbered
    row = {
        "child_id": child.id,
        "slot_id": slot.id,
        "booked_by": asker.parent_id,
        "on_behalf_of_by": asker.staff_id,
        "state": BookingState.REQUESTED,
        "quota_year": year,
        "quota_number": number,
        "requested_at": now,
        "changed_at": now,
    }
    booking, change = _write(session, row, asker.actor)
    know(booking, slot=slot, child=child)
    return booking, change


def number_for(
    session: Session, policy: Policy, child: Child, slot: Slot, now: datetime
) -> tuple[int, int]:
    """Which of a year's six this session will be, and the year. Call with the child locked.

    Everything about the child is asked here, the waiting list's offers included. Raises
    PossibleDuplicate, NotHomeCared, TooYoung, TooOld, OtherTown, AlreadyBooked, BookingPaused,
    QuotaUsedUp, TooManyOpen, or AddressNeeded for a home visit that leads to no door.
    """
    check_may_book(child)
    check_child_fits(policy, child, slot)
    town = slot.centre.town_code
    serves = town == child.town_code or serves_other_towns(session, town, now)
    rules.check_town(child.town_code, town, serves)
    held = commitments_of(session, child.id, now)
    numbered = held.number_for(policy, now, slot, child.birth_date)
    if slot.kind is SlotKind.HOME_VISIT:  # last: asked for only when nothing else is against it
        check_address(has_address(session, child.id))
    return numbered


def barred(session: Session, child: Child, slot: Slot, now: datetime) -> datetime | None:
    """Now, when places are held back and not for this child; None otherwise."""
    if not rules.holds_back(slot.held_places, slot.held_until, now):
        return None
    return None if has_priority(session, child.id, city_date(slot.starts_at)) else now


def check_child_fits(policy: Policy, child: Child, slot: Slot | SlotRow) -> None:
    """Cared for at home, and of the age on the day. Raises NotHomeCared, TooYoung or TooOld."""
    rules.check_home_cared(child.home_cared)
    rules.check_age(
        policy,
        child.birth_date,
        city_date(slot.starts_at),
        from_months=slot.age_from_months,
        to_months=slot.age_to_months,
    )


def _write(session: Session, row: dict[str, Any], actor: str) -> tuple[Booking, int]:
    """The booking and its first log row, in one statement. The id of the log row is second."""
    try:
        made = session.execute(INSERT, row | {"actor": actor}).one()
    except IntegrityError as error:
        raise refusal(error) from error
    booking = Booking(id=made.booking_id, reason=None, reconfirmed_at=None, **row)
    make_transient_to_detached(booking)  # it is in the database, but was not sent by the session
    session.add(booking)
    return booking, made.change_id
