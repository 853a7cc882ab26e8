"""The index at the end of a book: the words that parents search for, by their first letter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from pypinyin import lazy_pinyin

from backend.guides.pieces import Piece

SAID = {"调": "tiao", "着": "zhao"}  # as our words say them; else a character's usual reading
OTHERS = "#"  # words that begin with neither a letter nor a character that is said


@dataclass(frozen=True)
class Entry:
    """A word and the pieces that have it among their tags."""

    word: str
    sound: str
    slugs: tuple[str, ...]

    @property
    def letter(self) -> str:
        first = self.sound[:1]
        return first.upper() if first.isalpha() and first.isascii() else OTHERS


def index_of(pieces: Iterable[Piece]) -> list[tuple[str, list[Entry]]]:
    """Letters A to Z, then #, each with its words in the order of their sound."""
    found: dict[str, list[str]] = {}
    for piece in pieces:
        for word in dict.fromkeys(piece.tags):
            found.setdefault(word, []).append(piece.slug)
    entries = [Entry(word, _sound(word), tuple(slugs)) for word, slugs in found.items()]
    entries.sort(key=lambda one: (one.letter == OTHERS, one.letter, one.sound, one.word))
    return [(letter, list(group)) for letter, group in groupby(entries, lambda one: one.letter)]


def _sound(word: str) -> str:
    return " ".join(SAID.get(one) or lazy_pinyin(one)[0] for one in word.lower())
