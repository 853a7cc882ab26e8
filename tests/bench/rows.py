"""What a measure found: one line of the table and of build/bench.json."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`floor` is the figure of `beside`, taken in the same run; `ratio` what stands in the table.

    `met` is None where there is no goal. `counted`: the figure does not depend on the
    machine, and the suite holds it to its goal (tests/bench/test_bench.py); timings only tell.
    """

    name: str
    figure: float
    unit: str
    goal: str = ""
    met: bool | None = None
    floor: float | None = None
    beside: str = ""
    ratio: float | None = None
    counted: bool = False


Measure = Callable[[float], Sequence[Row]]  # of the scale: 1 is the full load
Measures = Mapping[str, Measure]


def missed_counts(rows: Sequence[Row]) -> list[Row]:
    """The counts that are not what they must be, however slow or busy the machine."""
    return [row for row in rows if row.counted and row.met is False]


def median(values: Sequence[float]) -> float:
    return percentile(values, 50)


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
