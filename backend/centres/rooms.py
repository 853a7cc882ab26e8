"""Rooms of a centre: how many people fit, and when one may be in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.centres.models import Centre
from backend.centres.place_models import Room
from backend.kernel import audit
from backend.kernel.clock import Clock, city_time
from backend.kernel.errors import Conflict, Invalid, NotFound

MOST_PEOPLE = 500  # the database checks it too
LONGEST_NAME = 30  # characters
PERIOD = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~至]\s*(\d{1,2}):(\d{2})")
BETWEEN = re.compile(r"[、,，;；\s]+(?=\d{1,2}:\d{2}\s*[-–—~至])")
WEEKDAYS = "一二三四五六日"

Opening = Mapping[str, Sequence[Sequence[str]]]
"""Weekday (“0” is Monday) → periods, as the database holds it; empty: always open."""


class NameUsed(Conflict):
    code = "name_used"
    message = "这个名称已经有了，请换一个"


@dataclass(frozen=True)
class RoomEntry:
    """What staff write down about a room."""

    name: str
    capacity: int
    opening: Opening


@dataclass(frozen=True)
class RoomRow:
    """A room in a list."""

    id: int
    centre_id: int
    centre: str
    name: str
    capacity: int
    opening: Opening
    closed: bool

    @property
    def opening_words(self) -> str:
        return opening_words(self.opening)


def read_opening(texts: Sequence[str]) -> Opening:
    """Seven lines like “9:00-12:00、13:30-17:00”, Monday first; an empty one is a closed day.

    Seven empty lines mean a room that is always open. Raises Invalid, naming the day.
    """
    return {str(day): periods for day, text in enumerate(texts) if (periods := _periods(day, text))}


def _periods(weekday: int, text: str) -> list[list[str]]:
    found = []
    for part in BETWEEN.split(text.strip().replace("：", ":")) if text.strip() else ():
        hours = PERIOD.fullmatch(part)
        try:
            if hours is None:
                raise ValueError
            start, end = (time(int(hours[n]), int(hours[n + 1])) for n in (1, 3))
        except ValueError as error:
            raise Invalid(f"周{WEEKDAYS[weekday]}请写成 9:00-12:00、13:30-17:00 这样") from error
        if end <= start:
            raise Invalid(f"周{WEEKDAYS[weekday]}的结束要晚于开始")
        found.append([f"{start:%H:%M}", f"{end:%H:%M}"])
    return sorted(found)


def write_opening(opening: Opening) -> list[str]:
    """The seven lines that `read_opening` reads."""
    return [
        "、".join(f"{start}-{end}" for start, end in opening.get(str(day), ())) for day in range(7)
    ]


def opening_words(opening: Opening) -> str:
    """周一至周五 09:00-17:00；周六 09:00-12:00."""
    if not opening:
        return "不限时间"
    lines = write_opening(opening)
    groups: list[tuple[int, int, str]] = []
    for day, text in enumerate(lines):
        if groups and groups[-1][2] == text:
            groups[-1] = (groups[-1][0], day, text)
        else:
            groups.append((day, day, text))
    return "；".join(f"{_weekdays(first, last)} {text}" for first, last, text in groups if text)


def _weekdays(first: int, last: int) -> str:
    if first == last:
        return f"周{WEEKDAYS[first]}"
    return f"周{WEEKDAYS[first]}至周{WEEKDAYS[last]}"


def opening_together(openings: Sequence[Opening]) -> Opening:
    """When at least one of these rooms is open; rooms without hours say nothing about it."""
    days: dict[str, list[list[str]]] = {}
    for weekday in map(str, range(7)):
        periods = sorted(tuple(hours) for one in openings for hours in one.get(weekday, ()))
        for start, end in periods:
            known = days.setdefault(weekday, [])
            if known and start <= known[-1][1]:
                known[-1][1] = max(known[-1][1], end)
            else:
                known.append([start, end])
    return days


def opening_of_centres(session: Session, centre_ids: Collection[int]) -> dict[int, str]:
    """The hours of the rooms in use, in words; a centre whose rooms have none is left out."""
    query = select(Room.centre_id, Room.opening).where(
        Room.centre_id.in_(centre_ids), Room.closed_at.is_(None)
    )
    rooms: dict[int, list[Opening]] = {}
    for centre_id, opening in session.execute(query):
        rooms.setdefault(centre_id, []).append(opening)
    together = {one: opening_together(openings) for one, openings in rooms.items()}
    return {one: opening_words(opening) for one, opening in together.items() if opening}


def is_open(opening: Opening, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether a room is open from the start to the end, on the city's clock."""
    if not opening:
        return True
    start, end = city_time(starts_at), city_time(ends_at)
    return start.date() == end.date() and any(
        since <= f"{start:%H:%M}" and f"{end:%H:%M}" <= until
        for since, until in opening.get(str(start.weekday()), ())
    )


