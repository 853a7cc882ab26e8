"""The words that parents use: which mean the same, which say nothing, which are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.guides.search.fields import fold
from backend.guides.search.pinyin import sounds


@dataclass(frozen=True)
class Lexicon:
    """Words of the library and their synonyms, all folded. `longest`: characters."""

    synonyms: Mapping[str, tuple[str, ...]]
    known: frozenset[str]
    fillers: frozenset[str]
    longest: int
    by_sound: Mapping[str, tuple[str, ...]]

    def forms(self, word: str) -> tuple[str, ...]:
        """The word itself, then what means the same."""
        return (word, *self.synonyms.get(word, ()))


def load_synonyms(file: Path) -> dict[str, tuple[str, ...]]:
    """Read groups of words that mean the same: one group a line, `#` begins a comment."""
    found: dict[str, tuple[str, ...]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        words = tuple(fold(word) for word in line.partition("#")[0].split())
        for word in words:
            others = (other for other in words if other != word)
            found[word] = tuple(dict.fromkeys((*found.get(word, ()), *others)))
    return found


def load_fillers(file: Path) -> frozenset[str]:
    """Words said around a question, not what it is about."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset(fold(word) for line in lines for word in line.partition("#")[0].split())


def load_lexicon(content_root: Path, words: Iterable[str]) -> Lexicon:
    """`words`: tags, topics and names of the pieces; synonyms and fillers are files."""
    synonyms = load_synonyms(content_root / "synonyms.txt")
    fillers = load_fillers(content_root / "fillers.txt")
    known = frozenset({*synonyms, *(fold(word) for word in words)})
    by_sound: dict[str, list[str]] = {}
    for word in sorted(known):
        for said in sounds(word)[1]:
            by_sound.setdefault(said, []).append(word)
    return Lexicon(
        synonyms=synonyms,
        known=known,
        fillers=fillers,
        longest=max((len(word) for word in (*known, *fillers)), default=1),
        by_sound={said: tuple(same) for said, same in by_sound.items()},
    )
