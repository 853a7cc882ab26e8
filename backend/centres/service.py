"""Set up centres and their slots. Every act of staff is in the audit log."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.centres.closures import lock_centre_to_offer
from backend.centres.models import Centre, Slot, SlotKind, SlotState
from backend.centres.obstacles import Setting, When, facts_of, taken_twice
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid, NotFound

LONGEST_SLOT = timedelta(hours=12)
LONGEST_WAY = 180  # minutes of a home visit's way, one way
MOST_PLACES = 500  # the database checks it too
OLDEST_MONTHS = 36  # city plan of 2021-12-08: children under three


@dataclass(frozen=True)
class NewSlot:
    """A session to offer. Ages in completed months on the day, `age_to_months` exclusive.

    `travel_minutes` of a home visit are spent on the way there, and again on the way back.
    `held_places` of the capacity are kept for families with priority until `held_before` the
    start.
    """

    centre_id: int
    kind: SlotKind
    title: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    age_from_months: int = 0
    age_to_months: int = OLDEST_MONTHS
    room_id: int | None = None
    teacher_id: int | None = None
    travel_minutes: int = 0
    held_places: int = 0
    held_before: timedelta | None = None
    series_id: int | None = None

    @property
    def setting(self) -> Setting:
        return Setting(self.centre_id, self.room_id, self.teacher_id)

    @property
    def when(self) -> When:
        return when_of(self.starts_at, self.ends_at, self.travel_minutes)

    @property
    def held_until(self) -> datetime | None:
        if not self.held_places or self.held_before is None:
            return None
        return self.starts_at - self.held_before


def when_of(starts_at: datetime, ends_at: datetime, travel_minutes: int) -> When:
    """A session and the way there and back."""
    if not travel_minutes:
        return When(starts_at, ends_at)
    way = timedelta(minutes=travel_minutes)
    return When(starts_at, ends_at, starts_at - way, ends_at + way)


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
    """Offer a session. Room and teacher may be left open; given, they must be free.

    Raises NotFound for an unknown centre, Invalid for what cannot be, and what stands in
    `obstacles`. Two clerks at once: the database lets one of them have room and teacher.
    """
    check_slot(new)
    lock_centre_to_offer(session, new.centre_id)
    facts = facts_of(session, new.setting, *new.when.busy)
    obstacle = facts.obstacle(new.when, new.capacity)
    if obstacle is not None:
        raise obstacle
    slot = write_slot(session, clock, new)
    audit.record(session, clock, actor=actor, action="slot.created", subject=f"slot:{slot.id}")
    return slot


def write_slot(session: Session, clock: Clock, new: NewSlot) -> Slot:
    """The row of a session that has been checked. Raises RoomTaken or TeacherTaken in a race."""
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
        room_id=new.room_id,
        teacher_id=new.teacher_id,
        series_id=new.series_id,
        busy_from=new.when.busy_from,
        busy_until=new.when.busy_until,
        held_places=new.held_places,
        held_until=new.held_until,
        created_at=clock.now(),
    )
    session.add(slot)
    try:
        session.flush()
    except IntegrityError as error:
        raise taken_twice(error) from error
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
        f"路上时间应为 0–{LONGEST_WAY} 分钟": not 0 <= new.travel_minutes <= LONGEST_WAY,
        "只有入户指导才有路上时间": new.travel_minutes > 0 and new.kind is not SlotKind.HOME_VISIT,
        "优先名额不能超过名额": not 0 <= new.held_places <= new.capacity,
        "优先名额要有截止时间": new.held_places > 0 and new.held_before is None,
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
