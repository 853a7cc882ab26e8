"""E1: what a family says takes effect at once; how long one transaction of it takes.

A city of open pregnancies, each with a waiting message and ten that were sent, with fsync. The
due date of some is moved, then they end. Nothing of theirs may be left that could go out.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from backend.handbook.pregnancy import service
from backend.handbook.pregnancy.dating import Dating, Method
from backend.handbook.pregnancy.planner import plan_due
from backend.handbook.pregnancy.programme import load_programme
from backend.kernel.clock import CITY, FixedClock, city_date
from backend.kernel.db import make_engine, session_factory
from tests.bench.database import open_database
from tests.bench.rows import Measures, Row, percentile
from tests.conftest import ROOT

FULL = 100_000  # open pregnancies; the city has a few thousand births a year
FAMILIES = 200  # of whom each says two things
CLOCK = FixedClock(datetime(2026, 11, 23, 8, 30, tzinfo=CITY))
DAY = city_date(CLOCK.now())
CITY_OF_PREGNANCIES = (
    "INSERT INTO parents (created_at) SELECT :before FROM generate_series(1, :count)",
    """
    INSERT INTO consents (parent_id, purpose, version, document_hash, channel, given_at)
    SELECT id, purpose, '1', 'x', 'bench', :before
      FROM parents CROSS JOIN unnest(ARRAY['privacy', 'pregnancy']) AS purpose
    """,
    """
    INSERT INTO pregnancies (parent_id, due_date, dated_by, multiple, state, plans_from,
                             created_at, dated_at)
    SELECT id, CAST(:day AS date) + (id * 7919 % 260)::integer, 'lmp', false, 'open',
           CAST(:day AS date) - 30, :before, :before FROM parents
    """,
    """
    INSERT INTO pregnancy_parents (pregnancy_id, parent_id, opener, state, since)
    SELECT id, parent_id, true, state, created_at FROM pregnancies
    """,
    """
    INSERT INTO messages (key, parent_id, template, data, state, due_at, created_at)
    SELECT 'pregnancy:' || id || ':' || due_date || ':' || 'week-' || week || ':' || parent_id,
           parent_id, 'pregnancy_week', '{"week": 20}',
           CASE week WHEN 0 THEN 'waiting' ELSE 'sent' END,
           CAST(:before AS timestamptz) - make_interval(days => 7 * week), :before
      FROM pregnancies CROSS JOIN generate_series(0, 10) AS week
    """,
)
LEFT = text("""
SELECT count(*) FROM messages JOIN pregnancies ON pregnancies.parent_id = messages.parent_id
 WHERE pregnancies.state = 'ended'
""")


def e1(scale: float) -> Sequence[Row]:
    """Seconds of each transaction, commit included; then one plan of the day for all."""
    programme = load_programme(ROOT / "content")
    with open_database() as database:
        engine = make_engine(database.url, pool_size=2)
        _settle(engine, round(FULL * scale))
        sessions = session_factory(engine)

        def said(what: Callable[[Session, int], object], parent: int) -> float:
            began = time.perf_counter()
            with sessions.begin() as session:
                what(session, parent)
            return time.perf_counter() - began

        moved = [said(_move, parent) for parent in range(1, FAMILIES + 1)]
        ended = [said(_end, parent) for parent in range(1, FAMILIES + 1)]
        with engine.connect() as connection:
            assert connection.scalar(LEFT) == 0, "a message outlived its pregnancy"
        began = time.perf_counter()
        with sessions.begin() as session:
            assert plan_due(session, CLOCK, programme, DAY)
        planned = time.perf_counter() - began
        engine.dispose()
    return [
        _row("due date moved, p99", moved),
        _row("ended, p99", ended),
        Row("E1", round(planned, 2), "s", "≤ 5", planned <= 5, None, "plan of that day"),
    ]


def _row(about: str, seconds: list[float]) -> Row:
    worst = round(percentile(seconds, 99) * 1000, 1)
    return Row("E1", worst, "ms", "≤ 50", worst <= 50, None, about)


def _move(session: Session, parent: int) -> None:
    dating = Dating(Method.CLINIC, DAY + timedelta(days=100))
    service.redate(session, CLOCK, parent_id=parent, dating=dating, multiple=False)


def _end(session: Session, parent: int) -> None:
    service.end(session, CLOCK, parent_id=parent)


def _settle(engine: Engine, count: int) -> None:
    values = {
        "before": CLOCK.now() - timedelta(days=1),
        "day": DAY,
        "count": max(count, FAMILIES),
    }
    with engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in CITY_OF_PREGNANCIES:
            autocommit.execute(text(statement), values)
        autocommit.execute(text("VACUUM ANALYZE"))


MEASURES: Measures = {"E1": e1}
