"""`make bench`: measures one after another, a table, and build/bench.json.

A missed goal does not fail the command: timings tell, they do not decide. What must be right
(rows equal, every message sent) is asserted and does. The suite runs the measures that need no
processes, small: test_bench.py.
"""

import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import psutil

from backend.kernel import logs
from backend.kernel.clock import Clock, SystemClock, city_time
from tests.bench import (
    bench_bookings,
    bench_books,
    bench_campaigns,
    bench_delivery,
    bench_desk,
    bench_doses,
    bench_events,
    bench_growth,
    bench_guides,
    bench_handbook,
    bench_library,
    bench_planning,
    bench_pregnancy,
    bench_pushes,
    bench_random_plans,
    bench_reach,
    bench_settlement,
    bench_start,
    bench_trouble,
    bench_waiting,
)
from tests.bench.rows import Measure, Row

RESULTS = Path(__file__).parents[2] / "build" / "bench.json"
MEASURES: dict[str, Measure] = {
    **bench_bookings.MEASURES,
    **bench_waiting.MEASURES,
    **bench_planning.MEASURES,
    **bench_campaigns.MEASURES,
    **bench_pregnancy.MEASURES,
    **bench_random_plans.MEASURES,
    **bench_events.MEASURES,
    **bench_settlement.MEASURES,
    **bench_desk.MEASURES,
    **bench_delivery.MEASURES,
    **bench_trouble.MEASURES,
    **bench_reach.MEASURES,
    **bench_pushes.MEASURES,
    **bench_guides.MEASURES,
    **bench_library.MEASURES,
    **bench_handbook.MEASURES,
    **bench_growth.MEASURES,
    **bench_doses.MEASURES,
    **bench_books.MEASURES,
    **bench_start.MEASURES,
}
ANSWERED_BY = {"P5": ("E1", "E6")}
"""Measures that others answer: what goes wrong after an event of a pregnancy, of a child."""
WIDTHS = (5, 10, 26, 10, 8, 9, 5)
HEAD = ("", "figure", "unit", "beside", "ratio", "goal", "met")
ANSWERS = {True: "yes", False: "no", None: ""}


@click.command()
@click.option("--only", default="", help="Names with commas between; empty: all.")
@click.option("--scale", default=0.1, show_default=True, type=click.FloatRange(0.001, 1))
def main(only: str, scale: float) -> None:
    """Take the measures and print what they found."""
    names = chosen(only)
    logs.configure("CRITICAL")  # the table stands alone
    about, found = machine(SystemClock()), {}
    print(line(HEAD), flush=True)  # noqa: T201
    for name in names:
        load = os.getloadavg()[0]
        rows = list(MEASURES[name](scale))
        found[name] = {"load_before": round(load, 2), "rows": [asdict(row) for row in rows]}
        for row in rows:
            print(line(cells(row)), flush=True)  # noqa: T201
    write({**about, "scale": scale, "measures": found})


def chosen(only: str) -> list[str]:
    """The measures of `B4,P2`, all of them for an empty text."""
    names = [name.strip().upper() for name in only.split(",") if name.strip()] or list(MEASURES)
    unknown = [name for name in names if name not in {*MEASURES, *ANSWERED_BY}]
    if unknown:
        known = ", ".join((*MEASURES, *ANSWERED_BY))
        raise click.UsageError(f"{', '.join(unknown)}: there are {known}")
    return list(dict.fromkeys(one for name in names for one in ANSWERED_BY.get(name, (name,))))


def machine(clock: Clock) -> dict[str, Any]:
    """Where and when: a figure means little without it."""
    return {
        "at": city_time(clock.now()).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "processor": platform.processor() or platform.machine(),
        "python": sys.version.split()[0],
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def cells(row: Row) -> Sequence[str]:
    return (
        row.name,
        f"{row.figure:g}",
        row.unit,
        "" if row.floor is None else f"{row.floor:g}",
        "" if row.ratio is None else f"{row.ratio:.2f} x",
        row.goal,
        f"{ANSWERS[row.met]:4}{row.beside and f'beside: {row.beside}'}".rstrip(),
    )


def line(texts: Iterable[str]) -> str:
    return "  ".join(f"{text:{width}}" for text, width in zip(texts, WIDTHS, strict=True)).rstrip()


def write(results: dict[str, Any]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
