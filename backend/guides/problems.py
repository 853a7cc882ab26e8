"""A thing to mend in content/, and the word lists it is measured with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from backend.facts.reading import read_model


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend. `line` counts from 1."""

    file: Path
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code}: {self.message}"


class Words(BaseModel):
    """content/forbidden-words.yaml: claims that no text makes, brands that no text names,
    and words of the trade, each with what a grandmother says instead; `marketing`: what no
    message to many families says."""

    model_config = ConfigDict(extra="forbid")

    claims: list[str]
    brands: list[str]
    jargon: Mapping[str, str]
    marketing: list[str]


@dataclass(frozen=True)
class Known:
    """Where a link or a picture may lead."""

    guides: frozenset[str]
    recipes: frozenset[str]
    pictures: frozenset[str]


def load_words(root: Path) -> Words:
    """Raises ContentError."""
    return read_model(root / "forbidden-words.yaml", Words)


def line_of_key(text: str, key: str) -> int:
    """The first line of a file that begins with `key`, counted from 1."""
    lines = text.split("\n")
    return next((n for n, line in enumerate(lines, start=1) if line.startswith(key)), 1)
