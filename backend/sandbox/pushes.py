"""Events on their way to our webhook: five seconds each, three retries, then given up."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from backend.kernel.clock import Clock
from backend.sandbox.config import SandboxConfig
from backend.sandbox.inbox import iso
from backend.sandbox.push_format import event_text, original_id, seal
from backend.sandbox.replies import Replies
from backend.sandbox.store import Store
from backend.sandbox.timed import Timed

RETRIES = 3  # after the first delivery
SENDERS = 4
LOG_LENGTH = 50


class Pushes:
    """What was waiting when the sandbox stopped is tried at once when it starts again."""

    def __init__(self, store: Store, config: SandboxConfig, clock: Clock, replies: Replies) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._replies = replies
        self._http = urllib3.PoolManager(
            timeout=config.push_timeout_seconds, retries=False, maxsize=SENDERS
        )
        waiting = store.rows("SELECT id FROM pushes WHERE state = 'waiting' ORDER BY id")
        self._due = Timed(int(row["id"]) for row in waiting)
        self._threads = [
            threading.Thread(target=self._deliver_for_ever, daemon=True) for _ in range(SENDERS)
        ]
        for thread in self._threads:
            thread.start()

    def put(
        self,
        appid: str,
        openid: str,
        event: str,
        more: Mapping[str, Any] | None = None,
        items: Sequence[Mapping[str, str]] = (),
    ) -> None:
        """Send an event as soon as possible. WeChat promises no order, and neither do we."""
        self._put(appid, openid, event, {"MsgType": "event", "Event": event, **(more or {})}, items)

    def put_message(self, appid: str, openid: str, kind: str, more: Mapping[str, Any]) -> None:
        """What a person writes to an account: `kind` is the MsgType."""
        self._put(appid, openid, kind, {"MsgType": kind, **more}, ())

    def _put(
        self,
        appid: str,
        openid: str,
        event: str,
        more: Mapping[str, Any],
        items: Sequence[Mapping[str, str]],
    ) -> None:
        now = self._clock.now().timestamp()
        fields = {
            "ToUserName": original_id(appid),
            "FromUserName": openid,
            "CreateTime": str(int(now)),
            **more,
        }
        with self._store.change():
            push_id = self._store.write(
                "INSERT INTO pushes (appid, openid, event, body, created_at)"
                " VALUES (?, ?, ?, ?, ?)",
                appid,
                openid,
                event,
                event_text(self._config, fields, items),
                now,
            )
        self._due.put(push_id, 0.0)

    def put_subscription(
        self, appid: str, openid: str, event: str, items: Sequence[Mapping[str, str]]
    ) -> None:
        self.put(appid, openid, event, items=items)

    def log(self) -> list[dict[str, Any]]:
        """The newest pushes with what became of each."""
        rows = self._store.rows(
            "SELECT pushes.*, phones.name AS phone FROM pushes"
            " LEFT JOIN identities USING (openid) LEFT JOIN phones ON phones.id = phone_id"
            " ORDER BY pushes.id DESC LIMIT ?",
            LOG_LENGTH,
        )
        return [
            {
                "id": row["id"],
                "appid": row["appid"],
                "event": row["event"],
                "phone": row["phone"],
                "created_at": iso(row["created_at"]),
                "attempts": row["attempts"],
                "state": row["state"],
                "result": row["result"],
            }
            for row in rows
        ]

    def close(self) -> None:
        self._due.close()
        for thread in self._threads:
            thread.join()
        self._http.clear()

    def _deliver_for_ever(self) -> None:
        while (push_id := self._due.next()) is not None:
            row = self._store.row("SELECT * FROM pushes WHERE id = ?", push_id)
            if row is not None:
                self._deliver(dict(row))

    def _deliver(self, row: dict[str, Any]) -> None:
        taken, result = self._post(row)
        attempts = int(row["attempts"]) + 1
        over = "delivered" if taken else "given_up"
        state = over if taken or attempts > RETRIES else "waiting"
        with self._store.change():
            self._store.write(
                "UPDATE pushes SET attempts = ?, state = ?, result = ? WHERE id = ?",
                attempts,
                state,
                result,
                row["id"],
            )
        if state == "given_up":
            self._replies.fail(row["openid"], row["event"])
        if state == "waiting":
            self._due.put(int(row["id"]), self._config.push_retry_seconds)

    def _post(self, row: dict[str, Any]) -> tuple[bool, str]:
        """One delivery: whether it was taken, and the answer in a few words."""
        timestamp = int(self._clock.now().timestamp())
        push = seal(self._config, row["appid"], row["openid"], row["body"], timestamp)
        address = self._config.webhook_url.replace("{appid}", row["appid"])
        joint = "&" if "?" in address else "?"
        try:
            response = self._http.request(
                "POST",
                f"{address}{joint}{push.query}",
                body=push.body,
                headers={"Content-Type": push.content_type},
                redirect=False,
            )
        except HTTPError as error:
            return False, type(error).__name__
        if response.status != 200:
            return False, f"HTTP {response.status}"
        body = response.data.strip()
        if body in (b"", b"success"):
            return True, "HTTP 200"
        if body[:5] != b"<xml>":
            return False, "unexpected"
        wrong = self._replies.take(row["appid"], row["openid"], row["event"], body)
        return True, wrong or "HTTP 200, with a reply"
