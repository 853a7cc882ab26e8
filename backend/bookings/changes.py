"""One step of a booking: compare-and-swap, log row, place in the slot, word to the family.

Everybody locks in one order: the child, then its bookings, then the slot. The slot is the most
contended row, so it is touched last and for the shortest time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, not_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from backend.bookings import rules
from backend.bookings.models import Booking, BookingChange, BookingState
from backend.bookings.reminders import wording_of
from backend.bookings.waiting_guard import SLOTS, claimed_by_line, general_left
from backend.centres.models import KIND_TITLES, Slot, SlotState
from backend.kernel.clock import Clock, city_date, city_time
from backend.kernel.errors import DomainError, NotFound
from backend.outbox import service as outbox
from backend.people.models import Child, Staff

REMINDED_BEFORE = timedelta(days=1)
TEMPLATES = {
    BookingState.REQUESTED: "booking_requested",
    BookingState.CONFIRMED: "booking_confirmed",
    BookingState.DECLINED: "booking_declined",
    BookingState.CANCELLED_BY_CENTRE: "booking_cancelled",
}
"""States of which the family hears. What it did itself, and attendance, it knows already."""


@dataclass(frozen=True)
class Step:
    """Where a booking goes, by whom, with which number of the year's six, and why."""

    after: BookingState
    actor: str
    number: int | None
    reason: str | None = None


def lock_child(session: Session, child_id: int) -> None:
    """Wait until nobody else books, cancels or merges for this child.

    FOR NO KEY UPDATE: rows that only refer to the child (messages) may come meanwhile.
    """
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update(key_share=True))


def locked_booking(session: Session, booking_id: int) -> Booking:
    """A booking with slot and centre, fresh, its child locked.

    Raises NotFound, or BookingStateChanged when its child was merged while we waited.
    """
    child_id = session.scalar(select(Booking.child_id).where(Booking.id == booking_id))
    if child_id is None:
        raise NotFound
    lock_child(session, child_id)
    return booking_of(session, booking_id, child_id)


def booking_of(session: Session, booking_id: int, child_id: int) -> Booking:
    """A booking of the child that the caller has locked.

    Raises BookingStateChanged when it was merged into another while the caller waited.
    """
    booking = fresh_booking(session, booking_id)
    if booking.child_id != child_id:
        raise rules.BookingStateChanged("宝宝的两份登记刚刚合并，请刷新")
    return booking


def fresh_booking(session: Session, booking_id: int) -> Booking:
    """A booking with slot and centre as they stand now."""
    return session.scalars(
        select(Booking)
        .where(Booking.id == booking_id)
        .options(joinedload(Booking.slot).joinedload(Slot.centre))
        .execution_options(populate_existing=True)
    ).one()


def free_number(session: Session, child_id: int, year: int, wanted: int | None) -> int:
    """The wanted one of the year's six, or the lowest free. Call with the child locked.

    Raises QuotaUsedUp.
    """
    used = session.scalars(
        select(Booking.quota_number).where(
            Booking.child_id == child_id,
            Booking.quota_year == year,
            Booking.quota_number.is_not(None),
        )
    ).all()
    if wanted is not None and wanted not in used:
        return wanted
    return rules.next_quota_number(used)


