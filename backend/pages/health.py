"""Is this process there, and does the house work? For load balancers and for people."""

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


@blueprint.get("/livez")
def livez() -> Response:
    """This process answers; nothing else is asked."""
    return _uncached(jsonify(status="ok"), 200)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Database, worker and scheduler live; else 503 with the names of those that do not."""
    settings = deps().settings
    missing = down(settings.database_url, settings.worker_stalled_seconds)
    if missing:
        return _uncached(jsonify(status="unavailable", down=missing), 503)
    return _uncached(jsonify(status="ok"), 200)


def down(database_url: str, worker_stalled_seconds: float) -> list[str]:
    """Which of database, worker and scheduler do not live.

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
    except psycopg.Error:
        return ["database"]
    assert alive is not None
    return [name for name, lives in zip(limits, alive, strict=True) if not lives]


def _uncached(response: Response, status: int) -> Response:
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
