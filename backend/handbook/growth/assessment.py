"""One measurement beside a standard: where it lies, what it is called, what has to be asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from backend.handbook.growth import ages
from backend.handbook.growth.ages import Age
from backend.handbook.growth.labels import NOT_APPLICABLE
from backend.handbook.growth.measurements import (
    BY_LENGTH,
    OF_WEIGHT,
    Indicator,
    Measurement,
    Posture,
    bmi,
    corrected_cm,
)
from backend.handbook.growth.plausibility import Question, questions
from backend.handbook.growth.scores import band, centile
from backend.handbook.growth.standards import Standard


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is what stands beside the lines: a BMI after correction, for example.

    `level` says between which lines it lies; `label` is the standard's judgement if it has one
    there, else the level. `centile` is in per cent.
    """

    indicator: Indicator
    value: float
    z: float
    centile: float
    band: int
    level: str
    label: str


@dataclass(frozen=True)
class Reading:
    """All scores at one age. An indicator that is missing is 不适用: `label_of` says so."""

    age: Age
    posture: Posture
    scores: tuple[Score, ...]

    def score(self, indicator: Indicator) -> Score | None:
        return next((one for one in self.scores if one.indicator is indicator), None)

    def label_of(self, indicator: Indicator) -> str:
        found = self.score(indicator)
        return NOT_APPLICABLE if found is None else found.label


@dataclass(frozen=True)
class Assessment:
    """`corrected` is there until 24 months of life for a child born before 37 weeks."""

    standard: Standard
    measurement: Measurement
    measured_on: date
    actual: Reading
    corrected: Reading | None
    questions: tuple[Question, ...]

    @property
    def main(self) -> Reading:
        """The reading to be shown first."""
        return self.corrected or self.actual


def assess(
    standard: Standard,
    measurement: Measurement,
    birth: date,
    measured_on: date,
    *,
    gestational_days: int | None = None,
) -> Assessment:
    """Everything that a standard says about one measurement.

    Values that are hard to believe are scored like others and asked about. Before the due date
    a preterm child has no score at its corrected age: the standards begin with birth at term.
    """
    actual = _reading(standard, measurement, ages.between(birth, measured_on))
    due = ages.corrected_birth(birth, measured_on, gestational_days)
    corrected = None
    if due is not None:
        corrected = _reading(standard, measurement, _age_from(due, measured_on))
    main = corrected or actual
    return Assessment(
        standard=standard,
        measurement=measurement,
        measured_on=measured_on,
        actual=actual,
        corrected=corrected,
        questions=questions(measurement, {one.indicator: one.z for one in main.scores}),
    )


def score(
    standard: Standard, indicator: Indicator, measurement: Measurement, age: Age | None
) -> Score | None:
    """One indicator; None where the standard says nothing or the measurement lacks something.

    Without an age weight is still compared with length: lying with the one table, standing
    with the other.
    """
    if age is not None and not standard.applies(indicator, age):
        return None
    compared = _place_and_value(standard, indicator, measurement, age)
    if compared is None:
        return None
    place, value = compared
    found = standard.tables[indicator, measurement.sex].locate(place, value)
    if found is None or not math.isfinite(found.z):
        return None
    reached = band(found.lines, value)
    return Score(
        indicator=indicator,
        value=value,
        z=found.z,
        centile=centile(found.z),
        band=reached,
        level=standard.labels.levels[reached],
        label=standard.labels.label(indicator, reached),
    )


def _place_and_value(
    standard: Standard, indicator: Indicator, measurement: Measurement, age: Age | None
) -> tuple[float, float] | None:
    """Where in its table, and what is compared; None where something needed is missing."""
    if indicator in OF_WEIGHT and measurement.oedema:
        return None
    if indicator in BY_LENGTH:
        place = corrected_cm(measurement, BY_LENGTH[indicator])
        value = measurement.weight_kg
    elif age is None:
        return None
    else:
        place = standard.counted(age)
        value = _value(indicator, measurement, standard.usual_posture(age))
    return None if place is None or value is None else (place, value)


def _value(indicator: Indicator, measurement: Measurement, usual: Posture) -> float | None:
    if indicator is Indicator.WEIGHT:
        return measurement.weight_kg
    if indicator is Indicator.HEAD:
        return measurement.head_cm
    lenhei_cm = corrected_cm(measurement, usual)
    if indicator is Indicator.LENGTH or lenhei_cm is None:
        return lenhei_cm
    return None if measurement.weight_kg is None else bmi(measurement.weight_kg, lenhei_cm)


def _reading(standard: Standard, measurement: Measurement, age: Age) -> Reading:
    scores = (score(standard, indicator, measurement, age) for indicator in Indicator)
    return Reading(
        age=age,
        posture=standard.usual_posture(age),
        scores=tuple(one for one in scores if one is not None),
    )


def _age_from(due: date, on: date) -> Age:
    """Before the due date: days to come, outside every table."""
    return ages.between(due, on) if on >= due else ages.of_days((on - due).days)
