"""D1: a family records a dose; every day that moves with it is written in the same transaction.

Each child's doses are recorded one after another on the last of the days the programme means, so
that the book grows fuller and later doses move; beside it, one bare insert with its commit.
"""

import time
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Engine, text

from backend.handbook.doses import PREFIX
from backend.handbook.records import Done
from backend.handbook.schedule import load_schedule
from backend.handbook.service import record_done
from backend.kernel.clock import CITY, FixedClock, city_date
from backend.kernel.db import session_factory
from tests.bench.database import Database, OnDatabase
from tests.bench.rows import Measures, Row, median, percentile
from tests.conftest import ROOT
from tests.factories import default_vault, make_child, make_parent

FULL = 200  # children
GOAL = 50  # ms
BIRTH = date(2020, 3, 1)
CLOCK = FixedClock(datetime(2026, 11, 23, 8, 30, tzinfo=CITY))


def d1(database: Database, scale: float) -> Sequence[Row]:
    """Service and commit, fsync on; what was recorded is counted."""
    with database.engine(pool_size=2) as engine:
        ours = _record(engine, max(2, round(FULL * scale)))
        floor = _bare_inserts(engine, len(ours))
    p50, p99 = round(median(ours), 1), round(percentile(ours, 99), 1)
    return [
        Row("D1", p50, "ms a recorded dose, p50", f"≤ {GOAL}", p50 <= GOAL,
            round(median(floor), 1), "ms, one bare insert", p50 / median(floor)),
        Row("D1", p99, "ms, p99"),
    ]  # fmt: skip


def _record(engine: Engine, children: int) -> list[float]:
    """Milliseconds of each dose."""
    schedule, vault = load_schedule(ROOT / "content"), default_vault()
    sessions, today = session_factory(engine), city_date(CLOCK.now())
    doses = [rule for rule in schedule.rules if rule.id.startswith(PREFIX)]
    doses = [rule for rule in doses if rule.due.on(BIRTH) <= today]
    times = []
    for _ in range(children):
        parent = make_parent(sessions)
        child = make_child(sessions, parent_id=parent, birth_date=BIRTH)
        for rule in doses:
            last = rule.before.on(BIRTH) if rule.before else rule.due.on(BIRTH)
            started = time.perf_counter()
            with sessions.begin() as session:
                record_done(
                    session,
                    CLOCK,
                    vault,
                    schedule,
                    parent_id=parent,
                    child_id=child,
                    item_id=rule.id,
                    done=Done(min(last, today), "测试街道接种门诊", "B1"),
                )
            times.append((time.perf_counter() - started) * 1000)
    with sessions() as session:
        kept = session.scalar(text("SELECT count(*) FROM handbook_entries"))
    assert kept == children * len(doses)
    return times


def _bare_inserts(engine: Engine, many: int) -> list[float]:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bare (id bigint PRIMARY KEY)"))
    times = []
    for number in range(many):
        started = time.perf_counter()
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO bare VALUES (:id)"), {"id": number})
        times.append((time.perf_counter() - started) * 1000)
    return times


MEASURES: Measures = {"D1": OnDatabase(d1)}
