"""The handbook's files under content/handbook, read with line numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from backend.kernel.ages import add_months
from backend.kernel.yaml_lines import line_of

LAST_MONTH = 72  # the handbook goes from birth to the sixth birthday; the last item falls on it
END_MONTH = 84  # its last windows close the day before the seventh birthday (NIP2026, BPHS3)

Month = Annotated[int, Field(ge=0, le=LAST_MONTH)]
EndMonth = Annotated[int, Field(ge=1, le=END_MONTH)]
MonthOfYouth = Annotated[int, Field(ge=0, le=18 * 12)]


@dataclass(frozen=True)
class Problem:
    """Something wrong in a file of the handbook. `line` counts from 1."""

    file: Path
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code}: {self.message}"


class HandbookError(Exception):
    """The handbook cannot be used; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mark(Strict):
    """How sure a statement is: `verified` was seen in an archived source, `memory` was not."""

    mark: Literal["verified", "memory"]
    sources: tuple[str, ...] = Field(min_length=1)
    note: str | None = None


class GeneralRule(Mark):
    id: str
    text: str


class Interval(Strict):
    days: int | None = Field(default=None, ge=1)
    months: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if (self.days is None) == (self.months is None):
            raise ValueError("只写 days 或 months 中的一个")
        return self

    def after(self, day: date) -> date:
        if self.days is not None:
            return day + timedelta(days=self.days)
        assert self.months is not None
        return add_months(day, self.months)

    @property
    def text(self) -> str:
        return f"{self.days}天" if self.days is not None else f"{self.months}个月"


class Choice(Strict):
    group: str
    default: bool


class Form(StrEnum):
    """What a vaccine is made of, as far as it decides what must be kept apart."""

    LIVE = "live"  # injected
    LIVE_ORAL = "live_oral"
    NON_LIVE = "non_live"
    BY_PRODUCT = "by_product"


class Said(Strict):
    """A sentence of the programme; `mark` names one of the vaccine's marks."""

    text: str
    mark: str


class CatchUpFrom(Strict):
    """A lower age for a child who never had any dose of the vaccine `unless_any`."""

    months: Month
    unless_any: str
    because: Said


class UnverifiedInterval(Strict):
    """An interval nobody saw in a source: it is said, never counted with."""

    dose: str
    apart: Interval
    mark: str


class Dose(Strict):
    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    number: int = Field(ge=1)
    age: str
    months: Month
    within_days: int | None = Field(default=None, ge=1)
    before_months: EndMonth | None = None
    after_previous: Interval | None = None
    max_after_previous: Interval | None = None
    previous: str | None = None  # a dose of another vaccine, for the first one of a series
    unverified_after: UnverifiedInterval | None = None
    catch_up_from: CatchUpFrom | None = None
    overdue_because: Said | None = None
    early_because: Said | None = None
    age_mark: str = "doses"
    interval_mark: str = "doses"
    product: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _window_runs_forward(self) -> Self:
        if self.before_months is not None and self.before_months <= self.months:
            raise ValueError("before_months 应大于 months")
        return self


class Mother(StrEnum):
    """A mother's hepatitis B surface antigen."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNKNOWN = "unknown"


class Exposure(Strict):
    """What a mother's infection changes; below `below_grams` at birth there are other doses."""

    mothers: frozenset[Mother]
    first: Said
    check_mothers: frozenset[Mother]
    check: Said
    below_grams: int = Field(ge=1)
    low_weight: Said
    low_weight_doses: tuple[Dose, ...] = Field(min_length=1)


class Earlier(Strict):
    """The programme of former days: ages by number of dose, in force up to `until`."""

    until: date
    months: tuple[Month, ...]
    because: Said
    silent: Said


