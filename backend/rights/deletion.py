"""Deletion: what can tell a family is removed, what the city must account for stays nameless."""

import os

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.accounts.models import Follower, InboundEvent, LinkCode
from backend.bookings.forgetting import forget_words
from backend.bookings.service import release_child
from backend.bookings.waiting_models import WaitingEntry
from backend.handbook.checkup_models import (
    CheckupNote,
    FamilyDoctorNote,
    NewbornNote,
    ScreeningNote,
)
from backend.handbook.diary.models import DiaryEntry, HomeCheck
from backend.handbook.growth_models import GrowthEntry
from backend.handbook.models import HandbookEntry, ItemDate, VaccineFacts
from backend.handbook.pregnancy import service as pregnancies
from backend.handbook.settling import forget_children
from backend.kernel import audit
from backend.kernel.ages import add_months
from backend.kernel.clock import Clock, city_date
from backend.knowledge.models import QuizSet
from backend.outbox.models import Balance, LedgerEntry, Message
from backend.people import children, consents
from backend.people.models import (
    Child,
    Consent,
    DuplicateState,
    Guardian,
    IdempotentAnswer,
    Invitation,
    Parent,
    ParentIdentity,
    ParentToken,
)
from backend.people.priority_models import HomeAddress, PriorityGrant
from backend.people.rules import OLDEST_YEARS
from backend.rights import diaries
from backend.rights.handbook_grants.models import HandbookGrant
from backend.rights.take_along.doctor_models import DoctorLink

NAMELESS = ""  # sealed names are never empty, so this one opens to nothing


def leave_child(session: Session, clock: Clock, *, parent_id: int, child_id: int) -> None:
    """A guardian leaves; when the last one does, the child's data are deleted.

    Second registrations that were joined into the child go the same way. Raises NotFound for
    another family's child.
    """
    child = children.own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    registrations = [child, *children.merged_into(session, child.id)]
    ids = [one.id for one in registrations]
    forget_children(session, child_ids=ids, parent_ids=[parent_id])
    session.execute(
        delete(Guardian).where(Guardian.child_id.in_(ids), Guardian.parent_id == parent_id)
    )
    session.execute(
        delete(Message).where(Message.child_id.in_(ids), Message.parent_id == parent_id)
    )
    session.execute(
        delete(Invitation).where(
            Invitation.child_id.in_(ids),
            Invitation.invited_by == parent_id,
            Invitation.used_at.is_(None),
        )
    )
    session.execute(
        delete(DoctorLink).where(DoctorLink.child_id.in_(ids), DoctorLink.created_by == parent_id)
    )
    session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.parent_id == parent_id))
    forget_words(session, ids, parent_id=parent_id)
    actor = f"parent:{parent_id}"
    for one in registrations:
        if children.guardians_of(session, one.id):
            consents.drop_unagreed(session, clock, child_id=one.id, actor=actor)
            diaries.drop_unagreed(session, clock, child_id=one.id, actor=actor)
        else:
            _forget_child(session, clock, one, actor=actor)


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
        parents = children.guardians_of(session, child.id)
        forget_children(session, child_ids=[child.id], parent_ids=parents)
        session.execute(delete(Guardian).where(Guardian.child_id == child.id))
        _forget_child(session, clock, child, actor="system")
    return len(grown)


def _forget_child(session: Session, clock: Clock, child: Child, *, actor: str) -> None:
    """Free its places, remove what tells who it is. Past sessions stay, for the accounts."""
    release_child(session, clock, child_id=child.id, actor=actor)
    forget_words(session, [child.id])
    for table in (
        Message,
        HandbookEntry,
        ItemDate,
        CheckupNote,
        ScreeningNote,
        NewbornNote,
        FamilyDoctorNote,
        GrowthEntry,
        VaccineFacts,
        DiaryEntry,
        HomeCheck,
        Invitation,
        DoctorLink,
        HandbookGrant,
        WaitingEntry,
        PriorityGrant,
        HomeAddress,
    ):
        session.execute(delete(table).where(table.child_id == child.id))
    _hand_over_identity(session, child)
    child.name_sealed = NAMELESS
    child.village_code = None
    child.gestational_weeks = None
    child.departure, child.departed_at, child.replanned_on = None, None, None
    child.deleted_at = clock.now()
    audit.record(session, clock, actor=actor, action="child.deleted", subject=f"child:{child.id}")


def _hand_over_identity(session: Session, child: Child) -> None:
    """Another registration of the identity becomes the first one, and so may book.

    One that staff found to be a different child goes before one that is only possibly the same.
    """
    children.lock_identity(session, child.identity)
    found = session.scalars(
        select(Child)
        .where(
            Child.duplicate_of_id == child.id,
            Child.duplicate_state.in_([DuplicateState.POSSIBLE, DuplicateState.DIFFERENT]),
            Child.deleted_at.is_(None),
        )
        .order_by(Child.id)
        .with_for_update(key_share=True)
    ).all()
    heirs = sorted(found, key=lambda one: one.duplicate_state is DuplicateState.POSSIBLE)
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

    Consents stay as the proof that they were given, on a parent whom nothing names any more;
    answers to knowledge checks stay for the town's rate and belong to nobody.
    Doing it twice is doing it once.
    """
    # NO KEY UPDATE: a booking of the other guardian may write its message meanwhile, and holds
    # the child that we wait for.
    parent = session.scalar(
        select(Parent).where(Parent.id == parent_id).with_for_update(key_share=True)
    )
    if parent is None or parent.deleted_at is not None:
        return
    own = children.children_of(session, parent_id)
    for child in own:  # all of them before the first slot: whoever offers one a place has it first
        children.own_child(session, parent_id=parent_id, child_id=child.id, lock=True)
    for child in own:
        leave_child(session, clock, parent_id=parent_id, child_id=child.id)
    pregnancies.forget(session, clock, parent_id=parent_id)
    _forget_wechat(session, parent_id)
    for owned in (Guardian, Message, ParentToken, ParentIdentity, LinkCode, IdempotentAnswer):
        session.execute(delete(owned).where(owned.parent_id == parent_id))
    session.execute(
        update(Consent)
        .where(Consent.parent_id == parent_id, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=clock.now())
    )
    session.execute(  # the row of the parent stays, so its foreign key forgets nobody by itself
        update(QuizSet).where(QuizSet.parent_id == parent_id).values(parent_id=None)
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


def _forget_wechat(session: Session, parent_id: int) -> None:
    """What is kept by openid. A push that still waits is forgotten after it was handled."""
    # Messages before balances: delivery locks in this order too.
    session.execute(delete(Message).where(Message.parent_id == parent_id))
    identities = session.execute(
        select(ParentIdentity.appid, ParentIdentity.openid).where(
            ParentIdentity.parent_id == parent_id
        )
    ).all()
    for appid, openid in identities:
        for table in (Balance, LedgerEntry, Follower):
            session.execute(delete(table).where(table.appid == appid, table.openid == openid))
        session.execute(
            delete(InboundEvent).where(
                InboundEvent.appid == appid,
                InboundEvent.openid == openid,
                InboundEvent.handled_at.is_not(None),
            )
        )
