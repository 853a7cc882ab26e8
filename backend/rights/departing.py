"""A child moved out of the city, or died: from that moment nothing is sent and nothing booked.

The pages stay readable for its family until they delete them. Everything happens in the
caller's transaction, so that the next tick of any worker finds nothing to say.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend.bookings.service import release_child
from backend.handbook.replanning import hold_off_planner, lock_own_child
from backend.handbook.settling import settle_children
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, NotFound
from backend.outbox.models import Message, MessageState
from backend.people import children
from backend.people.models import Child, Departure, DuplicateState, Invitation
from backend.rights.handbook_grants.service import end_all

FAMILY_MAY_UNDO = timedelta(minutes=30)  # of a death: a mistaken tap is seen at once


class ToldBy(StrEnum):
    """How a member of staff knows. No free words: they would tell of health."""

    FAMILY = "family"
    VILLAGE = "village"
    CLINIC = "clinic"


class DepartureFinal(Conflict):
    code = "departure_final"
    message = "这项登记已超过 30 分钟，要更正请联系亲子活动中心"


def depart(
    session: Session, clock: Clock, *, parent_id: int, child_id: int, kind: Departure
) -> Child:
    """A guardian says it. Saying it again changes nothing. Locks the child; raises NotFound."""
    child = lock_own_child(session, parent_id=parent_id, child_id=child_id)
    _depart(session, clock, child, kind, actor=f"parent:{parent_id}", detail={})
    return child


def depart_for_family(  # noqa: PLR0913  # who, which child, what and how it is known
    session: Session,
    clock: Clock,
    *,
    child_id: int,
    kind: Departure,
    actor: str,
    told_by: ToldBy,
    town_code: str | None,
) -> Child:
    """A member of staff of the child's town, or of the city, says it, and how it is known."""
    hold_off_planner(session, child_id)
    child = _in_scope(session, child_id, town_code)
    _depart(session, clock, child, kind, actor=actor, detail={"told_by": told_by.value})
    return child


def come_back(session: Session, clock: Clock, *, parent_id: int, child_id: int) -> Child:
    """The family takes it back: a move at any time, a death within half an hour.

    Reminders come again by the plan; what was booked is booked anew. Raises NotFound or
    DepartureFinal.
    """
    child = children.own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    if not may_undo(child, clock):
        raise DepartureFinal
    _come_back(session, clock, child, actor=f"parent:{parent_id}")
    return child


def come_back_for_family(
    session: Session, clock: Clock, *, child_id: int, actor: str, town_code: str | None
) -> Child:
    """Staff take back what was said by mistake, whenever that is seen. Raises NotFound."""
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update(key_share=True))
    child = _in_scope(session, child_id, town_code)
    _come_back(session, clock, child, actor=actor)
    return child


def may_undo(child: Child, clock: Clock) -> bool:
    """Whether the family may still take back what it said."""
    if child.departure is not Departure.DIED or child.departed_at is None:
        return True
    return clock.now() - child.departed_at <= FAMILY_MAY_UNDO


def _depart(
    session: Session,
    clock: Clock,
    child: Child,
    kind: Departure,
    *,
    actor: str,
    detail: dict[str, str],
) -> None:
    """Messages before bookings: a place that is given back tells others, never this family."""
    if child.departure in (kind, Departure.DIED):
        return
    child.departure, child.departed_at = kind, clock.now()
    session.flush()
    ids = children.registrations(session, child.id)
    _silence(session, ids)
    session.execute(
        delete(Invitation).where(Invitation.child_id.in_(ids), Invitation.used_at.is_(None))
    )
    end_all(session, clock, child_ids=ids, actor=actor)
    for one in ids:
        release_child(session, clock, child_id=one, actor=actor)
    audit.record(
        session,
        clock,
        actor=actor,
        action=f"child.departed.{kind.value}",
        subject=f"child:{child.id}",
        detail=detail,
    )


def _silence(session: Session, ids: Sequence[int]) -> None:
    """Every message that waits, also one that a worker holds: it finds nothing left to mark."""
    session.execute(
        delete(Message).where(
            Message.child_id.in_(ids),
            Message.state.in_((MessageState.WAITING, MessageState.CLAIMED)),
        )
    )
    settle_children(session, ids)


def _come_back(session: Session, clock: Clock, child: Child, *, actor: str) -> None:
    if child.departure is None:
        return
    before = child.departure
    child.departure, child.departed_at = None, None
    audit.record(
        session,
        clock,
        actor=actor,
        action="child.departure.undone",
        subject=f"child:{child.id}",
        detail={"was": before.value},
    )


def _in_scope(session: Session, child_id: int, town_code: str | None) -> Child:
    child = session.get(Child, child_id, populate_existing=True)
    if child is None or child.deleted_at is not None:
        raise NotFound
    if child.duplicate_state is DuplicateState.SAME:
        raise NotFound
    if town_code is not None and child.town_code != town_code:
        raise NotFound
    return child
