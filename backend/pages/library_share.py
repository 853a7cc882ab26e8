"""What a page says of itself to those who link to it: Open Graph, schema.org."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from backend.guides.pieces import Guide, Piece, Recipe

IMAGE = "/static/pages/brand.png"  # a bitmap: WeChat and others show no SVG
Json = dict[str, Any]


@dataclass(frozen=True)
class Shared:
    """The head of a page. `path` None: it has no lasting address."""

    title: str
    heading: str
    description: str
    kind: str  # of Open Graph: article or website
    site: str
    path: str | None
    is_indexed: bool
    data: Json = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.site}{self.path}"

    @property
    def icon(self) -> str:
        return IMAGE

    @property
    def image(self) -> str:
        return f"{self.site}{IMAGE}"


def article_data(guide: Guide) -> Json:
    return {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": guide.title,
        "articleSection": guide.series.book_title,
        "citation": [_citation(guide, place) for place in range(len(guide.sources))],
    } | _common(guide)


def recipe_data(recipe: Recipe) -> Json:
    matter = recipe.matter
    data: Json = {
        "@context": "https://schema.org",
        "@type": "Recipe",
        "name": recipe.title,
        "recipeCategory": "儿童餐",
        "keywords": "，".join(matter.tags),
        "recipeIngredient": [f"{one.food} {one.amount}" for one in matter.ingredients],
        "recipeInstructions": [{"@type": "HowToStep", "text": step} for step in matter.steps],
    }
    if matter.minutes is not None:
        data["totalTime"] = f"PT{matter.minutes}M"
    return data | _common(recipe)


def _common(piece: Piece) -> Json:
    publisher = {"@type": "Organization", "name": "澄育"}
    data: Json = {
        "description": piece.summary,
        "inLanguage": "zh-CN",
        "isAccessibleForFree": True,
        "publisher": publisher,
    }
    decision = piece.standing.decision
    if piece.standing.is_shown and decision is not None:
        data["dateModified"] = decision.decided_on.isoformat()
        data["author"] = {"@type": "Organization", "name": decision.office}
    return data


def _citation(piece: Piece, place: int) -> str:
    source = piece.sources[place]
    return "，".join(filter(None, (source.title, source.number, f"{source.year}年")))
