"""A teacher with an account, and visits to a home: what the tests of addresses stand on."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.centres.models import Slot, SlotKind
from backend.centres.place_models import Institution, Teacher
from backend.kernel.clock import Clock
from backend.people.models import Role
from tests.bookings.family import Family, act, book, make_family
from tests.factories import MORNING, NUMBERS, make_slot, make_staff
from tests.people.private import put_address

Sessions = sessionmaker[Session]
VISIT_AT = MORNING + timedelta(days=3)


def make_teacher(sessions: Sessions, *, staff_id: int | None = None) -> int:
    with sessions.begin() as session:
        institution = Institution(name=f"测试机构{next(NUMBERS)}", created_at=MORNING)
        session.add(institution)
        session.flush()
        teacher = Teacher(
            institution_id=institution.id,
            display_name="王老师",
            staff_id=staff_id,
            created_at=MORNING,
        )
        session.add(teacher)
        session.flush()
        return teacher.id


def make_account(
    sessions: Sessions, role: Role = Role.CLERK, **where: int | str
) -> tuple[int, int]:
    """A teacher who signs in: (account, teacher)."""
    staff = make_staff(sessions, role=role, **where)  # type: ignore[arg-type]  # centre or town
    return staff, make_teacher(sessions, staff_id=staff)


def make_visit(
    sessions: Sessions,
    teacher_id: int | None,
    *,
    starts_at: datetime = VISIT_AT,
    capacity: int = 8,
) -> int:
    """A slot for a visit of an hour."""
    slot = make_slot(
        sessions, kind=SlotKind.HOME_VISIT, title="入户看看", starts_at=starts_at, capacity=capacity
    )
    with sessions.begin() as session:
        session.execute(update(Slot).where(Slot.id == slot).values(teacher_id=teacher_id))
    return slot


def confirmed_visit(sessions: Sessions, clock: Clock, teacher_id: int | None) -> tuple[Family, int]:
    """A family with an address, and its confirmed booking."""
    family = make_family(sessions)
    put_address(sessions, clock, family)
    booking = book(sessions, clock, family, make_visit(sessions, teacher_id))
    act(sessions, clock, service.confirm, booking)
    return family, booking
