"""What happened between two measurements of a child: how fast, and which lines were crossed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backend.handbook.growth import words
from backend.handbook.growth.assessment import Assessment, Reading
from backend.handbook.growth.measurements import Indicator, Posture, corrected_cm
from backend.handbook.growth.plausibility import Question, shrunk
from backend.handbook.growth.scores import LINES
from backend.kernel.ages import DAYS_PER_MONTH


@dataclass(frozen=True, slots=True)
class Velocity:
    """kg or cm; `a_month` for 30.4375 days."""

    days: int
    gained: float
    a_month: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """Bands before and after, and the lines between them in the order in which they were met."""

    before: int
    after: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Change:
    """`velocity` is of weight, length and head alone; `crossing` needs a score on both days."""

    indicator: Indicator
    velocity: Velocity | None
    crossing: Crossing | None
    text: str


@dataclass(frozen=True)
class Changes:
    changes: tuple[Change, ...]
    questions: tuple[Question, ...]


def changes(earlier: Assessment, later: Assessment) -> Changes:
    """Compare two assessments of one child by one standard. It explains and never diagnoses.

    Both are read at the corrected age as long as both have one; else the step from corrected
    to actual age would look like a crossing. Lengths are compared lying, for the same reason.

    Raises ValueError where the second is not the later one, or where standard or sex differ.
    """
    days = (later.measured_on - earlier.measured_on).days
    same = (earlier.standard.name, earlier.measurement.sex)
    if days <= 0 or same != (later.standard.name, later.measurement.sex):
        raise ValueError("two measurements of one child, by one standard, one after the other")
    corrected = earlier.corrected is not None and later.corrected is not None
    before, after = (
        (one.corrected if corrected else None) or one.actual for one in (earlier, later)
    )
    lengths = _lying_cm(earlier, before), _lying_cm(later, after)
    found = (
        _change(
            indicator,
            _velocity(indicator, earlier, later, lengths),
            _crossing(indicator, before, after),
        )
        for indicator in Indicator
    )
    return Changes(
        changes=tuple(one for one in found if one is not None),
        questions=tuple(shrunk(earlier.measurement, later.measurement, lengths)),
    )


def crossed(before: int, after: int) -> tuple[int, ...]:
    """The lines between two bands, the first one met first."""
    if after >= before:
        return LINES[before:after]
    return LINES[after:before][::-1]


def _change(
    indicator: Indicator, velocity: Velocity | None, crossing: Crossing | None
) -> Change | None:
    said = []
    if velocity is not None:
        said.append(words.speed(indicator, velocity.days, velocity.gained, velocity.a_month))
    if crossing is not None:
        said.append(words.crossing(indicator, crossing.before, crossing.after, crossing.lines))
    return Change(indicator, velocity, crossing, "".join(said)) if said else None


def _velocity(
    indicator: Indicator,
    earlier: Assessment,
    later: Assessment,
    lengths: tuple[float | None, float | None],
) -> Velocity | None:
    first, second = earlier.measurement, later.measurement
    pairs = {
        Indicator.WEIGHT: (first.weight_kg, second.weight_kg),
        Indicator.LENGTH: lengths,
        Indicator.HEAD: (first.head_cm, second.head_cm),
    }
    old, new = pairs.get(indicator, (None, None))
    if old is None or new is None:
        return None
    if indicator is Indicator.WEIGHT and (first.oedema or second.oedema):
        return None
    days = (later.measured_on - earlier.measured_on).days
    return Velocity(days, new - old, (new - old) / days * DAYS_PER_MONTH)


def _crossing(indicator: Indicator, before: Reading, after: Reading) -> Crossing | None:
    old, new = before.score(indicator), after.score(indicator)
    if old is None or new is None:
        return None
    return Crossing(old.band, new.band, crossed(old.band, new.band))


def _lying_cm(assessment: Assessment, reading: Reading) -> float | None:
    """A length as it would have been lying, whatever is usual at the age."""
    measured = assessment.measurement
    as_said = replace(measured, posture=measured.posture or reading.posture)
    return corrected_cm(as_said, Posture.LYING)
