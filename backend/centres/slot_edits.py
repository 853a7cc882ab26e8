"""Change a session that is on offer, alone or with the later ones of its pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from backend.centres.models import Slot, SlotState
from backend.centres.obstacles import Facts, Setting, When, facts_of, taken_twice
from backend.centres.service import MOST_PLACES
from backend.kernel.clock import CITY, Clock, city_time
from backend.kernel.errors import Conflict, DomainError, Invalid, NotFound

LONGEST_TITLE = 30  # characters, as on the form


class SlotOver(Conflict):
    code = "slot_over"
    message = "这次活动已经开始或取消，不能再改"


class SlotDayFixed(Conflict):
    code = "slot_day_fixed"
    message = "已有家庭预约，只能改当天的时间；要换日期请取消后另开"


class CapacityBelowTaken(Conflict):
    code = "capacity_below_taken"
    message = "名额不能少于已经约出的人数"


class SlotsChangedMeanwhile(Conflict):
    code = "slots_changed_meanwhile"
    message = "刚刚有变化，什么也没有改，请看过再操作"


class Reach(StrEnum):
    THIS = "this"
    LATER = "later"  # this one and all later ones of its pattern


@dataclass(frozen=True)
class Wish:
    """What a session should be. Times are on the city's clock."""

    title: str
    day: date
    starts: time
    ends: time
    capacity: int
    room_id: int | None
    teacher_id: int | None


TIME = frozenset({"day", "starts", "ends"})
MUST_BE_FREE = TIME | {"room_id", "teacher_id", "capacity"}


@dataclass(frozen=True)
class SlotEdit:
    """A session as it is and as it will be, and what stands against it."""

    slot: Slot
    wish: Wish
    when: When
    names: frozenset[str]
    problem: DomainError | None

    @property
    def moves(self) -> bool:
        """Whether a family would come at the wrong time or to the wrong room."""
        return bool(self.names & (TIME | {"room_id"}))


