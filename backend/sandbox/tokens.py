"""Access tokens as cgi-bin/token and stable_token give them, apart from one another.

cgi-bin/token: each call gives a new one, the one before works for five more minutes.
stable_token: the same one until its last five minutes, then a new one with both valid;
forced: the old one dies at once, at most 20 times a day and once in 30 seconds.
"""

import secrets
import sqlite3
from datetime import datetime

from backend.kernel.clock import Clock, city_date
from backend.sandbox.config import SandboxConfig
from backend.sandbox.errors import WireError
from backend.sandbox.store import Store

LIFE_SECONDS = 7200
OVERLAP_SECONDS = 300
FORCE_EVERY_SECONDS = 30
TOKEN_LETTERS = 180  # ours to store: WeChat asks for room for 512


class Tokens:
    def __init__(self, store: Store, config: SandboxConfig, clock: Clock) -> None:
        self._store = store
        self._config = config
        self._clock = clock

    def plain(self, appid: str) -> tuple[str, int]:
        """A new token and its life in seconds. Raises WireError 45009."""
        now = self._clock.now()
        with self._store.change():
            used = self._store.count(f"token:{appid}", city_date(now).isoformat())
        if used > self._config.limits["token_per_day"]:
            raise WireError(45009)
        with self._store.change():
            self._end(appid, "plain", now.timestamp() + OVERLAP_SECONDS)
            return self._issue(appid, "plain", now), LIFE_SECONDS

    def stable(self, appid: str, *, force: bool) -> tuple[str, int]:
        """The token of the account and its remaining life in seconds. Raises WireError 45011."""
        now = self._clock.now()
        with self._store.change():
            calls = self._store.count(f"stable:{appid}", now.strftime("%Y-%m-%dT%H:%M"))
        if calls > self._config.limits["stable_token_per_minute"]:
            raise WireError(45011)
        with self._store.change():
            current = self._current(appid, now.timestamp())
            if current is not None and force and self._may_force(appid, current, now):
                self._end(appid, "stable", now.timestamp())
                current = None
            if current is not None:
                remaining = int(current["expires_at"] - now.timestamp())
                if remaining > OVERLAP_SECONDS:
                    return str(current["token"]), remaining
                self._end(appid, "stable", now.timestamp() + OVERLAP_SECONDS)
            return self._issue(appid, "stable", now), LIFE_SECONDS

    def appid_of(self, token: str) -> str:
        """The account that a call speaks for. Raises WireError 41001, 40014, 40001 or 42001."""
        if not token:
            raise WireError(41001)
        if not 64 <= len(token) <= 512:
            raise WireError(40014)
        row = self._store.row("SELECT * FROM tokens WHERE token = ?", token)
        now = self._clock.now().timestamp()
        if row is None or (row["dead_at"] is not None and now >= row["dead_at"]):
            raise WireError(40001)
        if now >= row["expires_at"]:
            raise WireError(42001)
        return str(row["appid"])

    def expire_all(self) -> None:
        """Every token is over, as after two hours; for tests and the page."""
        with self._store.change():
            self._store.write("UPDATE tokens SET expires_at = ?", self._clock.now().timestamp())

    def _current(self, appid: str, now: float) -> sqlite3.Row | None:
        return self._store.row(
            "SELECT * FROM tokens WHERE appid = ? AND kind = 'stable' AND dead_at IS NULL"
            " AND expires_at > ? ORDER BY issued_at DESC",
            appid,
            now,
        )

    def _may_force(self, appid: str, current: sqlite3.Row, now: datetime) -> bool:
        if now.timestamp() - current["issued_at"] < FORCE_EVERY_SECONDS:
            return False
        used = self._store.count(f"forced:{appid}", city_date(now).isoformat())
        return used <= self._config.limits["forced_token_per_day"]

    def _end(self, appid: str, kind: str, at: float) -> None:
        self._store.write(
            "UPDATE tokens SET dead_at = ? WHERE appid = ? AND kind = ? AND dead_at IS NULL",
            at,
            appid,
            kind,
        )

    def _issue(self, appid: str, kind: str, now: datetime) -> str:
        token = f"93_{secrets.token_urlsafe(TOKEN_LETTERS)[:TOKEN_LETTERS]}"
        moment = now.timestamp()
        self._store.write(
            "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, NULL)",
            token,
            appid,
            kind,
            moment,
            moment + LIFE_SECONDS,
        )
        return token
