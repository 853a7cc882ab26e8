"""One guide as it lies under content/: front matter and Markdown, read with line numbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.facts.errors import ContentError
from backend.facts.figures import PLACE, Facts, Source
from backend.facts.reading import parse, validated

SERVICE_ENDS = 2556  # the last day before the seventh birthday: the handbook's last window
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
FENCE = "---"
EXPERT = "expert"

# Days of life that belong to each folder; a guide may reach beyond its folder, but must touch it.
AGE_BANDS: Mapping[str, tuple[int, int]] = {
    "newborn": (0, 28),
    "0-3m": (0, 121),
    "4-6m": (122, 212),
    "6-12m": (168, 364),
    "1-2y": (365, 729),
    "2-3y": (730, 1095),
    "3-6y": (1096, SERVICE_ENDS),
}
BAND_TITLES: Mapping[str, str] = {
    "newborn": "新生儿",
    "0-3m": "0～3月龄",
    "4-6m": "4～6月龄",
    "6-12m": "6～12月龄",
    "1-2y": "1～2岁",
    "2-3y": "2～3岁",
    "3-6y": "3～6岁",
}
assert BAND_TITLES.keys() == AGE_BANDS.keys()
CARDS, SERVICES, BEFORE, RECIPES = "cards", "services", "before", "recipes"


class Series(StrEnum):
    """The two books of the city's plan of 2021-12-08, and chapters of the handbook.

    Chapters: the cards, policies and services, and what is done before a pregnancy.
    """

    MANUAL = "manual"
    NUTRITION = "nutrition"
    HANDBOOK = "handbook"
    SERVICE = "service"
    BEFORE = "before"

    @property
    def book_title(self) -> str:
        return SERIES_TITLES[self]


SERIES_TITLES: Mapping[Series, str] = {
    Series.MANUAL: "家庭科学育儿指导手册",
    Series.NUTRITION: "婴幼儿膳食营养指南",
    Series.HANDBOOK: "母子健康手册卡片",
    Series.SERVICE: "服务与政策",
    Series.BEFORE: "孕前准备",
}

Day = Annotated[int, Field(ge=0, le=SERVICE_ENDS)]
Week = Annotated[int, Field(ge=-52, le=44)]


class FrontMatter(BaseModel):
    """What stands above the text.

    `age_days` are days of life, both ends included, birth is day 0; what is read before or during
    a pregnancy has `gest_weeks` instead, completed weeks, negative before it. `sources` are keys of
    content/facts/sources.yaml. `figures` names every number that the text itself writes, with
    its unit and the source it was taken from, or `expert` where no source was seen.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[MNHSP]\d{2}$")
    title: str = Field(min_length=2, max_length=30)
    summary: str = Field(min_length=8, max_length=60)
    series: Series
    topic: str = Field(min_length=2, max_length=8)
    age_days: tuple[Day, Day] | None = None
    gest_weeks: tuple[Week, Week] | None = None
    tags: tuple[str, ...] = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)
    figures: dict[str, str] = Field(default_factory=dict)
    review: Literal["pending"]  # a decision is a row for slug and content hash, never a file
    author_office: str = ""

    @model_validator(mode="after")
    def _one_window_that_runs_forward(self) -> Self:
        windows = [window for window in (self.age_days, self.gest_weeks) if window is not None]
        if len(windows) != 1:
            raise ValueError("age_days 和 gest_weeks 写一个，只写一个")
        if windows[0][0] > windows[0][1]:
            raise ValueError("age_days 或 gest_weeks: 起始大于结束")
        return self


@dataclass(frozen=True)
class GuideSource:
    """A guide before rendering, its figures filled in.

    `text` is the whole file with its figures, `written` the same lines as the author wrote
    them. `body_line` is the line of the file on which the body begins. `content_hash` is that of
    `text`: a figure that changes in its table makes a new version of each text that uses it.
    """

    file: Path
    slug: str
    folder: str
    matter: FrontMatter
    sources: tuple[Source, ...]
    body: str
    body_line: int
    text: str
    written: str
    content_hash: str


def guide_files(content_root: Path) -> list[Path]:
    """All guides, cards and chapters under `content_root`, in a stable order."""
    return sorted(
        [
            *(content_root / "guides").glob("*/*.md"),
            *(content_root / CARDS).glob("*.md"),
            *(content_root / SERVICES).glob("*.md"),
            *(content_root / BEFORE).glob("*.md"),
        ]
    )


def read_source(file: Path, facts: Facts) -> GuideSource:
    """Read and validate one guide.

    Raises ContentError with file and line.
    """
    return source_of(file, file.read_text(encoding="utf-8"), facts)


def source_of(file: Path, written: str, facts: Facts) -> GuideSource:
    """A guide from its text; `file` gives the slug and the folder. Raises ContentError."""
    written = written.replace("\r\n", "\n")
    text = fill_lines(file, written, facts)
    lines = text.split("\n")
    if lines[0] != FENCE or FENCE not in lines[1:]:
        raise ContentError(file, 1, "front_matter_missing", "文件须以 --- 括起的说明开头")
    end = lines.index(FENCE, 1)
    front = "\n".join(lines[1:end])
    matter = validated(file, front, parse(file, front, above=1), FrontMatter, above=1)
    return GuideSource(
        file=file,
        slug=file.stem,
        folder=file.parent.name,
        matter=matter,
        sources=named_sources(file, front, matter.sources, facts),
        body="\n".join(lines[end + 1 :]),
        body_line=end + 2,
        text=text,
        written=written,
        content_hash=hashlib.sha256(text.encode()).hexdigest(),
    )


def fill_lines(file: Path, written: str, facts: Facts) -> str:
    """A text with its figures. Raises ContentError at the line of an unknown one."""
    lines = written.split("\n")
    for number, line in enumerate(lines):
        if "{" not in line:
            continue
        for name in PLACE.findall(line):
            if name not in facts.figures:
                message = f"content/facts/figures 里没有：{name}"
                raise ContentError(file, number + 1, "figure_unknown", message)
        lines[number] = facts.fill(line)
    return "\n".join(lines)


def named_sources(
    file: Path, front: str, keys: tuple[str, ...], facts: Facts
) -> tuple[Source, ...]:
    """The sources with these keys. Raises ContentError for one that is not there."""
    for key in keys:
        if key not in facts.sources:
            lines = front.split("\n")
            line = next((n for n, text in enumerate(lines) if text.startswith("sources:")), 0)
            raise ContentError(file, line + 2, "source_unknown", f"没有这个来源：{key}")
    return tuple(facts.sources[key] for key in keys)
