"""A request, what a responsible manager decides about it, and its end.

Locks: the child, then the grant. A grant that ran out is told by the clock; the row says so when
the same member of staff asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import NotFound
from backend.people import consents
from backend.people.children import guardians_of, own_child, registrations
from backend.people.documents import Documents
from backend.people.models import Child, DuplicateState
from backend.people.scopes import staff_actor
from backend.rights.handbook_grants import rules
from backend.rights.handbook_grants.models import GrantState, HandbookGrant, ReadPurpose

OPEN = (GrantState.ASKED, GrantState.GRANTED)
SYSTEM = "system"


@dataclass(frozen=True)
class Desk:
    """A member of staff and where: `town_code` None is the whole city."""

    staff_id: int
    town_code: str | None

    @property
    def actor(self) -> str:
        return staff_actor(self.staff_id)

    def holds(self, child: Child) -> bool:
        return self.town_code is None or child.town_code == self.town_code


def ask(  # noqa: PLR0913  # who, for whom, what for and how long
    session: Session,
    clock: Clock,
    documents: Documents,
    *,
    desk: Desk,
    child_id: int,
    purpose: ReadPurpose,
    hours: int,
) -> HandbookGrant:
    """A request for one child of the desk's town. Locks the child.

    Raises Invalid, HandbookNotFound, HandbookClosed, GrantOpen or TooManyGrants.
    """
    rules.check_hours(hours)
    child, now = lock_child(session, child_id), clock.now()
    if child is None or not desk.holds(child):
        raise rules.HandbookNotFound
    reading_guardian(session, documents, child)
    _close_lapsed(session, now, desk.staff_id, child.id)
    rules.check_may_ask(_open_ones(session, now, desk.staff_id))
    made = HandbookGrant(
        child_id=child.id,
        staff_id=desk.staff_id,
        purpose=purpose,
        hours=hours,
        state=GrantState.ASKED,
        asked_at=now,
        reason="",
    )
    session.add(made)
    session.flush()
    _note(session, clock, desk.actor, "asked", made, {"purpose": purpose.value, "hours": hours})
    return made


def grant(
    session: Session, clock: Clock, documents: Documents, *, desk: Desk, grant_id: int, reason: str
) -> HandbookGrant:
    """From now on it may be read, for as long as was asked.

    Raises NotFound, OwnGrant, GrantDecided, Invalid, or HandbookClosed for a child that left.
    """
    found, child = _to_decide(session, clock, desk, grant_id)
    reading_guardian(session, documents, child)
    now = clock.now()
    said = rules.reason_of(reason, needed=False)
    _decide(
        session,
        clock,
        desk,
        found,
        {
            "state": GrantState.GRANTED,
            "reason": said,
            "ends_at": rules.end_of(now, found.hours),
        },
    )
    return found


def refuse(
    session: Session, clock: Clock, *, desk: Desk, grant_id: int, reason: str
) -> HandbookGrant:
    """Raises NotFound, OwnGrant, GrantDecided, or Invalid without a reason."""
    found, _ = _to_decide(session, clock, desk, grant_id)
    said = rules.reason_of(reason, needed=True)
    _decide(session, clock, desk, found, {"state": GrantState.REFUSED, "reason": said})
    return found


def end_own(session: Session, clock: Clock, *, desk: Desk, grant_id: int) -> None:
    """Who asked needs it no more. Raises NotFound for another's, GrantOver for what is over."""
    found = session.get(HandbookGrant, grant_id)
    if found is None or found.staff_id != desk.staff_id:
        raise NotFound
    if not _close(session, clock, HandbookGrant.id == grant_id, desk.actor):
        raise rules.GrantOver


def end_for(session: Session, clock: Clock, *, desk: Desk, grant_id: int) -> None:
    """A manager ends it. Raises NotFound outside the town, GrantOver for what is over."""
    found = session.get(HandbookGrant, grant_id)
    child = None if found is None else session.get(Child, found.child_id)
    if child is None or not desk.holds(child):
        raise NotFound
    if not _close(session, clock, HandbookGrant.id == grant_id, desk.actor):
        raise rules.GrantOver


