"""What staff do with the directory of nursing rooms. Every act is in the audit log."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.centres.models import NursingRoom
from backend.centres.nursing_rooms import RoomEntry, RoomKnown, tidy
from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict, NotFound


def add_room(session: Session, clock: Clock, entry: RoomEntry, *, actor: str) -> NursingRoom:
    """A room that is new to the directory.

    Raises Invalid for an entry that cannot be, RoomKnown for a second one at the same spot.
    """
    room = NursingRoom(created_at=clock.now())
    _write(session, clock, room, entry)
    _note(session, clock, actor, "added", room.id)
    return room


def change_room(
    session: Session, clock: Clock, room: NursingRoom, entry: RoomEntry, *, actor: str
) -> None:
    """Write down anew what is known of a room. Raises what `add_room` raises."""
    _write(session, clock, room, entry)
    _note(session, clock, actor, "changed", room.id)


def close_room(session: Session, clock: Clock, *, room_id: int, actor: str) -> None:
    """Take a room off the public list; it stays known. Raises NotFound or Conflict."""
    _switch(session, room_id, is_closed=False, closed_at=clock.now(), already="已经停用")
    _note(session, clock, actor, "closed", room_id)


def reopen_room(session: Session, clock: Clock, *, room_id: int, actor: str) -> None:
    """List a room again. Raises NotFound or Conflict."""
    _switch(session, room_id, is_closed=True, closed_at=None, already="已经在名录里")
    _note(session, clock, actor, "reopened", room_id)


def confirm_room(session: Session, clock: Clock, room: NursingRoom, *, actor: str) -> None:
    """Somebody looked today and it is all as written."""
    room.checked_on = city_date(clock.now())
    _note(session, clock, actor, "confirmed", room.id)


def _write(session: Session, clock: Clock, room: NursingRoom, entry: RoomEntry) -> None:
    now = clock.now()
    entry = tidy(entry, city_date(now))
    room.town_code, room.name, room.spot = entry.key
    room.address = entry.address
    room.opening_hours = entry.opening_hours
    room.facilities = list(entry.facilities)
    room.phone_public = entry.phone_public
    room.checked_on = entry.checked_on
    room.changed_at = now
    session.add(room)
    try:
        session.flush()
    except IntegrityError as error:
        raise RoomKnown from error


def _switch(
    session: Session, room_id: int, *, is_closed: bool, closed_at: datetime | None, already: str
) -> None:
    """Compare and swap, so that two of the staff do not both believe that they did it."""
    closed = NursingRoom.closed_at.is_not(None)
    moved = session.execute(
        update(NursingRoom)
        .where(NursingRoom.id == room_id, closed if is_closed else ~closed)
        .values(closed_at=closed_at)
        .returning(NursingRoom.id)
    ).scalar()
    if moved is None:
        if session.get(NursingRoom, room_id) is None:
            raise NotFound("没有这间母婴室")
        raise Conflict(f"这间母婴室{already}")


def _note(session: Session, clock: Clock, actor: str, act: str, room_id: int) -> None:
    audit.record(
        session, clock, actor=actor, action=f"room.{act}", subject=f"nursing_room:{room_id}"
    )
