"""`backend scheduler`: the clock that hands tasks to the engine, and does nothing else.

One small process, no job store. Any number may run; the leader fires. A tick that was missed,
because no scheduler ran or the leader died, is made good by the next one: it looks up the
latest nominal time of each task, and a task at its nominal time runs once whoever defers it.
"""

import signal
from collections.abc import Callable
from datetime import datetime

import procrastinate
import psycopg
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from backend.config import Settings
from backend.jobs import heartbeats
from backend.jobs.engine import make_engine as make_task_engine
from backend.jobs.gauges import look_into
from backend.jobs.leader import Leader
from backend.jobs.timetable import NOMINAL, WAKE_UPS, latest_nominal
from backend.kernel import metrics
from backend.kernel.clock import Clock, clock_from
from backend.kernel.db import make_engine, read_factory
from backend.kernel.liveness import LEADER, LEADER_BEAT_SECONDS

log = structlog.get_logger()

GRACE_SECONDS = 3600
OUT_OF_REACH = (psycopg.OperationalError, OperationalError, ConnectorException)


class Ticker:
    """Fires if this process is the leader. Its methods are called from one thread."""

    def __init__(
        self, leader: Leader, engine: Engine, tasks: procrastinate.App, clock: Clock
    ) -> None:
        self._leader = leader
        self._engine = engine
        self._tasks = tasks
        self._clock = clock
        self._deferred: dict[str, datetime] = {}
        self._reachable = True

    def wake(self, task: str) -> None:
        """Let a task look for work, unless a wake-up of it is waiting already."""
        self._fire(lambda: self._defer(task, queueing_lock=task))

    def keep_time(self) -> None:
        """Defer each task whose latest nominal time this process has not deferred yet."""
        self._fire(self._defer_due)

    def beat(self) -> None:
        self._fire(lambda: heartbeats.beat(self._engine, LEADER))

    def _defer_due(self) -> None:
        for task in NOMINAL:
            nominal = latest_nominal(task, self._clock.now())
            if self._deferred.get(task) != nominal:
                at = nominal.isoformat()
                self._defer(task, queueing_lock=f"{task}@{at}", nominal=at)
                self._deferred[task] = nominal

    def _defer(self, task: str, *, queueing_lock: str, **arguments: str) -> None:
        try:
            self._tasks.configure_task(task, allow_unknown=True, queueing_lock=queueing_lock).defer(
                **arguments
            )
        except AlreadyEnqueued:
            return

    def _fire(self, act: Callable[[], None]) -> None:
        try:
            if self._leader.holds():
                act()
            else:
                self._deferred.clear()  # whoever leads now decides; start afresh if it falls to us
        except OUT_OF_REACH as error:
            if self._reachable:
                log.warning("database_out_of_reach", error=type(error).__name__)
            self._reachable = False
        else:
            self._reachable = True


def timetable(ticker: Ticker, *, retry_stalled_seconds: float) -> BackgroundScheduler:
    """The scheduler with every tick in it, not started. One thread: ticks never overlap."""
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={
            "coalesce": True,
            "max_instances": 1,
            "misfire_grace_time": GRACE_SECONDS,
        },
    )
    seconds = WAKE_UPS | {"retry_stalled": retry_stalled_seconds}
    for task, every in seconds.items():
        scheduler.add_job(ticker.wake, "interval", seconds=every, args=[task], id=task)
    scheduler.add_job(ticker.keep_time, "interval", seconds=1, id="keep_time")
    scheduler.add_job(ticker.beat, "interval", seconds=LEADER_BEAT_SECONDS, id="beat")
    return scheduler


def run_until_stopped(scheduler: BackgroundScheduler, started: Callable[[], None]) -> None:
    """Tick until SIGTERM or SIGINT; a tick under way is finished.

    `started` may start threads of its own.
    """
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before the first thread, which inherits it
    scheduler.start()
    started()
    log.info("scheduler_started")
    signal.sigwait(stops)
    scheduler.shutdown(wait=True)
    log.info("scheduler_stopped")


def run_scheduler(settings: Settings) -> None:
    """The process behind `backend scheduler`; returns after SIGTERM or SIGINT."""
    engine = make_engine(settings.database_url, pool_size=1)
    tasks = make_task_engine(settings.database_url, kind="scheduler")
    leader = Leader(settings.database_url)
    ticker = Ticker(leader, engine, tasks, clock_from(settings.clock))
    stalled = settings.worker_stalled_seconds
    beating = heartbeats.Beating(
        settings.database_url, "scheduler", every_seconds=settings.worker_heartbeat_seconds
    )
    reads = make_engine(settings.database_url, pool_size=1, max_overflow=0)
    look = look_into(read_factory(reads), clock_from(settings.clock), stalled_seconds=stalled)

    def started() -> None:
        beating.start()
        metrics.serve("scheduler", settings.metrics_host, settings.metrics_port, look)

    with tasks.open():
        run_until_stopped(timetable(ticker, retry_stalled_seconds=max(1.0, stalled / 3)), started)
    beating.stop()
    leader.resign()
    reads.dispose()
    engine.dispose()