def take_step(session: Session, clock: Clock, booking: Booking, step: Step) -> BookingChange:
    """Move a booking on from the state in which the caller saw it, and log it.

    Raises BookingStateChanged, saying who was faster, when it is not in that state any more.
    """
    now, before, number_before = clock.now(), booking.state, booking.quota_number
    moved = session.execute(
        update(Booking)
        .where(
            Booking.id == booking.id,
            Booking.state == before,
            Booking.changed_at == booking.changed_at,
        )
        .values(state=step.after, quota_number=step.number, reason=step.reason, changed_at=now)
        .returning(Booking.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if moved is None:
        raise somebody_was_faster(session, booking.id)
    for name, value in (
        ("state", step.after),
        ("quota_number", step.number),
        ("reason", step.reason),
        ("changed_at", now),
    ):
        set_committed_value(booking, name, value)
    change = BookingChange(
        booking_id=booking.id,
        at=now,
        actor=step.actor,
        before=before,
        after=step.after,
        quota_before=number_before,
        quota_after=step.number,
        reason=step.reason,
    )
    session.add(change)
    session.flush()
    outbox.withdraw(session, clock, child_id=booking.child_id, key=f"booking:{booking.id}")
    return change


def know(booking: Booking, *, slot: Slot, child: Child) -> None:
    """Hang what the caller has loaded onto a booking, as if it had been loaded with it."""
    set_committed_value(booking, "slot", slot)
    set_committed_value(booking, "child", child)


def tell_family(session: Session, clock: Clock, booking: Booking, change_id: int) -> None:
    """Put the word about a booking's present state into the outbox; each step is told once."""
    template = TEMPLATES.get(booking.state)
    if template is not None:
        outbox.put(
            session,
            clock,
            key=f"booking:{booking.id}:{change_id}",
            child_id=booking.child_id,
            template=template,
            data=message_facts(booking),
        )
    remind(session, clock, booking, f"booking:{booking.id}:{change_id}:reminder")


def remind(
    session: Session,
    clock: Clock,
    booking: Booking,
    key: str,
    *,
    moved_to: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Put a reminder of a confirmed booking, if there is time. `moved_to`: its new start."""
    remind_at = (moved_to or booking.slot.starts_at) - REMINDED_BEFORE
    if booking.state is BookingState.CONFIRMED and remind_at > clock.now():
        outbox.put(
            session,
            clock,
            key=key,
            child_id=booking.child_id,
            template="booking_reminder",
            data=message_facts(booking)
            | {"wording": wording_of(booking.id).value}
            | dict(facts or {}),
            due_at=remind_at,
        )


def message_facts(booking: Booking) -> dict[str, Any]:
    """What a message about a booking may say; no person in it, times on the city's clock."""
    slot = booking.slot
    return {
        "booking_id": booking.id,
        "slot_id": slot.id,
        "kind_title": KIND_TITLES[slot.kind],
        "title": slot.title,
        "starts_at": city_time(slot.starts_at).isoformat(),
        "ends_at": city_time(slot.ends_at).isoformat(),
        "centre": slot.centre.name,
        "address": slot.centre.address,
        "reason": booking.reason,
    }


TAKE_ALSO_CLOSED = (
    update(SLOTS)
    .where(
        SLOTS.c.id == bindparam("slot"),
        SLOTS.c.taken < SLOTS.c.capacity,
        SLOTS.c.state != SlotState.CANCELLED,
        SLOTS.c.starts_at == bindparam("read_start"),  # the family was told this time
    )
    .values(taken=SLOTS.c.taken + 1)
    .returning(SLOTS.c.taken)
)
TAKE = TAKE_ALSO_CLOSED.where(SLOTS.c.state == SlotState.OPEN)
TAKE_GENERAL = TAKE.where(general_left())
IN_TURN = not_(claimed_by_line())
TAKE_IN_TURN, TAKE_GENERAL_IN_TURN = TAKE.where(IN_TURN), TAKE_GENERAL.where(IN_TURN)


def take_place(
    session: Session,
    slot: Slot,
    *,
    also_closed: bool = False,
    barred_at: datetime | None = None,
    in_turn_at: datetime | None = None,
) -> None:
    """One more place taken, unless none is left: the guard of the capacity.

    `barred_at`: the moment, for a child that gets none of the places that are held back then.
    `in_turn_at`: the moment, for one that must not take what somebody waits for.
    Raises SlotFull, SlotClosed, SlotCancelled, SlotMoved or HeldForPriority.
    """
    facts: dict[str, object] = {"slot": slot.id, "read_start": slot.starts_at}
    guard = TAKE_ALSO_CLOSED if also_closed else TAKE
    if in_turn_at is not None:
        guard = TAKE_IN_TURN if barred_at is None else TAKE_GENERAL_IN_TURN
        facts |= {"held_at": in_turn_at, "priority_day": city_date(slot.starts_at)}
    elif barred_at is not None:
        guard, facts = TAKE_GENERAL, facts | {"held_at": barred_at}
    taken = session.execute(guard, facts).scalar()
    if taken is None:
        raise _no_place(session, slot, barred_at, also_closed=also_closed)
    set_committed_value(slot, "taken", taken)


NOW = (
    *(Slot.state, Slot.starts_at, Slot.taken, Slot.capacity),
    *(Slot.held_places, Slot.held_until),
)


def _no_place(
    session: Session, slot: Slot, barred_at: datetime | None, *, also_closed: bool
) -> DomainError:
    """Why the guard let nobody through."""
    row = session.execute(select(*NOW).where(Slot.id == slot.id)).one()
    if not also_closed or row.state is SlotState.CANCELLED:
        rules.check_offered(row.state)
    if row.starts_at != slot.starts_at:
        return rules.SlotMoved(f"现在是 {rules.moment(row.starts_at)}")
    if row.taken >= row.capacity:
        return rules.SlotFull()
    if barred_at is not None and rules.holds_back(row.held_places, row.held_until, barred_at):
        try:
            rules.check_held(row.taken, row.capacity, row.held_places, row.held_until)
        except rules.HeldForPriority as error:
            return error
    return rules.SlotFull("刚退出的名额先给候补的家庭，您也可以加入候补")


def give_place_back(session: Session, slot: Slot) -> None:
    """One place free again. The CHECK on the table refuses to count below nobody."""
    taken = session.execute(
        update(Slot)
        .where(Slot.id == slot.id)
        .values(taken=Slot.taken - 1)
        .returning(Slot.taken)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    set_committed_value(slot, "taken", taken)


def give_places_back(session: Session, slots: Iterable[Slot]) -> None:
    """Several places of one transaction: slots are locked in the order of their ids."""
    for slot in sorted(slots, key=lambda one: one.id):
        give_place_back(session, slot)


def last_change(session: Session, booking_id: int) -> BookingChange | None:
    return session.scalars(
        select(BookingChange)
        .where(BookingChange.booking_id == booking_id)
        .order_by(BookingChange.id.desc())
        .limit(1)
    ).one_or_none()


def change_before(session: Session, change: BookingChange) -> int | None:
    """The step before one: under its id stand the messages about what the booking was then."""
    return session.scalar(
        select(func.max(BookingChange.id)).where(
            BookingChange.booking_id == change.booking_id, BookingChange.id < change.id
        )
    )


def somebody_was_faster(session: Session, booking_id: int) -> rules.BookingStateChanged:
    """The refusal for the slower of two: 李老师 于 11月23日 10:03 已确认."""
    change = last_change(session, booking_id)
    if change is None:
        return rules.BookingStateChanged()
    who = actor_name(session, change.actor)
    return rules.BookingStateChanged(
        f"{who} 于 {rules.moment(change.at)} 处理：{rules.STATE_TITLES[change.after]}"
    )


def actor_name(session: Session, actor: str) -> str:
    """An actor for another clerk's eyes: staff by name, families and ourselves by kind."""
    kind, _, number = actor.partition(":")
    if kind == "staff":
        return session.scalar(select(Staff.name).where(Staff.id == int(number))) or "工作人员"
    return "家长" if kind == "parent" else "系统"


def refusal(error: IntegrityError) -> DomainError:
    """The friendly form of a constraint that won a race; the error itself for any other."""
    diagnosis = getattr(error.orig, "diag", None)
    match getattr(diagnosis, "constraint_name", None):
        case "uq_bookings_place":
            return rules.AlreadyBooked()
        case "uq_bookings_child_id_quota_year_quota_number":
            return rules.QuotaUsedUp()
        case "ck_slots_taken_within_capacity":
            return rules.SlotFull()
    raise error
