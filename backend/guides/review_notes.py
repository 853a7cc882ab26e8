"""What docs/content-review.md asks the experts about each piece."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PIECE = re.compile(r"^### ([MNHSR]\d{2})\b")
EVERYWHERE = "## 每篇都有的"
ITEM = "- "


@dataclass(frozen=True)
class ReviewNotes:
    """Questions by the id of the piece, and those about every piece."""

    by_id: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    everywhere: tuple[str, ...] = ()

    def about(self, piece_id: str) -> tuple[str, ...]:
        return self.by_id.get(piece_id, ())


def read_notes(file: Path) -> ReviewNotes:
    """The notes in a file; none where an installed copy has no such file."""
    return notes_in(file.read_text(encoding="utf-8")) if file.is_file() else ReviewNotes()


def notes_in(markdown: str) -> ReviewNotes:
    found: dict[str, list[str]] = {}
    everywhere: list[str] = []
    items: list[str] | None = None
    for line in markdown.split("\n"):
        heading = PIECE.match(line)
        if heading:
            items = found.setdefault(heading[1], [])
        elif line.startswith("#"):
            items = everywhere if line.startswith(EVERYWHERE) else None
        elif items is not None and line.startswith(ITEM):
            items.append(line.removeprefix(ITEM).strip())
    return ReviewNotes({name: tuple(one) for name, one in found.items()}, tuple(everywhere))
