"""What can stand against a session: its room, its teacher, a closure. Read once, asked purely.

The database's exclusion constraints win every race; these rules only say it kindly, and say it
beforehand, for a whole pattern of days.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.centres.closures import in_the_way
from backend.centres.models import Centre, Slot, SlotState
from backend.centres.place_models import Closure, Room, Teacher, TeacherCertificate
from backend.centres.rooms import is_open
from backend.kernel.clock import city_date, city_time
from backend.kernel.errors import Conflict, DomainError


class RoomNotOfCentre(Conflict):
    code = "room_not_of_centre"
    message = "这个场地不属于所选中心，或已停用"


class RoomTooSmall(Conflict):
    code = "room_too_small"
    message = "名额超过了场地能容纳的人数"


class RoomNotOpen(Conflict):
    code = "room_not_open"
    message = "场地在这个时间不开放，请换时间或场地"


class RoomTaken(Conflict):
    code = "room_taken"
    message = "场地在这个时间已有安排，请换时间或场地"


class PlaceClosed(Conflict):
    code = "place_closed"
    message = "中心或场地在这个时间停用，请换时间"


class TeacherNotOfCentre(Conflict):
    code = "teacher_not_of_centre"
    message = "老师不属于运营这个中心的机构，或已离开"


class TeacherCertificateExpired(Conflict):
    code = "teacher_certificate_expired"
    message = "老师当天没有有效的证书，不能授课"


class TeacherTaken(Conflict):
    code = "teacher_taken"
    message = "老师在这个时间已有安排，请换时间或老师"


@dataclass(frozen=True)
class Setting:
    """Where and by whom: what a session shares with the others of its pattern."""

    centre_id: int
    room_id: int | None = None
    teacher_id: int | None = None


@dataclass(frozen=True)
class When:
    """From start to end, and how long room and teacher are busy with it."""

    starts_at: datetime
    ends_at: datetime
    busy_from: datetime | None = None
    busy_until: datetime | None = None

    @property
    def busy(self) -> tuple[datetime, datetime]:
        return self.busy_from or self.starts_at, self.busy_until or self.ends_at


@dataclass(frozen=True)
class Span:
    """A time in which something else is on, and what."""

    starts_at: datetime
    ends_at: datetime
    what: str

    def meets(self, starts_at: datetime, ends_at: datetime) -> bool:
        return self.starts_at < ends_at and self.ends_at > starts_at


@dataclass(frozen=True)
class Facts:
    """Everything about a setting in a time that a rule asks for."""

    room: Room | None = None
    teacher: Teacher | None = None
    certificates: Sequence[tuple[date, date]] = ()  # terms, both days included
    closures: Sequence[Span] = ()
    room_busy: Sequence[Span] = ()
    teacher_busy: Sequence[Span] = ()
    mismatch: DomainError | None = field(default=None, compare=False)

    def obstacle(self, when: When, capacity: int) -> DomainError | None:
        """The first rule against a session at that time, or None."""
        if self.mismatch is not None:
            return self.mismatch
        return self._of_place(when, capacity) or self._of_teacher(when)

    def _of_place(self, when: When, capacity: int) -> DomainError | None:
        closure = _first(self.closures, when.starts_at, when.ends_at)
        if closure is not None:
            return PlaceClosed(f"停用原因：{closure.what}")
        if self.room is None:
            return None
        if capacity > self.room.capacity:
            return RoomTooSmall(f"“{self.room.name}”可容纳 {self.room.capacity} 人")
        if not is_open(self.room.opening, when.starts_at, when.ends_at):
            return RoomNotOpen(f"请在设置里核对“{self.room.name}”的开放时间")
        other = _first(self.room_busy, *when.busy)
        return None if other is None else RoomTaken(_other(self.room.name, other))

    def _of_teacher(self, when: When) -> DomainError | None:
        if self.teacher is None:
            return None
        day, name = city_date(when.starts_at), self.teacher.display_name
        if self.teacher.left_on is not None and day >= self.teacher.left_on:
            return TeacherNotOfCentre(f"{name} {self.teacher.left_on} 起不再授课")
        if not any(first <= day <= last for first, last in self.certificates):
            return TeacherCertificateExpired(f"{name} {day}，请先在设置里登记新的证书")
        other = _first(self.teacher_busy, *when.busy)
        return None if other is None else TeacherTaken(_other(name, other))


def facts_of(
    session: Session,
    setting: Setting,
    first: datetime,
    last: datetime,
    *,
    without: Collection[int] = (),
) -> Facts:
    """What stands in a setting between two instants, apart from the slots in `without`."""
    room = session.get(Room, setting.room_id) if setting.room_id is not None else None
    teacher = session.get(Teacher, setting.teacher_id) if setting.teacher_id is not None else None
    return Facts(
        room=room,
        teacher=teacher,
        certificates=_terms(session, setting.teacher_id),
        closures=_closures(session, setting, first, last),
        room_busy=_busy(session, Slot.room_id == setting.room_id, (first, last), without)
        if room
        else (),
        teacher_busy=_busy(session, Slot.teacher_id == setting.teacher_id, (first, last), without)
        if teacher
        else (),
        mismatch=_mismatch(session, setting, room, teacher),
    )


def taken_twice(error: IntegrityError) -> DomainError:
    """The friendly form of an exclusion constraint; the error itself for any other."""
    diagnosis = getattr(error.orig, "diag", None)
    match getattr(diagnosis, "constraint_name", None):
        case "ex_slots_room_id":
            return RoomTaken("刚刚有人安排了同一时间")
        case "ex_slots_teacher_id":
            return TeacherTaken("刚刚有人安排了同一时间")
    raise error


def _mismatch(
    session: Session, setting: Setting, room: Room | None, teacher: Teacher | None
) -> DomainError | None:
    if setting.room_id is not None and (
        room is None or room.centre_id != setting.centre_id or room.closed_at is not None
    ):
        return RoomNotOfCentre()
    if setting.teacher_id is None:
        return None
    runs = session.scalar(select(Centre.institution_id).where(Centre.id == setting.centre_id))
    if teacher is None or runs is None or teacher.institution_id != runs:
        return TeacherNotOfCentre()
    return None


def _terms(session: Session, teacher_id: int | None) -> list[tuple[date, date]]:
    if teacher_id is None:
        return []
    rows = session.execute(
        select(TeacherCertificate.valid_from, TeacherCertificate.valid_until).where(
            TeacherCertificate.teacher_id == teacher_id
        )
    )
    return [(row.valid_from, row.valid_until) for row in rows]


def _closures(session: Session, setting: Setting, first: datetime, last: datetime) -> list[Span]:
    rows = session.scalars(
        select(Closure).where(in_the_way(setting.centre_id, setting.room_id, first, last))
    )
    return [Span(row.starts_at, row.ends_at, row.reason) for row in rows]


def _busy(
    session: Session,
    whose: ColumnElement[bool],
    between: tuple[datetime, datetime],
    without: Collection[int],
) -> list[Span]:
    since = func.coalesce(Slot.busy_from, Slot.starts_at)
    until = func.coalesce(Slot.busy_until, Slot.ends_at)
    rows = session.execute(
        select(since, until, Slot.title).where(
            whose,
            Slot.state != SlotState.CANCELLED,
            Slot.id.not_in(without),
            since < between[1],
            until > between[0],
        )
    )
    return [Span(*row) for row in rows]


def _first(spans: Sequence[Span], starts_at: datetime, ends_at: datetime) -> Span | None:
    return next((span for span in spans if span.meets(starts_at, ends_at)), None)


def _other(name: str, span: Span) -> str:
    start, end = city_time(span.starts_at), city_time(span.ends_at)
    return f"{name} {start.month}月{start.day}日 {start:%H:%M}–{end:%H:%M} {span.what}"
