"""Is this process there, and does the house work? For load balancers and for people."""

from dataclasses import dataclass

import psycopg
from flask import Blueprint, Response, jsonify

from backend.deps import deps
from backend.kernel.db import plain_url

blueprint = Blueprint("health", __name__)

SCHEDULER_STALE_SECONDS = 10  # five beats missed
TIMEOUT_SECONDS = 2

# On the database's clock, which wrote the beats: machines need not agree about the time.
ALIVE = """
    SELECT EXISTS (SELECT 1 FROM procrastinate_workers
                   WHERE last_heartbeat > clock_timestamp() - make_interval(secs => %(worker)s)),
           EXISTS (SELECT 1 FROM heartbeats WHERE process = 'scheduler'
                   AND beat_at > clock_timestamp() - make_interval(secs => %(scheduler)s))
"""

# Each worker and scheduler keeps a connection that bears its name (jobs.engine.process_name).
# One whose machine vanished goes with its keepalives, within half a minute.
CONNECTED = """
    SELECT DISTINCT application_name FROM pg_stat_activity
     WHERE datname = current_database() AND application_name ~ '^(worker|scheduler):'
     ORDER BY application_name
"""


@dataclass(frozen=True)
class Health:
    """`down`: what does not live at all. `processes`: `kind:host:pid` of each that is there."""

    down: list[str]
    processes: list[str]

    def count(self, kind: str) -> int:
        return sum(name.startswith(f"{kind}:") for name in self.processes)


@blueprint.get("/livez")
def livez() -> Response:
    """This process answers; nothing else is asked."""
    return _uncached(jsonify(status="ok"), 200)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Database, worker and scheduler live; else 503 with the names of those that do not.

    One machine of several may be gone and all goes on: the numbers say how many are left.
    Their names are for the command line; this page is public.
    """
    settings = deps().settings
    found = health(settings.database_url, settings.worker_stalled_seconds)
    counts = {f"{kind}s": found.count(kind) for kind in ("worker", "scheduler")}
    if found.down:
        return _uncached(jsonify(status="unavailable", down=found.down, **counts), 503)
    return _uncached(jsonify(status="ok", **counts), 200)


def health(database_url: str, worker_stalled_seconds: float) -> Health:
    """Which of database, worker and scheduler do not live, and who is there.

    Asks on a connection of its own: a full pool is no reason to call the database dead. When
    the database is down, the other two cannot be known and are not named.
    """
    address = plain_url(database_url)
    limits = {"worker": worker_stalled_seconds, "scheduler": SCHEDULER_STALE_SECONDS}
    try:
        with psycopg.connect(
            address,
            autocommit=True,
            connect_timeout=TIMEOUT_SECONDS,
            options=f"-c statement_timeout={TIMEOUT_SECONDS * 1000}",
        ) as connection:
            alive = connection.execute(ALIVE, limits).fetchone()
            there = [name for (name,) in connection.execute(CONNECTED)]
    except psycopg.Error:
        return Health(["database"], [])
    assert alive is not None
    return Health([name for name, lives in zip(limits, alive, strict=True) if not lives], there)


def _uncached(response: Response, status: int) -> Response:
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
