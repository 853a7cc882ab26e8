"""The one child that somebody knows: by name or number, and by the day of its birth.

Nothing is listed and nothing is guessed: who knows neither both finds nobody, and tries are
counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, TooMany
from backend.kernel.paging import LARGEST
from backend.kernel.privacy import Vault
from backend.people.models import Attempt, Child, DuplicateState, Sex
from backend.people.rules import child_identity
from backend.rights.handbook_grants.service import Desk

TRIES = 60  # of one member of staff in an hour; a day's surgery has about forty children
WITHIN = timedelta(hours=1)


class SeveralChildren(Conflict):
    code = "handbook_several_children"
    message = "同名、同一天出生的孩子不止一个，请家长说手册编号"


def count_try(session: Session, clock: Clock, desk: Desk) -> None:
    """In a transaction of its own, before the look-up. Raises TooMany."""
    subject, now = f"handbook-search:{desk.staff_id}", clock.now()
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:s, 0))"), {"s": subject})
    tries = session.scalar(
        select(func.count()).where(Attempt.subject == subject, Attempt.at > now - WITHIN)
    )
    if (tries or 0) >= TRIES:
        raise TooMany("一小时里找得太多，请稍后再试")
    session.add(Attempt(subject=subject, at=now))
    audit.record(
        session, clock, actor=desk.actor, action="child.searched", subject="page:handbooks"
    )


def find_child(
    session: Session, vault: Vault, *, desk: Desk, who: str, birth_date: date
) -> int | None:
    """The id of the child in the desk's town, or None. Raises SeveralChildren for namesakes."""
    who = who.strip()
    if who.isdecimal():
        found = _by_number(session, int(who), birth_date)
    else:
        found = _by_name(session, vault, who, birth_date)
    here = [child for child in found if desk.holds(child)]
    if len(here) > 1:
        raise SeveralChildren
    return here[0].id if here else None


def _by_number(session: Session, number: int, birth_date: date) -> Sequence[Child]:
    """A second registration that was joined leads to the first."""
    child = session.get(Child, number) if number <= LARGEST else None
    if child is not None and child.duplicate_state is DuplicateState.SAME:
        child = session.get(Child, child.duplicate_of_id)
    if child is None or child.deleted_at is not None or child.birth_date != birth_date:
        return []
    return [child]


def _by_name(session: Session, vault: Vault, name: str, birth_date: date) -> Sequence[Child]:
    """By the fingerprint, whole: a part of a name finds nothing."""
    identities = [child_identity(vault, name, sex, birth_date) for sex in Sex]
    return session.scalars(
        select(Child).where(
            Child.identity.in_(identities),
            Child.deleted_at.is_(None),
            Child.duplicate_state.is_distinct_from(DuplicateState.SAME),
        )
    ).all()
