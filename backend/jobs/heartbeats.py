"""Processes say that they live. Liveness is real time: the database's own clock, not ours."""

import os

from sqlalchemy import Engine, text

SCHEDULER = "scheduler"
BEAT_SECONDS = 2

BEAT = text("""
    INSERT INTO heartbeats (process, beat_at, pid)
    VALUES (:process, clock_timestamp(), :pid)
    ON CONFLICT (process) DO UPDATE SET beat_at = excluded.beat_at, pid = excluded.pid
""")


def beat(engine: Engine, process: str) -> None:
    """Write that `process` lives now. A worker's beat is procrastinate's own row."""
    with engine.begin() as connection:
        connection.execute(BEAT, {"process": process, "pid": os.getpid()})
