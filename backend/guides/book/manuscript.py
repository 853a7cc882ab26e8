"""A book as plain data: what the template (book.typ) sets in type.

Texts travel as values, never as source text of the typesetter: whatever an author writes, it is
only ever shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.facts.figures import Source
from backend.guides.book.chapters import Chapter, chapters_of
from backend.guides.book.word_index import index_of
from backend.guides.library import Library
from backend.guides.pictures import Picture
from backend.guides.pieces import Guide, Json, Piece, Recipe, signature
from backend.guides.recipes import RecipeMatter
from backend.guides.render import SCREENS
from backend.guides.source import Series

SUBTITLES: Mapping[Series, str] = {
    Series.MANUAL: "从出生到6岁，家里怎么带",
    Series.NUTRITION: "从第一口奶到家常饭",
}
BOOKS = tuple(SUBTITLES)
URGENT = ("医生", "求助")  # in the headings of sections that are found at once when it matters
Code = Callable[[str], str]
"""The page of a piece as a QR code: an SVG for a slug."""


@dataclass(frozen=True)
class Edition:
    """`day`: of the city. `code` is None when the pages have no public address."""

    city: str
    day: date
    code: Code | None = None


@dataclass(frozen=True)
class Manuscript:
    """`data` for the template; `pieces` in the order of the book, `unsigned` of them not signed."""

    title: str
    data: Json
    pieces: tuple[Piece, ...]
    unsigned: int


def write_book(
    library: Library, series: Series, folders: Mapping[str, str], edition: Edition
) -> Manuscript:
    """Set up a book of everything the library shows. `folders`: the age band of each guide."""
    chapters = chapters_of(library, series, folders)
    pieces = tuple(piece for chapter in chapters for piece in chapter.pieces)
    sources = _sources(pieces)
    unsigned = sum(not piece.standing.is_shown for piece in pieces)
    data = {
        "title": series.book_title,
        "subtitle": SUBTITLES[series],
        "series": series.value,
        "city": edition.city,
        "year": edition.day.year,
        "month": edition.day.month,
        "day": edition.day.day,
        "unsigned": unsigned,
        "count": len(pieces),
        "chapters": [_chapter(chapter, sources, edition.code) for chapter in chapters],
        "sources": [_source(source, pieces) for source in sources],
        "pictures": {name: _printable(picture) for name, picture in library.pictures.items()},
        "index": [
            {"letter": letter, "words": [{"word": e.word, "slugs": e.slugs} for e in entries]}
            for letter, entries in index_of(pieces)
        ],
    }
    return Manuscript(series.book_title, data, pieces, unsigned)


def _sources(pieces: Sequence[Piece]) -> list[Source]:
    """Every source of the book once, in the order of first use."""
    return list(dict.fromkeys(source for piece in pieces for source in piece.sources))


def _source(source: Source, pieces: Sequence[Piece]) -> Json:
    used = [piece.slug for piece in pieces if source in piece.sources]
    return source.model_dump(include={"title", "number", "year", "publisher"}) | {"slugs": used}


def _chapter(chapter: Chapter, sources: Sequence[Source], code: Code | None) -> Json:
    pieces = [_piece(piece, sources, code) for piece in chapter.pieces]
    return {"title": chapter.title, "pieces": pieces}


def _piece(piece: Piece, sources: Sequence[Source], code: Code | None) -> Json:
    shown: Json = {
        "slug": piece.slug,
        "title": piece.title,
        "summary": piece.summary,
        "age": piece.item["age_text"],
        "state": piece.review,
        "signed": signature(piece.standing),
        "sources": [sources.index(source) + 1 for source in piece.sources],
        "code": code(piece.slug) if code is not None else None,
    }
    if isinstance(piece, Recipe):
        return shown | {"kind": "recipe", "recipe": _recipe(piece.matter)}
    assert isinstance(piece, Guide)
    blocks = json.loads(piece.body_json)["blocks"]
    return shown | {"kind": "guide", "topic": piece.topic, "sections": _sections(blocks)}


def _recipe(matter: RecipeMatter) -> Json:
    return matter.model_dump(
        mode="json",
        include={"texture", "minutes", "ingredients", "steps", "allergens", "tags", "careful"},
    )


def _sections(blocks: Sequence[Json]) -> list[Json]:
    """The text from each main heading to the next; `urgent` where it says when to get help."""
    sections: list[Json] = [{"urgent": False, "blocks": []}]
    for block in blocks:
        if block["kind"] == "heading" and block["level"] == 2:
            urgent = any(word in block["text"] for word in URGENT)
            sections.append({"urgent": urgent, "blocks": []})
        sections[-1]["blocks"].append(_block(block))
    return [section for section in sections if section["blocks"]]


def _block(block: Json) -> Json:
    if block["kind"] != "text":
        return block
    return block | {"nodes": [_node(node) for node in block["nodes"]]}


def _node(node: Json) -> Json:
    """A node whose links name the piece they lead to instead of a page of the mini-program."""
    if node.get("type") == "text":
        return node
    children = [_node(child) for child in node["children"]]
    made: dict[str, Any] = {"name": node["name"], "children": children}
    if node["name"] == "a":
        made["slug"] = _slug_behind(node["attrs"]["href"])
    return made


def _slug_behind(href: str) -> str:
    """Empty for a link to a page that is not a piece."""
    found = [href.removeprefix(page) for page in SCREENS.values() if href.startswith(page)]
    return found[0] if found else ""


def _printable(picture: Picture) -> str:
    """The light picture in the book's type.

    typst sets text of an SVG that has the usual weight in the lightest one of a variable font;
    a weight of 500 it takes, and small letters on paper are better for it.
    """
    svg = picture.light.decode()
    return svg.replace('font-family="sans-serif"', FONT_IN_PICTURES, 1)


FONT_IN_PICTURES = 'font-family="Noto Sans CJK SC" font-weight="500"'
