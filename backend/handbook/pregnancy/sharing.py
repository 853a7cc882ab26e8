"""A pregnancy of two parents: the one who opened it invites, the partner joins and may leave.

Both see and record the same, both are told, either may say that it is over or born. Only the
one who opened it invites, and takes everything along when the consent is withdrawn. Why so:
decision 30. The caller owns the transaction and checks consents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from backend.handbook.pregnancy import service
from backend.handbook.pregnancy.models import (
    Pregnancy,
    PregnancyInvitation,
    PregnancyParent,
    State,
)
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Forbidden, TooMany
from backend.people import rules
from backend.people.models import Attempt, Relation


class NotTheOpener(Forbidden):
    code = "pregnancy_not_opener"
    message = "只有建这份孕期手册的人可以邀请和停止共享"


class PartnerThere(Conflict):
    code = "pregnancy_partner_there"
    message = "已经有一位家长和您共享这份孕期手册，要换人请先停止共享"


class OwnPregnancyOpen(Conflict):
    code = "own_pregnancy_open"
    message = "您自己有一份进行中的孕期手册，先在里面点“孕期已结束”"


@dataclass(frozen=True)
class Sharing:
    """How one parent has a pregnancy."""

    opener: bool
    shared: bool


def sharing_of(session: Session, pregnancy: Pregnancy, parent_id: int) -> Sharing:
    parents = service.parents_of(session, pregnancy)
    return Sharing(pregnancy.parent_id == parent_id, len(parents) > 1)


def invite(
    session: Session, clock: Clock, *, parent_id: int, relation: Relation
) -> tuple[str, datetime]:
    """A code by which the partner joins within a day, and until when it is good.

    `relation`: what the inviting parent is to the child. Raises NoOpenPregnancy, NotTheOpener or
    PartnerThere.
    """
    pregnancy = _own(session, parent_id)
    if len(service.parents_of(session, pregnancy)) > 1:
        raise PartnerThere
    session.execute(
        update(PregnancyParent)
        .where(PregnancyParent.pregnancy_id == pregnancy.id, PregnancyParent.opener)
        .values(relation=relation)
    )
    now, code = clock.now(), rules.new_invitation_code()
    until = now + rules.INVITATION_LIFE
    session.add(
        PregnancyInvitation(
            code_hash=rules.digest(code),
            pregnancy_id=pregnancy.id,
            created_at=now,
            expires_at=until,
        )
    )
    session.flush()
    return code, until


def join(
    session: Session, clock: Clock, *, parent_id: int, code: str, relation: Relation
) -> Pregnancy:
    """Join the pregnancy of a code. Call with the parent locked, the consents seen after that.

    Raises InvitationInvalid (count the try), TooMany after ten wrong codes in an hour,
    OwnPregnancyOpen, or PartnerThere.
    """
    _check_tries(session, clock, parent_id)
    before = service.latest(session, parent_id)
    has_one = before is not None and before.state is State.OPEN
    pregnancy = _redeem(session, clock, code)
    parents = service.parents_of(session, pregnancy)
    if parent_id in parents:
        return pregnancy
    if has_one:
        raise OwnPregnancyOpen
    if len(parents) > 1:
        raise PartnerThere
    session.execute(
        insert(PregnancyParent).values(
            pregnancy_id=pregnancy.id,
            parent_id=parent_id,
            opener=False,
            relation=relation,
            state=State.OPEN,
            since=clock.now(),
        )
    )
    audit.record(
        session,
        clock,
        actor=f"parent:{parent_id}",
        action="pregnancy.joined",
        subject=f"parent:{pregnancy.parent_id}",
    )
    return pregnancy


def leave(session: Session, clock: Clock, *, parent_id: int) -> None:
    """The partner goes, or the opener stops sharing; nothing more is told to who is out.

    Open or closed. Without a partner this changes nothing. Raises NoOpenPregnancy where this
    parent has none.
    """
    last = service.latest(session, parent_id)
    if last is None:
        raise service.NoOpenPregnancy
    pregnancy = _locked(session, last.id)
    if pregnancy is None:
        raise service.NoOpenPregnancy
    partner = next(
        (one for one in service.parents_of(session, pregnancy) if one != pregnancy.parent_id), None
    )
    if partner is not None and parent_id in (partner, pregnancy.parent_id):
        service.drop_partner(session, clock, pregnancy, partner, by=parent_id)


def _own(session: Session, parent_id: int) -> Pregnancy:
    pregnancy = service.open_one(session, parent_id, lock=True)
    if pregnancy.parent_id != parent_id:
        raise NotTheOpener
    return pregnancy


def _check_tries(session: Session, clock: Clock, parent_id: int) -> None:
    tries = session.scalar(
        select(func.count()).where(
            Attempt.subject == f"invitation:{parent_id}",
            Attempt.at > clock.now() - timedelta(hours=1),
        )
    )
    if (tries or 0) >= rules.INVITATION_TRIES:
        raise TooMany


def _redeem(session: Session, clock: Clock, code: str) -> Pregnancy:
    """Use the code, once, by compare-and-swap, with the pregnancy locked before."""
    usable = (
        PregnancyInvitation.code_hash == rules.digest(rules.fold_invitation_code(code)),
        PregnancyInvitation.used_at.is_(None),
        PregnancyInvitation.expires_at > clock.now(),
    )
    found = session.scalar(select(PregnancyInvitation.pregnancy_id).where(*usable))
    pregnancy = None if found is None else _locked(session, found)
    used = session.scalar(
        update(PregnancyInvitation)
        .where(*usable)
        .values(used_at=clock.now())
        .returning(PregnancyInvitation.pregnancy_id)
        .execution_options(synchronize_session=False)
    )
    if used is None or pregnancy is None or pregnancy.state is not State.OPEN:
        raise rules.InvitationInvalid
    return pregnancy


def _locked(session: Session, pregnancy_id: int) -> Pregnancy | None:
    """By the lock that every change takes and the planner waits for."""
    return session.scalar(
        select(Pregnancy)
        .where(Pregnancy.id == pregnancy_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
