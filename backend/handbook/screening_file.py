"""content/handbook/screening.yaml and the warning signs it uses, joined to the check-ups.

The signs stand in content/facts/development.yaml, the ages of the check-ups in checkups.yaml;
nothing of them is written twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.facts.errors import ContentError
from backend.facts.figures import Facts, load_facts, names_in
from backend.handbook.source import (
    CheckupFile,
    HandbookError,
    Problem,
    Strict,
    Visit,
    read_file,
)
from backend.kernel.yaml_lines import line_of

Place = tuple[int | str, ...]  # where a value stands in a file

SIGNS_AN_AGE = 4  # ASD2022: one of hearing, of contact, of hands, of movement


class Outcome(StrEnum):
    """What the answers lead to. No score and no diagnosis: the clinic looks."""

    GO_ON = "go_on"
    ASK = "ask"
    CLINIC = "clinic"


class NewbornTest(StrEnum):
    HEARING = "hearing"
    HEARING_RESCREEN = "hearing-rescreen"
    HEEL_PRICK = "heel-prick"
    HEART = "heart"


class Statement(Strict):
    """A sentence and how sure it is. `sources` are keys of content/facts/sources.yaml."""

    text: str = Field(min_length=2)
    mark: Literal["verified", "memory"]
    sources: tuple[str, ...] = Field(min_length=1)


class Development(Strict):
    title: str
    intro: str
    question: str
    rule: Statement
    wording: Statement
    too_young: str


class Autism(Strict):
    guide: str
    items: tuple[Statement, ...] = Field(min_length=1)


class Preterm(Statement):
    """Born before so many weeks, the corrected age counts until so many months of actual age."""

    before_weeks: int = Field(ge=30, le=40)
    full_term_weeks: int = Field(ge=37, le=42)
    until_months: int = Field(ge=12, le=36)


class OutcomeWords(Strict):
    title: str
    text: str
    steps: tuple[str, ...] = Field(min_length=1)


class NewbornTestWords(Strict):
    id: NewbornTest
    title: str
    lines: tuple[Statement, ...] = Field(min_length=1)


class Newborn(Strict):
    title: str
    intro: str
    tests: tuple[NewbornTestWords, ...]
    recheck: str
    unclear: str


class Page(Strict):
    title: str
    intro: str


class ScreeningFile(Strict):
    version: str
    checked_on: str
    unverified: str
    development: Development
    autism: Autism
    preterm: Preterm
    outcomes: dict[Outcome, OutcomeWords]
    attention: str
    newborn: Newborn
    eye_care: Page
    family_doctor: Page


class Sign(Strict):
    id: str = Field(pattern=r"^w\d\d-\d$")
    text: str


class SignGroup(BaseModel):
    """The warning signs of one age: asked from that age until the next one begins."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    age_months: int
    label_zh: str
    applies_from_months: int
    applies_to_months_exclusive: int
    items: tuple[Sign, ...]


