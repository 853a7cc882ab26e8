"""A centre's calendar feed: sessions and how full they are, and nobody's name."""

import secrets

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.centres.feed_models import CentreFeed
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import NotFound
from backend.people.rules import digest

LONGEST_TOKEN = 64


def renew(session: Session, clock: Clock, *, centre_id: int, actor: str) -> str:
    """A new secret for the centre's address; the old address ends. Shown this once."""
    token = secrets.token_urlsafe(24)
    values = {
        "token_hash": digest(token),
        "created_at": clock.now(),
        "created_by": actor,
    }
    session.execute(
        insert(CentreFeed)
        .values(centre_id=centre_id, **values)
        .on_conflict_do_update(index_elements=[CentreFeed.centre_id], set_=values)
    )
    audit.record(session, clock, actor=actor, action="feed.renewed", subject=f"centre:{centre_id}")
    return token


def centre_of(session: Session, token: str) -> int:
    """Whose feed a secret opens. Raises NotFound."""
    centre_id = None
    if 0 < len(token) <= LONGEST_TOKEN:
        centre_id = session.scalar(
            select(CentreFeed.centre_id).where(CentreFeed.token_hash == digest(token))
        )
    if centre_id is None:
        raise NotFound
    return centre_id


def feed_of(session: Session, centre_id: int) -> CentreFeed | None:
    return session.get(CentreFeed, centre_id)
