"""Substring search with synonyms over titles, tags and texts.

Chinese needs no word splitting for this: a query is looked for as it stands. Title counts
more than tag, tag more than text. No index: 400 articles take about a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

IN_TITLE, IN_TAG, IN_SUMMARY, IN_TEXT = 8, 4, 2, 1
MAX_QUERY = 40  # characters; longer queries are cut

Synonyms = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Searchable:
    """The folded texts of one guide."""

    title: str
    tags: str
    summary: str
    text: str

    @classmethod
    def of(cls, title: str, tags: Iterable[str], summary: str, text: str) -> Searchable:
        return cls(fold(title), fold(" ".join(tags)), fold(summary), fold(text))


def fold(text: str) -> str:
    """Lower case, so that d and D are one."""
    return text.casefold()


def load_synonyms(file: Path) -> Synonyms:
    """Read groups of words that mean the same: one group a line, `#` begins a comment."""
    found: dict[str, tuple[str, ...]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        words = tuple(fold(word) for word in line.partition("#")[0].split())
        for word in words:
            found[word] = (*found.get(word, ()), *(other for other in words if other != word))
    return found


def terms(query: str, synonyms: Synonyms) -> list[tuple[str, ...]]:
    """The words of a query, each with its synonyms: every word must be found, in any form."""
    words = fold(query)[:MAX_QUERY].split()
    return [(word, *synonyms.get(word, ())) for word in words]


def score(guide: Searchable, wanted: list[tuple[str, ...]]) -> int:
    """How well a guide answers; 0 means that one of the words is nowhere in it."""
    total = 0
    for forms in wanted:
        best = max(_score_word(guide, form) for form in forms)
        if best == 0:
            return 0
        total += best
    return total


def _score_word(guide: Searchable, word: str) -> int:
    return (
        IN_TITLE * (word in guide.title)
        + IN_TAG * (word in guide.tags)
        + IN_SUMMARY * (word in guide.summary)
        + IN_TEXT * (word in guide.text)
    )
