"""The engine of background work: procrastinate on the same PostgreSQL.

Nothing is retried by the engine: a task may run twice or late, the next tick brings the next
try, and `retry_stalled` brings back what a dead worker held.
"""

import os
import socket

from procrastinate import App, PsycopgConnector

from backend.kernel.db import KEEPALIVES, SERVER_KEEPALIVES, plain_url

TIMEOUT_SECONDS = 5.0


def process_name(kind: str) -> str:
    """`kind:host:pid`: what PostgreSQL shows of the connections of this process."""
    return f"{kind}:{socket.gethostname()}:{os.getpid()}"


def make_engine(url: str, *, kind: str) -> App:
    """The application of procrastinate; its pool holds at most four connections."""
    connector = PsycopgConnector(
        conninfo=plain_url(url),
        kwargs={
            "application_name": process_name(kind),
            "options": SERVER_KEEPALIVES,
            **KEEPALIVES,
        },
        min_size=1,
        max_size=4,
        timeout=TIMEOUT_SECONDS,
    )
    return App(connector=connector)
