"""W1: WeChat's pushes at full tilt, with repetitions; granian, a worker, a database with fsync."""

import time
from collections import Counter
from collections.abc import Sequence

from backend.kernel.db import make_engine, session_factory
from tests.bench.client import fire
from tests.bench.database import open_database
from tests.bench.rows import Measures, Row, percentile
from tests.process.product import Product
from tests.process.pushes import handled_once, make_flood, open_events
from tests.process.receivers import Sessions
from tests.process.waiting import eventually

FULL = 10_000  # posts
GOAL_MS = 200  # WeChat gives up after five seconds and repeats itself


def w1(scale: float) -> Sequence[Row]:
    """Every event one to four times over 32 connections; each must be handled exactly once."""
    with open_database() as database:
        product = Product(database.url, database.folder)
        engine = make_engine(database.url, pool_size=2)
        try:
            return _measure(product, session_factory(engine), round(FULL * scale))
        finally:
            engine.dispose()
            product.stop_all()


def _measure(product: Product, sessions: Sessions, posts: int) -> Sequence[Row]:
    flood = make_flood(product.settings, posts)
    product.start("web", "scheduler", "worker")
    eventually(lambda: product.down() == [])
    started = time.perf_counter()
    answers = fire(product.port, flood.rows)
    rate = posts / (time.perf_counter() - started)
    eventually(lambda: open_events(sessions) == 0, seconds=300)
    handled = flood.events / (time.perf_counter() - started)
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) == {200}, statuses
    assert handled_once(sessions, flood)
    p99 = percentile([answer.seconds * 1000 for answer in answers], 99)
    p50 = percentile([answer.seconds * 1000 for answer in answers], 50)
    return [
        Row("W1", round(p99), "ms p99 of a push", f"≤ {GOAL_MS}", p99 <= GOAL_MS),
        Row("W1", round(p50), "ms p50"),
        Row("W1", round(rate), "pushes/s taken"),
        Row("W1", round(handled), "events/s handled, all of it"),
        Row("W1", 0, f"of {flood.events} events not handled once", "0", True, counted=True),
    ]


MEASURES: Measures = {"W1": w1}
