"""Whose WeChat it is that follows a 公众号: the same person known at several accounts.

By unionid where WeChat gives one, else by a QR code that the parent shows in the mini-program.
A WeChat that belongs to another parent is never moved by a scan: that parent has to unlink it
first (docs/decisions/0031-wechat-accounts.md).

Locks: the parent, then the code, then the follower. `rights.deletion` begins with the parent.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.accounts.models import Follower, LinkCode, LinkOutcome
from backend.accounts.scenes import LIFE, LinkScenes, digest
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import TooMany
from backend.people.models import Parent, ParentIdentity

MOST_AN_HOUR = 20
HOUR = timedelta(hours=1)
BY_CODE, BY_UNIONID = "code", "unionid"

log = structlog.get_logger()


@dataclass(frozen=True)
class Standing:
    """How a parent stands to an account. `code`: the newest one that they were shown."""

    linked: bool
    following: bool
    code: LinkCode | None


def standing(session: Session, *, parent_id: int, appid: str) -> Standing:
    follower = session.scalar(
        select(Follower).where(Follower.appid == appid, Follower.parent_id == parent_id)
    )
    code = session.scalar(
        select(LinkCode)
        .where(LinkCode.appid == appid, LinkCode.parent_id == parent_id)
        .order_by(LinkCode.id.desc())
        .limit(1)
    )
    following = follower is not None and follower.left_at is None
    return Standing(linked=follower is not None, following=following, code=code)


def make_code(
    session: Session, clock: Clock, scenes: LinkScenes, *, parent_id: int, appid: str
) -> tuple[LinkCode, str]:
    """A code for ten minutes and its scene, which is told once. Raises TooMany."""
    now = clock.now()
    made = session.scalar(
        select(func.count(LinkCode.id)).where(
            LinkCode.parent_id == parent_id, LinkCode.created_at > now - HOUR
        )
    )
    if (made or 0) >= MOST_AN_HOUR:
        raise TooMany
    scene = scenes.make(os.urandom(16))
    code = LinkCode(
        scene_hash=digest(scene),
        parent_id=parent_id,
        appid=appid,
        created_at=now,
        expires_at=now + LIFE,
    )
    session.add(code)
    session.flush()
    return code, scene


def held_code(session: Session, appid: str, scene: str) -> LinkCode | None:
    """The code of a scene, locked after its parent; None if there is none, or the parent left."""
    found = session.execute(
        select(LinkCode.id, LinkCode.parent_id).where(
            LinkCode.scene_hash == digest(scene), LinkCode.appid == appid
        )
    ).one_or_none()
    if found is None or not _hold_parent(session, found.parent_id):
        return None
    return session.get(LinkCode, found.id, with_for_update=True, populate_existing=True)


def redeem(
    session: Session, clock: Clock, code: LinkCode, follower: Follower, moment: datetime
) -> str:
    """Link who scanned at that moment; the outcome in words for the log of events.

    A code serves once, whatever came of it.
    """
    if code.used_at is not None:
        return "link: code used before"
    if moment >= code.expires_at:
        return "link: code too old"
    outcome = _judge(session, follower, code.parent_id)
    code.used_at, code.outcome = clock.now(), outcome
    if outcome is LinkOutcome.LINKED:
        _link(session, clock, follower, code.parent_id, way=BY_CODE)
    return f"link: {outcome.value}"


def _judge(session: Session, follower: Follower, parent_id: int) -> LinkOutcome:
    holder = _holder(session, follower)
    if holder is not None and holder != parent_id:
        return LinkOutcome.OTHER_PARENT
    if _is_somebody_else(session, follower, parent_id):
        return LinkOutcome.OTHER_PERSON
    return LinkOutcome.LINKED


def hold_parents(session: Session, appid: str, openid: str, unionid: str | None) -> None:
    """Lock whoever `settle_identity` may link or unlink, before the follower is locked."""
    found = session.scalars(
        select(ParentIdentity.parent_id)
        .where(
            (ParentIdentity.appid == appid) & (ParentIdentity.openid == openid)
            | (ParentIdentity.unionid == unionid)
        )
        .distinct()
    ).all()
    for parent_id in sorted(found):
        _hold_parent(session, parent_id)


def settle_identity(session: Session, clock: Clock, follower: Follower) -> None:
    """After WeChat told the follower's unionid: link who it is, unlink who it cannot be.

    Parents are held by now, so one whose identities are here is not being deleted.
    """
    if follower.unionid is None:
        return
    linked = follower.parent_id
    if linked is not None and _is_somebody_else(session, follower, linked):
        log.warning("link_of_another_person", account=follower.appid)
        unlink(session, clock, parent_id=linked, appid=follower.appid, actor="wechat")
        _mark_other_person(session, linked, follower.appid)
        linked = None
    if linked is None:
        parent_id = _parent_by_unionid(session, follower.unionid)
        if parent_id is not None:
            _link(session, clock, follower, parent_id, way=BY_UNIONID)


def link_known(session: Session, clock: Clock, *, parent_id: int) -> None:
    """After a sign-in that told the parent's unionid: the followers who are this person."""
    unionids = select(ParentIdentity.unionid).where(
        ParentIdentity.parent_id == parent_id, ParentIdentity.unionid.is_not(None)
    )
    found = session.scalars(
        select(Follower)
        .where(Follower.parent_id.is_(None), Follower.unionid.in_(unionids))
        .order_by(Follower.appid, Follower.openid)
        .with_for_update()
    ).all()
    for follower in found:
        _link(session, clock, follower, parent_id, way=BY_UNIONID)


