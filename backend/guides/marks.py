"""Favourites and reading marks of a parent."""

from __future__ import annotations

from collections.abc import Container, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.guides.models import GuideMark
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, NotFound

MOST_FAVOURITES = 300


class TooManyFavourites(Conflict):
    code = "favourites_full"
    message = f"收藏已满 {MOST_FAVOURITES} 篇，请先取消几篇"


def keep_favourite(
    session: Session, clock: Clock, known: Container[str], *, parent_id: int, slug: str
) -> None:
    """Mark a piece as a favourite; twice is once, and the first time counts.

    Raises NotFound for a piece that is not shown, TooManyFavourites above 300.
    """
    if slug not in known:
        raise NotFound
    kept = favourites(session, parent_id=parent_id)
    if slug in kept:
        return
    if len(kept) >= MOST_FAVOURITES:
        raise TooManyFavourites
    now = clock.now()
    session.execute(
        insert(GuideMark)
        .values(parent_id=parent_id, slug=slug, favourite_since=now)
        .on_conflict_do_update(index_elements=["parent_id", "slug"], set_={"favourite_since": now})
    )


def drop_favourite(session: Session, *, parent_id: int, slug: str) -> None:
    """No favourite any more; what was read stays read. Also for a piece that is gone."""
    mine = (GuideMark.parent_id == parent_id, GuideMark.slug == slug)
    session.execute(delete(GuideMark).where(*mine, GuideMark.read_at.is_(None)))
    session.execute(update(GuideMark).where(*mine).values(favourite_since=None))


def mark_read(
    session: Session, clock: Clock, known: Container[str], *, parent_id: int, slug: str
) -> None:
    """The piece was read to its end, now. Raises NotFound for a piece that is not shown."""
    if slug not in known:
        raise NotFound
    now = clock.now()
    session.execute(
        insert(GuideMark)
        .values(parent_id=parent_id, slug=slug, read_at=now)
        .on_conflict_do_update(index_elements=["parent_id", "slug"], set_={"read_at": now})
    )


def favourites(session: Session, *, parent_id: int) -> Sequence[str]:
    """The slugs of a parent's favourites, the latest first."""
    return session.scalars(
        select(GuideMark.slug)
        .where(GuideMark.parent_id == parent_id, GuideMark.favourite_since.is_not(None))
        .order_by(GuideMark.favourite_since.desc(), GuideMark.slug)
    ).all()


def read_slugs(session: Session, *, parent_id: int) -> Sequence[str]:
    """The slugs of what a parent has read, the latest first."""
    return session.scalars(
        select(GuideMark.slug)
        .where(GuideMark.parent_id == parent_id, GuideMark.read_at.is_not(None))
        .order_by(GuideMark.read_at.desc(), GuideMark.slug)
    ).all()
