"""Deletion: what can tell a family is removed, what the city must account for stays nameless."""

import os

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.bookings.service import release_child
from backend.handbook.models import HandbookEntry
from backend.kernel import audit
from backend.kernel.ages import add_months
from backend.kernel.clock import Clock, city_date
from backend.outbox.models import Balance, LedgerEntry, Message
from backend.people import children
from backend.people.models import (
    Child,
    Consent,
    DuplicateState,
    Guardian,
    Invitation,
    Parent,
    ParentIdentity,
    ParentToken,
)
from backend.people.rules import OLDEST_YEARS

NAMELESS = ""  # sealed names are never empty, so this one opens to nothing


def leave_child(session: Session, clock: Clock, *, parent_id: int, child_id: int) -> None:
    """A guardian leaves; when the last one does, the child's data are deleted.

    Raises NotFound for another family's child.
    """
    child = children.own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    guardian = session.get_one(Guardian, (child.id, parent_id))
    session.delete(guardian)
    session.execute(
        delete(Message).where(Message.child_id == child.id, Message.parent_id == parent_id)
    )
    session.flush()
    if not children.guardians_of(session, child.id):
        _forget_child(session, clock, child, actor=f"parent:{parent_id}")


def forget_grown(session: Session, clock: Clock, *, limit: int = 200) -> int:
    """Delete the data of children who have turned seven; the handbook ended a year before.

    PIPL art. 19: no longer than needed; the children's rules tell families the age. Call again
    while it returns `limit`.
    """
    last = add_months(city_date(clock.now()), -12 * OLDEST_YEARS)
    grown = session.scalars(
        select(Child)
        .where(Child.birth_date <= last, Child.deleted_at.is_(None))
        .order_by(Child.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    for child in grown:
        session.execute(delete(Guardian).where(Guardian.child_id == child.id))
        _forget_child(session, clock, child, actor="system")
    return len(grown)


def _forget_child(session: Session, clock: Clock, child: Child, *, actor: str) -> None:
    """Free its places, remove what tells who it is. Past sessions stay, for the accounts."""
    release_child(session, clock, child_id=child.id, actor=actor)
    for table in (Message, HandbookEntry, Invitation):
        session.execute(delete(table).where(table.child_id == child.id))
    _hand_over_identity(session, child)
    child.name_sealed = NAMELESS
    child.village_code = None
    child.gestational_weeks = None
    child.deleted_at = clock.now()
    audit.record(session, clock, actor=actor, action="child.deleted", subject=f"child:{child.id}")


def _hand_over_identity(session: Session, child: Child) -> None:
    """The oldest possible duplicate becomes the first registration of its identity."""
    heirs = session.scalars(
        select(Child)
        .where(
            Child.duplicate_of_id == child.id,
            Child.duplicate_state == DuplicateState.POSSIBLE,
            Child.deleted_at.is_(None),
        )
        .order_by(Child.id)
        .with_for_update(key_share=True)
    ).all()
    child.identity = os.urandom(32)
    session.flush()  # the unique identity must be free before an heir takes it
    for number, heir in enumerate(heirs):
        if number == 0:
            heir.duplicate_of_id, heir.duplicate_state = None, None
            session.flush()
        else:
            heir.duplicate_of_id = heirs[0].id


def delete_parent(session: Session, clock: Clock, *, parent_id: int) -> None:
    """Close an account: leave every child, forget sign-ins, identities, messages, grants.

    Consents stay as the proof that they were given, on a parent whom nothing names any more.
    Doing it twice is doing it once.
    """
    parent = session.get(Parent, parent_id, with_for_update=True)
    if parent is None or parent.deleted_at is not None:
        return
    for child in children.children_of(session, parent_id):
        leave_child(session, clock, parent_id=parent_id, child_id=child.id)
    session.execute(delete(Guardian).where(Guardian.parent_id == parent_id))
    identities = session.execute(
        select(ParentIdentity.appid, ParentIdentity.openid).where(
            ParentIdentity.parent_id == parent_id
        )
    ).all()
    for appid, openid in identities:
        for table in (Balance, LedgerEntry):
            session.execute(delete(table).where(table.appid == appid, table.openid == openid))
    for owned in (Message, ParentToken, ParentIdentity):
        session.execute(delete(owned).where(owned.parent_id == parent_id))
    session.execute(
        update(Consent)
        .where(Consent.parent_id == parent_id, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=clock.now())
    )
    parent.phone_sealed, parent.phone_fingerprint = None, None
    parent.deleted_at = clock.now()
    audit.record(
        session,
        clock,
        actor=f"parent:{parent_id}",
        action="parent.deleted",
        subject=f"parent:{parent_id}",
    )
