"""What a demonstration shows of priority and home visits: asked, granted, an address, a teacher."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.centres.models import Slot, SlotKind
from backend.centres.place_models import Teacher
from backend.deps import Deps
from backend.kernel.clock import city_date
from backend.people import addresses, consents, priority
from backend.people.children import own_child
from backend.people.models import Purpose, Staff
from backend.people.priority import PriorityKind

ADDRESS = "澄江街道演示路 8 号 2 幢 301 室"  # invented
ACTOR = "system"


def tell(session: Session, parts: Deps, *, parent_id: int, child_id: int, months: int) -> None:
    """By age: the youngest has an address, one family has asked for priority, one has it."""
    if months < 6:
        _agree(session, parts, parent_id, Purpose.ADDRESS)
        addresses.put(
            session,
            parts.clock,
            parts.vault,
            child_id=child_id,
            text=ADDRESS,
            actor=f"parent:{parent_id}",
        )
    elif months in {14, 27}:
        until = None if months == 14 else city_date(parts.clock.now()) + timedelta(days=45)
        _ask(session, parts, parent_id, child_id, until)


def link_teacher(session: Session, login: str) -> None:
    """The first teacher of home visits signs in with this account."""
    staff_id = session.scalars(select(Staff.id).where(Staff.login == login)).one()
    teacher = session.scalars(
        select(Teacher)
        .join(Slot, Slot.teacher_id == Teacher.id)
        .join(Staff, Staff.centre_id == Slot.centre_id)
        .where(Slot.kind == SlotKind.HOME_VISIT, Staff.id == staff_id)
        .order_by(Teacher.id)
        .limit(1)
    ).one_or_none()
    if teacher is not None:
        teacher.staff_id = staff_id


def _ask(session: Session, parts: Deps, parent_id: int, child_id: int, until: date | None) -> None:
    _agree(session, parts, parent_id, Purpose.PRIORITY)
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    asked = priority.ask(
        session,
        parts.clock,
        parts.vault,
        parent_id=parent_id,
        child=child,
        kind=PriorityKind.HARDSHIP,
    )
    if until is not None:
        priority.grant(session, parts.clock, grant_id=asked.id, valid_until=until, actor=ACTOR)


def _agree(session: Session, parts: Deps, parent_id: int, purpose: Purpose) -> None:
    text = parts.documents[purpose]
    accepted = [consents.Acceptance(purpose, text.version, text.hash)]
    consents.give(session, parts.clock, parts.documents, parent_id=parent_id, accepted=accepted)
