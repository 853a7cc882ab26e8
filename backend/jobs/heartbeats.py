"""Processes say that they live. Liveness is real time: the database's own clock, not ours.

Which rows there are, and what they mean, says `kernel.liveness`.
"""

import os
import threading
from collections.abc import Callable

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from backend.jobs.engine import process_name
from backend.kernel.db import make_engine

BEAT = text("""
    INSERT INTO heartbeats (process, beat_at, pid)
    VALUES (:process, clock_timestamp(), :pid)
    ON CONFLICT (process) DO UPDATE SET beat_at = excluded.beat_at, pid = excluded.pid
""")
FORGET = text("DELETE FROM heartbeats WHERE process = :process")
# Names hold the host and the pid: each start leaves a row.
FORGET_LONG_GONE = text("""
    DELETE FROM heartbeats WHERE beat_at < clock_timestamp() - INTERVAL '7 days'
""")

log = structlog.get_logger()


def beat(engine: Engine, process: str) -> None:
    """Write that `process` lives now. What gives jobs back is procrastinate's own row."""
    with engine.begin() as connection:
        connection.execute(BEAT, {"process": process, "pid": os.getpid()})


class Beating:
    """A thread that says every so many seconds that this process lives.

    A process that ends as it should takes its row with it; one that dies leaves it behind,
    and that is what the operator sees. A database out of reach is waited for. `works` is asked
    before each beat: a process that hangs must not be told as living.
    """

    def __init__(
        self,
        database_url: str,
        kind: str,
        *,
        every_seconds: float,
        works: Callable[[], bool] = lambda: True,
    ) -> None:
        self._engine = make_engine(database_url, pool_size=1, max_overflow=0)
        self._process = process_name(kind)
        self._every_seconds = every_seconds
        self._works = works
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()
        try:
            with self._engine.begin() as connection:
                connection.execute(FORGET, {"process": self._process})
        except SQLAlchemyError as error:
            log.warning("heartbeat_not_ended", error=type(error).__name__)
        self._engine.dispose()

    def _run(self) -> None:
        reachable = True
        while not self._ended.is_set():
            try:
                if self._works():
                    beat(self._engine, self._process)
            except SQLAlchemyError as error:
                if reachable:
                    log.warning("heartbeat_failed", error=type(error).__name__)
                reachable = False
            else:
                reachable = True
            self._ended.wait(self._every_seconds)
