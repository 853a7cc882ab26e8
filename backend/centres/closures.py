"""Times in which a centre, or one room of it, is closed; and the sessions that this hits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from backend.centres.models import Centre, Slot, SlotState
from backend.centres.place_models import Closure, Room
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Invalid, NotFound

LONGEST = timedelta(days=366)
LONGEST_REASON = 60  # characters


@dataclass(frozen=True)
class NewClosure:
    """Of a whole centre, or of one of its rooms."""

    centre_id: int
    room_id: int | None
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True)
class ClosureRow:
    id: int
    centre_id: int
    centre: str
    room: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str


def add_closure(session: Session, clock: Clock, new: NewClosure, *, actor: str) -> Closure:
    """Close a place for a time. Raises NotFound or Invalid.

    Waits for those who are just offering sessions there, so that `slots_hit` misses none; who
    comes later is refused.
    """
    _check(new, clock.now())
    lock_centre_to_close(session, new.centre_id)
    if new.room_id is not None:
        room = session.get(Room, new.room_id)
        if room is None or room.centre_id != new.centre_id:
            raise NotFound("没有这个场地")
    closure = Closure(
        centre_id=new.centre_id if new.room_id is None else None,
        room_id=new.room_id,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        reason=" ".join(new.reason.split()),
        created_at=clock.now(),
        created_by=actor,
    )
    session.add(closure)
    session.flush()
    _note(session, clock, actor, "added", closure.id)
    return closure


def remove_closure(session: Session, clock: Clock, closure: Closure, *, actor: str) -> None:
    """Open again. Sessions that were cancelled stay cancelled."""
    _note(session, clock, actor, "removed", closure.id)
    session.delete(closure)


def lock_centre_to_close(session: Session, centre_id: int) -> None:
    """Raises NotFound."""
    found = session.scalar(select(Centre.id).where(Centre.id == centre_id).with_for_update())
    if found is None:
        raise NotFound("没有这个中心")


def lock_centre_to_offer(session: Session, centre_id: int) -> Centre:
    """Nobody closes the centre while a session is offered. Many may offer at once.

    Raises NotFound.
    """
    centre = session.get(Centre, centre_id, with_for_update={"read": True, "key_share": True})
    if centre is None:
        raise NotFound("没有这个中心")
    return centre


def slots_hit(session: Session, closure: Closure, now: datetime) -> list[int]:
    """Sessions to come that lie in the closure, in order of time."""
    of_place: ColumnElement[bool] = (
        Slot.centre_id == closure.centre_id
        if closure.room_id is None
        else Slot.room_id == closure.room_id
    )
    query = select(Slot.id).where(
        of_place,
        Slot.state != SlotState.CANCELLED,
        Slot.starts_at > now,
        Slot.starts_at < closure.ends_at,
        Slot.ends_at > closure.starts_at,
    )
    return list(session.scalars(query.order_by(Slot.starts_at, Slot.id)))


def closures_of(
    session: Session, centre_ids: Collection[int] | None, since: datetime
) -> list[ClosureRow]:
    """Closures of these centres (None: of all) that have not ended by `since`."""
    query = (
        select(Closure, Centre.id, Centre.name, Room.name)
        .outerjoin(Room, Room.id == Closure.room_id)
        .join(Centre, Centre.id.in_([Closure.centre_id, Room.centre_id]))
        .where(Closure.ends_at > since)
        .order_by(Closure.starts_at, Closure.id)
    )
    if centre_ids is not None:
        query = query.where(Centre.id.in_(centre_ids))
    return [
        ClosureRow(row.id, centre_id, centre, room, row.starts_at, row.ends_at, row.reason)
        for row, centre_id, centre, room in session.execute(query)
    ]


def closure_in_scope(
    session: Session, closure_id: int, centre_ids: Collection[int] | None
) -> Closure:
    """A closure of one of these centres or of a room there. Raises NotFound."""
    closure = session.get(Closure, closure_id)
    if closure is not None:
        centre_id = closure.centre_id or session.scalar(
            select(Room.centre_id).where(Room.id == closure.room_id)
        )
        if centre_ids is None or centre_id in centre_ids:
            return closure
    raise NotFound("没有这条停用")


def in_the_way(
    centre_id: int, room_id: int | None, starts_at: datetime, ends_at: datetime
) -> ColumnElement[bool]:
    """Closures of the centre, or of the room, that overlap a time."""
    return and_(
        or_(Closure.centre_id == centre_id, Closure.room_id == room_id),
        Closure.starts_at < ends_at,
        Closure.ends_at > starts_at,
    )


def _check(new: NewClosure, now: datetime) -> None:
    reason = " ".join(new.reason.split())
    wrong = {
        "请写停用的原因，不超过 60 字，家长会看到": not 0 < len(reason) <= LONGEST_REASON,
        "结束要晚于开始": new.ends_at <= new.starts_at,
        "结束时间已经过去": new.ends_at <= now,
        "一次停用不超过一年": new.ends_at - new.starts_at > LONGEST,
    }
    found = [sentence for sentence, is_wrong in wrong.items() if is_wrong]
    if found:
        raise Invalid("；".join(found))


def _note(session: Session, clock: Clock, actor: str, act: str, closure_id: int) -> None:
    audit.record(
        session, clock, actor=actor, action=f"closure.{act}", subject=f"closure:{closure_id}"
    )
