"""What a process counts for Prometheus. No label holds anything of a person.

Every label is of a bounded set: route patterns, states, task names, our accounts, and those
error codes of WeChat that we know. With PROMETHEUS_MULTIPROC_DIR set before this module is
imported, the processes of one `web` count into files of that folder, which any of them reads.
"""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import REGISTRY, Metric
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
PORTS_TRIED = 8  # several workers on a machine listen one behind the other
RETRY_SECONDS = 2.0
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LONG = (0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900)
OFFSETS = {"web": 0, "scheduler": 1, "worker": 2}

REQUESTS = Counter("chengyu_requests", "Answers by route pattern.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("chengyu_request_seconds", "Time to answer.", ["route"], buckets=QUICK)
MESSAGES = Counter(
    "chengyu_messages", "Tries to send, by what became of it.", ["outcome", "code", "account"]
)
SEND_SECONDS = Histogram(
    "chengyu_send_seconds", "Time WeChat takes for a message.", ["account"], buckets=QUICK
)
JOBS = Counter("chengyu_jobs", "Tasks that ended.", ["task", "outcome"])
JOB_SECONDS = Histogram(
    "chengyu_job_seconds", "Time of a task, the planner's among them.", ["task"], buckets=LONG
)
TOKENS = Counter("chengyu_token_refreshes", "Tokens asked of WeChat.", ["account", "outcome"])
PUSHES = Counter("chengyu_pushes", "Pushes of WeChat.", ["outcome"])
# Names of the gauges that a scheduler reads from the database when it is scraped.
GAUGES = {
    "chengyu_queue_due": "Messages whose time has come.",
    "chengyu_queue_later": "Messages whose time has not come.",
    "chengyu_queue_on_the_wire": "Messages marked as being sent.",
    "chengyu_oldest_message_seconds": "How late the longest waiting message is; 0 by night.",
    "chengyu_pauses_without_end": "Pauses that wait for a person.",
    "chengyu_pushes_waiting": "Pushes of WeChat that are not handled yet.",
    "chengyu_tasks_missed": "Tasks by the clock that did not run.",
    "chengyu_processes_alive": "Processes by kind, as their heartbeats tell.",
}

log = structlog.get_logger()


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is a pattern of ours, or - for an address that we do not have."""
    known = method if method in {"GET", "POST", "PUT", "PATCH", "DELETE"} else "other"
    REQUESTS.labels(known, route, f"{status // 100}xx").inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


class Look:
    """A collector that asks when Prometheus asks. Whatever goes wrong, the others are told."""

    def __init__(self, look: Callable[[], Iterable[Metric]]) -> None:
        self._look = look

    def describe(self) -> Iterable[Metric]:
        return ()  # so that registering it asks nothing

    def collect(self) -> Iterable[Metric]:
        try:
            return list(self._look())
        except Exception as error:  # a scrape must not fail with the database
            log.warning("metrics_look_failed", error=type(error).__name__)
            return ()


def serve(kind: str, host: str, port: int | None, look: Look | None = None) -> None:
    """Answer Prometheus on port + 0 for web, + 1 for the scheduler, from + 2 for workers.

    In a thread that ends with the process. Of several `web` processes one listens and tells
    of all; when it ends, another takes its place.
    """
    if port is None:
        return
    registry: CollectorRegistry = REGISTRY
    if MULTIPROCESS in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    if look is not None:
        registry.register(look)
    first = port + OFFSETS[kind]
    tried = range(first, first + PORTS_TRIED) if kind == "worker" else range(first, first + 1)
    threading.Thread(
        target=_listen, args=(registry, host, tried), name="metrics", daemon=True
    ).start()


def _listen(registry: Any, host: str, ports: Iterable[int]) -> None:
    waits = threading.Event()
    while True:
        for port in ports:
            try:
                start_http_server(port, host, registry)
            except OSError:
                continue
            log.info("metrics_served", port=port)
            return
        waits.wait(RETRY_SECONDS)
