"""G1: what the application spends on a guide, beside an empty Flask view, in one process.

No server and no socket: the WSGI callables are called in turns and the thread's CPU time is
taken. Request log lines are made as in production and go to /dev/null.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from typing import Any

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from backend.app import create_app
from backend.kernel import logs
from tests.bench.rows import Measures, Row, median
from tests.conftest import make_settings

ROUNDS = 9
CALLS = 300  # of each application in a round
GOAL = 1.11  # 0.9 of the requests a second of an empty view
LIST = "/api/v1/guides?age_days=300"
Environ = dict[str, Any]


def g1(scale: float) -> Sequence[Row]:
    """CPU microseconds of each; the ratio is the median of the ratios of the rounds."""
    with get_context("spawn").Pool(1, _silence) as pool:
        rounds: list[dict[str, float]] = pool.apply(_take_rounds)
    hello = median([one["hello"] for one in rounds])
    rows = []
    for name in ("guide 200", "guide 304", "list 200", "list 304"):
        ratio = median([one[name] / one["hello"] for one in rounds])
        figure = round(median([one[name] for one in rounds]))
        rows.append(
            Row("G1", figure, f"us CPU, {name}", f"≤ {GOAL} x", ratio <= GOAL,
                round(hello), "Flask hello", ratio)
        )  # fmt: skip
    return rows


def _silence() -> None:
    """This process's standard output goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    logs.configure()


def _take_rounds() -> list[dict[str, float]]:
    hello = Flask("hello")
    hello.add_url_rule("/", view_func=lambda: "hello")
    product = create_app(make_settings("postgresql+psycopg://nobody@127.0.0.1:9/none"))
    listed = product.test_client().get(LIST)
    guide = f"/api/v1/guides/{listed.json['items'][0]['slug']}"
    read = product.test_client().get(guide)
    calls: dict[str, tuple[Flask, Environ]] = {
        "hello": (hello, _environ("/")),
        "guide 200": (product, _environ(guide)),
        "guide 304": (product, _environ(guide, read.headers["ETag"])),
        "list 200": (product, _environ(LIST)),
        "list 304": (product, _environ(LIST, listed.headers["ETag"])),
    }
    for name, (app, environ) in calls.items():
        assert _status(app, environ) == (304 if name.endswith("304") else 200), name
    _round(calls)  # caches
    return [_round(calls) for _ in range(ROUNDS)]


def _environ(address: str, etag: str | None = None) -> Environ:
    headers = Headers({} if etag is None else {"If-None-Match": etag})
    return EnvironBuilder(address, headers=headers).get_environ()


def _round(calls: dict[str, tuple[Flask, Environ]]) -> dict[str, float]:
    """CPU microseconds of a call of each."""
    return {name: _cpu_us(app, environ) for name, (app, environ) in calls.items()}


def _cpu_us(app: Flask, environ: Environ) -> float:
    environs = [dict(environ) for _ in range(CALLS)]
    started = time.thread_time()
    for one in environs:
        _status(app, one)
    return (time.thread_time() - started) / CALLS * 1e6


def _status(app: Flask, environ: Environ) -> int:
    seen: list[str] = []

    def start_response(status: str, *_rest: object) -> Callable[[bytes], object]:
        seen.append(status)
        return seen.append  # type: ignore[return-value]  # never called: nothing streams here

    body = app.wsgi_app(dict(environ), start_response)
    b"".join(body)
    close = getattr(body, "close", None)
    if close is not None:
        close()
    return int(seen[0][:3])


MEASURES: Measures = {"G1": g1}
