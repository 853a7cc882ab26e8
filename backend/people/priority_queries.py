"""What a town has to do about priority: requests that wait, grants and when they end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.kernel.errors import NotFound
from backend.people.models import Child, DuplicateState
from backend.people.priority import WARNED_BEFORE
from backend.people.priority_models import PriorityGrant

MOST_ROWS = 500  # of one screen


@dataclass(frozen=True)
class GrantRow:
    """One request or grant. The kind is not here: it is revealed one by one, and written down."""

    id: int
    child_id: int
    child_name_sealed: str
    birth_date: date
    town_code: str
    asked_at: datetime
    granted_at: datetime | None
    granted_by: str | None
    valid_until: date | None


@dataclass(frozen=True)
class Board:
    """What a page shows. `ending`: within 60 days, or over and not yet forgotten."""

    waiting: list[GrantRow]
    ending: list[GrantRow]
    standing: list[GrantRow]

    @property
    def rows(self) -> list[GrantRow]:
        return [*self.waiting, *self.ending, *self.standing]


def board(session: Session, town_code: str | None, today: date) -> Board:
    """The open rows of a town's children, or of all; requests by age, grants by their end."""
    waiting = session.execute(
        _query(town_code).where(PriorityGrant.granted_at.is_(None)).order_by(PriorityGrant.id)
    )
    granted = session.execute(
        _query(town_code)
        .where(PriorityGrant.granted_at.is_not(None))
        .order_by(PriorityGrant.valid_until, PriorityGrant.id)
    )
    rows, limit = [GrantRow(*row) for row in granted], today + WARNED_BEFORE
    ends = [row for row in rows if row.valid_until is not None and row.valid_until <= limit]
    return Board([GrantRow(*row) for row in waiting], ends, rows[len(ends) :])


def check_in_scope(session: Session, grant_id: int, town_code: str | None) -> None:
    """Raises NotFound for a grant of another town's child."""
    if session.execute(_query(town_code).where(PriorityGrant.id == grant_id)).first() is None:
        raise NotFound("没有这份申请，可能家庭已经撤回")


def grants_of(session: Session, child_ids: Sequence[int]) -> Sequence[PriorityGrant]:
    """Everything that is kept of these children's priority, oldest first."""
    return session.scalars(
        select(PriorityGrant)
        .where(PriorityGrant.child_id.in_(child_ids))
        .order_by(PriorityGrant.id)
    ).all()


def _query(town_code: str | None) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            PriorityGrant.id,
            PriorityGrant.child_id,
            Child.name_sealed,
            Child.birth_date,
            Child.town_code,
            PriorityGrant.asked_at,
            PriorityGrant.granted_at,
            PriorityGrant.granted_by,
            PriorityGrant.valid_until,
        )
        .join(Child, Child.id == PriorityGrant.child_id)
        .where(
            PriorityGrant.ended_at.is_(None),
            Child.deleted_at.is_(None),
            Child.duplicate_state.is_distinct_from(DuplicateState.SAME),
        )
        .limit(MOST_ROWS)
    )
    return query if town_code is None else query.where(Child.town_code == town_code)
