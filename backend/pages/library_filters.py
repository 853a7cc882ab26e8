"""Filters of the library's lists, as links and as what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from backend.centres.places import Places
from backend.guides.library import Library, RecipeChoice

RECIPES = "/g/recipes"
AGES: Mapping[str, tuple[str, int]] = {  # what a link says -> its title, a day of life in it
    "6m": ("6～8月龄", 228),
    "9m": ("9～11月龄", 319),
    "1y": ("1～2岁", 547),
    "2y": ("2～3岁", 912),
    "3y": ("3～6岁", 1643),
}
WORD = 40  # characters
Asked = Mapping[str, str]


@dataclass(frozen=True)
class RecipesAsked:
    """Values of the links; empty means: no matter."""

    age: str = ""
    tag: str = ""
    without: str = ""

    @property
    def choice(self) -> RecipeChoice:
        age = AGES.get(self.age)
        return RecipeChoice(
            age_days=age[1] if age else None,
            tag=self.tag or None,
            without=frozenset(filter(None, [self.without])),
        )

    @property
    def is_all(self) -> bool:
        return self == RecipesAsked()


@dataclass(frozen=True)
class RoomsAsked:
    town: str = ""
    q: str = ""


@dataclass(frozen=True)
class Link:
    title: str
    href: str
    is_on: bool


def asked_recipes(args: Asked) -> RecipesAsked:
    """An age that is none of ours does not matter; a tag that no recipe has finds nothing."""
    age = args.get("age", "")
    return RecipesAsked(
        age=age if age in AGES else "",
        tag=args.get("tag", "")[:WORD],
        without=args.get("without", "")[:WORD],
    )


def asked_rooms(args: Asked, places: Places) -> RoomsAsked:
    town = args.get("town", "")
    known = {one.code for one in places}
    return RoomsAsked(town=town if town in known else "", q=args.get("q", "").strip()[:WORD])


def recipe_links(library: Library, asked: RecipesAsked) -> dict[str, Sequence[Link]]:
    """Rows of links: each sets its own filter and leaves the others; the one that is on ends it."""
    recipes = library.recipes()
    tags = dict.fromkeys(tag for one in recipes for tag in one.matter.tags)
    allergens = dict.fromkeys(name for one in recipes for name in one.matter.allergens)
    return {
        "年龄": [_link(asked, "age", key, title) for key, (title, _) in AGES.items()],
        "特点": [_link(asked, "tag", tag, tag) for tag in tags],
        "不含": [_link(asked, "without", name, name) for name in allergens],
    }


def _link(asked: RecipesAsked, name: str, value: str, title: str) -> Link:
    is_on = getattr(asked, name) == value
    chosen = vars(replace(asked, **{name: "" if is_on else value}))
    query = urlencode({key: word for key, word in chosen.items() if word})
    return Link(title, f"{RECIPES}?{query}" if query else RECIPES, is_on)
