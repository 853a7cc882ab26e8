"""The library's pages as HTML, each made once for a library and kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape

from flask import Flask
from jinja2 import Environment

from backend.centres.nursing_rooms import RoomRow
from backend.centres.places import Places
from backend.guides.current import Follows
from backend.guides.library import PREGNANCY, Choice, Library
from backend.guides.pieces import Guide, Piece
from backend.guides.source import BAND_TITLES, SERIES_TITLES, Series
from backend.pages.library_answers import STYLE_VERSION, Page, page_from
from backend.pages.library_filters import RecipesAsked, RoomsAsked, recipe_links
from backend.pages.library_share import Shared, article_data, recipe_data

EXTENSION = "chengyu-library-pages"
PAGES_KEPT = 256  # about 12 kB each
MOST_ROOMS = 30  # on a page of the whole city; a town shows all of its own
BANDS = {**BAND_TITLES, PREGNANCY: "怀孕的时候"}
LISTS = ("/g/", "/g/recipes", "/g/nursing-rooms")
HEADINGS_FOR_CONTENTS = 4
DESCRIPTION = "家庭科学育儿指导：带孩子、吃饭、体检、菜谱，每一篇都写着来源。"


def install(app: Flask, site: str) -> None:
    """Keep pages beside the application; another library means other pages."""
    environment = app.jinja_env
    app.extensions[EXTENSION] = Follows(lambda library: LibraryPages(library, environment, site))


def pages_of(app: Flask, library: Library) -> LibraryPages:
    follows: Follows[LibraryPages] = app.extensions[EXTENSION]
    return follows.get(library)


class LibraryPages:
    """Pages of one library. `site`: the public address of the product."""

    def __init__(self, library: Library, environment: Environment, site: str) -> None:
        self._library = library
        self._environment = environment
        self._site = site.rstrip("/")
        self.piece = lru_cache(PAGES_KEPT)(self._make_piece)
        self.index = lru_cache(PAGES_KEPT)(self._make_index)

    def _make_piece(self, slug: str) -> Page:
        """Raises NotFound."""
        recipe = self._library.find_recipe(slug)
        if recipe is not None:
            shared = self._shared_piece(recipe, recipe_data(recipe))
            return self._page("recipe.html", shared, piece=recipe)
        guide = self._library.get(slug)
        shared = self._shared_piece(guide, article_data(guide))
        return self._page(
            "guide.html",
            shared,
            piece=guide,
            has_contents=len(guide.headings) >= HEADINGS_FOR_CONTENTS,
        )

    def _make_index(self, band: str, series: Series | None) -> Page:
        name = BANDS.get(band) or (SERIES_TITLES[series] if series else "")
        shared = self._shared(f"{name} · 澄育" if name else "澄育育儿指南", "/g/", DESCRIPTION)
        groups = [
            (one, title, self._library.list(Choice(series=one, band=band or None)))
            for one, title in SERIES_TITLES.items()
            if series in (None, one)
        ]
        return self._page(
            "index.html",
            shared,
            name=name,
            band=band,
            series=series,
            bands=BANDS,
            titles=SERIES_TITLES,
            groups=[group for group in groups if group[2]],
            has_summaries=bool(name),
            recipe_count=len(self._library.recipes()),
        )

    def recipes(self, asked: RecipesAsked) -> Page:
        shared = self._shared("菜谱 · 澄育", "/g/recipes", "家常的辅食和儿童餐，按年龄挑。")
        return self._page(
            "recipes.html",
            shared,
            recipes=self._library.recipes(asked.choice),
            rows=recipe_links(self._library, asked),
            is_all=asked.is_all,
        )

    def search(self, question: str) -> Page:
        hits = self._library.search(question)
        near = () if hits else self._library.near(question)
        shared = self._shared(f"找“{question}” · 澄育", None, DESCRIPTION)
        return self._page("search.html", shared, question=question, hits=hits, near=near)

    def nursing_rooms(
        self, found: Sequence[RoomRow], asked: RoomsAsked, places: Places, today: date
    ) -> Page:
        shown = found if asked.town else list(islice(found, MOST_ROOMS))
        shared = self._shared(
            "母婴室名录 · 澄育", "/g/nursing-rooms", f"{places.city}的母婴室在哪里。"
        )
        return self._page(
            "rooms.html",
            shared,
            rooms=[(room, places.name_of(room.town_code), room.is_stale(today)) for room in shown],
            count=len(found),
            asked=asked,
            towns=places.towns,
        )

    def missing(self) -> Page:
        return self._page("missing.html", self._shared("没有这一页 · 澄育", None, DESCRIPTION))

    def robots(self) -> str:
        """Search engines read the library and nothing else."""
        allowed = "Allow: /g/\nAllow: /static/pages/\nDisallow: /g/search\nDisallow: /\n"
        return f"User-agent: *\n{allowed}Sitemap: {self._site}/sitemap.xml\n"

    def sitemap(self) -> str:
        """The lists, and every piece that an office has signed."""
        fixed = "".join(_entry(f"{self._site}{path}") for path in LISTS)
        signed = "".join(
            _entry(f"{self._site}/g/{piece.slug}", piece.standing.decision.decided_on)
            for piece in self._library.pieces()
            if piece.standing.is_shown and piece.standing.decision
        )
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        return f'{head}<urlset xmlns="{space}">\n{fixed}{signed}</urlset>\n'

    def _shared_piece(self, piece: Piece, data: dict[str, Any]) -> Shared:
        kind = piece.series.book_title if isinstance(piece, Guide) else "菜谱"
        return Shared(
            title=f"{piece.title} · {kind}",
            heading=piece.title,
            description=piece.summary,
            kind="article",
            site=self._site,
            path=f"/g/{piece.slug}",
            is_indexed=piece.standing.is_shown,
            data=data,
        )

    def _shared(self, title: str, path: str | None, description: str) -> Shared:
        """`path` None: a page that no search engine keeps."""
        return Shared(
            title=title,
            heading=title,
            description=description,
            kind="website",
            site=self._site,
            path=path,
            is_indexed=path is not None,
        )

    def _page(self, template: str, shared: Shared, **values: Any) -> Page:
        found = self._environment.get_template(f"library/{template}")
        return page_from(found.render(shared=shared, style=STYLE_VERSION, **values))


def _entry(address: str, changed: date | None = None) -> str:
    modified = f"<lastmod>{changed.isoformat()}</lastmod>" if changed else ""
    return f"<url><loc>{escape(address)}</loc>{modified}</url>\n"
