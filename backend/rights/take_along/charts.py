"""The seven lines of a standard and a child's points, as numbers from 0 to 1 for a drawing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from backend.handbook.growth.assessment import Assessment
from backend.handbook.growth.curves import curve
from backend.handbook.growth.measurements import Indicator
from backend.handbook.growth.standards import Standard
from backend.handbook.growth.words import NAMES, UNITS
from backend.kernel.ages import DAYS_PER_MONTH
from backend.rights.take_along.book import ChildBook

DRAWN = (Indicator.WEIGHT, Indicator.LENGTH, Indicator.HEAD)
WINDOWS = (12, 24, 36, 60, 84)  # months: the first one that holds every point
MONTHS_A_TICK = {12: 1, 24: 2, 36: 3, 60: 6, 84: 6}
MOST_TICKS = 12
STEPS = (0.5, 1, 2, 5, 10, 20)
DECIMALS = 4


@dataclass(frozen=True)
class Point:
    months: float
    value: float


def charts_of(book: ChildBook) -> list[dict[str, Any]]:
    """One chart for each thing that was measured at least once."""
    standard = book.programmes.standard
    made = []
    for indicator in DRAWN:
        points = [
            point
            for shown in book.growth
            if (point := _point(standard, shown.assessment, indicator)) is not None
        ]
        if points:
            made.append(_chart(book, indicator, points))
    return made


def _point(standard: Standard, found: Assessment, indicator: Indicator) -> Point | None:
    """At the corrected age where the child has one; None where the standard has no score."""
    score = found.main.score(indicator)
    if score is None:
        return None
    age = found.main.age
    months = age.whole_days / DAYS_PER_MONTH if standard.counts_days else age.months
    return Point(months, score.value)


def _chart(book: ChildBook, indicator: Indicator, points: list[Point]) -> dict[str, Any]:
    standard, sex = book.programmes.standard, book.child.sex
    last = max(point.months for point in points)
    window = next((one for one in WINDOWS if last <= one), WINDOWS[-1])
    lines = curve(standard, indicator, sex, 0, window)
    values = [value for one in lines for value in one.lines] + [one.value for one in points]
    step = next(one for one in STEPS if (max(values) - min(values)) / one <= MOST_TICKS)
    low, high = math.floor(min(values) / step) * step, math.ceil(max(values) / step) * step

    def placed(months: float, value: float) -> list[float]:
        across, down = months / window, 1 - (value - low) / (high - low)
        return [round(across, DECIMALS), round(down, DECIMALS)]

    return {
        "title": f"{NAMES[indicator]}（{UNITS[indicator]}）",
        "described": f"{NAMES[indicator]}：{len(points)} 次测量，画在{standard.title}的七条线上",
        "lines": [[placed(one.x, one.lines[line]) for one in lines] for line in range(7)],
        "points": [placed(one.months, one.value) for one in points],
        "across": [
            [round(month / window, DECIMALS), str(month)]
            for month in range(0, window + 1, MONTHS_A_TICK[window])
        ],
        "down": [[placed(0, value)[1], f"{value:g}"] for value in _ticks(low, high, step)],
    }


def _ticks(low: float, high: float, step: float) -> Iterator[float]:
    for place in range(round((high - low) / step) + 1):
        yield low + place * step
