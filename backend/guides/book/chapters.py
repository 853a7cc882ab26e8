"""Which pieces a printed book holds, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.guides.library import Choice, Library
from backend.guides.pieces import Guide, Piece
from backend.guides.source import BAND_TITLES, Series

# Chapters of the nutrition guide, and the topics of their pieces.
FOOD_CHAPTERS: Mapping[str, tuple[str, ...]] = {
    "吃奶的日子": ("母乳", "配方奶"),
    "开始吃饭": ("辅食", "过敏", "自主进食"),
    "一天吃多少": ("膳食", "营养素", "生长"),
    "吃得顺、吃得安全": ("喂养行为", "安全"),
    "菜谱": ("菜谱",),
}
MORE = "还有这些"  # a piece whose topic no chapter names
RECIPES = "菜谱"


@dataclass(frozen=True)
class Chapter:
    title: str
    pieces: tuple[Piece, ...]


def chapters_of(
    library: Library, series: Series, folders: Mapping[str, str]
) -> tuple[Chapter, ...]:
    """The chapters that hold something, each in the order of the pieces' numbers.

    `folders`: the age band of each guide, by slug.
    """
    guides = sorted(library.list(Choice(series=series)), key=lambda guide: guide.id)
    if series is Series.NUTRITION:
        return _by_topic(guides, library.recipes())
    return _by_band(guides, folders)


def _by_band(guides: Sequence[Guide], folders: Mapping[str, str]) -> tuple[Chapter, ...]:
    grouped = (
        (title, (one for one in guides if folders.get(one.slug) == band))
        for band, title in BAND_TITLES.items()
    )
    return _filled(grouped)


def _by_topic(guides: Sequence[Guide], recipes: Sequence[Piece]) -> tuple[Chapter, ...]:
    named = {topic for topics in FOOD_CHAPTERS.values() for topic in topics}
    grouped: list[tuple[str, Iterable[Piece]]] = []
    for title, topics in FOOD_CHAPTERS.items():
        pieces: list[Piece] = [one for one in guides if one.topic in topics]
        grouped.append((title, [*pieces, *recipes] if title == RECIPES else pieces))
    grouped.insert(-1, (MORE, [one for one in guides if one.topic not in named]))
    return _filled(grouped)


def _filled(grouped: Iterable[tuple[str, Iterable[Piece]]]) -> tuple[Chapter, ...]:
    chapters = (Chapter(title, tuple(pieces)) for title, pieces in grouped)
    return tuple(chapter for chapter in chapters if chapter.pieces)
