"""入户指导 for the teacher who goes there: which visits, and the address, a day around each.

Nobody else of the staff reads an address: not the desk, not the town, not the city.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Date, and_, cast, exists, or_, select
from sqlalchemy.orm import Session

from backend.bookings.models import Booking, BookingState
from backend.bookings.rules import moment
from backend.centres.models import Slot, SlotKind, SlotState
from backend.centres.place_models import Teacher
from backend.centres.queries import SLOT_COLUMNS, SlotRow, slot_row
from backend.kernel import audit
from backend.kernel.ages import age_months
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict, NotFound
from backend.kernel.privacy import Vault
from backend.people.addresses import Address, address_of
from backend.people.models import Child, Role, Staff
from backend.people.priority_models import HomeAddress
from backend.people.scopes import staff_actor

# What content/consents/address.md promises a family; no setting can stretch it.
SHOWN_BEFORE = SHOWN_AFTER = timedelta(hours=24)
MOST_ROWS = 200
VISITED = (BookingState.CONFIRMED, BookingState.ATTENDED)


class AddressNotShown(Conflict):
    code = "address_not_shown"
    message = "上门地址只在入户指导前后 24 小时内显示"


@dataclass(frozen=True)
class HomeVisit:
    """One visit of a teacher. The address is not here: each look at it is written down."""

    booking_id: int
    child_id: int
    child_name_sealed: str
    age_months: int  # completed, on the day of the visit
    town_code: str
    has_address: bool
    shown: bool  # whether the address may be looked at now
    slot: SlotRow

    @property
    def shown_from(self) -> datetime:
        return self.slot.starts_at - SHOWN_BEFORE


def is_shown(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """From 24 hours before the start until 24 hours after the end, both included."""
    return starts_at - SHOWN_BEFORE <= now <= ends_at + SHOWN_AFTER


def visits_of(session: Session, clock: Clock, *, staff_id: int) -> list[HomeVisit]:
    """The visits of the teacher with this account, from those whose day is just over onwards."""
    now = clock.now()
    rows = session.execute(
        select(
            *SLOT_COLUMNS,
            Booking.id.label("booking_id"),
            Booking.child_id,
            Child.name_sealed,
            Child.birth_date,
            Child.town_code.label("child_town"),
            exists().where(HomeAddress.child_id == Child.id).label("has_address"),
        )
        .select_from(Booking)
        .join(Booking.slot)
        .join(Slot.centre)
        .join(Child, Child.id == Booking.child_id)
        .join(Teacher, Teacher.id == Slot.teacher_id)
        .where(_goes_there(staff_id, now), Slot.ends_at >= now - SHOWN_AFTER)
        .order_by(Slot.starts_at, Booking.id)
        .limit(MOST_ROWS)
    )
    found = []
    for row in rows:
        slot = slot_row(row)
        found.append(
            HomeVisit(
                booking_id=row.booking_id,
                child_id=row.child_id,
                child_name_sealed=row.name_sealed,
                age_months=age_months(row.birth_date, city_date(slot.starts_at)),
                town_code=row.child_town,
                has_address=row.has_address,
                shown=is_shown(slot.starts_at, slot.ends_at, now),
                slot=slot,
            )
        )
    return found


def address_for_teacher(
    session: Session, clock: Clock, vault: Vault, *, staff_id: int, booking_id: int
) -> Address:
    """Where this visit goes, for the assigned teacher. The look is written down.

    Raises NotFound for whoever else asks, AddressNotShown outside the day around the visit.
    """
    now = clock.now()
    row = session.execute(
        select(Booking.child_id, Slot.starts_at, Slot.ends_at)
        .select_from(Booking)
        .join(Booking.slot)
        .join(Teacher, Teacher.id == Slot.teacher_id)
        .where(Booking.id == booking_id, _goes_there(staff_id, now))
    ).one_or_none()
    if row is None:
        raise NotFound("没有这次入户，可能已取消，或换了老师")
    if not is_shown(row.starts_at, row.ends_at, now):
        raise AddressNotShown(f"{moment(row.starts_at - SHOWN_BEFORE)} 起可以查看")
    address = address_of(session, vault, row.child_id)
    if address is None:
        raise NotFound("家庭没有留地址，或已经删除，请联系中心")
    audit.record(
        session,
        clock,
        actor=staff_actor(staff_id),
        action="address.read",
        subject=f"child:{row.child_id}",
        detail={"booking": booking_id},
    )
    return address


def is_teacher(session: Session, staff_id: int) -> bool:
    """Whether a teacher signs in with this account."""
    return bool(session.scalar(select(exists().where(Teacher.staff_id == staff_id))))


def _goes_there(staff_id: int, now: datetime) -> ColumnElement[bool]:
    """A visit that takes place, of the teacher who signs in with this account.

    A clerk's account alone: whoever may link accounts to teachers cannot link their own.
    """
    today = cast(city_date(now), Date)
    return and_(
        Slot.kind == SlotKind.HOME_VISIT,
        Slot.state != SlotState.CANCELLED,
        Booking.state.in_(VISITED),
        Teacher.staff_id == staff_id,
        or_(Teacher.left_on.is_(None), Teacher.left_on > today),
        exists().where(Staff.id == staff_id, Staff.role == Role.CLERK, Staff.disabled_at.is_(None)),
    )
