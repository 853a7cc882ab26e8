"""A dose that was given, judged by the programme in force on that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.handbook.source import Dose, Earlier, Vaccine
from backend.handbook.vaccines.answers import Because, Floor
from backend.handbook.vaccines.case import (
    ASK_THE_CLINIC,
    Case,
    asked,
    because,
    interval_floor,
    said,
)

GIVEN = "已打"
EARLY = f"打早了：早于下列规定，程序没有写这一剂算不算，{ASK_THE_CLINIC}"


@dataclass(frozen=True)
class Judged:
    earliest: date | None
    early: bool
    reasons: tuple[Because, ...]


def judge(case: Case, vaccine: Vaccine, dose: Dose, previous: date | None) -> Judged:
    """`previous`: the day of the dose before it, None where there was none."""
    day = case.facts.given[dose.id]
    earlier = vaccine.earlier
    if earlier is not None and day <= earlier.until:
        months = dict(enumerate(earlier.months, 1)).get(dose.number)
        if months is None:
            return Judged(None, False, (_given(vaccine, dose), said(vaccine, earlier.silent)))
        age = _earlier_age(case, vaccine, earlier, months)
    else:
        age = case.age_floor(vaccine, dose, day)
    floors = [age]
    interval = interval_floor(vaccine, dose, previous)
    if interval is not None:
        floors.append(interval)
    kept_off = [floor for floor in (*floors, *_from_others(case, vaccine, dose)) if day < floor.day]
    reasons = [_given(vaccine, dose)]
    if kept_off:
        reasons.append(because(vaccine, dose.age_mark, EARLY))
        reasons += [floor.because for floor in kept_off]
        if dose.early_because is not None and age in kept_off:
            reasons.append(said(vaccine, dose.early_because))
    else:
        reasons += [floor.because for floor in floors]
    reasons += _immunoglobulin_soon_after(case, vaccine, dose)
    return Judged(max(floor.day for floor in floors), bool(kept_off), tuple(reasons))


def _given(vaccine: Vaccine, dose: Dose) -> Because:
    return because(vaccine, dose.age_mark, GIVEN)


def _earlier_age(case: Case, vaccine: Vaccine, earlier: Earlier, months: int) -> Floor:
    """The age of that time, said with the programme it comes from."""
    floor = case.age(vaccine, months, earlier.because.mark)
    ages = "、".join(str(age) for age in earlier.months)
    text = f"按当时的程序（{ages}月龄）{floor.because.text}；{earlier.because.text}"
    return Floor(floor.day, because(vaccine, earlier.because.mark, text))


def _from_others(case: Case, vaccine: Vaccine, dose: Dose) -> list[Floor]:
    """What kept the dose off on its day: live doses before it, immunoglobulin up to it."""
    day = case.facts.given[dose.id]
    floors = [floor for other, floor in case.live_neighbours(vaccine, dose) if other < day]
    used = case.facts.immunoglobulin
    floor = case.immunoglobulin_floor(vaccine, dose)
    if used is not None and floor is not None and used <= day:
        floors.append(floor)
    return floors


def _immunoglobulin_soon_after(case: Case, vaccine: Vaccine, dose: Dose) -> list[Because]:
    limit = case.programme.file.limits.immunoglobulin_after
    used = case.facts.immunoglobulin
    day = case.facts.given[dose.id]
    if used is None or not case.needs_no_immunoglobulin(vaccine, dose):
        return []
    if day < used <= limit.apart.after(day):
        return [case.programme.limit(limit), asked(vaccine, "打后不久用了免疫球蛋白")]
    return []
