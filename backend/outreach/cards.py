"""Title, author, digest and cover of an article, seen and changed before it is published.

The text below stays the guide's. No commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.guides.pieces import Guide
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import NotFound
from backend.outreach import rules
from backend.outreach.models import CoverPicture, Publication, PublicationState
from backend.outreach.rules import Card, CardRefused, PublicationChanged

MOST_OFFERED = 12


def first_card(session: Session, appid: str, guide: Guide, author: str) -> Card:
    """What this account showed of this very text the last time, else the guide's own words.

    Of a text that has changed since, the words that somebody chose may not be true any more.
    """
    own = rules.own_card(guide, author)
    alike: list[dict[str, Any]] = [{"slug": guide.slug, "hash": guide.content_hash}]
    last = session.scalar(
        select(Publication.articles)
        .where(
            Publication.appid == appid,
            Publication.state != PublicationState.CANCELLED,
            Publication.articles.contains(alike),
        )
        .order_by(Publication.id.desc())
        .limit(1)
    )
    if last is None:
        return own
    before = rules.card_of(next(one for one in last if one["slug"] == guide.slug), author)
    return Card(before.title, before.digest, author, before.cover)


def change_card(
    session: Session, clock: Clock, one: Publication, slug: str, card: Card, *, staff_id: int
) -> None:
    """Show this of an article. Raises CardRefused, PublicationChanged or NotFound.

    Of a draft only: what a second person has approved, or is looking at, stays what it is.
    """
    if one.state is not PublicationState.DRAFT:
        raise PublicationChanged(f"现在是“{rules.STATE_TITLES[one.state]}”，已不能修改")
    before = rules.card_of(article_of(one, slug), one.author)
    card = rules.checked_card(card)
    if card.cover is not None and cover(session, one.appid, card.cover) is None:
        raise CardRefused("这张封面不在了，请另选一张", "cover")
    changed = sorted(name for name, value in vars(card).items() if value != getattr(before, name))
    if not changed:
        return
    one.articles = [
        {**article, **vars(card)} if article["slug"] == slug else article
        for article in one.articles
    ]
    one.changed_at = rules.later(clock.now(), one.changed_at)
    session.flush()
    audit.record(
        session,
        clock,
        actor=f"staff:{staff_id}",
        action="publication.card",
        subject=f"publication:{one.id}",
        detail={"account": one.appid, "article": slug, "changed": changed, "cover": card.cover},
    )


def article_of(one: Publication, slug: str) -> dict[str, Any]:
    """Raises NotFound."""
    found = next((article for article in one.articles if article["slug"] == slug), None)
    if found is None:
        raise NotFound
    return found


def keep_cover(session: Session, clock: Clock, appid: str, jpeg: bytes, *, staff_id: int) -> int:
    """The number of a picture in the account's covers; the same one twice is one."""
    digest = hashlib.sha256(jpeg).digest()
    made = insert(CoverPicture).values(
        appid=appid, digest=digest, jpeg=jpeg, added_by=staff_id, added_at=clock.now()
    )
    session.execute(made.on_conflict_do_nothing())
    return session.scalars(
        select(CoverPicture.id).where(CoverPicture.appid == appid, CoverPicture.digest == digest)
    ).one()


def cover(session: Session, appid: str, cover_id: int) -> bytes | None:
    """A cover of the account's own; None for one of others."""
    return session.scalar(
        select(CoverPicture.jpeg).where(CoverPicture.appid == appid, CoverPicture.id == cover_id)
    )


def covers_to_choose(session: Session, appid: str) -> Sequence[int]:
    """The account's covers, the newest first."""
    return session.scalars(
        select(CoverPicture.id)
        .where(CoverPicture.appid == appid)
        .order_by(CoverPicture.id.desc())
        .limit(MOST_OFFERED)
    ).all()


def covers_of(session: Session, one: Publication) -> dict[int, bytes]:
    """The chosen covers of a publication."""
    chosen = {article["cover"] for article in one.articles if article.get("cover") is not None}
    rows = session.execute(
        select(CoverPicture.id, CoverPicture.jpeg).where(
            CoverPicture.appid == one.appid, CoverPicture.id.in_(chosen)
        )
    )
    return {row.id: row.jpeg for row in rows}