def object_to(
    session: Session, clock: Clock, *, parent_id: int, child_id: int, grant_id: int
) -> None:
    """A guardian wants it no more; twice is once. Raises NotFound for another family's."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    found = session.get(HandbookGrant, grant_id)
    if found is None or found.child_id not in registrations(session, child.id):
        raise NotFound
    _close(session, clock, HandbookGrant.id == grant_id, f"parent:{parent_id}")


def end_all(session: Session, clock: Clock, *, child_ids: list[int], actor: str) -> None:
    """Every request and grant of these children: they left, or a consent was taken back."""
    _close(session, clock, HandbookGrant.child_id.in_(child_ids), actor)


def lock_child(session: Session, child_id: int) -> Child | None:
    """The child, unless it is deleted or another child's second registration."""
    return session.scalar(
        select(Child)
        .where(
            Child.id == child_id,
            Child.deleted_at.is_(None),
            Child.duplicate_state.is_distinct_from(DuplicateState.SAME),
        )
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def reading_guardian(session: Session, documents: Documents, child: Child) -> int:
    """The guardian under whose standing consent the book is read; the first of several.

    Raises HandbookClosed for a child that left, and where nobody agrees any more.
    """
    if child.departure is None:
        for parent_id in guardians_of(session, child.id):
            if not consents.needed(session, documents, parent_id):
                return parent_id
    raise rules.HandbookClosed


def term_of(found: HandbookGrant) -> rules.Term:
    return rules.Term(found.state, found.asked_at, found.ends_at)


def _to_decide(
    session: Session, clock: Clock, desk: Desk, grant_id: int
) -> tuple[HandbookGrant, Child]:
    found = session.get(HandbookGrant, grant_id)
    child = None if found is None else lock_child(session, found.child_id)
    if found is None or child is None or not desk.holds(child):
        raise NotFound
    session.refresh(found)  # as it stands with the child locked
    rules.check_may_decide(term_of(found), found.staff_id, desk.staff_id, clock.now())
    return found, child


def _decide(
    session: Session, clock: Clock, desk: Desk, found: HandbookGrant, values: dict[str, Any]
) -> None:
    """Compare-and-swap on the state. Raises GrantDecided."""
    swapped = session.scalar(
        update(HandbookGrant)
        .where(HandbookGrant.id == found.id, HandbookGrant.state == GrantState.ASKED)
        .values(decided_at=clock.now(), decided_by=desk.staff_id, **values)
        .returning(HandbookGrant.id)
        .execution_options(synchronize_session=False)
    )
    if swapped is None:
        raise rules.GrantDecided
    session.refresh(found)
    _note(session, clock, desk.actor, found.state.value, found)


def _close(session: Session, clock: Clock, which: ColumnElement[bool], actor: str) -> bool:
    """End what is open and has not run out; whether anything was."""
    now = clock.now()
    closed = session.scalars(
        update(HandbookGrant)
        .where(
            which,
            HandbookGrant.state.in_(OPEN),
            or_(HandbookGrant.ends_at.is_(None), HandbookGrant.ends_at > now),
        )
        .values(
            state=case(
                (HandbookGrant.state == GrantState.ASKED, GrantState.WITHDRAWN.value),
                else_=GrantState.ENDED.value,
            ),
            closed_at=now,
            closed_by=actor,
        )
        .returning(HandbookGrant)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    for one in closed:
        _note(session, clock, actor, "closed", one)
    return bool(closed)


def _close_lapsed(session: Session, now: datetime, staff_id: int, child_id: int) -> None:
    """Write down that an earlier one ran out. Raises GrantOpen for one that did not."""
    earlier = session.scalar(
        select(HandbookGrant)
        .where(
            HandbookGrant.staff_id == staff_id,
            HandbookGrant.child_id == child_id,
            HandbookGrant.state.in_(OPEN),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if earlier is None:
        return
    term = term_of(earlier)
    if term.standing(now) in OPEN:
        raise rules.GrantOpen
    earlier.state = term.standing(now)
    earlier.closed_at, earlier.closed_by = term.runs_out_at, SYSTEM
    session.flush()


def _open_ones(session: Session, now: datetime, staff_id: int) -> int:
    """A limit against taking stock of a town, not a promise: two at once may pass it by one."""
    standing = or_(
        HandbookGrant.ends_at > now,
        HandbookGrant.ends_at.is_(None) & (HandbookGrant.asked_at > now - rules.ASK_STANDS),
    )
    query = select(func.count()).where(
        HandbookGrant.staff_id == staff_id, HandbookGrant.state.in_(OPEN), standing
    )
    return session.scalar(query) or 0


def _note(  # an entry of the log is these facts
    session: Session,
    clock: Clock,
    actor: str,
    act: str,
    found: HandbookGrant,
    detail: dict[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        clock,
        actor=actor,
        action=f"handbook_grant.{act}",
        subject=f"child:{found.child_id}",
        detail={"grant": found.id, **(detail or {})},
    )
