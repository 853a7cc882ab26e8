"""From the files of content/ and the decisions about them to the library that is shown.

A wrong file stops the start (ContentError with file and line), not a reader. Files are read once;
when decisions change, only what they touch is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import structlog

from backend.facts.errors import ContentError
from backend.facts.figures import Facts, load_facts
from backend.guides.library import Library
from backend.guides.pictures import Picture, draw_all
from backend.guides.pieces import Guide, guide_item, make_guide, make_recipe
from backend.guides.recipes import RecipeSource, read_recipe, recipe_files, recipe_of
from backend.guides.related import related
from backend.guides.render import LINKS, PAGE_SCHEME, PAGES, Rendered, links_in, render
from backend.guides.review import Reviews, Standing
from backend.guides.search import Lexicon, load_lexicon
from backend.guides.source import GuideSource, guide_files, read_source, source_of

S = TypeVar("S", GuideSource, RecipeSource)
Shown = tuple[tuple[str, Standing], ...]  # the hash of each text that is shown, and how it stands
log = structlog.get_logger()


@dataclass
class Shelf:
    """All files of the library, read and checked, whatever their review says."""

    facts: Facts
    guides: tuple[GuideSource, ...]
    recipes: tuple[RecipeSource, ...]
    pictures: dict[str, Picture]
    lexicon: Lexicon
    _rendered: dict[tuple[str, frozenset[str]], Rendered] = field(default_factory=dict)
    _made: tuple[Shown, Library] | None = None

    def library(self, *, show_pending: bool, reviews: Reviews | None = None) -> Library:
        """What may be shown.

        `show_pending` is true in demo: the files as they are, 待审 beside the title. In production
        a text that is not signed is left out, or its last signed version stands in for it.
        """
        known = reviews or Reviews()
        shown_guides = _shown(self.guides, known, show_pending=show_pending)
        shown_recipes = _shown(self.recipes, known, show_pending=show_pending)
        guides = list(_as_signed(source_of, shown_guides, self.facts))
        recipes = list(_as_signed(recipe_of, shown_recipes, self.facts))
        shown = (
            *((source.content_hash, standing) for source, standing in guides),
            *((source.content_hash, standing) for source, standing in recipes),
        )
        made = self._made
        if made is None or made[0] != shown:  # else another day, or a decision about another text
            made = (shown, self._make(guides, recipes))
            self._made = made
        return made[1]

    def _make(
        self,
        guides: Sequence[tuple[GuideSource, Standing]],
        recipes: Sequence[tuple[RecipeSource, Standing]],
    ) -> Library:
        slugs = frozenset(source.slug for source, _ in guides)
        slugs |= frozenset(source.slug for source, _ in recipes)
        return Library(
            self._make_guides(guides, slugs),
            [make_recipe(source, standing) for source, standing in recipes],
            self.pictures,
            self.lexicon,
        )

    def _make_guides(
        self, shown: Sequence[tuple[GuideSource, Standing]], slugs: frozenset[str]
    ) -> list[Guide]:
        sources = [source for source, _ in shown]
        links = {source.slug: _leads_to(source) & slugs for source in sources}
        rendered = {source.slug: self._render(source, links[source.slug]) for source in sources}
        items = {
            source.slug: guide_item(source, rendered[source.slug], standing)
            for source, standing in shown
        }
        nearest = related(sources, links)
        others = {slug: tuple(items[one] for one in near) for slug, near in nearest.items()}
        return [
            make_guide(source, rendered[source.slug], standing, others[source.slug])
            for source, standing in shown
        ]

    def _render(self, source: GuideSource, shown: frozenset[str]) -> Rendered:
        key = (source.content_hash, shown)
        if key not in self._rendered:
            self._rendered[key] = render(source.body, shown, self.pictures)
        return self._rendered[key]


def _shown(
    sources: Iterable[S], reviews: Reviews, *, show_pending: bool
) -> Iterator[tuple[S, str, Standing]]:
    """What is shown: a file, its last signed text where that stands in for it, its standing."""
    for source in sources:
        standing = reviews.standing(source.slug, source.content_hash)
        signed = reviews.last_signed(source.slug)
        if show_pending or standing.is_shown:
            yield source, "", standing
        elif signed is not None:
            yield source, signed[0], signed[1]


def _as_signed(
    read: Callable[[Path, str, Facts], S], shown: Iterable[tuple[S, str, Standing]], facts: Facts
) -> Iterator[tuple[S, Standing]]:
    """Each file or, where one stands in for it, the text that was signed.

    A signed text that today's facts cannot read, because a source of it is gone, is left out:
    that is one text less, not a service that does not start.
    """
    for source, text, standing in shown:
        try:
            yield (read(source.file, text, facts) if text else source), standing
        except ContentError as error:
            log.warning("signed_text_unreadable", slug=source.slug, code=error.code)


def load_shelf(content_root: Path) -> Shelf:
    """Read everything under `content_root`.

    Raises ContentError for the first file that cannot be used, for an id or a slug that is there
    twice, and for a link or a picture that leads nowhere.
    """
    facts = load_facts(content_root)
    guides = tuple(read_source(file, facts) for file in guide_files(content_root))
    recipes = tuple(read_recipe(file, facts) for file in recipe_files(content_root))
    pictures = draw_all(content_root)
    _check_unique([*guides, *recipes])
    slugs = {*(one.slug for one in guides), *(one.slug for one in recipes)}
    for guide in guides:
        _check_links(guide, slugs | pictures.keys())
    words = [word for one in guides for word in (*one.matter.tags, one.matter.topic)]
    words += [word for one in recipes for word in (*one.matter.tags, one.matter.name)]
    return Shelf(facts, guides, recipes, pictures, load_lexicon(content_root, words))


def load_library(
    content_root: Path, *, show_pending: bool, reviews: Reviews | None = None
) -> Library:
    """The library from its files at once. Raises what `load_shelf` raises."""
    return load_shelf(content_root).library(show_pending=show_pending, reviews=reviews)


def _leads_to(source: GuideSource) -> frozenset[str]:
    """The pieces to which a text has links."""
    if not any(scheme in source.body for scheme in LINKS):
        return frozenset()
    hrefs = (href.partition(":") for href in links_in(source.body))
    return frozenset(name for scheme, _, name in hrefs if f"{scheme}:" != PAGE_SCHEME)


def _check_links(source: GuideSource, known: Collection[str]) -> None:
    if "](" not in source.body:
        return
    for number, line in enumerate(source.body.split("\n"), start=source.body_line):
        if "](" not in line:  # parsing each line would double the cost of a start
            continue
        for href in links_in(line):
            name = href.partition(":")[2]
            if name not in known and name not in PAGES:
                raise ContentError(source.file, number, "dead_link", f"没有这一篇：{name}")


def _check_unique(sources: Iterable[GuideSource | RecipeSource]) -> None:
    seen: dict[str, Path] = {}
    for source in sources:
        for name in (source.slug, source.matter.id):
            if name in seen:
                message = f"{name} 已用于 {seen[name].name}"
                raise ContentError(source.file, 1, "duplicate", message)
            seen[name] = source.file
