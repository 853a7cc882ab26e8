"""The seven lines as points, for drawing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.handbook.growth.ages import of_days
from backend.handbook.growth.measurements import BY_LENGTH, Indicator
from backend.handbook.growth.scores import Lines
from backend.handbook.growth.standards import Standard
from backend.handbook.growth.tables import Table
from backend.kernel.ages import DAYS_PER_MONTH
from backend.kernel.sex import Sex

WEEKLY_UNTIL_DAYS = 91  # as WHO prints its tables: by week to 13 weeks, then by month
MONTHS = 61


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """`x` in months, or in cm for weight-for-length and weight-for-height."""

    x: float
    lines: Lines


def curve(
    standard: Standard, indicator: Indicator, sex: Sex, first: float, last: float
) -> tuple[CurvePoint, ...]:
    """The lines from `first` to `last`, as far as the standard has them, in ascending order.

    Both ends are points, so that a curve fills its frame. Where WHO 2006 goes over from lying
    to standing, the days before and after are both there: the step is in the standard.
    """
    table = standard.tables[indicator, sex]
    in_days = standard.counts_days and indicator not in BY_LENGTH
    scale = DAYS_PER_MONTH if in_days else 1.0
    ends = [max(first * scale, table.first), min(last * scale, table.last)]
    if ends[0] > ends[1]:
        return ()
    wanted = _drawn_days(standard) if in_days else _drawn_places(table)
    if in_days:
        ends = [of_days(end).whole_days for end in ends]
    places = sorted({*ends, *(place for place in wanted if ends[0] < place < ends[1])})
    points = ((place / scale, table.lines(place)) for place in places)
    return tuple(CurvePoint(x, lines) for x, lines in points if lines is not None)


def _drawn_places(table: Table) -> Iterable[float]:
    """Half centimetres are enough for the eye; WHO 2006 has every millimetre."""
    return (place for place in table.places if place * 2 % 1 == 0)


def _drawn_days(standard: Standard) -> Iterable[float]:
    yield from range(0, WEEKLY_UNTIL_DAYS, 7)
    yield from (of_days(month * DAYS_PER_MONTH).whole_days for month in range(3, MONTHS))
    yield from (standard.stands_from - 1, standard.stands_from)
