"""The folded texts of one piece."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fields:
    """`tags` are whole words; `whole` is everything at once, for a first quick look."""

    title: str
    tags: tuple[str, ...]
    summary: str
    text: str
    whole: str

    @classmethod
    def of(cls, title: str, tags: Iterable[str], summary: str, text: str) -> Fields:
        title, summary, text = fold(title), fold(summary), fold(text)
        folded = tuple(fold(tag) for tag in tags)
        return cls(title, folded, summary, text, "\n".join((title, *folded, summary, text)))


WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}


def fold(text: str) -> str:
    """Full-width letters and digits to half, lower case: Ｄ, D and d are one."""
    return text.translate(WIDE).lower()
