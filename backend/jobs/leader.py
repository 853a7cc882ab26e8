"""One scheduler fires, however many are started.

The leader holds an advisory lock on a connection of its own. When its process dies, the
connection ends and PostgreSQL gives the lock to whoever asks next; when its whole machine
vanishes, the server's keepalives end it within half a minute. A process that hangs, or is stopped,
answers those still: it loses the lock because it asks for nothing. Never through a transaction
pooler: the lock lives as long as the server's session.
"""

from contextlib import suppress

import psycopg
from psycopg.conninfo import make_conninfo

from backend.jobs.engine import process_name
from backend.kernel.db import KEEPALIVES, SERVER_KEEPALIVES, plain_url

SILENT_SECONDS = 20.0  # who leads asks every second
SCHEDULER_LOCK = 0x63_79_73_63_68_65_64  # "cysched"; one number per database


def address(url: str, silent_seconds: float = SILENT_SECONDS) -> str:
    """What the leader connects with."""
    return make_conninfo(
        plain_url(url),
        application_name=process_name("leader"),
        options=f"-c statement_timeout=5000 -c idle_session_timeout={silent_seconds * 1000:.0f}"
        f" {SERVER_KEEPALIVES}",
        **KEEPALIVES,
    )


class Leader:
    """The right to fire. Not for several threads at once."""

    def __init__(
        self, url: str, lock: int = SCHEDULER_LOCK, *, silent_seconds: float = SILENT_SECONDS
    ) -> None:
        self._address = address(url, silent_seconds)
        self._lock = lock
        self._connection: psycopg.Connection[tuple[bool]] | None = None

    def holds(self) -> bool:
        """Is this process the leader now? Asks the server each time, and tries to become it.

        Raises psycopg.OperationalError when PostgreSQL does not answer.
        """
        if self._connection is not None:
            try:
                self._connection.execute("SELECT 1")
            except psycopg.OperationalError:
                self.resign()
            else:
                return True
        return self._try_to_become()

    def resign(self) -> None:
        """Give the lock back: by asking, for the server notices a closed connection later."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.OperationalError):  # gone already, and the lock with it
                connection.execute("SELECT pg_advisory_unlock(%s)", (self._lock,))
            connection.close()

    def _try_to_become(self) -> bool:
        connection = psycopg.Connection[tuple[bool]].connect(self._address, autocommit=True)
        try:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (self._lock,)).fetchone()
        except psycopg.OperationalError:
            connection.close()
            raise
        if row is None or not row[0]:
            connection.close()
            return False
        self._connection = connection
        return True
