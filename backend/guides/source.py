"""One guide as it lies in content/guides: front matter and Markdown, read with line numbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from backend.kernel.yaml_lines import line_of

SERVICE_ENDS = 2556  # the last day before the seventh birthday: the handbook's last window
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
FENCE = "---"

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


class Series(StrEnum):
    """The two books of the city's plan of 2021-12-08."""

    MANUAL = "manual"
    NUTRITION = "nutrition"

    @property
    def book_title(self) -> str:
        return SERIES_TITLES[self]


SERIES_TITLES: Mapping[Series, str] = {
    Series.MANUAL: "家庭科学育儿指导手册",
    Series.NUTRITION: "婴幼儿膳食营养指南",
}


class ContentError(Exception):
    """A file under content/ that cannot be used. `line` counts from 1."""

    def __init__(self, file: Path, line: int, code: str, message: str) -> None:
        super().__init__(f"{file}:{line}: {code}: {message}")
        self.file = file
        self.line = line
        self.code = code
        self.message = message


class Source(BaseModel):
    """Where a statement comes from. `number` is the official number, empty if there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=2)
    number: str = ""
    year: int = Field(ge=1949, le=2100)
    publisher: str = ""
    url: str | None = Field(default=None, pattern=r"^https://")


Day = Annotated[int, Field(ge=0, le=SERVICE_ENDS)]


class FrontMatter(BaseModel):
    """What stands above the text.

    `age_days` are days of life, both ends included, birth is day 0. `figures` names every
    number of the text with its unit, and the source it was taken from: the place in
    `sources` counted from 1, or `expert` where no source was seen and an expert decides.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[MN]\d{2}$")
    title: str = Field(min_length=2, max_length=30)
    summary: str = Field(min_length=8, max_length=60)
    series: Series
    topic: str = Field(min_length=2, max_length=8)
    age_days: tuple[Day, Day]
    tags: tuple[str, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    figures: dict[str, int | Literal["expert"]] = Field(default_factory=dict)
    review: Literal["pending"]  # a decision is a row for slug and content hash, never a file
    author_office: str = ""

    @model_validator(mode="after")
    def _window_runs_forward(self) -> Self:
        if self.age_days[0] > self.age_days[1]:
            raise ValueError("age_days: 起始日大于结束日")
        return self


@dataclass(frozen=True)
class GuideSource:
    """A guide before rendering. `body_line` is the line of the file on which the body begins."""

    file: Path
    slug: str
    band: str
    matter: FrontMatter
    body: str
    body_line: int
    content_hash: str


def guide_files(content_root: Path) -> list[Path]:
    """All guides under `content_root`, in a stable order."""
    return sorted((content_root / "guides").glob("*/*.md"))


def read_source(file: Path) -> GuideSource:
    """Read and validate one guide.

    Raises ContentError with file and line.
    """
    text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
    lines = text.split("\n")
    if lines[0] != FENCE or FENCE not in lines[1:]:
        raise ContentError(file, 1, "front_matter_missing", "文件须以 --- 括起的说明开头")
    end = lines.index(FENCE, 1)
    return GuideSource(
        file=file,
        slug=file.stem,
        band=file.parent.name,
        matter=_front_matter(file, "\n".join(lines[1:end])),
        body="\n".join(lines[end + 1 :]),
        body_line=end + 2,
        content_hash=hashlib.sha256(text.encode()).hexdigest(),
    )


def _front_matter(file: Path, text: str) -> FrontMatter:
    try:
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        raise ContentError(file, line, "front_matter_invalid", "说明不是合法的 YAML") from error
    try:
        return FrontMatter.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = first["loc"]
        where = ".".join(str(part) for part in path)
        message = f"{where}: {first['msg']}" if where else str(first["msg"])
        raise ContentError(
            file, line_of(text, path) + 1, "front_matter_invalid", message
        ) from error
