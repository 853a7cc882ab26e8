"""Reads for screens: what a child may book, what a family has, what a centre has to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from backend.bookings import rules
from backend.bookings.commitments import Commitments, commitments_of
from backend.bookings.models import Booking, BookingChange, BookingState
from backend.bookings.policies import closed_towns, policy_at
from backend.bookings.requesting import check_child_fits
from backend.bookings.rules import FREE_SESSIONS_PER_YEAR, Policy
from backend.centres.models import Centre, Slot, SlotKind
from backend.centres.queries import SLOT_COLUMNS, SlotRow, on_days, row_of, slot_row
from backend.kernel.clock import city_date
from backend.kernel.db import Base
from backend.kernel.errors import DomainError, Invalid, NotFound
from backend.kernel.paging import LIMIT, Page, decode_cursor, page_of
from backend.people.addresses import check_address, has_address
from backend.people.models import Child, Guardian
from backend.people.priority import priority_until
from backend.people.rules import check_may_book

__all__ = ["policy_at"]  # other features read the rules here


@dataclass(frozen=True)
class Quota:
    """`first_day` and `last_day` of the year, both included."""

    year: int
    limit: int
    used: int
    first_day: date
    last_day: date

    @property
    def left(self) -> int:
        return self.limit - self.used


@dataclass(frozen=True)
class OfferedSlot:
    """A slot for one child: `reason` is the code of the rule that stands against it, or None."""

    slot: SlotRow
    reason: str | None

    @property
    def bookable(self) -> bool:
        return self.reason is None


@dataclass(frozen=True)
class SlotFilter:
    """Which slots to show. Days are the city's, both included."""

    day_from: date
    day_to: date
    centre_id: int | None = None
    kind: SlotKind | None = None


@dataclass(frozen=True)
class Standing:
    """What the rules ask about a child beside its own row, read once for a page of slots."""

    commitments: Commitments
    closed_towns: frozenset[str] = frozenset()  # of those that are not the child's
    priority_until: date | None = None
    has_address: bool = True  # asked for home visits only


@dataclass(frozen=True)
class FamilyBooking:
    """A booking as the child's family sees it. The name is sealed; the face opens it."""

    id: int
    child_id: int
    child_name_sealed: str
    state: BookingState
    quota_year: int
    quota_number: int | None
    requested_at: datetime
    reason: str | None
    slot: SlotRow


SLOTS = Base.metadata.tables["slots"]
SOLD_OUT = select(SLOTS.c.taken >= SLOTS.c.capacity).where(SLOTS.c.id == bindparam("slot"))


def is_sold_out(session: Session, slot_id: int) -> bool:
    """Whether a slot has no place left just now; False for an unknown one."""
    return bool(session.execute(SOLD_OUT, {"slot": slot_id}).scalar())


def quota(
    session: Session, policy: Policy, now: datetime, child: Child, year: int | None = None
) -> Quota:
    """What a child has used of a year's six, without a year of the one that runs now."""
    birth = child.birth_date
    if year is None:
        year = rules.quota_year(policy, now, birth)
    used = commitments_of(session, child.id, now).used(policy, year, birth)
    first, end = rules.year_span(policy, year, birth)
    return Quota(year, FREE_SESSIONS_PER_YEAR, used, first, end - timedelta(days=1))


def usual_days(policy: Policy, now: datetime) -> tuple[date, date]:
    """The days to show when nobody asked for others: as far as booking is open."""
    return city_date(now), city_date(now + timedelta(days=policy.opens_days))


def slots_for_child(
    session: Session,
    policy: Policy,
    now: datetime,
    *,
    child: Child,
    which: SlotFilter,
    page: tuple[str | None, int] = (None, LIMIT),
) -> Page[OfferedSlot]:
    """Slots that have not begun, in order of starting time, each with what stands against it.

    Two to five queries whatever the number of slots; `page` is (cursor, limit). Raises Invalid
    for a cursor that is not ours.
    """
    after, limit = page
    query = (
        select(*SLOT_COLUMNS)
        .join(Slot.centre)
        .where(on_days(which.day_from, which.day_to), Slot.starts_at > now)
    )
    if which.centre_id is not None:
        query = query.where(Slot.centre_id == which.centre_id)
    if which.kind is not None:
        query = query.where(Slot.kind == which.kind)
    if after is not None:
        starts_at, last_id = decode_cursor(after, (str, int))
        query = query.where(tuple_(Slot.starts_at, Slot.id) > (_instant(starts_at), last_id))
    rows = session.execute(query.order_by(Slot.starts_at, Slot.id).limit(limit + 1)).all()
    slots = page_of(
        [slot_row(row) for row in rows], limit, lambda row: (row.starts_at.isoformat(), row.id)
    )
    standing = standing_of(session, child, now, slots.items)
    offered = [
        OfferedSlot(slot, why_not(policy, now, child, slot, standing)) for slot in slots.items
    ]
    return Page(offered, slots.next)


def why_not(
    policy: Policy,
    now: datetime,
    child: Child,
    slot: SlotRow,
    standing: Standing,
) -> str | None:
    """The code of the first rule against a booking, in the order in which `service` asks."""
    try:
        if standing.commitments.holds(slot.id):
            raise rules.AlreadyBooked
        rules.check_offered(slot.state)
        rules.check_open(policy, slot.starts_at, now)
        rules.check_capacity(slot.taken, slot.capacity)
        _check_child(policy, child, slot, standing)
        standing.commitments.number_for(policy, now, slot, child.birth_date)
        if slot.kind is SlotKind.HOME_VISIT:
            check_address(standing.has_address)
        _check_held(now, slot, standing)
    except DomainError as error:
        return error.code
    return None


