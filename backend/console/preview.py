"""A text as a parent sees it, with its figures numbered for the one who reviews it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import url_for
from markupsafe import Markup

from backend.guides.figure_list import MARK, ListedFigure, figures_of, mark_figures
from backend.guides.loading import Shelf
from backend.guides.pieces import CHARACTERS_A_MINUTE
from backend.guides.recipes import RecipeSource
from backend.guides.render import PICTURE_ADDRESS, WEB, render
from backend.guides.source import GuideSource
from backend.guides.versions import Text

PICTURES = "/api/v1/pictures/"  # there with and without the pages under /g/
TO_PIECE = re.compile(rf'href="{WEB}([a-z0-9-]+)"')


@dataclass(frozen=True)
class Preview:
    """`html` is None for a recipe, which has steps instead. `in_text`: figures marked in it."""

    html: Markup | None
    figures: tuple[ListedFigure, ...]
    in_text: frozenset[int]
    minutes: int


def preview_of(source: Text, shelf: Shelf) -> Preview:
    if isinstance(source, RecipeSource):
        return Preview(None, (), frozenset(), source.matter.minutes or 0)
    return _guide_preview(source, shelf)


def _guide_preview(source: GuideSource, shelf: Shelf) -> Preview:
    listed = figures_of(source, shelf.facts)
    slugs = {one.slug for one in shelf.guides} | {one.slug for one in shelf.recipes}
    rendered = render(mark_figures(source, listed, shelf.facts), slugs, shelf.pictures)
    by_number = {figure.number: figure for figure in listed}
    seen: set[int] = set()

    def mark(match: re.Match[str]) -> str:
        figure = by_number[int(match[1])]
        place = "" if figure.number in seen else f' id="place-{figure.number}"'
        seen.add(figure.number)
        kind, word = ("", "") if figure.is_sourced else (" figure-open", " 待定")
        return f'<u class="figure{kind}"{place}>{match[2]}<sup>{figure.number}{word}</sup></u>'

    def lead(match: re.Match[str]) -> str:
        if match[1] not in slugs:
            return match[0]
        return f'href="{url_for("console.guide", slug=match[1])}"'

    html = TO_PIECE.sub(lead, MARK.sub(mark, rendered.html)).replace(PICTURE_ADDRESS, PICTURES)
    minutes = max(1, -(-len(rendered.text) // CHARACTERS_A_MINUTE))
    # nh3 has let only our few tags through; what is put in here is ours
    return Preview(Markup(html), listed, frozenset(seen), minutes)  # noqa: S704