def add_room(
    session: Session, clock: Clock, *, centre_id: int, entry: RoomEntry, actor: str
) -> Room:
    """A new room of a centre. Raises Invalid, or NameUsed within the centre."""
    room = Room(centre_id=centre_id, created_at=clock.now())
    _write(session, room, entry)
    _note(session, clock, actor, "added", room.id)
    return room


def change_room(
    session: Session, clock: Clock, room: Room, entry: RoomEntry, *, actor: str
) -> None:
    """Write a room down anew; sessions that are planned in it stay. Raises what add_room does."""
    _write(session, room, entry)
    _note(session, clock, actor, "changed", room.id)


def close_room(session: Session, clock: Clock, room: Room, *, actor: str) -> None:
    """Take a room out of use: no new sessions in it. Raises Conflict."""
    if room.closed_at is not None:
        raise Conflict("这个场地已经停用")
    room.closed_at = clock.now()
    _note(session, clock, actor, "closed", room.id)


def reopen_room(session: Session, clock: Clock, room: Room, *, actor: str) -> None:
    """Use a room again. Raises Conflict."""
    if room.closed_at is None:
        raise Conflict("这个场地已经在用")
    room.closed_at = None
    _note(session, clock, actor, "reopened", room.id)


def rooms_of(session: Session, centre_ids: Collection[int] | None) -> list[RoomRow]:
    """Rooms of these centres (None: of all), those out of use last."""
    query = select(Room, Centre.name).join(Centre, Centre.id == Room.centre_id)
    if centre_ids is not None:
        query = query.where(Room.centre_id.in_(centre_ids))
    rows = session.execute(query.order_by(Room.closed_at.is_not(None), Centre.id, Room.name))
    return [row_of(room, centre) for room, centre in rows]


def row_of(room: Room, centre: str) -> RoomRow:
    closed = room.closed_at is not None
    return RoomRow(room.id, room.centre_id, centre, room.name, room.capacity, room.opening, closed)


def room_in_scope(session: Session, room_id: int, centre_ids: Collection[int] | None) -> Room:
    """A room of one of these centres. Raises NotFound."""
    room = session.get(Room, room_id)
    if room is None or (centre_ids is not None and room.centre_id not in centre_ids):
        raise NotFound("没有这个场地")
    return room


def _write(session: Session, room: Room, entry: RoomEntry) -> None:
    name = " ".join(entry.name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(f"请写场地名称，不超过 {LONGEST_NAME} 字")
    if not 1 <= entry.capacity <= MOST_PEOPLE:
        raise Invalid(f"可容纳人数应为 1–{MOST_PEOPLE}")
    room.name, room.capacity = name, entry.capacity
    room.opening = {day: [list(period) for period in hours] for day, hours in entry.opening.items()}
    session.add(room)
    try:
        session.flush()
    except IntegrityError as error:
        raise NameUsed from error


def _note(session: Session, clock: Clock, actor: str, act: str, room_id: int) -> None:
    audit.record(
        session, clock, actor=actor, action=f"centre_room.{act}", subject=f"room:{room_id}"
    )
