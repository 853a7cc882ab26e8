"""H3: measurements a second through `python -m backend growth`, beside a plain copy of the CSV.

Both are processes of their own that read the same file and write as many rows; both times hold
the start of Python. The copy does what nobody can do without: read a row, write a row.
"""

import csv
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from backend.handbook.growth.rows import COLUMNS
from tests.bench.rows import Measures, Row, median
from tests.conftest import ROOT

FULL = 1_000_000  # measurements
ROUNDS = 3
GOAL = 10_000
SEED = 20261127
GROWN = {"weight_kg": (3.3, 0.0075), "lenhei_cm": (50.0, 0.033), "head_cm": (34.5, 0.0085)}  # a day
COPY = """
import csv, sys
csv.writer(sys.stdout).writerows(row + ["", ""] for row in csv.reader(sys.stdin))
"""


def h3(scale: float) -> Sequence[Row]:
    """The median of three rounds, by each standard; what was written is counted."""
    count = max(1000, int(FULL * scale))
    with tempfile.TemporaryDirectory(prefix="cy-bench-") as folder:
        measurements = Path(folder) / "measurements.csv"
        with measurements.open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *_children(count)])
        rates: dict[str, list[float]] = {"copy": [], "wst423": [], "who": []}
        for _ in range(ROUNDS):
            for name, found in rates.items():
                words = ["-c", COPY] if name == "copy" else ["-m", "backend", "growth"]
                words += [] if name == "copy" else ["--standard", name]
                found.append(count / _seconds(words, measurements, count))
    floor = round(median(rates["copy"]))
    return [_row(name, round(median(rates[name])), floor) for name in ("wst423", "who")]


def _row(name: str, rate: int, floor: int) -> Row:
    return Row(
        "H3",
        rate,
        f"measurements/s, {name}",
        f">= {GOAL}",
        rate >= GOAL,
        floor=floor,
        beside="rows/s, plain csv copy",
        ratio=rate / floor,
    )


def _children(count: int) -> Iterator[list[str]]:
    """One measurement of each: all indicators, lying and standing, some beyond ±3."""
    chance = random.Random(SEED)
    for _ in range(count):
        days = chance.randrange(1, 1096)  # the ages for which each indicator has a table
        fits = "wfl" if days < 731 else "wfh"
        sizes = [
            f"{(start + daily * days) * chance.gauss(1, 0.08):.1f}"
            for start, daily in GROWN.values()
        ]
        yield [
            chance.choice(["wfa", "lhfa", "hcfa", "bfa", fits]),
            chance.choice("mf"),
            str(days),
            chance.choice(["l", "h", ""]),
            *sizes,
        ]


def _seconds(words: Sequence[str], measurements: Path, count: int) -> float:
    with measurements.open("rb") as source, tempfile.TemporaryFile() as target:
        started = time.monotonic()
        subprocess.run([sys.executable, *words], stdin=source, stdout=target, cwd=ROOT, check=True)
        seconds = time.monotonic() - started
        target.seek(0)
        assert sum(1 for _ in target) == count + 1
    return seconds


MEASURES: Measures = {"H3": h3}