def _check_child(policy: Policy, child: Child, slot: SlotRow, standing: Standing) -> None:
    check_may_book(child)
    check_child_fits(policy, child, slot)
    serves = slot.town_code not in standing.closed_towns
    rules.check_town(child.town_code, slot.town_code, serves)


def _check_held(now: datetime, slot: SlotRow, standing: Standing) -> None:
    if not rules.holds_back(slot.held_places, slot.held_until, now):
        return
    until = standing.priority_until
    if until is None or until < city_date(slot.starts_at):
        rules.check_held(slot.taken, slot.capacity, slot.held_places, slot.held_until)


def standing_of(
    session: Session, child: Child, now: datetime, slots: Sequence[SlotRow]
) -> Standing:
    """One query for most pages; more where a slot is elsewhere, holds places, or is a visit."""
    elsewhere = any(slot.town_code != child.town_code for slot in slots)
    held = any(rules.holds_back(slot.held_places, slot.held_until, now) for slot in slots)
    visits = any(slot.kind is SlotKind.HOME_VISIT for slot in slots)
    return Standing(
        commitments_of(session, child.id, now),
        closed_towns(session, now) if elsewhere else frozenset(),
        priority_until(session, child.id) if held else None,
        has_address(session, child.id) if visits else True,
    )


FAMILY_COLUMNS = (
    *SLOT_COLUMNS,
    Booking.id.label("booking_id"),
    Booking.child_id,
    Child.name_sealed,
    Booking.state.label("booking_state"),
    Booking.quota_year,
    Booking.quota_number,
    Booking.requested_at,
    Booking.reason,
)


def bookings_of_parent(
    session: Session, *, parent_id: int, after: str | None = None, limit: int = LIMIT
) -> Page[FamilyBooking]:
    """Every booking of the children of a parent, the latest session first.

    Raises Invalid for a cursor that is not ours.
    """
    query = _family_query().join(Guardian, Guardian.child_id == Child.id)
    query = query.where(Guardian.parent_id == parent_id, Child.deleted_at.is_(None))
    if after is not None:
        starts_at, last_id = decode_cursor(after, (str, int))
        query = query.where(tuple_(Slot.starts_at, Booking.id) < (_instant(starts_at), last_id))
    rows = session.execute(
        query.order_by(Slot.starts_at.desc(), Booking.id.desc()).limit(limit + 1)
    )
    return page_of(
        [_family_booking(row) for row in rows],
        limit,
        lambda row: (row.slot.starts_at.isoformat(), row.id),
    )


def family_booking(booking: Booking) -> FamilyBooking:
    """A booking that a service of families has given back, with its slot and child."""
    child = booking.child
    return FamilyBooking(
        id=booking.id,
        child_id=child.id,
        child_name_sealed=child.name_sealed,
        state=booking.state,
        quota_year=booking.quota_year,
        quota_number=booking.quota_number,
        requested_at=booking.requested_at,
        reason=booking.reason,
        slot=row_of(booking.slot),
    )


@dataclass(frozen=True)
class CalendarEntry:
    """A booking for a calendar. `revision` counts its changes: programs replace the older one."""

    booking_id: int
    state: BookingState
    slot: SlotRow
    address: str
    changed_at: datetime
    revision: int


def calendar_entry(session: Session, *, parent_id: int, booking_id: int) -> CalendarEntry:
    """A booking of a child of this parent, for a calendar. Raises NotFound."""
    revision = (
        select(func.count(BookingChange.id)).where(BookingChange.booking_id == Booking.id)
    ).scalar_subquery()
    query = (
        _family_query()
        .add_columns(Centre.address, Booking.changed_at, revision.label("revision"))
        .join(Guardian, Guardian.child_id == Child.id)
        .where(
            Guardian.parent_id == parent_id, Child.deleted_at.is_(None), Booking.id == booking_id
        )
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return CalendarEntry(
        row.booking_id,
        row.booking_state,
        slot_row(row),
        row.address,
        row.changed_at,
        row.revision,
    )


def _family_query() -> Select[*tuple[Any, ...]]:
    return (
        select(*FAMILY_COLUMNS)
        .select_from(Booking)
        .join(Booking.slot)
        .join(Slot.centre)
        .join(Child, Child.id == Booking.child_id)
    )


def _family_booking(row: Row[*tuple[Any, ...]]) -> FamilyBooking:
    return FamilyBooking(
        id=row.booking_id,
        child_id=row.child_id,
        child_name_sealed=row.name_sealed,
        state=row.booking_state,
        quota_year=row.quota_year,
        quota_number=row.quota_number,
        requested_at=row.requested_at,
        reason=row.reason,
        slot=slot_row(row),
    )


def _instant(text: object) -> datetime:
    """An instant in a cursor. Raises Invalid."""
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Invalid("翻页参数有误，请从第一页重新打开") from error
    if instant.tzinfo is None:
        raise Invalid("翻页参数有误，请从第一页重新打开")
    return instant
