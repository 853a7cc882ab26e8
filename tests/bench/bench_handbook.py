"""H1, H2 and H5: the vaccine cases, the growth tables, and a recorded dose with all that follows.

H1 and H2 need no database; what must be right is asserted and fails the command.
"""

import time
from collections.abc import Sequence

from backend.handbook.planner import plan_due
from backend.handbook.schedule import load_schedule
from backend.kernel.db import session_factory
from tests.bench.bench_planning import CLOCK, DAY, settle_a_city
from tests.bench.database import Database, OnDatabase
from tests.bench.rows import Measures, Row, median, percentile
from tests.conftest import ROOT
from tests.handbook.growth.errors import preterm_errors, who_errors, wst423_errors
from tests.handbook.one_transaction import record_in_one_go, reminded_families
from tests.handbook.vaccine_asking import PRODUCT, failure
from tests.handbook.vaccine_table import cases

CASES = 800  # at least
POINTS, WORST = 10_000, 0.001  # at least; SDS
FAMILIES, CHILDREN_PER_FAMILY = 1000, 100  # about one child in a hundred has a dose told today
GOAL_MS = 50


def h1(scale: float) -> Sequence[Row]:
    """Every case, whatever the scale. Changed rules and engines: `make soak`."""
    every = cases()
    began = time.perf_counter()
    wrong = [case.id for case in every if failure(PRODUCT, case)]
    ms = (time.perf_counter() - began) * 1000 / len(every)
    assert not wrong, wrong[:5]
    right = len(every) - len(wrong)
    return [
        Row("H1", right, f"of {len(every)} cases right", f">= {CASES}, all",
            right == len(every) >= CASES, beside=f"peer: ICE 768 of 770; {ms:.2f} ms a case",
            counted=True),
    ]  # fmt: skip


def h2(scale: float) -> Sequence[Row]:
    """Every published value, whatever the scale, and children born early at both ages."""
    rows = []
    for name, errors in (
        ("WHO 2006, each day and millimetre", list(who_errors())),
        ("WS/T 423, each month and half centimetre", list(wst423_errors())),
        ("born at 24 to 36 weeks, corrected and actual age", list(preterm_errors())),
    ):
        worst = max(errors)
        assert worst <= WORST, name
        rows.append(
            Row("H2", round(worst, 6), f"SDS, worst of {len(errors)}", f"<= {WORST}", True,
                beside=f"{name}; peer: RCPCH 0.001 over 4,000", counted=True)
        )  # fmt: skip
    return rows


def h5(database: Database, scale: float) -> Sequence[Row]:
    """Families of a planned day; each records the dose of its reminder, first in a transaction
    that breaks."""
    schedule, wanted = load_schedule(ROOT / "content"), max(20, round(FAMILIES * scale))
    with database.engine(pool_size=2) as engine:
        settle_a_city(engine, wanted * CHILDREN_PER_FAMILY, schedule)
        sessions = session_factory(engine)
        with sessions.begin() as session:
            plan_due(session, CLOCK, schedule, DAY)
        families = reminded_families(sessions, wanted)
        outcomes = [record_in_one_go(sessions, CLOCK, schedule, one) for one in families]
    wrong = [
        (family, outcome)
        for family, outcome in zip(families, outcomes, strict=True)
        if not outcome.right
    ]
    assert not wrong, wrong[:3]
    assert len(families) == wanted
    middle = round(median([one.ms for one in outcomes]), 1)
    slowest = round(percentile([one.ms for one in outcomes], 99), 1)
    return [
        Row("H5", sum(one.cancelled and one.offered for one in outcomes),
            f"of {wanted} cancelled, next offered", "all", True,
            beside="after the commit; peer: none joins the two", counted=True),
        Row("H5", sum(one.untouched for one in outcomes), f"of {wanted} broken, untouched",
            "all", True, beside="message, entry and days as before", counted=True),
        Row("H5", middle, "ms a family, p50", f"<= {GOAL_MS}", middle <= GOAL_MS),
        Row("H5", slowest, "ms, p99"),
    ]  # fmt: skip


MEASURES: Measures = {"H1": h1, "H2": h2, "H5": OnDatabase(h5)}
