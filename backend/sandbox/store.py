"""The sandbox's memory: one SQLite file, one connection, commits a few times a second.

Committing each message would cost more than handling it. A crash of this process loses the
last tenth of a second at most; crashes of any other process lose nothing.
"""

import fcntl
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend.sandbox.config import SandboxRefused

COMMIT_SECONDS = 0.05
PREDECESSOR_SECONDS = 5.0  # how long one that is just being stopped may take

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS phones (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, number TEXT NOT NULL,
  high_risk INTEGER NOT NULL DEFAULT 0, switch_off INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS identities (
  phone_id INTEGER NOT NULL REFERENCES phones, appid TEXT NOT NULL, openid TEXT NOT NULL UNIQUE,
  followed_at REAL, PRIMARY KEY (phone_id, appid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS codes (
  code TEXT PRIMARY KEY, kind TEXT NOT NULL, phone_id INTEGER NOT NULL, appid TEXT NOT NULL,
  issued_at REAL NOT NULL, used_at REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (
  token TEXT PRIMARY KEY, appid TEXT NOT NULL, kind TEXT NOT NULL, issued_at REAL NOT NULL,
  expires_at REAL NOT NULL, dead_at REAL);
CREATE TABLE IF NOT EXISTS counters (
  name TEXT NOT NULL, span TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (name, span));
CREATE TABLE IF NOT EXISTS balances (
  openid TEXT NOT NULL, template_id TEXT NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0),
  PRIMARY KEY (openid, template_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, phone_id INTEGER NOT NULL, openid TEXT NOT NULL,
  template_id TEXT NOT NULL, data TEXT NOT NULL, page TEXT, received_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS messages_of_phone ON messages (phone_id, id);
CREATE TABLE IF NOT EXISTS pushes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, appid TEXT NOT NULL, openid TEXT NOT NULL,
  event TEXT NOT NULL, body TEXT NOT NULL, created_at REAL NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting',
  result TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS faults (
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, rule TEXT NOT NULL,
  times INTEGER, hits INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS calls (
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, status INTEGER NOT NULL,
  errcode INTEGER, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS relations (
  openid TEXT PRIMARY KEY, scene TEXT NOT NULL DEFAULT '', reception TEXT NOT NULL DEFAULT 'ok',
  window_ends REAL NOT NULL DEFAULT 0, window_left INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chats (
  id INTEGER PRIMARY KEY AUTOINCREMENT, openid TEXT NOT NULL, kind TEXT NOT NULL,
  body TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS chats_of_openid ON chats (openid, id);
CREATE TABLE IF NOT EXISTS once (
  key TEXT PRIMARY KEY, value TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tickets (
  ticket TEXT PRIMARY KEY, appid TEXT NOT NULL, scene TEXT NOT NULL, url TEXT NOT NULL UNIQUE,
  expires_at REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS media (
  media_id TEXT PRIMARY KEY, appid TEXT NOT NULL, kind TEXT NOT NULL, url TEXT NOT NULL,
  content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS drafts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, media_id TEXT NOT NULL UNIQUE, appid TEXT NOT NULL,
  articles TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS articles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, article_id TEXT NOT NULL UNIQUE, appid TEXT NOT NULL,
  articles TEXT NOT NULL, way TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, appid TEXT NOT NULL, kind TEXT NOT NULL,
  body TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'running', result TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS menus (
  id INTEGER PRIMARY KEY AUTOINCREMENT, appid TEXT NOT NULL, buttons TEXT NOT NULL,
  rule TEXT NOT NULL DEFAULT '');
"""


class Store:
    """Threads take turns; what one has written, the next one sees, committed or not.

    Raises SandboxRefused when another process holds the file.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._guard = path.with_suffix(".lock").open("w")
        self._be_the_only_one()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        self._lock = threading.RLock()
        self._depth = 0
        self._version = 0
        self._closing = threading.Event()
        self._committer = threading.Thread(target=self._commit_often, daemon=True)
        self._committer.start()

    def _be_the_only_one(self) -> None:
        """Two sandboxes on one file would push everything twice. The lock dies with us."""
        end = time.monotonic() + PREDECESSOR_SECONDS
        while True:
            try:
                fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    self._guard.close()
                    raise SandboxRefused("another WeChat sandbox uses this folder") from None
                time.sleep(COMMIT_SECONDS)
            else:
                return

    @property
    def version(self) -> int:
        """Grows with every change; a page that has seen it need not draw again."""
        return self._version

    @contextmanager
    def change(self) -> Iterator[None]:
        """One step that happens wholly or not at all, with nobody else in between."""
        with self._lock:
            if not self._db.in_transaction:
                self._db.execute("BEGIN")
            self._depth += 1
            name = f"step{self._depth}"
            self._db.execute(f"SAVEPOINT {name}")
            try:
                yield
            except BaseException:
                self._db.execute(f"ROLLBACK TO {name}")
                raise
            finally:
                self._db.execute(f"RELEASE {name}")
                self._depth -= 1

    def write(self, sql: str, *values: Any) -> int:
        """Run one statement inside `change`; the id of the row that it added."""
        with self._lock:
            self._version += 1
            return self._db.execute(sql, values).lastrowid or 0

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        with self._lock:
            found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
            return found

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def setting(self, key: str) -> str | None:
        found = self.row("SELECT value FROM settings WHERE key = ?", key)
        return None if found is None else str(found["value"])

    def set(self, key: str, value: str) -> None:
        self.write("INSERT OR REPLACE INTO settings VALUES (?, ?)", key, value)

    def count(self, name: str, span: str) -> int:
        """Count one more of `name` in `span` (a minute or a day) and say how many there are."""
        self.write(
            "INSERT INTO counters VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
            name,
            span,
        )
        return self.counted(name, span)

    def number(self, name: str) -> int:
        """The next number of a sequence, inside the caller's `change`."""
        return self.count(name, "")

    def once(self, key: str | None, since: float) -> str | None:
        """What was remembered under a key, unless before `since` (Unix seconds)."""
        found = self.row("SELECT value FROM once WHERE key = ? AND at > ?", key, since)
        return None if found is None else str(found["value"])

    def remember(self, key: str, value: str, at: float) -> None:
        self.write("INSERT OR REPLACE INTO once VALUES (?, ?, ?)", key, value, at)

    def counted(self, name: str, span: str) -> int:
        found = self.row("SELECT count FROM counters WHERE name = ? AND span = ?", name, span)
        return 0 if found is None else int(found["count"])

    def forget_counts(self, names: Iterable[str], span: str) -> None:
        for name in names:
            self.write("DELETE FROM counters WHERE name = ? AND span = ?", name, span)

    def _commit_often(self) -> None:
        while not self._closing.wait(COMMIT_SECONDS):
            self.commit()

    def commit(self) -> None:
        with self._lock:
            if self._db.in_transaction:
                self._db.commit()

    def close(self) -> None:
        self._closing.set()
        self._committer.join()
        with self._lock:
            self.commit()
            self._db.close()
        self._guard.close()
