"""The read log: who looked at which child's book, at what and what for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.kernel.audit import AuditEntry
from backend.kernel.clock import city_midnight
from backend.people.models import Child, Role, Staff
from backend.people.scopes import staff_actor
from backend.rights.handbook_grants.models import ReadPurpose
from backend.rights.handbook_grants.queries import page_title
from backend.rights.handbook_grants.reading import LOOKS, READ
from backend.rights.handbook_grants.rules import PURPOSES

A_BATCH = 1000


@dataclass(frozen=True)
class Reader:
    """A member of child-health staff, for the filter; also one whose account is closed."""

    id: int
    name: str
    office: str


@dataclass(frozen=True)
class LogFilter:
    """None: all. `day` is the city's."""

    staff_id: int | None = None
    child_id: int | None = None
    day: date | None = None


@dataclass(frozen=True)
class LogRow:
    """One look. `child_name_sealed` None: deleted since; what was done stays accounted for."""

    id: int
    at: datetime
    reader: Reader
    child_id: int
    child_name_sealed: str | None
    page: str
    purpose: str
    grant_id: int


def readers(session: Session) -> list[Reader]:
    rows = session.execute(
        select(Staff.id, Staff.name, Staff.office)
        .where(Staff.role == Role.CHILD_HEALTH)
        .order_by(Staff.office, Staff.name, Staff.id)
    )
    return [Reader(row.id, row.name, row.office or "") for row in rows]


def looks(
    session: Session, asked: LogFilter, *, before: int | None = None, limit: int
) -> list[LogRow]:
    """The newest first. `before`: the id of the last one that was shown."""
    known = {staff_actor(one.id): one for one in readers(session)}
    query = _query(asked, list(known)).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    entries = session.scalars(query).all()
    names = _names(session, {_child_of(one) for one in entries})
    return [_row(one, known[one.actor], names) for one in entries]


def all_looks(session: Session, asked: LogFilter) -> Iterator[LogRow]:
    """However many there are, batch by batch."""
    before = None
    while batch := looks(session, asked, before=before, limit=A_BATCH):
        yield from batch
        before = batch[-1].id


def _query(asked: LogFilter, actors: Sequence[str]) -> Select[AuditEntry]:
    """Along the indexes of actor and subject: the log as a whole is large."""
    if asked.staff_id is not None:
        actors = [one for one in actors if one == staff_actor(asked.staff_id)]
    query = select(AuditEntry).where(AuditEntry.actor.in_(actors), AuditEntry.action.in_(LOOKS))
    if asked.child_id is not None:
        query = query.where(AuditEntry.subject == f"child:{asked.child_id}")
    if asked.day is not None:
        first, last = city_midnight(asked.day), city_midnight(asked.day + timedelta(days=1))
        query = query.where(AuditEntry.at >= first, AuditEntry.at < last)
    return query


def _child_of(entry: AuditEntry) -> int:
    return int(entry.subject.partition(":")[2])


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(
        select(Child.id, Child.name_sealed).where(Child.id.in_(ids), Child.deleted_at.is_(None))
    )
    return {row.id: row.name_sealed for row in rows}


def _row(entry: AuditEntry, reader: Reader, names: Mapping[int, str]) -> LogRow:
    child_id, detail = _child_of(entry), entry.detail
    page = page_title(detail["page"])
    return LogRow(
        id=entry.id,
        at=entry.at,
        reader=reader,
        child_id=child_id,
        child_name_sealed=names.get(child_id),
        page=page if entry.action == READ else f"{page}，显示了姓名",
        purpose=PURPOSES[ReadPurpose(detail["purpose"])],
        grant_id=detail["grant"],
    )
