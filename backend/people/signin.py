"""A parent's sign-in: WeChat identity to our own opaque token."""

from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock
from backend.kernel.db import Base
from backend.kernel.errors import Unauthenticated
from backend.people import rules
from backend.people.login import WeChatIdentity
from backend.people.models import Parent, ParentIdentity, ParentToken


def sign_in(
    session: Session, clock: Clock, *, appid: str, identity: WeChatIdentity
) -> tuple[Parent, str, datetime]:
    """The parent behind an identity (made at the first sign-in), a new token, its end."""
    now = clock.now()
    parent = _parent_of(session, appid, identity.openid)
    if parent is None:
        parent = _new_parent(session, now, appid, identity)
    elif identity.unionid is not None:
        _learn_unionid(session, appid, identity)
    token, expires_at = rules.new_token(), now + rules.TOKEN_LIFE
    session.add(
        ParentToken(
            token_hash=rules.digest(token),
            parent_id=parent.id,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return parent, token, expires_at


def _parent_of(session: Session, appid: str, openid: str) -> Parent | None:
    return session.scalar(
        select(Parent)
        .join(ParentIdentity, ParentIdentity.parent_id == Parent.id)
        .where(
            ParentIdentity.appid == appid,
            ParentIdentity.openid == openid,
            Parent.deleted_at.is_(None),
        )
        # An account that is being closed is waited for: nobody signs in to what is gone.
        .with_for_update(read=True, of=Parent)
    )


def _learn_unionid(session: Session, appid: str, identity: WeChatIdentity) -> None:
    """WeChat tells it from the day on which the accounts are bound to one open platform."""
    session.execute(
        update(ParentIdentity)
        .where(
            ParentIdentity.appid == appid,
            ParentIdentity.openid == identity.openid,
            ParentIdentity.unionid.is_distinct_from(identity.unionid),
        )
        .values(unionid=identity.unionid)
        .execution_options(synchronize_session=False)
    )


def _new_parent(session: Session, now: datetime, appid: str, identity: WeChatIdentity) -> Parent:
    parent = Parent(created_at=now)
    session.add(parent)
    session.flush()
    # Two phones of one person may sign in for the first time at once: the row decides.
    made = session.execute(
        insert(ParentIdentity)
        .values(appid=appid, openid=identity.openid, unionid=identity.unionid, parent_id=parent.id)
        .on_conflict_do_nothing()
        .returning(ParentIdentity.parent_id)
    ).scalar()
    if made is not None:
        return parent
    session.delete(parent)
    session.flush()
    winner = _parent_of(session, appid, identity.openid)
    assert winner is not None
    return winner


TOKENS = Base.metadata.tables["parent_tokens"]
HOLDER = select(TOKENS.c.parent_id, TOKENS.c.expires_at).where(
    TOKENS.c.token_hash == bindparam("hash")
)
"""Built once: every request of a family asks it."""


def parent_by_token(session: Session, clock: Clock, token: str | None) -> int:
    """The id of the parent who holds the token.

    Raises Unauthenticated (no token, or unknown) or TokenExpired.
    """
    if not token:
        raise Unauthenticated
    row = session.execute(HOLDER, {"hash": rules.digest(token)}).one_or_none()
    if row is None:
        raise Unauthenticated
    if row.expires_at <= clock.now():
        raise rules.TokenExpired
    parent_id: int = row.parent_id
    return parent_id


def sign_out(session: Session, token: str) -> None:
    session.execute(delete(ParentToken).where(ParentToken.token_hash == rules.digest(token)))
