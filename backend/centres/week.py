"""Sessions of a week with their room and teacher, for a desk's wall calendar."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from backend.centres.models import Centre, Slot, SlotState
from backend.centres.place_models import Institution, Room, Teacher
from backend.centres.queries import SLOT_COLUMNS, SlotRow, on_days, slot_row
from backend.kernel.clock import city_date, city_time
from backend.kernel.errors import NotFound


@dataclass(frozen=True)
class PlacedSlot:
    """A session, where it is and who gives it."""

    slot: SlotRow
    room: str | None
    teacher: str | None
    series_id: int | None

    @property
    def day(self) -> date:
        return city_date(self.slot.starts_at)

    @property
    def hour(self) -> int:
        """Of the city's clock, in which it starts."""
        return city_time(self.slot.starts_at).hour


@dataclass(frozen=True)
class Choice:
    """A room or a teacher that a form offers for the sessions of a centre."""

    id: int
    name: str
    centre_id: int
    centre: str


def placed_slots(
    session: Session, centre_ids: Collection[int] | None, day_from: date, day_to: date
) -> list[PlacedSlot]:
    """Sessions of these centres (None: of all) on these days, both included, that take place."""
    query = _placed().where(on_days(day_from, day_to), Slot.state != SlotState.CANCELLED)
    if centre_ids is not None:
        query = query.where(Slot.centre_id.in_(centre_ids))
    return [_row(row) for row in session.execute(query.order_by(Slot.starts_at, Slot.id))]


def placed_slot(session: Session, slot_id: int, centre_ids: Collection[int] | None) -> PlacedSlot:
    """One session of these centres. Raises NotFound."""
    row = session.execute(_placed().where(Slot.id == slot_id)).one_or_none()
    if row is None or (centre_ids is not None and row.centre_id not in centre_ids):
        raise NotFound("没有这个时段")
    return _row(row)


def rooms_to_choose(session: Session, centre_ids: Collection[int] | None) -> list[Choice]:
    """Rooms in use."""
    query = (
        select(Room.id, Room.name, Centre.id, Centre.name)
        .join(Centre, Centre.id == Room.centre_id)
        .where(Room.closed_at.is_(None))
        .order_by(Centre.id, Room.name)
    )
    return _choices(session, query, centre_ids)


def teachers_to_choose(
    session: Session, centre_ids: Collection[int] | None, today: date
) -> list[Choice]:
    """Teachers who are still there, once for each centre that their institution runs."""
    query = (
        select(Teacher.id, Teacher.display_name, Centre.id, Centre.name)
        .join(Institution, Institution.id == Teacher.institution_id)
        .join(Centre, Centre.institution_id == Institution.id)
        .where(Teacher.left_on.is_(None) | (Teacher.left_on > today))
        .order_by(Centre.id, Teacher.display_name)
    )
    return _choices(session, query, centre_ids)


def _choices(
    session: Session,
    query: Select[int, str, int, str],
    centre_ids: Collection[int] | None,
) -> list[Choice]:
    if centre_ids is not None:
        query = query.where(Centre.id.in_(centre_ids))
    return [Choice(*row) for row in session.execute(query)]


def _placed() -> Select[*tuple[Any, ...]]:
    return (
        select(
            *SLOT_COLUMNS,
            Room.name.label("room"),
            Teacher.display_name.label("teacher"),
            Slot.series_id,
        )
        .join(Slot.centre)
        .outerjoin(Room, Room.id == Slot.room_id)
        .outerjoin(Teacher, Teacher.id == Slot.teacher_id)
    )


def _row(row: Row[*tuple[Any, ...]]) -> PlacedSlot:
    return PlacedSlot(slot_row(row), row.room, row.teacher, row.series_id)