class Vaccine(Strict):
    code: str
    name: str
    disease: str
    route: str
    kind: Form
    product_kind: dict[str, Form] = {}
    scope: str | None = None
    choice: Choice | None = None
    ends_months: EndMonth | None = None
    ends_because: Said | None = None
    earlier: Earlier | None = None
    exposure: Exposure | None = None
    notice: Said | None = None
    had_varicella: Said | None = None
    girls_only: bool = False
    doses: tuple[Dose, ...] = Field(min_length=1)
    catch_up: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    marks: dict[str, Mark]

    @property
    def listed(self) -> bool:
        """One product of a group of choices stands in the timeline; the others are a note."""
        return self.choice is None or self.choice.default

    def title(self, dose: Dose) -> str:
        return self.name if len(self.doses) == 1 else f"{self.name}第{dose.number}剂"


class DoseOfYouth(Dose):
    months: MonthOfYouth
    before_months: MonthOfYouth | None = None


class ReferenceVaccine(Vaccine):
    """Beyond the ages of the handbook: shown by the engine, in nobody's timeline."""

    doses: tuple[DoseOfYouth, ...] = Field(min_length=1)


class Limit(Strict):
    """A general rule with the number it counts with; `rule` is its id in `rules`."""

    rule: str
    apart: Interval
    except_: frozenset[str] = Field(default=frozenset(), alias="except")


class Limits(Strict):
    no_restart: str
    live: Limit
    immunoglobulin: Limit
    immunoglobulin_after: Limit


class VaccineFile(Strict):
    version: str
    checked_on: str
    disclaimer: str
    sources: dict[str, str]
    rules: tuple[GeneralRule, ...]
    limits: Limits
    vaccines: tuple[Vaccine, ...]
    reference: tuple[ReferenceVaccine, ...] = ()


class Target(Strict):
    days: int | None = Field(default=None, ge=0, le=366)
    months: Month | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if (self.days is None) == (self.months is None):
            raise ValueError("只写 days 或 months 中的一个")
        return self


class Window(Strict):
    """`days`: from the first to the last day. `months`: up to the day before the second."""

    days: tuple[int, int] | None = None
    months: tuple[Month, EndMonth] | None = None

    @model_validator(mode="after")
    def _one_unit_forward(self) -> Self:
        pair = self.days or self.months
        if pair is None or (self.days and self.months) or pair[0] >= pair[1]:
            raise ValueError("只写 days 或 months 中的一个，并且从小到大")
        return self


class Visit(Strict):
    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: str
    target: Target
    window: Window
    window_basis: str
    place: str
    head_circumference: bool
    haemoglobin: Literal["routine", "if_missed_at_6m"] | None = None
    hearing: str | None = None
    vision: tuple[str, ...]
    autism_first_screen: bool
    tcm_guidance: str | None = None
    items: tuple[str, ...] = Field(min_length=1)
    parent_questions: tuple[str, ...] = ()


class CheckupFile(Strict):
    version: str
    checked_on: str
    note: str
    star: str
    sources: dict[str, str]
    marks: dict[str, Mark]
    visits: tuple[Visit, ...]


class GuideStage(Strict):
    """A guide of the month: read from the day the child is `months` old."""

    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    months: Month
    before_months: EndMonth

    @model_validator(mode="after")
    def _window_runs_forward(self) -> Self:
        if self.before_months <= self.months:
            raise ValueError("before_months 应大于 months")
        return self


class ScheduleFile(Strict):
    version: str
    guides: tuple[GuideStage, ...]


File = TypeVar("File", bound=BaseModel)


def read_file(file: Path, kind: type[File]) -> File:
    """Read and validate one file. Raises HandbookError with file and line."""
    try:
        text = file.read_text(encoding="utf-8")
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except FileNotFoundError as error:
        raise HandbookError(Problem(file, 1, "handbook_missing", "缺少这个文件")) from error
    except UnicodeDecodeError as error:
        raise HandbookError(Problem(file, 1, "handbook_invalid", "不是 UTF-8 文字")) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise HandbookError(Problem(file, line, "handbook_invalid", "不是合法的 YAML")) from error
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        line = line_of(text, first["loc"])
        raise HandbookError(
            Problem(file, line, "handbook_invalid", f"{where}: {first['msg']}")
        ) from error
