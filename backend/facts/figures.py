"""Named figures: a text writes `{milk-6-12m}`, a reader sees 500～700毫升.

A figure is either taken from a table (`from: feeding/bands/b6/milk/ml`) or, where no table
holds it, written in content/facts/figures, once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from backend.facts.errors import ContentError
from backend.facts.reading import read_model, read_yaml
from backend.kernel.yaml_lines import line_of

PLACE = re.compile(r"\{([a-z0-9][a-z0-9-]*)\}")
YEARS = "岁"
MONTHS_A_YEAR = 12


class Source(BaseModel):
    """Where a statement comes from. `number` is the official number, empty if there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=2)
    number: str = ""
    year: int = Field(ge=1949, le=2100)
    publisher: str = ""
    url: str | None = Field(default=None, pattern=r"^https://")


class SourceFile(RootModel[dict[str, Source]]):
    """content/facts/sources.yaml"""


class FigureEntry(BaseModel):
    """One entry of content/facts/figures: a text, or a place in a table and its unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str | None = Field(default=None, pattern=r"\d")
    from_: str | None = Field(default=None, alias="from")
    unit: str = ""
    sources: tuple[str, ...]
    note: str = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> FigureEntry:
        if (self.text is None) == (self.from_ is None):
            raise ValueError("写 text 或 from，只写一个")
        return self


class FigureFile(RootModel[dict[str, FigureEntry]]):
    """One file of content/facts/figures"""


@dataclass(frozen=True)
class Figure:
    """A number with its unit. No `sources`: nobody saw one, an expert decides.

    `origin`: the place in a table it was taken from, empty where the registry itself holds it.
    """

    name: str
    text: str
    sources: tuple[str, ...]
    origin: str
    note: str


@dataclass(frozen=True)
class Facts:
    """Every source and every named figure."""

    sources: Mapping[str, Source]
    figures: Mapping[str, Figure]

    def fill(self, text: str) -> str:
        """The text with its figures. Raises KeyError with the name of an unknown one."""
        return PLACE.sub(lambda match: self.figures[match[1]].text, text)


def names_in(text: str) -> list[str]:
    """The figures that a text uses, in order, as often as it uses them."""
    return PLACE.findall(text)


def load_facts(content_root: Path) -> Facts:
    """Read content/facts and the tables it points into. Raises ContentError with file and line."""
    sources = read_model(content_root / "facts" / "sources.yaml", SourceFile).root
    tables = _Tables(content_root)
    figures: dict[str, Figure] = {}
    for file in sorted((content_root / "facts" / "figures").glob("*.yaml")):
        entries = read_model(file, FigureFile).root
        for name, entry in entries.items():
            line = _Line(file, name)
            if name in figures:
                raise line.error("figure_twice", f"{name} 已经有了")
            if not PLACE.fullmatch(f"{{{name}}}"):
                raise line.error("figure_name", f"{name}：名字用小写英文、数字和连字符")
            for key in entry.sources:
                if key not in sources:
                    raise line.error("source_unknown", f"没有这个来源：{key}")
            text = entry.text or _from_table(tables, entry, line)
            figures[name] = Figure(name, text, entry.sources, entry.from_ or "", entry.note)
    return Facts(sources, figures)


@dataclass(frozen=True)
class _Line:
    file: Path
    name: str

    def error(self, code: str, message: str) -> ContentError:
        text = self.file.read_text(encoding="utf-8")
        return ContentError(self.file, line_of(text, (self.name,)), code, message)


class _Tables:
    """The tables under content/, each read when it is first asked for."""

    def __init__(self, root: Path) -> None:
        self._folders = (root / "facts", root / "handbook")
        self._read: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        """Raises KeyError for a table that is not there."""
        if name not in self._read:
            files = [folder / f"{name}.yaml" for folder in self._folders]
            file = next((file for file in files if file.is_file()), None)
            if file is None:
                raise KeyError(name)
            self._read[name] = read_yaml(file)
        return self._read[name]


def _from_table(tables: _Tables, entry: FigureEntry, line: _Line) -> str:
    assert entry.from_ is not None
    table, *path = entry.from_.split("/")
    try:
        value = tables.get(table)
        for step in path:
            value = _inside(value, step)
        return _worded(value, entry.unit)
    except (KeyError, TypeError, ValueError) as error:
        raise line.error("figure_from", f"表里没有这个数：{entry.from_}") from error


def _inside(value: Any, step: str) -> Any:
    """One step into a table: a key, or the row of a list whose `id` or `code` it is."""
    if isinstance(value, dict):
        return value[step]
    found = [row for row in value if step in (row.get("id"), row.get("code"))]
    if not found:
        raise KeyError(step)
    return found[0]


def _worded(value: Any, unit: str) -> str:
    """[500, 700] with 毫升 → 500～700毫升; 48 months in 岁 → 4岁."""
    numbers = list(dict.fromkeys(value if isinstance(value, list) else [value]))
    if unit == YEARS:
        numbers = [_whole_years(number) for number in numbers]
    return "～".join(_number(number) for number in numbers) + unit


def _whole_years(months: int) -> int:
    years, rest = divmod(months, MONTHS_A_YEAR)
    if rest:
        raise ValueError("not whole years")
    return years


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number")
    return f"{value:g}"