class WarningSigns(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    instrument: str
    mark: Literal["verified", "memory"]
    src: tuple[str, ...]
    groups: tuple[SignGroup, ...]


class DevelopmentTable(BaseModel):
    """The part of content/facts/development.yaml that is read here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    warning_signs: WarningSigns


@dataclass(frozen=True)
class Screening:
    """The questions of one check-up."""

    visit: Visit
    group: SignGroup

    @property
    def id(self) -> str:
        return self.visit.id


@dataclass(frozen=True)
class ScreeningProgramme:
    """Everything about check-ups and screenings, with the figures filled in."""

    words: ScreeningFile
    instrument: str
    instrument_sources: tuple[str, ...]
    screenings: tuple[Screening, ...]
    checkups: CheckupFile
    facts: Facts

    def screening(self, visit_id: str) -> Screening | None:
        return next((one for one in self.screenings if one.id == visit_id), None)

    def visit(self, visit_id: str) -> Visit | None:
        return next((one for one in self.checkups.visits if one.id == visit_id), None)

    def test(self, test_id: str) -> NewbornTestWords | None:
        return next((one for one in self.words.newborn.tests if one.id == test_id), None)

    def said(self, statement: Statement) -> str:
        """The sentence with its figures; what nobody saw in a source says so."""
        text = self.facts.fill(statement.text)
        if statement.mark == "verified":
            return text
        return f"{text.rstrip('。')}（{self.words.unverified}）"

    def titles(self, *keys: str) -> list[str]:
        """Titles of sources, each once."""
        return [self.facts.sources[key].title for key in dict.fromkeys(keys)]


def load_screenings(content_root: Path) -> ScreeningProgramme:
    """Raises HandbookError or ContentError with file and line."""
    folder = content_root / "handbook"
    file, table = folder / "screening.yaml", content_root / "facts" / "development.yaml"
    words = read_file(file, ScreeningFile)
    signs = read_file(table, DevelopmentTable).warning_signs
    checkups = read_file(folder / "checkups.yaml", CheckupFile)
    facts = load_facts(content_root)
    _refuse_gaps(file, words, facts)
    screenings = tuple(_joined(table, checkups, signs.groups))
    return ScreeningProgramme(words, signs.instrument, signs.src, screenings, checkups, facts)


def check_screenings(content_root: Path) -> list[Problem]:
    """What is wrong with the screenings, for `content check`: empty when all is well."""
    try:
        programme = load_screenings(content_root)
    except HandbookError as error:
        return [error.problem]
    except ContentError as error:  # of the figures; the guides report it too
        return [Problem(error.file, error.line, error.code, error.message)]
    file = content_root / "handbook" / "screening.yaml"
    guide = programme.words.autism.guide
    if not any((content_root / "guides").glob(f"*/{guide}.md")):
        line = line_of(file.read_text(encoding="utf-8"), ("autism", "guide"))
        return [Problem(file, line, "dead_link", f"没有这一篇：{guide}")]
    return []


def _joined(
    table: Path, checkups: CheckupFile, groups: tuple[SignGroup, ...]
) -> Iterator[Screening]:
    """Each check-up with a first screening has its signs, and no signs are left over."""
    text = table.read_text(encoding="utf-8")
    by_age = {visit.target.months: visit for visit in checkups.visits if visit.autism_first_screen}
    for place, group in enumerate(groups):
        visit = by_age.pop(group.age_months, None)
        if visit is None or len(group.items) != SIGNS_AN_AGE:
            line = line_of(text, ("warning_signs", "groups", place))
            message = f"{group.label_zh}: 没有对应的体检，或不是{SIGNS_AN_AGE}条"
            raise HandbookError(Problem(table, line, "screening_group", message))
        yield Screening(visit, group)
    if by_age:
        line = line_of(text, ("warning_signs", "groups"))
        titles = "、".join(visit.title for visit in by_age.values())
        raise HandbookError(Problem(table, line, "screening_missing", f"{titles} 没有预警征象"))


def _refuse_gaps(file: Path, words: ScreeningFile, facts: Facts) -> None:
    """Unknown sources and figures, an outcome or a test without words."""
    for path, code, message in _gaps(words, facts):
        line = line_of(file.read_text(encoding="utf-8"), path)
        raise HandbookError(Problem(file, line, code, message))


def _gaps(words: ScreeningFile, facts: Facts) -> Iterator[tuple[Place, str, str]]:
    for path, statement in _statements(words.model_dump(), ()):
        for key in set(statement["sources"]) - facts.sources.keys():
            yield path, "source_unknown", f"没有这个来源：{key}"
        for name in set(names_in(statement["text"])) - facts.figures.keys():
            yield path, "figure_unknown", f"没有这个数：{name}"
    if set(words.outcomes) != set(Outcome):
        yield ("outcomes",), "screening_outcome", "三种结果都要有话说"
    if [test.id for test in words.newborn.tests] != list(NewbornTest):
        yield ("newborn", "tests"), "screening_test", "四项新生儿筛查各写一次"


def _statements(data: Any, path: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Every statement of the file with its place."""
    if isinstance(data, dict):
        if "mark" in data:
            yield path, data
            return
        for key, value in data.items():
            yield from _statements(value, (*path, str(key)))
    elif isinstance(data, list | tuple):
        for place, value in enumerate(data):
            yield from _statements(value, (*path, place))
