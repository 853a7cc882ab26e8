"""G2 to G4: guides over a server, what the library costs at the start, what a search costs."""

import asyncio
import gc
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import psutil
import yaml

from backend.guides.library import Library
from backend.guides.loading import load_library
from tests.bench.database import open_database
from tests.bench.rows import Measures, Row, median
from tests.bench.two_apps import HELLO
from tests.conftest import ROOT, make_settings
from tests.process.product import environ_of, free_port
from tests.process.waiting import eventually

CONNECTIONS = 8
ROUNDS = 5
SECONDS = 3.0  # of one address in one round, at the full scale
RATE_GOAL = 0.9  # of the requests a second of an empty Flask view, issue 3
START_GOAL, MEMORY_GOAL = 1.0, 30.0  # seconds of CPU, MB, more than without the library
SEARCH_GOAL = 2.0  # ms of CPU
LIST = "/api/v1/guides?age_days=300"
QUERIES = ROOT / "tests" / "content" / "queries.yaml"


def g2(scale: float) -> Sequence[Row]:
    """Requests a second of guide and list, 200 and 304, beside an empty view on that server.

    One worker process; all addresses in turns; the ratio is the median of the rounds' ratios.
    The load client is a process of its own.
    """
    with _server() as port:
        addresses = _addresses(port)
        seconds = max(0.3, SECONDS * scale)
        with get_context("spawn").Pool(1) as client:
            rounds = [
                {
                    name: client.apply(_requests_a_second, (port, path, etag, seconds))
                    for name, (path, etag) in addresses.items()
                }
                for _ in range(ROUNDS)
            ]
    hello = round(median([one["hello"] for one in rounds]))
    rows = []
    for name in addresses:
        if name != "hello":
            ratio = median([one[name] / one["hello"] for one in rounds])
            figure = round(median([one[name] for one in rounds]))
            rows.append(
                Row("G2", figure, f"requests/s, {name}", f"≥ {RATE_GOAL} x", ratio >= RATE_GOAL,
                    hello, "Flask hello, same server", ratio)
            )  # fmt: skip
    return rows


@contextmanager
def _server() -> Iterator[int]:
    with open_database() as database, tempfile.TemporaryDirectory(prefix="cy-bench-") as folder:
        port = free_port()
        settings = make_settings(database.url, port=port)
        command = [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
            *("--blocking-threads", "4", "--no-ws", "tests.bench.two_apps:make_app"),
        ]
        with (Path(folder) / "web.log").open("wb") as log:
            web = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environ_of(settings)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            eventually(lambda: _get(port, HELLO)[0] == 200, seconds=60)
            yield port
        finally:
            web.terminate()
            web.wait(timeout=15)


def _addresses(port: int) -> dict[str, tuple[str, str]]:
    """Name → address and the ETag that the client holds, empty if none."""
    _, listed, list_etag = _get(port, LIST)
    guide = f"/api/v1/guides/{json.loads(listed)['items'][0]['slug']}"
    guide_etag = _get(port, guide)[2]
    return {
        "hello": (HELLO, ""),
        "guide 200": (guide, ""),
        "guide 304": (guide, guide_etag),
        "list 200": (LIST, ""),
        "list 304": (LIST, list_etag),
    }


def _get(port: int, path: str) -> tuple[int, bytes, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("ETag", "")
    except OSError:
        return 0, b"", ""
    finally:
        connection.close()


def _requests_a_second(port: int, path: str, etag: str, seconds: float) -> float:
    known = f"If-None-Match: {etag}\r\n" if etag else ""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{known}\r\n".encode()
    wanted = b"304" if etag else b"200"
    return asyncio.run(_load(port, request, wanted, seconds))


async def _load(port: int, request: bytes, wanted: bytes, seconds: float) -> float:
    ends = time.perf_counter() + seconds
    started = time.perf_counter()
    counts = await asyncio.gather(
        *(_one_connection(port, request, wanted, ends) for _ in range(CONNECTIONS))
    )
    return sum(counts) / (time.perf_counter() - started)


async def _one_connection(port: int, request: bytes, wanted: bytes, ends: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < ends:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head[9:12] == wanted, head
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        if wanted == b"200":
            await reader.readexactly(int(length))
        count += 1
    writer.close()
    return count


def g3(scale: float) -> Sequence[Row]:
    """CPU seconds and memory of a start with the whole library, beside one with no text."""
    with tempfile.TemporaryDirectory(prefix="cy-bench-") as folder:
        empty = _content_without_texts(Path(folder))
        pairs = [(_start(ROOT / "content"), _start(empty)) for _ in range(3)]
    cpu = median([whole[0] - none[0] for whole, none in pairs])
    memory = median([whole[1] - none[1] for whole, none in pairs])
    return [
        Row("G3", round(cpu, 2), "s CPU more at the start", f"≤ {START_GOAL}", cpu <= START_GOAL,
            round(median([none[0] for _, none in pairs]), 2), "a start with no text"),
        Row("G3", round(memory, 1), "MB more", f"≤ {MEMORY_GOAL:g}", memory <= MEMORY_GOAL,
            round(median([none[1] for _, none in pairs]), 1), "a start with no text"),
    ]  # fmt: skip


def _content_without_texts(folder: Path) -> Path:
    """A content folder whose guides, cards, recipes and questions are gone."""
    left_out = {"guides", "cards", "services", "recipes", "quiz"}
    root = folder / "content"
    root.mkdir()
    for entry in (ROOT / "content").iterdir():
        if entry.name not in left_out:
            (root / entry.name).symlink_to(entry)
    return root


def _start(content: Path) -> tuple[float, float]:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_load_library, (str(content),))


def _load_library(content: str) -> tuple[float, float]:
    """CPU seconds and resident MB of this process with the library of a folder."""
    from backend import app  # noqa: F401  # everything that a web process imports anyway

    library = load_library(Path(content), show_pending=True)
    library.listing()
    gc.collect()
    return time.process_time(), psutil.Process().memory_info().rss / 1e6


def g4(scale: float) -> Sequence[Row]:
    """CPU milliseconds of a search over the whole library, for what parents type."""
    library = load_library(ROOT / "content", show_pending=True)
    queries = [str(typed) for typed in yaml.safe_load(QUERIES.read_text(encoding="utf-8"))]
    spent = [_search_ms(library, typed) for typed in queries]
    worst, middle = max(spent), median(spent)
    return [
        Row("G4", round(middle, 2), f"ms CPU a search of {len(library.pieces())}",
            f"≤ {SEARCH_GOAL:g}", middle <= SEARCH_GOAL),
        Row("G4", round(worst, 2), "ms CPU, the worst one", f"≤ {SEARCH_GOAL:g}",
            worst <= SEARCH_GOAL),
    ]  # fmt: skip


def _search_ms(library: Library, typed: str) -> float:
    times = []
    for _ in range(5):
        started = time.process_time()
        library.search(typed)
        times.append((time.process_time() - started) * 1000)
    return median(times)


MEASURES: Measures = {"G2": g2, "G3": g3, "G4": g4}
