"""The conversations of phones with public accounts: what each has said, and what may be said.

An account may write to a person as 客服 only for a while after the person has done something:
five messages in 48 hours after a text, three in a minute after a tap, a scan or a follow.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from backend.kernel.clock import Clock
from backend.sandbox.errors import WireError
from backend.sandbox.inbox import iso
from backend.sandbox.store import Store

Reception = Literal["ok", "user block", "freq limit"]
RECEPTIONS: tuple[Reception, ...] = ("ok", "user block", "freq limit")
# 客服消息下发规则: seconds and messages after each thing that a person does.
WINDOWS: Mapping[str, tuple[int, int]] = {
    "text": (48 * 3600, 5),
    "CLICK": (60, 3),
    "subscribe": (60, 3),
    "SCAN": (60, 3),
}


class Chats:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(self, openid: str, kind: str, body: Mapping[str, Any]) -> int:
        """Write one line into a person's chat with an account; its number."""
        with self._store.change():
            return self._store.write(
                "INSERT INTO chats (openid, kind, body, at) VALUES (?, ?, ?, ?)",
                openid,
                kind,
                json.dumps(dict(body), ensure_ascii=False),
                self._clock.now().timestamp(),
            )

    def newest(self, openid: str, limit: int) -> list[dict[str, Any]]:
        rows = self._store.rows(
            "SELECT * FROM chats WHERE openid = ? ORDER BY id DESC LIMIT ?", openid, limit
        )
        return [
            {"id": row["id"], "kind": row["kind"], "at": iso(row["at"])} | json.loads(row["body"])
            for row in rows
        ]

    def count(self, openid: str) -> int:
        row = self._store.row("SELECT COUNT(*) AS n FROM chats WHERE openid = ?", openid)
        return 0 if row is None else int(row["n"])

    def open_window(self, openid: str, deed: str) -> None:
        """The person has done something; an account may answer. A wider window stays."""
        seconds, messages = WINDOWS[deed]
        ends = self._clock.now().timestamp() + seconds
        current = self._relation(openid)
        if current is not None and current["window_ends"] > ends and current["window_left"] > 0:
            return
        self._write(openid, window_ends=ends, window_left=messages)

    def use_window(self, openid: str) -> None:
        """Count one message of 客服. Raises WireError 45015 or 45047."""
        current = self._relation(openid)
        if current is None or current["window_ends"] <= self._clock.now().timestamp():
            raise WireError(45015)
        if current["window_left"] < 1:
            raise WireError(45047)
        self._write(openid, window_left=current["window_left"] - 1)

    def reception(self, openid: str) -> str:
        """How template messages fare with this person: ok, user block or freq limit."""
        current = self._relation(openid)
        return "ok" if current is None else str(current["reception"])

    def set_reception(self, openid: str, reception: Reception) -> None:
        self._write(openid, reception=reception)

    def scene(self, openid: str) -> str:
        """The scene of the QR code through which the person came; empty for a search."""
        current = self._relation(openid)
        return "" if current is None else str(current["scene"])

    def set_scene(self, openid: str, scene: str) -> None:
        self._write(openid, scene=scene)

    def _relation(self, openid: str) -> Any:
        return self._store.row("SELECT * FROM relations WHERE openid = ?", openid)

    def _write(self, openid: str, **values: Any) -> None:
        with self._store.change():
            self._store.write("INSERT OR IGNORE INTO relations (openid) VALUES (?)", openid)
            for name, value in values.items():  # our own column names
                self._store.write(
                    f"UPDATE relations SET {name} = ? WHERE openid = ?",  # noqa: S608
                    value,
                    openid,
                )
