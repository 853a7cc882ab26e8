"""One child, several guardians: invitations, and registrations that turn out to be the same."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid, NotFound, TooMany
from backend.people import addresses, priority, rules
from backend.people.children import children_of, guardians_of, own_child
from backend.people.models import (
    Attempt,
    Child,
    DuplicateDecision,
    DuplicateState,
    Guardian,
    Invitation,
    Relation,
)

MoveSessions = Callable[[Session, Clock, int, int], dict[str, Any]]
"""Moves the bookings of a child to another: (session, clock, from_id, into_id) -> what moved."""

MoveBack = Callable[[Session, Clock, dict[str, Any]], None]

# Such a registration takes nobody in: it is not, or no longer, a child of its own.
CLOSED = {DuplicateState.POSSIBLE, DuplicateState.SAME}


def invite(
    session: Session, clock: Clock, *, parent_id: int, child_id: int
) -> tuple[str, Invitation]:
    """A code of eight letters by which one more guardian may join within 24 hours.

    Raises NotFound, or PossibleDuplicate: only the first family of a child invites.
    """
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    rules.check_may_book(child)
    now, code = clock.now(), rules.new_invitation_code()
    invitation = Invitation(
        code_hash=rules.digest(code),
        child_id=child.id,
        invited_by=parent_id,
        created_at=now,
        expires_at=now + rules.INVITATION_LIFE,
    )
    session.add(invitation)
    return code, invitation


def count_wrong_code(session: Session, clock: Clock, *, parent_id: int) -> None:
    """Remember a wrong invitation code. Called in a transaction of its own, after the refusal."""
    session.add(Attempt(subject=f"invitation:{parent_id}", at=clock.now()))


def accept_invitation(
    session: Session,
    clock: Clock,
    *,
    parent_id: int,
    code: str,
    relation: Relation,
    move: MoveSessions,
) -> Child:
    """Join the child of the invitation; a possible duplicate of this parent is merged into it.

    Raises InvitationInvalid, or TooMany after ten wrong codes in an hour.
    """
    now = clock.now()
    subject = f"invitation:{parent_id}"
    tries = session.scalar(
        select(func.count()).where(
            Attempt.subject == subject, Attempt.at > now - timedelta(hours=1)
        )
    )
    if (tries or 0) >= rules.INVITATION_TRIES:
        raise TooMany
    child = _redeem(session, clock, parent_id, code)
    _add_guardian(session, clock, child.id, parent_id, relation)
    for own in children_of(session, parent_id):
        if own.duplicate_of_id == child.id and own.duplicate_state is DuplicateState.POSSIBLE:
            decide_duplicate(
                session, clock, child_id=own.id, same=True, actor=f"parent:{parent_id}", move=move
            )
    return child


def _redeem(session: Session, clock: Clock, parent_id: int, code: str) -> Child:
    """Use the code, once, by compare-and-swap."""
    now = clock.now()
    child_id = session.execute(
        update(Invitation)
        .where(
            Invitation.code_hash == rules.digest(rules.fold_invitation_code(code)),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(used_at=now, used_by=parent_id)
        .returning(Invitation.child_id)
    ).scalar()
    child = None if child_id is None else session.get(Child, child_id, with_for_update=True)
    if child is None or child.deleted_at is not None or child.duplicate_state in CLOSED:
        raise rules.InvitationInvalid
    return child


def _add_guardian(
    session: Session, clock: Clock, child_id: int, parent_id: int, relation: Relation
) -> bool:
    """True when the parent was not a guardian before."""
    if len(guardians_of(session, child_id)) >= rules.MOST_GUARDIANS:
        raise Invalid("这个孩子的监护人已经很多，请联系亲子活动中心")
    added = session.execute(
        insert(Guardian)
        .values(child_id=child_id, parent_id=parent_id, relation=relation, since=clock.now())
        .on_conflict_do_nothing()
        .returning(Guardian.parent_id)
    ).scalar()
    return added is not None


def possible_duplicates(session: Session, town_code: str | None) -> Sequence[Child]:
    """Children that may be registered twice, oldest first; of one town or of all."""
    query = select(Child).where(
        Child.duplicate_state == DuplicateState.POSSIBLE, Child.deleted_at.is_(None)
    )
    if town_code is not None:
        query = query.where(Child.town_code == town_code)
    return session.scalars(query.order_by(Child.id)).all()


def decide_duplicate(
    session: Session, clock: Clock, *, child_id: int, same: bool, actor: str, move: MoveSessions
) -> DuplicateDecision:
    """Say whether a possible duplicate is the same child or another one.

    Same: its guardians join the first child and its sessions move there, so six stay six.
    Raises NotFound when there is nothing open to decide.
    """
    child = _lock_pair(session, child_id, DuplicateState.POSSIBLE)
    assert child.duplicate_of_id is not None
    moved: dict[str, Any] = {"guardians": [], "sessions": {}}
    if same:
        moved["guardians"] = _join_guardians(session, clock, child.id, child.duplicate_of_id)
        moved["sessions"] = move(session, clock, child.id, child.duplicate_of_id)
        moved["priority"] = priority.hand_over(session, child.id, child.duplicate_of_id)
        moved["address"] = addresses.hand_over(session, child.id, child.duplicate_of_id)
    child.duplicate_state = DuplicateState.SAME if same else DuplicateState.DIFFERENT
    decision = DuplicateDecision(
        child_id=child.id,
        other_id=child.duplicate_of_id,
        same=same,
        actor=actor,
        at=clock.now(),
        moved=moved,
    )
    session.add(decision)
    audit.record(
        session,
        clock,
        actor=actor,
        action="child.duplicate." + ("same" if same else "different"),
        subject=f"child:{child.id}",
        detail={"other": child.duplicate_of_id},
    )
    session.flush()
    return decision


def _lock_pair(session: Session, child_id: int, state: DuplicateState) -> Child:
    """Lock both registrations in the order of their ids, as bookings lock children too."""
    other = session.scalar(select(Child.duplicate_of_id).where(Child.id == child_id))
    if other is None:
        raise NotFound
    pair = session.scalars(
        select(Child).where(Child.id.in_([child_id, other])).order_by(Child.id).with_for_update()
    ).all()
    child = next((one for one in pair if one.id == child_id), None)
    if child is None or child.duplicate_state is not state:
        raise NotFound
    if any(one.deleted_at is not None for one in pair):
        raise NotFound
    return child


def _join_guardians(session: Session, clock: Clock, from_id: int, into_id: int) -> list[int]:
    rows = session.scalars(
        select(Guardian).where(Guardian.child_id == from_id).order_by(Guardian.parent_id)
    ).all()
    return [
        row.parent_id
        for row in rows
        if _add_guardian(session, clock, into_id, row.parent_id, row.relation)
    ]


def undo_decision(
    session: Session, clock: Clock, *, decision_id: int, actor: str, move_back: MoveBack
) -> Child:
    """Take a decision back: the registration is a possible duplicate again.

    Raises NotFound for an unknown decision, one that was taken back already, or one on a child
    that its family deleted; Conflict when nobody would be left for the first registration.
    """
    decision = session.get(DuplicateDecision, decision_id, with_for_update=True)
    if decision is None or decision.undone_at is not None:
        raise NotFound
    state = DuplicateState.SAME if decision.same else DuplicateState.DIFFERENT
    child = _lock_pair(session, decision.child_id, state)
    if decision.same:
        move_back(session, clock, decision.moved["sessions"])
        _hand_back(session, decision)
        _part_guardians(session, decision)
    child.duplicate_state = DuplicateState.POSSIBLE
    decision.undone_at, decision.undone_by = clock.now(), actor
    audit.record(
        session,
        clock,
        actor=actor,
        action="child.duplicate.undone",
        subject=f"child:{child.id}",
        detail={"decision": decision.id},
    )
    return child


def _hand_back(session: Session, decision: DuplicateDecision) -> None:
    into_id, from_id = decision.other_id, decision.child_id
    priority.hand_back(session, decision.moved.get("priority", []), into_id, from_id)
    mark = decision.moved.get("address")
    if mark is not None:
        addresses.hand_back(session, mark, into_id, from_id)


def _part_guardians(session: Session, decision: DuplicateDecision) -> None:
    joined = set(decision.moved["guardians"])
    if not set(guardians_of(session, decision.other_id)) - joined:
        raise Conflict("第一份登记的家人已经离开，不能再分开")
    session.execute(
        delete(Guardian).where(
            Guardian.child_id == decision.other_id, Guardian.parent_id.in_(joined)
        )
    )
