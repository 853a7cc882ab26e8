"""S1: the second start of `python -m backend run`, until /healthz says ok."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.rows import Measures, Row, median
from tests.process.house import RunningHouse

STARTS = 3
GOAL = 10.0


def s1(scale: float) -> Sequence[Row]:
    """The median of three starts after the first one, which makes everything."""
    with tempfile.TemporaryDirectory(prefix="cy-bench-") as folder:
        house = RunningHouse(Path(folder))
        try:
            first, *later = [_start(house) for _ in range(1 + STARTS)]
        finally:
            house.clean_up()
    seconds = median(later)
    return [
        Row("S1", round(seconds, 1), "s, second start", f"< {GOAL:g}", seconds < GOAL),
        Row("S1", round(first, 1), "s, first start, set-up apart"),
    ]


def _start(house: RunningHouse) -> float:
    started = time.monotonic()
    house.start()
    house.wait_until_healthy()
    seconds = time.monotonic() - started
    assert house.press_ctrl_c() == 0
    return seconds


MEASURES: Measures = {"S1": s1}