def slot_with_centre(session: Session, slot_id: int) -> Slot:
    """A session as it stands now. Raises NotFound."""
    slot = session.scalars(
        select(Slot)
        .where(Slot.id == slot_id)
        .options(joinedload(Slot.centre))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if slot is None:
        raise NotFound("没有这个时段")
    return slot


def slots_reached(session: Session, slot: Slot, reach: Reach, now: datetime) -> list[Slot]:
    """The session, and with LATER those of its pattern that begin later, in order of time.

    Raises SlotOver for one that has begun or is cancelled.
    """
    if slot.state is SlotState.CANCELLED or slot.starts_at <= now:
        raise SlotOver
    if reach is Reach.THIS or slot.series_id is None:
        return [slot]
    query = (
        select(Slot)
        .where(
            Slot.series_id == slot.series_id,
            Slot.starts_at >= slot.starts_at,
            Slot.state != SlotState.CANCELLED,
        )
        .options(joinedload(Slot.centre))
        .order_by(Slot.starts_at, Slot.id)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def wish_of(slot: Slot) -> Wish:
    """A session as it is."""
    start, end = city_time(slot.starts_at), city_time(slot.ends_at)
    return Wish(
        title=slot.title,
        day=start.date(),
        starts=start.time(),
        ends=end.time(),
        capacity=slot.capacity,
        room_id=slot.room_id,
        teacher_id=slot.teacher_id,
    )


def differences(slot: Slot, wish: Wish) -> frozenset[str]:
    """The names of what the wish would change."""
    before = wish_of(slot)
    return frozenset(
        field.name
        for field in fields(Wish)
        if getattr(before, field.name) != getattr(wish, field.name)
    )


def planned_edits(
    session: Session, clock: Clock, slot: Slot, wish: Wish, reach: Reach
) -> list[SlotEdit]:
    """What the wish for `slot` means for each session that it reaches.

    Only what it changes is carried to the later ones, so that one that was moved by itself
    stays where it is when only the title changes. Raises Invalid or SlotOver.
    """
    names = differences(slot, wish)
    _check(wish, names, reach)
    slots = slots_reached(session, slot, reach, clock.now())
    wanted = {name: getattr(wish, name) for name in names}
    targets = [replace(wish_of(one), **wanted) for one in slots]
    whens = [_when(one, target) for one, target in zip(slots, targets, strict=True)]
    facts = _Facts(session, slots, whens)
    return [
        _edit(one, target, when, facts, clock.now())
        for one, target, when in zip(slots, targets, whens, strict=True)
    ]


def write_edit(session: Session, edit: SlotEdit) -> None:
    """Compare and swap: the session is still as it was seen.

    Raises SlotsChangedMeanwhile, CapacityBelowTaken, RoomTaken or TeacherTaken.
    """
    slot, when = edit.slot, edit.when
    shift = when.starts_at - slot.starts_at
    values: dict[str, Any] = {
        "title": edit.wish.title.strip(),
        "starts_at": when.starts_at,
        "ends_at": when.ends_at,
        "busy_from": when.busy_from,
        "busy_until": when.busy_until,
        "held_until": slot.held_until and slot.held_until + shift,
        "capacity": edit.wish.capacity,
        "room_id": edit.wish.room_id,
        "teacher_id": edit.wish.teacher_id,
    }
    seen = {name: getattr(slot, name) for name in values}
    try:
        moved = session.execute(
            update(Slot)
            .where(
                Slot.id == slot.id,
                Slot.state == slot.state,
                *(getattr(Slot, name).is_not_distinct_from(old) for name, old in seen.items()),
            )
            .values(values)
            .returning(Slot.id)
            .execution_options(synchronize_session=False)
        ).scalar()
    except IntegrityError as error:
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", "")
        if name in {"ck_slots_taken_within_capacity", "ck_slots_held_within_capacity"}:
            raise CapacityBelowTaken from error
        raise taken_twice(error) from error
    if moved is None:
        raise SlotsChangedMeanwhile


class _Facts:
    """The facts of each setting, read once."""

    def __init__(self, session: Session, slots: Sequence[Slot], whens: Sequence[When]) -> None:
        self._session, self._ids = session, [slot.id for slot in slots]
        self._first = min(when.busy[0] for when in whens)
        self._last = max(when.busy[1] for when in whens)
        self._known: dict[Setting, Facts] = {}

    def of(self, setting: Setting) -> Facts:
        if setting not in self._known:
            self._known[setting] = facts_of(
                self._session, setting, self._first, self._last, without=self._ids
            )
        return self._known[setting]


def _edit(slot: Slot, target: Wish, when: When, facts: _Facts, now: datetime) -> SlotEdit:
    changed = differences(slot, target)
    problem = _problem(slot, target, changed, when, now)
    if problem is None and changed & MUST_BE_FREE:
        setting = Setting(slot.centre_id, target.room_id, target.teacher_id)
        problem = facts.of(setting).obstacle(when, target.capacity)
    return SlotEdit(slot, target, when, changed, problem)


def _problem(
    slot: Slot, target: Wish, changed: frozenset[str], when: When, now: datetime
) -> DomainError | None:
    if target.capacity < slot.taken:
        return CapacityBelowTaken(f"已经约出 {slot.taken} 个")
    if target.capacity < slot.held_places:
        return CapacityBelowTaken(f"其中 {slot.held_places} 个留给优先家庭")
    if "day" in changed and slot.taken:
        return SlotDayFixed()
    if when.starts_at <= now:
        return Invalid("开始时间已经过去，请选以后的时间")
    return None


def _when(slot: Slot, target: Wish) -> When:
    """The new time; the way to a home visit stays as long as it was."""
    starts_at = datetime.combine(target.day, target.starts, CITY)
    ends_at = datetime.combine(target.day, target.ends, CITY)
    if slot.busy_from is None or slot.busy_until is None:
        return When(starts_at, ends_at)
    before, after = slot.starts_at - slot.busy_from, slot.busy_until - slot.ends_at
    return When(starts_at, ends_at, starts_at - before, ends_at + after)


def _check(wish: Wish, names: frozenset[str], reach: Reach) -> None:
    wrong = {
        "没有要改的": not names,
        f"请填写活动名称，不超过 {LONGEST_TITLE} 字": not 0
        < len(wish.title.strip())
        <= LONGEST_TITLE,
        "结束时间要晚于开始时间": wish.ends <= wish.starts,
        f"名额应为 1–{MOST_PLACES}": not 1 <= wish.capacity <= MOST_PLACES,
        "日期只能一次一次地改": "day" in names and reach is Reach.LATER,
    }
    found = [sentence for sentence, is_wrong in wrong.items() if is_wrong]
    if found:
        raise Invalid("；".join(found))
