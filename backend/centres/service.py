"""Set up centres and their slots. Every act of staff is in the audit log."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.centres.models import Centre, Slot, SlotKind, SlotState
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid, NotFound

LONGEST_SLOT = timedelta(hours=12)
MOST_PLACES = 500  # the database checks it too
OLDEST_MONTHS = 36  # city plan of 2021-12-08: children under three


@dataclass(frozen=True)
class NewSlot:
    """A session to offer. Ages in completed months on the day, `age_to_months` exclusive."""

    centre_id: int
    kind: SlotKind
    title: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    age_from_months: int = 0
    age_to_months: int = OLDEST_MONTHS


def create_centre(
    session: Session,
    clock: Clock,
    *,
    name: str,
    town_code: str,
    address: str,
    phone_public: str | None = None,
) -> Centre:
    """A new centre. Raises Invalid without name or address, Conflict for a name in use."""
    name, address = name.strip(), address.strip()
    if not name or not address:
        raise Invalid("请填写中心名称和地址")
    centre = Centre(
        name=name,
        town_code=town_code,
        address=address,
        phone_public=phone_public,
        created_at=clock.now(),
    )
    session.add(centre)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("已有同名的中心") from error
    return centre


def create_slot(session: Session, clock: Clock, new: NewSlot, *, actor: str) -> Slot:
    """Offer a session. Raises NotFound for an unknown centre, Invalid for what cannot be."""
    check_slot(new)
    if session.get(Centre, new.centre_id) is None:
        raise NotFound("没有这个中心")
    slot = Slot(
        centre_id=new.centre_id,
        kind=new.kind,
        title=new.title.strip(),
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        age_from_months=new.age_from_months,
        age_to_months=new.age_to_months,
        capacity=new.capacity,
        taken=0,
        state=SlotState.OPEN,
        created_at=clock.now(),
    )
    session.add(slot)
    session.flush()
    audit.record(session, clock, actor=actor, action="slot.created", subject=f"slot:{slot.id}")
    return slot


def check_slot(new: NewSlot) -> None:
    """Raises Invalid, saying what is wrong with a session to offer."""
    wrong = {
        "请填写活动名称": not new.title.strip(),
        "结束时间要晚于开始时间": new.ends_at <= new.starts_at,
        "一次活动不能超过 12 小时": new.ends_at - new.starts_at > LONGEST_SLOT,
        f"名额应为 1–{MOST_PLACES}": not 1 <= new.capacity <= MOST_PLACES,
        f"月龄范围应在 0–{OLDEST_MONTHS} 之间，且前小后大": not (
            0 <= new.age_from_months < new.age_to_months <= OLDEST_MONTHS
        ),
    }
    found = [sentence for sentence, is_wrong in wrong.items() if is_wrong]
    if found:
        raise Invalid("；".join(found))


def close_slot(session: Session, clock: Clock, *, slot_id: int, actor: str) -> None:
    """No new bookings from now on; those made stay. Raises NotFound or Conflict."""
    _switch(session, slot_id, SlotState.OPEN, SlotState.CLOSED, "这个时段已经关闭")
    audit.record(session, clock, actor=actor, action="slot.closed", subject=f"slot:{slot_id}")


def reopen_slot(session: Session, clock: Clock, *, slot_id: int, actor: str) -> None:
    """Take bookings again. Raises NotFound or Conflict."""
    _switch(session, slot_id, SlotState.CLOSED, SlotState.OPEN, "这个时段已经开放")
    audit.record(session, clock, actor=actor, action="slot.reopened", subject=f"slot:{slot_id}")


def _switch(
    session: Session, slot_id: int, before: SlotState, after: SlotState, already: str
) -> None:
    """Compare and swap, so that two clerks do not both believe that they did it."""
    moved = session.execute(
        update(Slot)
        .where(Slot.id == slot_id, Slot.state == before)
        .values(state=after)
        .returning(Slot.id)
    ).scalar()
    if moved is None:
        if session.get(Slot, slot_id) is None:
            raise NotFound
        raise Conflict(already)
