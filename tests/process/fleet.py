"""One installation as on several machines: more than one process of a kind on one database."""

from collections import Counter
from datetime import datetime

from sqlalchemy import select, text

from backend.jobs.models import TaskRun
from backend.kernel.db import make_engine
from tests.process.product import Product
from tests.process.receivers import Sessions

WORKERS = ("worker@1", "worker@2", "worker@3")
SCHEDULERS = ("scheduler@1", "scheduler@2")
LEADING = text("SELECT pid FROM heartbeats WHERE process = 'scheduler'")
Runs = Counter[tuple[str, datetime]]


class Fleet:
    """Three workers and two schedulers, started again as soon as they are killed."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.killed: Counter[str] = Counter()

    def start(self) -> None:
        self.product.start(*SCHEDULERS, *WORKERS)

    def kill(self, name: str) -> None:
        """kill -9, and a new one in its place, as systemd would; not waited for."""
        self.product.kill(name)
        self.killed[name.partition("@")[0]] += 1
        self.product.start(name)

    def cut_the_power(self, clock: str) -> None:
        """kill -9 of all at once; they come back hours later, by the clock."""
        for name in (*SCHEDULERS, *WORKERS):
            self.product.kill(name)
        self.product.settings = self.product.settings.model_copy(update={"clock": clock})
        self.start()

    def leader(self) -> str | None:
        """The scheduler that fires; None while the last one's beat is all there is."""
        leading = leading_pid(self.product)
        return next((name for name in SCHEDULERS if self.product.pid(name) == leading), None)


def leading_pid(product: Product) -> int | None:
    engine = make_engine(product.settings.database_url, pool_size=1)
    try:
        with engine.connect() as connection:
            pid: int | None = connection.scalar(LEADING)
            return pid
    finally:
        engine.dispose()


def nominal_runs(sessions: Sessions) -> Runs:
    """How many rows say that a task ran at a nominal time."""
    with sessions() as session:
        rows = session.execute(select(TaskRun.task, TaskRun.nominal_at))
        return Counter((row.task, row.nominal_at) for row in rows)


def run_twice(runs: Runs) -> Runs:
    return Counter({run: count for run, count in runs.items() if count > 1})
