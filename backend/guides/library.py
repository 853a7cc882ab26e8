"""Everything that may be read, in memory: rendered once, served as bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from backend.guides.pictures import Picture
from backend.guides.pieces import Guide, Piece, Recipe, etag_of
from backend.guides.search import Engine, Found, Lexicon
from backend.guides.source import AGE_BANDS, Series
from backend.kernel.errors import NotFound

LISTINGS_KEPT = 256  # the latest asked for; at most about 60 kB each
BOOKS = frozenset({Series.MANUAL, Series.NUTRITION})
PREGNANCY = "pregnancy"


@dataclass(frozen=True)
class Listing:
    """A list as it goes over the wire; `etag` is strong and quoted."""

    body_json: bytes
    etag: str


@dataclass(frozen=True)
class Choice:
    """What a reader asks for. None and empty mean: no matter.

    Without a `series` the two books are meant; chapters of the handbook come when asked for, or
    by a search. `band`: a key of AGE_BANDS, or `pregnancy`.
    """

    age_days: int | None = None
    band: str | None = None
    series: Series | None = None
    topic: str | None = None
    q: str = ""


@dataclass(frozen=True)
class RecipeChoice:
    """`without`: allergens that must not be in it, nor perhaps; `tag`: 富铁, 手指食物 …"""

    age_days: int | None = None
    tag: str | None = None
    texture: str | None = None
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Hit:
    """A piece that a search found, with the hits marked."""

    piece: Piece
    found: Found


class Library:
    """The guides, recipes and pictures that may be shown."""

    def __init__(
        self,
        guides: Iterable[Guide],
        recipes: Iterable[Recipe],
        pictures: dict[str, Picture],
        lexicon: Lexicon,
    ) -> None:
        self._guides = sorted(guides, key=lambda guide: guide.order)
        self._recipes = sorted(recipes, key=lambda recipe: (recipe.window or (0, 0), recipe.id))
        self._by_slug = {guide.slug: guide for guide in self._guides}
        self._recipe_by_slug = {recipe.slug: recipe for recipe in self._recipes}
        self._pieces: list[Piece] = [*self._guides, *self._recipes]
        self.slugs = frozenset(piece.slug for piece in self._pieces)
        self.pictures = pictures
        self._engine = Engine(self._pieces, lexicon)
        self._remembered: dict[str, Listing] = {}
        self._kept_listing = lru_cache(LISTINGS_KEPT)(self._make_listing)
        self._kept_recipes = lru_cache(LISTINGS_KEPT)(self._make_recipes)

    def __len__(self) -> int:
        return len(self._guides)

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

    def get(self, slug: str) -> Guide:
        """Raises NotFound, also for a guide that is hidden until its review."""
        guide = self._by_slug.get(slug)
        if guide is None:
            raise NotFound
        return guide

    def find(self, slug: str) -> Guide | None:
        return self._by_slug.get(slug)

    def recipe(self, slug: str) -> Recipe:
        """Raises NotFound, also for a recipe that is hidden until its review."""
        recipe = self._recipe_by_slug.get(slug)
        if recipe is None:
            raise NotFound
        return recipe

    def find_recipe(self, slug: str) -> Recipe | None:
        return self._recipe_by_slug.get(slug)

    def picture(self, file_name: str) -> bytes:
        """`food-6-12m.svg`, for the night `food-6-12m-dark.svg`. Raises NotFound."""
        stem, _, kind = file_name.rpartition(".")
        drawn = self.pictures.get(stem.removesuffix("-dark"))
        if drawn is None or kind != "svg":
            raise NotFound
        return drawn.dark if stem.endswith("-dark") else drawn.light

    def pieces(self) -> Sequence[Piece]:
        return self._pieces

    def list(self, choice: Choice = Choice()) -> Sequence[Guide]:
        """The guides of a choice, best first.

        With `q` by how well they match; with an age by how closely their window fits it;
        otherwise in order of age.
        """
        if choice.q.strip():
            hits = self._engine.search(choice.q, age_days=choice.age_days, most=len(self._pieces))
            found = [self._pieces[hit.place] for hit in hits]
            return [one for one in found if isinstance(one, Guide) and _is_chosen(one, choice)]
        chosen = [guide for guide in self._guides if _is_chosen(guide, choice)]
        if choice.age_days is None:
            return chosen
        age = choice.age_days
        return sorted(chosen, key=lambda guide: _fit(guide, age))

    def recipes(self, choice: RecipeChoice = RecipeChoice()) -> Sequence[Recipe]:
        """The recipes of a choice, in order of age; with an age the latest begun first."""
        chosen = [recipe for recipe in self._recipes if _is_recipe_chosen(recipe, choice)]
        if choice.age_days is not None:
            chosen.sort(key=lambda recipe: (-(recipe.window or (0, 0))[0], recipe.id))
        return chosen

    def search(self, typed: str, *, age_days: int | None = None, most: int = 20) -> Sequence[Hit]:
        """Guides, cards, service pages and recipes together, best first."""
        found = self._engine.search(typed, age_days=age_days, most=most)
        return [Hit(self._pieces[one.place], one) for one in found]

    def near(self, typed: str) -> Sequence[str]:
        """Words that might be meant where nothing was found."""
        return self._engine.near(typed)

    def listing(self, choice: Choice = Choice()) -> Listing:
        """The same as bytes `{"items": […], "next": null}`; kept unless it is a search."""
        return self._make_listing(choice) if choice.q.strip() else self._kept_listing(choice)

    def remember(self, question: str, listing: Listing) -> None:
        """Keep the answer to a question as it was asked, letter by letter; the latest ones."""
        while len(self._remembered) >= LISTINGS_KEPT:
            self._remembered.pop(next(iter(self._remembered)), None)
        self._remembered[question] = listing

    def remembered(self, question: str) -> Listing | None:
        return self._remembered.get(question)

    def recipe_listing(self, choice: RecipeChoice = RecipeChoice()) -> Listing:
        return self._kept_recipes(choice)

    def _make_listing(self, choice: Choice) -> Listing:
        return listing_of(self.list(choice))

    def _make_recipes(self, choice: RecipeChoice) -> Listing:
        return listing_of(self.recipes(choice))


def listing_of(pieces: Iterable[Piece]) -> Listing:
    items = b",".join(piece.item_json for piece in pieces)
    body = b'{"items":[' + items + b'],"next":null}'
    return Listing(body, etag_of(body))


def hits_json(hits: Sequence[Hit], near: Sequence[str]) -> bytes:
    """What a search answers: items with marked titles and snippets, else words that are near."""
    items = [
        hit.piece.item
        | {
            "title_marked": [{"text": text, "hit": is_hit} for text, is_hit in hit.found.title],
            "snippet": [{"text": text, "hit": is_hit} for text, is_hit in hit.found.snippet],
        }
        for hit in hits
    ]
    value = {"items": items, "near": list(near)}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _is_chosen(guide: Guide, choice: Choice) -> bool:
    return (
        (choice.age_days is None or guide.fits(choice.age_days))
        and _in_band(guide, choice.band)
        and _in_series(guide, choice)
        and (not choice.topic or guide.topic == choice.topic)
    )


def _in_series(guide: Guide, choice: Choice) -> bool:
    if choice.series is None:
        return bool(choice.q.strip()) or choice.band == PREGNANCY or guide.series in BOOKS
    return guide.series == choice.series


def _in_band(guide: Guide, band: str | None) -> bool:
    if band is None:
        return True
    if band == PREGNANCY:
        return guide.window is None and guide.series is not Series.BEFORE
    return guide.touches(AGE_BANDS[band])


def _is_recipe_chosen(recipe: Recipe, choice: RecipeChoice) -> bool:
    matter = recipe.matter
    return (
        (choice.age_days is None or recipe.fits(choice.age_days))
        and (not choice.tag or choice.tag in matter.tags)
        and (not choice.texture or matter.texture == choice.texture)
        and not choice.without & {*matter.allergens, *matter.may_contain}
    )


def _fit(guide: Guide, age_days: int) -> tuple[int, int, str]:
    """The narrower the window, the more a guide is about this age; then the nearer its middle."""
    first, last = guide.window or (0, 0)
    return last - first, abs(2 * age_days - first - last), guide.id
