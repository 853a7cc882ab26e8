"""What is known of a child, and what cannot be true of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from backend.handbook.source import Dose, Mother, Vaccine
from backend.handbook.vaccines.programme import Programme

LAST_YEAR = 9900  # ages after it would leave the calendar


class WrongFacts(Exception):
    """The facts contradict one another or the programme; the text is a sentence for people."""


@dataclass(frozen=True)
class ChildFacts:
    """`given`: dose id to the day it was given. `girl`: False also where nobody said.

    `mother`: her hepatitis B surface antigen; None where nobody asked, which is not `unknown`.
    """

    birth: date
    given: Mapping[str, date] = field(default_factory=dict)
    girl: bool = False
    immunoglobulin: date | None = None
    mother: Mother | None = None
    birth_grams: int | None = None
    had_varicella: bool = False


@dataclass(frozen=True)
class Course:
    """The doses of one vaccine that are meant for this child."""

    vaccine: Vaccine
    doses: tuple[Dose, ...]
    low_weight: bool = False


def courses(programme: Programme, facts: ChildFacts) -> list[Course]:
    return [
        _course(vaccine, facts)
        for vaccine in programme.vaccines
        if facts.girl or not vaccine.girls_only
    ]


def _course(vaccine: Vaccine, facts: ChildFacts) -> Course:
    exposure = vaccine.exposure
    if (
        exposure is not None
        and facts.mother in exposure.mothers
        and facts.birth_grams is not None
        and facts.birth_grams < exposure.below_grams
    ):
        return Course(vaccine, exposure.low_weight_doses, low_weight=True)
    return Course(vaccine, vaccine.doses)


def refuse_wrong(meant: list[Course], facts: ChildFacts, on: date) -> None:
    """Raises WrongFacts for the first thing that cannot be."""
    for sentence in _wrong(meant, facts, on):
        raise WrongFacts(sentence)


def _wrong(meant: list[Course], facts: ChildFacts, on: date) -> Iterator[str]:
    if on < facts.birth:
        yield f"推算的日期 {on} 早于出生日期 {facts.birth}"
    if on.year > LAST_YEAR:
        yield f"推算的日期 {on} 太远"
    if facts.birth_grams is not None and facts.birth_grams < 1:
        yield "出生体重写克数，例如 2500"
    known = {dose.id for course in meant for dose in course.doses}
    for dose_id, day in facts.given.items():
        if dose_id not in known:
            yield f"这个孩子的程序里没有这一剂：{dose_id}"
        yield from _outside(dose_id, day, facts, on)
    if facts.immunoglobulin is not None:
        yield from _outside("免疫球蛋白", facts.immunoglobulin, facts, on)
    for course in meant:
        yield from _backwards(course, facts.given)


def _outside(name: str, day: date, facts: ChildFacts, on: date) -> Iterator[str]:
    if day < facts.birth:
        yield f"{name} 的日期 {day} 早于出生日期 {facts.birth}"
    if day > on:
        yield f"{name} 的日期 {day} 晚于推算的日期 {on}"


def _backwards(course: Course, given: Mapping[str, date]) -> Iterator[str]:
    done = [dose.id for dose in course.doses if dose.id in given]
    for earlier, later in pairwise(done):
        if given[later] < given[earlier]:
            yield f"{later} 的日期 {given[later]} 早于 {earlier} 的日期 {given[earlier]}"
