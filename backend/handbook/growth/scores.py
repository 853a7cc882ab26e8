"""The arithmetic of standard-deviation scores: values in, values out.

WHO 2006 describes the children of an age by L, M and S; WS/T 423—2022 by seven lines.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import NamedTuple, TypeAlias

Lines: TypeAlias = tuple[float, float, float, float, float, float, float]  # at -3 … 3 SD
LINES = (-3, -2, -1, 0, 1, 2, 3)
SAME = 1e-9  # kg or cm: a value that is nearer to a line lies on it; computing leaves less


class Lms(NamedTuple):
    """Power of the Box-Cox transformation, median, coefficient of variation."""

    power: float
    median: float
    variation: float


def lms_value(lms: Lms, z: float) -> float:
    """The value that lies at `z`."""
    if lms.power == 0:
        return lms.median * math.exp(lms.variation * z)
    return lms.median * math.pow(1 + lms.power * lms.variation * z, 1 / lms.power)


def lms_lines(lms: Lms) -> Lines:
    third, second, first, median, *above = (lms_value(lms, z) for z in LINES)
    return (third, second, first, median, above[0], above[1], above[2])


def lms_z(lms: Lms, value: float) -> float:
    """The score of a value, however far out it lies."""
    if lms.power == 0:
        return math.log(value / lms.median) / lms.variation
    return (math.pow(value / lms.median, lms.power) - 1) / (lms.power * lms.variation)


def restricted_lms_z(lms: Lms, lines: Lines, value: float) -> float:
    """As `lms_z`, beyond ±3 by the distance of the outer lines (WHO 2006, scores of weight).

    Asking the lines first keeps absurd values out of the power, which would overflow.
    """
    bottom, above_bottom, below_top, top = lines[0], lines[1], lines[-2], lines[-1]
    if value > top:
        return 3 + (value - top) / (top - below_top)
    if value < bottom:
        return -3 + (value - bottom) / (above_bottom - bottom)
    return lms_z(lms, value)


def lines_z(lines: Lines, value: float) -> float:
    """Linear between two neighbouring lines; the outer interval goes on beyond ±3."""
    place = min(max(bisect_right(lines, value) - 1, 0), len(lines) - 2)
    below, above = lines[place], lines[place + 1]
    return LINES[place] + (value - below) / (above - below)


def band(lines: Lines, value: float) -> int:
    """How many of the seven lines the value reaches: 0 below -3 SD, 7 from +3 SD."""
    return bisect_right(lines, value + SAME)


def between(lower: Lines, upper: Lines, share: float) -> Lines:
    """Each line, `share` of the way from one row to the next."""
    a, b, c, d, e, f, g = (
        low + (high - low) * share for low, high in zip(lower, upper, strict=True)
    )
    return (a, b, c, d, e, f, g)


def centile(z: float) -> float:
    """The share of children, in per cent, who lie below the score."""
    return 50 * math.erfc(-z / math.sqrt(2))
