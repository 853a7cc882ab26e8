"""Is this process there, and does the house work? For load balancers and for people."""

from dataclasses import dataclass

import psycopg
from flask import Blueprint, Response, jsonify

from backend.deps import deps
from backend.kernel.db import plain_url
from backend.kernel.liveness import BEATS, Beat, Process, down, known_processes

blueprint = Blueprint("health", __name__)

TIMEOUT_SECONDS = 2


@dataclass(frozen=True)
class Health:
    """`down`: what does not live at all. `alive`: each process that does."""

    down: list[str]
    alive: list[Process]

    def count(self, kind: str) -> int:
        return sum(one.kind == kind for one in self.alive)


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


def health(database_url: str, stalled_seconds: float) -> Health:
    """Which of database, worker and scheduler do not live, and who is there.

    Asks on a connection of its own: a full pool is no reason to call the database dead. When
    the database is down, the other two cannot be known and are not named.
    """
    address = plain_url(database_url)
    try:
        with psycopg.connect(
            address,
            autocommit=True,
            connect_timeout=TIMEOUT_SECONDS,
            options=f"-c statement_timeout={TIMEOUT_SECONDS * 1000}",
        ) as connection:
            beats = [Beat(*row) for row in connection.execute(BEATS)]
    except psycopg.Error:
        return Health(["database"], [])
    known = known_processes(beats, stalled_seconds=stalled_seconds)
    return Health(down(known), [one for one in known if one.alive])


def _uncached(response: Response, status: int) -> Response:
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