def keep_link(session: Session, follower: Follower) -> None:
    """Who comes back is whom the link says they are."""
    if follower.parent_id is None:
        follower.parent_id = _holder(session, follower)


def unlink(session: Session, clock: Clock, *, parent_id: int, appid: str, actor: str) -> bool:
    """Forget which WeChat the parent has at an account; False if it was not known."""
    _hold_parent(session, parent_id)
    gone = session.scalars(
        delete(ParentIdentity)
        .where(ParentIdentity.parent_id == parent_id, ParentIdentity.appid == appid)
        .returning(ParentIdentity.appid)
        .execution_options(synchronize_session=False)
    ).all()
    if not gone:
        return False
    session.expire_all()  # the database has taken the parent from the follower
    audit.record(
        session,
        clock,
        actor=actor,
        action="account.unlinked",
        subject=f"parent:{parent_id}",
        detail={"appid": appid},
    )
    return True


def unlink_all(session: Session, clock: Clock, *, parent_id: int) -> None:
    """Forget the parent's WeChat at every 公众号; the mini-program's identity stays."""
    linked = session.scalars(select(Follower.appid).where(Follower.parent_id == parent_id)).all()
    for appid in sorted(linked):
        unlink(session, clock, parent_id=parent_id, appid=appid, actor=f"parent:{parent_id}")


def _link(session: Session, clock: Clock, follower: Follower, parent_id: int, *, way: str) -> None:
    """One WeChat of a parent at an account: another one takes the place of the one before."""
    if _holder(session, follower) != parent_id:
        session.execute(
            delete(ParentIdentity)
            .where(ParentIdentity.parent_id == parent_id, ParentIdentity.appid == follower.appid)
            .execution_options(synchronize_session=False)
        )
        session.add(
            ParentIdentity(
                appid=follower.appid,
                openid=follower.openid,
                unionid=follower.unionid,
                parent_id=parent_id,
            )
        )
        session.flush()
        audit.record(
            session,
            clock,
            actor=f"parent:{parent_id}",
            action="account.linked",
            subject=f"parent:{parent_id}",
            detail={"appid": follower.appid, "way": way},
        )
    follower.parent_id = parent_id
    session.flush()


def _hold_parent(session: Session, parent_id: int) -> bool:
    """An account that is being closed is waited for; nobody is linked to what is gone."""
    held = select(Parent.id).where(Parent.id == parent_id, Parent.deleted_at.is_(None))
    return session.scalar(held.with_for_update(read=True)) is not None


def _holder(session: Session, follower: Follower) -> int | None:
    return session.scalar(
        select(ParentIdentity.parent_id).where(
            ParentIdentity.appid == follower.appid, ParentIdentity.openid == follower.openid
        )
    )


def _is_somebody_else(session: Session, follower: Follower, parent_id: int) -> bool:
    """Does WeChat say so? Only where it told both unionids."""
    if follower.unionid is None:
        return False
    known = set(
        session.scalars(
            select(ParentIdentity.unionid).where(
                ParentIdentity.parent_id == parent_id,
                ParentIdentity.appid != follower.appid,
                ParentIdentity.unionid.is_not(None),
            )
        )
    )
    return bool(known) and follower.unionid not in known


def _parent_by_unionid(session: Session, unionid: str) -> int | None:
    found = session.scalars(
        select(ParentIdentity.parent_id).where(ParentIdentity.unionid == unionid).distinct()
    ).all()
    return found[0] if len(found) == 1 else None


def _mark_other_person(session: Session, parent_id: int, appid: str) -> None:
    """So that the parent's page says why the link is gone."""
    code = session.scalar(
        select(LinkCode)
        .where(
            LinkCode.parent_id == parent_id,
            LinkCode.appid == appid,
            LinkCode.outcome == LinkOutcome.LINKED,
        )
        .order_by(LinkCode.id.desc())
        .limit(1)
    )
    if code is not None:
        code.outcome = LinkOutcome.OTHER_PERSON
