"""Grants for the screens: those of one member of staff, those of a town, those of a child."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from backend.kernel.audit import AuditEntry
from backend.people.children import own_child, registrations
from backend.people.models import Child, Staff
from backend.rights.handbook_grants.models import GrantState, HandbookGrant, ReadPurpose
from backend.rights.handbook_grants.reading import LOOKS, READ
from backend.rights.handbook_grants.rules import PAGE_TITLES, BookPage, Term
from backend.rights.handbook_grants.service import OPEN

SHOWN_FOR = timedelta(days=30)  # what is over, on a screen
MOST_ROWS = 500  # of one screen
LISTED = 20  # of one child, for its family
Decider = aliased(Staff)


@dataclass(frozen=True)
class GrantRow:
    """One request or grant, as it stands now. `objected_at`: a guardian once ended one."""

    id: int
    child_id: int
    child_name_sealed: str
    birth_date: date
    town_code: str
    staff_name: str
    office: str
    purpose: ReadPurpose
    hours: int
    standing: GrantState
    asked_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str
    ends_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    objected_at: datetime | None

    @property
    def open(self) -> bool:
        return self.standing in OPEN

    @property
    def by_family(self) -> bool:
        return (self.closed_by or "").startswith("parent:")


@dataclass(frozen=True)
class Board:
    """What waits, what may be read now, what was over within the last month."""

    waiting: list[GrantRow]
    standing: list[GrantRow]
    over: list[GrantRow]

    @property
    def rows(self) -> list[GrantRow]:
        return [*self.waiting, *self.standing, *self.over]


@dataclass(frozen=True)
class Look:
    at: datetime
    page: str  # as a person reads it


@dataclass(frozen=True)
class Shown:
    """A grant as the family sees it: the institution, not the person."""

    row: GrantRow
    looks: tuple[Look, ...]


def board_of_staff(session: Session, staff_id: int, now: datetime) -> Board:
    return _board(session, _query().where(HandbookGrant.staff_id == staff_id), now)


def board_of_town(session: Session, town_code: str | None, now: datetime) -> Board:
    """Of the children who live there now; None: of all."""
    query = _query()
    if town_code is not None:
        query = query.where(Child.town_code == town_code)
    return _board(session, query, now)


def all_grants(session: Session, now: datetime) -> list[GrantRow]:
    """Everything that is kept, newest first, for the workbook of the log."""
    query = _query(limit=None).order_by(HandbookGrant.id.desc())
    return [_row(row, now) for row in session.execute(query)]


def shown_to_family(
    session: Session, *, parent_id: int, child_id: int, now: datetime
) -> list[Shown]:
    """The latest grants of the child with each look, newest first. Raises NotFound."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    ids = registrations(session, child.id)
    query = _query(limit=LISTED).where(HandbookGrant.child_id.in_(ids))
    rows = [_row(row, now) for row in session.execute(query.order_by(HandbookGrant.id.desc()))]
    seen = _looks(session, ids, {row.id for row in rows})
    return [Shown(row, tuple(seen.get(row.id, ()))) for row in rows]


def page_title(page: str) -> str:
    return PAGE_TITLES[BookPage(page)]


def _board(session: Session, query: Select[*tuple[Any, ...]], now: datetime) -> Board:
    since = now - SHOWN_FOR
    latest = func.coalesce(
        HandbookGrant.closed_at,
        HandbookGrant.ends_at,
        HandbookGrant.decided_at,
        HandbookGrant.asked_at,
    )
    found = session.execute(query.where(latest > since).order_by(HandbookGrant.id.desc()))
    rows = [_row(row, now) for row in found]
    waiting = [row for row in rows if row.standing is GrantState.ASKED]
    return Board(
        waiting=waiting[::-1],  # who waits longest comes first
        standing=[row for row in rows if row.standing is GrantState.GRANTED],
        over=[row for row in rows if not row.open],
    )


def _query(limit: int | None = MOST_ROWS) -> Select[*tuple[Any, ...]]:
    earlier = aliased(HandbookGrant)
    objected_at = (
        select(func.max(earlier.closed_at))
        .where(earlier.child_id == HandbookGrant.child_id, earlier.closed_by.like("parent:%"))
        .scalar_subquery()
    )
    return (
        select(
            HandbookGrant,
            Child.name_sealed.label("child_name_sealed"),
            Child.birth_date.label("birth_date"),
            Child.town_code.label("town_code"),
            Staff.name.label("staff_name"),
            Staff.office.label("office"),
            Decider.name.label("decided_by"),
            objected_at.label("objected_at"),
        )
        .join(Child, Child.id == HandbookGrant.child_id)
        .join(Staff, Staff.id == HandbookGrant.staff_id)
        .outerjoin(Decider, Decider.id == HandbookGrant.decided_by)
        .limit(limit)
        .execution_options(populate_existing=True)
    )


def _row(row: Any, now: datetime) -> GrantRow:
    grant: HandbookGrant = row.HandbookGrant
    return GrantRow(
        id=grant.id,
        child_id=grant.child_id,
        child_name_sealed=row.child_name_sealed,
        birth_date=row.birth_date,
        town_code=row.town_code,
        staff_name=row.staff_name,
        office=row.office,
        purpose=grant.purpose,
        hours=grant.hours,
        standing=Term(grant.state, grant.asked_at, grant.ends_at).standing(now),
        asked_at=grant.asked_at,
        decided_at=grant.decided_at,
        decided_by=row.decided_by,
        reason=grant.reason,
        ends_at=grant.ends_at,
        closed_at=grant.closed_at,
        closed_by=grant.closed_by,
        objected_at=row.objected_at,
    )


def _looks(session: Session, ids: Sequence[int], grants: Iterable[int]) -> dict[int, list[Look]]:
    """Of a look with the name its page alone: the name is told as a look of its own kind."""
    wanted = set(grants)
    rows = session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject.in_([f"child:{one}" for one in ids]),
            AuditEntry.action.in_(LOOKS),
            AuditEntry.detail.has_key("grant"),
        )
        .order_by(AuditEntry.id)
    )
    found: dict[int, list[Look]] = {}
    for row in rows:
        if row.detail["grant"] in wanted:
            page = page_title(row.detail["page"]) if row.action == READ else "姓名"
            found.setdefault(row.detail["grant"], []).append(Look(row.at, page))
    return found
