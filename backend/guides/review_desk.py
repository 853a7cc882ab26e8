"""What the reviewers' pages show: each text with its state, its history, its kept versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.facts.figures import Facts
from backend.guides.figure_list import figures_of
from backend.guides.loading import Shelf
from backend.guides.recipes import RecipeSource
from backend.guides.review import Decision, Reviews, Standing, State, is_due_soon, latest
from backend.guides.review_models import ReviewDecision, ReviewedText
from backend.guides.review_queries import decision_of
from backend.guides.source import GuideSource, Series
from backend.guides.versions import Text, ages_of, title_of
from backend.kernel.clock import Clock, city_date

RECIPES = "recipes"
SHELVES: Mapping[str, str] = {
    Series.MANUAL: "育儿手册",
    Series.NUTRITION: "营养指南",
    Series.HANDBOOK: "手册卡片",
    Series.SERVICE: "服务",
    Series.BEFORE: "孕前",
    RECIPES: "菜谱",
}


class Pile(StrEnum):
    """The piles that a reviewer's desk has: the states, and what is signed but due soon."""

    PENDING = "pending"
    REVIEWED = "reviewed"
    SOON = "soon"
    DUE = "due"
    EXPIRED = "expired"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


PILE_TITLES: Mapping[Pile, str] = {
    Pile.PENDING: "待审",
    Pile.REVIEWED: "已审",
    Pile.SOON: "快到期",
    Pile.DUE: "待复审",
    Pile.EXPIRED: "已过期",
    Pile.RETURNED: "退回",
    Pile.WITHDRAWN: "撤下",
}
SIGNED = frozenset({Pile.REVIEWED, Pile.SOON})  # the signature counts today


@dataclass(frozen=True)
class ReviewRow:
    """One text in the list. `shown`: the approval under what families read in production, of
    this version or of an older one that stands in for it; None when they read nothing.
    """

    slug: str
    id: str
    title: str
    summary: str
    tags: tuple[str, ...]
    shelf: str
    age_text: str
    unsourced: int
    content_hash: str
    newest_id: int
    standing: Standing
    pile: Pile
    shown: Decision | None

    @property
    def shelf_title(self) -> str:
        return SHELVES[self.shelf]

    @property
    def is_signed(self) -> bool:
        return self.pile in SIGNED

    @property
    def older_is_shown(self) -> bool:
        return self.shown is not None and self.shown.content_hash != self.content_hash


@dataclass(frozen=True)
class Taken:
    """One decision with the moment it was taken."""

    id: int
    decision: Decision
    decided_at: datetime


@dataclass(frozen=True)
class KeptText:
    """A version about which something was decided."""

    content_hash: str
    text: str
    kept_at: datetime


@dataclass(frozen=True)
class Desk:
    """Every decision as of today, and the number of the newest one of each text by its slug."""

    reviews: Reviews
    newest: Mapping[str, int]

    def row(self, source: Text, facts: Facts) -> ReviewRow:
        standing = self.reviews.standing(source.slug, source.content_hash)
        shown = standing if standing.is_shown else self.reviews.newest_shown(source.slug)
        return ReviewRow(
            slug=source.slug,
            id=source.matter.id,
            title=title_of(source),
            summary=source.matter.summary,
            tags=source.matter.tags,
            shelf=_shelf_of(source),
            age_text=ages_of(source),
            unsourced=_unsourced(source, facts),
            content_hash=source.content_hash,
            newest_id=self.newest.get(source.slug, 0),
            standing=standing,
            pile=pile_of(standing, self.reviews.today),
            shown=shown.decision if shown else None,
        )


def read_desk(session: Session, clock: Clock, grace: timedelta) -> Desk:
    """The decisions without the texts they were about."""
    rows = list(session.scalars(select(ReviewDecision).order_by(ReviewDecision.id)))
    decisions = latest(decision_of(row) for row in rows)
    reviews = Reviews(today=city_date(clock.now()), grace=grace, decisions=decisions)
    return Desk(reviews, {row.slug: row.id for row in rows})


def review_rows(shelf: Shelf, desk: Desk) -> list[ReviewRow]:
    """Every text of the library, in the order of the books."""
    order = list(SHELVES)
    texts: list[Text] = [*shelf.guides, *shelf.recipes]
    rows = [desk.row(source, shelf.facts) for source in texts]
    return sorted(rows, key=lambda row: (order.index(row.shelf), row.id))


def count(rows: Iterable[ReviewRow]) -> dict[Pile, int]:
    """How many texts lie on each pile, the empty ones too."""
    counts = dict.fromkeys(Pile, 0)
    for row in rows:
        counts[row.pile] += 1
    return counts


def pile_of(standing: Standing, today: date) -> Pile:
    if standing.state is State.REVIEWED and standing.decision is not None:
        return Pile.SOON if is_due_soon(standing.decision, today) else Pile.REVIEWED
    return Pile(standing.state.value)


def _shelf_of(source: Text) -> str:
    return source.matter.series.value if isinstance(source, GuideSource) else RECIPES


def _unsourced(source: Text, facts: Facts) -> int:
    if isinstance(source, RecipeSource):
        return 0
    return sum(not figure.is_sourced for figure in figures_of(source, facts))


def history(session: Session, slug: str) -> list[Taken]:
    """Every decision about a text, the newest first."""
    rows = session.scalars(
        select(ReviewDecision).where(ReviewDecision.slug == slug).order_by(ReviewDecision.id.desc())
    )
    return [Taken(row.id, decision_of(row), row.decided_at) for row in rows]


def kept_texts(session: Session, slug: str) -> list[KeptText]:
    """The versions about which something was decided, the oldest first."""
    rows = session.scalars(
        select(ReviewedText).where(ReviewedText.slug == slug).order_by(ReviewedText.kept_at)
    )
    return [KeptText(row.content_hash, row.text, row.kept_at) for row in rows]
