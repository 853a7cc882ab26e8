"""What is served of a guide or a recipe: made once, kept as bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from backend.facts.figures import Source
from backend.guides.ages import age_text, weeks_text
from backend.guides.recipes import RecipeMatter, RecipeSource
from backend.guides.render import Heading, Rendered
from backend.guides.review import PENDING, Standing
from backend.guides.search.fields import Fields
from backend.guides.source import FrontMatter, GuideSource, Series

CHARACTERS_A_MINUTE = 300  # Chinese read silently by adults, about 260 to 350
BEFORE_BIRTH = -10_000  # sorts pregnancy before birth; days

Json = dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """What guides and recipes share. `etag` is strong and quoted.

    `item` is the entry in a list, `body_json` the answer for the piece alone. `window`: days of
    life, both ends included; None for a card about pregnancy.
    """

    id: str
    slug: str
    title: str
    summary: str
    tags: tuple[str, ...]
    window: tuple[int, int] | None
    sources: tuple[Source, ...]
    standing: Standing
    content_hash: str
    item: Json
    item_json: bytes
    body_json: bytes
    etag: str
    fields: Fields = field(repr=False)

    @property
    def review(self) -> str:
        return self.standing.reader_state

    def fits(self, age_days: int) -> bool:
        return self.window is not None and self.window[0] <= age_days <= self.window[1]

    def touches(self, window: tuple[int, int]) -> bool:
        """Whether the two windows of days have a day in common."""
        return self.window is not None and (
            self.window[0] <= window[1] and self.window[1] >= window[0]
        )


@dataclass(frozen=True)
class Guide(Piece):
    """One guide, card or service page, ready to be served."""

    series: Series
    topic: str
    age_text: str
    minutes: int
    html: str
    headings: tuple[Heading, ...]
    pictures: tuple[str, ...]
    order: tuple[int, int, str]
    related: tuple[Json, ...]


@dataclass(frozen=True)
class Recipe(Piece):
    """One recipe, ready to be served."""

    matter: RecipeMatter
    age_text: str


def make_guide(
    source: GuideSource, rendered: Rendered, standing: Standing, related: tuple[Json, ...]
) -> Guide:
    matter = source.matter
    item = guide_item(source, rendered, standing)
    body = to_json(item | _text(source, rendered, standing, related))
    return Guide(
        id=matter.id,
        slug=source.slug,
        title=matter.title,
        summary=matter.summary,
        tags=matter.tags,
        window=matter.age_days,
        sources=source.sources,
        standing=standing,
        content_hash=source.content_hash,
        item=item,
        item_json=to_json(item),
        body_json=body,
        etag=etag_of(body),
        fields=Fields.of(matter.title, (*matter.tags, matter.topic), matter.summary, rendered.text),
        series=matter.series,
        topic=matter.topic,
        age_text=item["age_text"],
        minutes=item["minutes"],
        html=rendered.html,
        headings=rendered.headings,
        pictures=rendered.pictures,
        order=(*_begins(matter), matter.id),
        related=related,
    )


def guide_item(source: GuideSource, rendered: Rendered, standing: Standing = PENDING) -> Json:
    """A guide as it stands in a list."""
    matter = source.matter
    days = matter.age_days or (None, None)
    return {
        "kind": "guide",
        "slug": source.slug,
        "title": matter.title,
        "series": matter.series.value,
        "series_title": matter.series.book_title,
        "topic": matter.topic,
        "summary": matter.summary,
        "age_from_days": days[0],
        "age_to_days": days[1],
        "age_text": _age_text(matter),
        "minutes": max(1, ceil(len(rendered.text) / CHARACTERS_A_MINUTE)),
        "review": standing.reader_state,
    }


def _age_text(matter: FrontMatter) -> str:
    if matter.age_days is not None:
        return age_text(matter.age_days)
    assert matter.gest_weeks is not None
    return weeks_text(matter.gest_weeks)


def _begins(matter: FrontMatter) -> tuple[int, int]:
    if matter.age_days is not None:
        return matter.age_days
    assert matter.gest_weeks is not None
    first, last = matter.gest_weeks
    return BEFORE_BIRTH + first, BEFORE_BIRTH + last


def _text(
    source: GuideSource, rendered: Rendered, standing: Standing, related: tuple[Json, ...]
) -> Json:
    """What a guide has beyond its place in a list."""
    return {
        "blocks": rendered.blocks,
        "sources": [_source(one) for one in source.sources],
        "headings": [{"id": h.id, "level": h.level, "text": h.text} for h in rendered.headings],
        "related": list(related),
        "signed": signature(standing),
    }


def make_recipe(source: RecipeSource, standing: Standing) -> Recipe:
    matter = source.matter
    item = recipe_item(source, standing)
    body = to_json(
        item
        | {
            "ingredients": [one.model_dump() for one in matter.ingredients],
            "steps": list(matter.steps),
            "careful": matter.careful,
            "sources": [_source(one) for one in source.sources],
            "signed": signature(standing),
        }
    )
    foods = " ".join(one.food for one in matter.ingredients)
    text = "\n".join((foods, *matter.steps, matter.careful))
    return Recipe(
        id=matter.id,
        slug=source.slug,
        title=matter.name,
        summary=matter.summary,
        tags=matter.tags,
        window=matter.age_days,
        sources=source.sources,
        standing=standing,
        content_hash=source.content_hash,
        item=item,
        item_json=to_json(item),
        body_json=body,
        etag=etag_of(body),
        fields=Fields.of(matter.name, ("菜谱", "辅食", *matter.tags), matter.summary, text),
        matter=matter,
        age_text=item["age_text"],
    )


def recipe_item(source: RecipeSource, standing: Standing) -> Json:
    """A recipe as it stands in a list."""
    matter = source.matter
    return {
        "kind": "recipe",
        "slug": source.slug,
        "title": matter.name,
        "summary": matter.summary,
        "age_from_days": matter.age_days[0],
        "age_to_days": matter.age_days[1],
        "age_text": age_text(matter.age_days),
        "texture": matter.texture,
        "minutes": matter.minutes,
        "allergens": list(matter.allergens),
        "may_contain": list(matter.may_contain),
        "tags": list(matter.tags),
        "review": standing.reader_state,
    }


def signature(standing: Standing) -> Json | None:
    """Who signed a text that is shown as reviewed: the office, and from when until when."""
    decision = standing.decision
    if not standing.is_shown or decision is None or decision.valid_until is None:
        return None
    return {
        "office": decision.office,
        "on": decision.decided_on.isoformat(),
        "until": decision.valid_until.isoformat(),
    }


def _source(source: Source) -> Json:
    return source.model_dump(include={"title", "number", "year", "url"})


def to_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def etag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
