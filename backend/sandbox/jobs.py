"""What WeChat does after it has answered: publishing and mass sending, a little later."""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from backend.sandbox.config import SandboxConfig
from backend.sandbox.store import Store
from backend.sandbox.timed import Timed

Finish = Callable[[int, str, Mapping[str, Any]], Mapping[str, Any]]  # id, appid, body: result


class Jobs:
    """A job runs until its time has come or `finish_all` is called; rows outlive the process."""

    def __init__(self, store: Store, config: SandboxConfig, kinds: Mapping[str, Finish]) -> None:
        self._store = store
        self._seconds = config.job_seconds
        self._kinds = kinds
        self._due = Timed(self._running() if self._seconds is not None else ())
        self._thread = threading.Thread(target=self._run, daemon=True)
        if self._seconds is not None:
            self._thread.start()

    def start(self, appid: str, kind: str, body: Mapping[str, Any]) -> int:
        """Begin one, inside the caller's `change`; its number."""
        job_id = self._store.write(
            "INSERT INTO jobs (appid, kind, body) VALUES (?, ?, ?)",
            appid,
            kind,
            json.dumps(dict(body), ensure_ascii=False),
        )
        if self._seconds is not None:
            self._due.put(job_id, self._seconds)
        return job_id

    def get(self, appid: str, kind: str, job_id: object) -> dict[str, Any] | None:
        """`{id, state, body, result}`; `state` is running, done or deleted."""
        row = self._store.row(
            "SELECT * FROM jobs WHERE id = ? AND appid = ? AND kind = ?", job_id, appid, kind
        )
        if row is None:
            return None
        return {
            "id": row["id"],
            "state": row["state"],
            "body": json.loads(row["body"]),
            "result": json.loads(row["result"]),
        }

    def delete(self, job_id: int) -> None:
        with self._store.change():
            self._store.write("UPDATE jobs SET state = 'deleted' WHERE id = ?", job_id)

    def finish_all(self) -> int:
        """Finish what is running, oldest first; how many there were."""
        running = self._running()
        for job_id in running:
            self._finish(job_id)
        return len(running)

    def close(self) -> None:
        self._due.close()
        if self._thread.is_alive():
            self._thread.join()

    def _running(self) -> list[int]:
        rows = self._store.rows("SELECT id FROM jobs WHERE state = 'running' ORDER BY id")
        return [int(row["id"]) for row in rows]

    def _run(self) -> None:
        while (job_id := self._due.next()) is not None:
            self._finish(job_id)

    def _finish(self, job_id: int) -> None:
        with self._store.change():
            row = self._store.row("SELECT * FROM jobs WHERE id = ? AND state = 'running'", job_id)
            if row is None:
                return
            result = self._kinds[row["kind"]](job_id, row["appid"], json.loads(row["body"]))
            self._store.write(
                "UPDATE jobs SET state = 'done', result = ? WHERE id = ?",
                json.dumps(dict(result), ensure_ascii=False),
                job_id,
            )
