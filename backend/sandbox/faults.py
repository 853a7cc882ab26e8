"""Trouble on demand: which answer of which path goes wrong, how often, how many times."""

import json
import random
import threading
from dataclasses import asdict, dataclass
from typing import Any, Literal

from backend.sandbox.store import Store

LONGEST_DELAY_MS = 60_000


class WrongFault(Exception):
    """A fault that cannot be; the text says which field."""


@dataclass(frozen=True)
class Fault:
    """What happens to a request.

    `errcode` or `http_status` answers in place of the endpoint, which does nothing. `drop`
    closes the connection without an answer: `before` the endpoint has done its work, or
    `after` it. `delay_ms` holds the answer back; the work is done before the wait.
    """

    errcode: int | None = None
    http_status: int | None = None
    drop: Literal["before", "after"] | None = None
    rate: float = 1.0
    delay_ms: int = 0


class Faults:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._any = bool(store.rows("SELECT id FROM faults"))

    def add(self, path: str, fault: Fault, times: int | None) -> int:
        with self._lock, self._store.change():
            self._any = True
            return self._store.write(
                "INSERT INTO faults (path, rule, times) VALUES (?, ?, ?)",
                "/" + path.strip().lstrip("/") if path != "*" else path,
                json.dumps(asdict(fault)),
                times,
            )

    def all(self) -> list[dict[str, Any]]:
        return [
            {"id": row["id"], "path": row["path"], "times": row["times"], "hits": row["hits"]}
            | json.loads(row["rule"])
            for row in self._store.rows("SELECT * FROM faults ORDER BY id")
        ]

    def clear(self, fault_id: int | None = None) -> None:
        with self._lock, self._store.change():
            if fault_id is None:
                self._store.write("DELETE FROM faults")
            else:
                self._store.write("DELETE FROM faults WHERE id = ?", fault_id)
            self._any = bool(self._store.rows("SELECT id FROM faults"))

    def strike(self, path: str) -> Fault | None:
        """The fault that hits this request, counted, or None. The oldest matching one wins."""
        if not self._any:
            return None
        with self._lock, self._store.change():
            for row in self._store.rows(
                "SELECT * FROM faults WHERE path IN (?, '*') AND (times IS NULL OR times > hits)"
                " ORDER BY id",
                path,
            ):
                fault = Fault(**json.loads(row["rule"]))
                if random.random() < fault.rate:  # noqa: S311  # dice, not keys
                    self._store.write("UPDATE faults SET hits = hits + 1 WHERE id = ?", row["id"])
                    return fault
        return None


def fault_from(body: dict[str, Any]) -> tuple[str, Fault, int | None]:
    """Path, fault and number of times from the page's JSON. Raises WrongFault."""
    path, times = body.get("path"), body.get("times")
    if not isinstance(path, str) or not path.strip():
        raise WrongFault("path")
    if times is not None and (not isinstance(times, int) or times < 1):
        raise WrongFault("times")
    fault = Fault(
        errcode=_whole(body, "errcode", -1, 10_000_000),
        http_status=_whole(body, "http_status", 400, 599),
        drop=_drop(body.get("drop")),
        rate=_rate(body.get("rate", 1)),
        delay_ms=_whole(body, "delay_ms", 0, LONGEST_DELAY_MS) or 0,
    )
    if fault == Fault(rate=fault.rate):
        raise WrongFault("one of errcode, http_status, drop, delay_ms")
    return path, fault, times


def _drop(value: Any) -> Literal["before", "after"] | None:
    """`true` is the nastier one: the work is done and nobody hears of it."""
    if value is None or value is False:
        return None
    if value is True or value == "after":
        return "after"
    if value == "before":
        return "before"
    raise WrongFault("drop")


def _whole(body: dict[str, Any], name: str, lowest: int, highest: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise WrongFault(name)
    return value


def _rate(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 1:
        raise WrongFault("rate")
    return float(value)
