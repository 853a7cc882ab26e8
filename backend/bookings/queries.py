"""Reads for screens: what a child may book, what a family has, what a centre has to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from backend.bookings import rules
from backend.bookings.models import Booking, BookingState
from backend.bookings.rules import FREE_SESSIONS_PER_YEAR, PLACE_STATES, Policy
from backend.centres.models import Slot, SlotKind, SlotState
from backend.centres.queries import SLOT_COLUMNS, SlotRow, on_days, row_of, slot_row
from backend.kernel.clock import city_date
from backend.kernel.db import Base
from backend.kernel.errors import DomainError, Invalid
from backend.kernel.paging import LIMIT, Page, decode_cursor, page_of
from backend.people.models import Child, Guardian
from backend.people.rules import check_may_book


@dataclass(frozen=True)
class Quota:
    year: int
    limit: int
    used: int

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
class Commitments:
    """What a child has already: slots in which it holds a place, numbers used by year."""

    slots: set[int]
    numbers: dict[int, set[int | None]]


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


POLICIES = Base.metadata.tables["booking_policies"]
POLICY = (
    select(
        POLICIES.c.opens_days,
        POLICIES.c.closes_minutes,
        POLICIES.c.free_cancel_hours,
        POLICIES.c.eligible_under_months,
    )
    .where(POLICIES.c.effective_from <= bindparam("instant"))
    .order_by(POLICIES.c.effective_from.desc())
    .limit(1)
)


def policy_at(session: Session, instant: datetime) -> Policy:
    """The city's rules that hold at an instant. The first row of the table is in a migration."""
    row = session.execute(POLICY, {"instant": instant}).one()
    return Policy(*row)


SLOTS = Base.metadata.tables["slots"]
SOLD_OUT = select(SLOTS.c.taken >= SLOTS.c.capacity).where(SLOTS.c.id == bindparam("slot"))


def is_sold_out(session: Session, slot_id: int) -> bool:
    """Whether a slot has no place left just now; False for an unknown one."""
    return bool(session.execute(SOLD_OUT, {"slot": slot_id}).scalar())


def quota(session: Session, child_id: int, year: int) -> Quota:
    """What a child has used of a year's six: every booking that holds a number."""
    used = session.scalar(
        select(func.count(Booking.quota_number)).where(
            Booking.child_id == child_id, Booking.quota_year == year
        )
    )
    return Quota(year, FREE_SESSIONS_PER_YEAR, used or 0)


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

    Two queries whatever the number of slots; `page` is (cursor, limit). Raises Invalid for a
    cursor that is not ours.
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
    held = _commitments(session, child.id, slots.items)
    offered = [OfferedSlot(slot, why_not(policy, now, child, slot, held)) for slot in slots.items]
    return Page(offered, slots.next)


def why_not(
    policy: Policy,
    now: datetime,
    child: Child,
    slot: SlotRow,
    commitments: Commitments,
) -> str | None:
    """The code of the first rule against a booking, in the order in which `service` asks."""
    try:
        if slot.id in commitments.slots:
            raise rules.AlreadyBooked
        rules.check_offered(slot.state is SlotState.OPEN)
        rules.check_open(policy, slot.starts_at, now)
        rules.check_capacity(slot.taken, slot.capacity)
        check_may_book(child)
        rules.check_home_cared(child.home_cared)
        rules.check_age(
            policy,
            child.birth_date,
            city_date(slot.starts_at),
            from_months=slot.age_from_months,
            to_months=slot.age_to_months,
        )
        rules.next_quota_number(commitments.numbers.get(rules.quota_year(slot.starts_at), set()))
    except DomainError as error:
        return error.code
    return None


def _commitments(session: Session, child_id: int, slots: Sequence[SlotRow]) -> Commitments:
    years = {rules.quota_year(slot.starts_at) for slot in slots}
    rows = session.execute(
        select(Booking.slot_id, Booking.state, Booking.quota_year, Booking.quota_number).where(
            Booking.child_id == child_id, Booking.quota_year.in_(years)
        )
    ).all()
    numbers: dict[int, set[int | None]] = {}
    for row in rows:
        numbers.setdefault(row.quota_year, set()).add(row.quota_number)
    return Commitments({row.slot_id for row in rows if row.state in PLACE_STATES}, numbers)


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
