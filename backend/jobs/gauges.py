"""The state of the house in numbers, read from the database when Prometheus asks a scheduler."""

from collections.abc import Iterable
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from backend.jobs.overview import work
from backend.kernel.clock import Clock
from backend.kernel.metrics import GAUGES, Look
from backend.kernel.work import KINDS
from backend.outbox import overview, pauses

PUSHES = text("SELECT count(*) FROM inbound_events WHERE handled_at IS NULL")


def look_into(sessions: sessionmaker[Session], clock: Clock, *, stalled_seconds: float) -> Look:
    """Without a beat for so long a process is dead."""
    return Look(lambda: _read(sessions, clock, stalled_seconds))


def _read(
    sessions: sessionmaker[Session], clock: Clock, stalled_seconds: float
) -> Iterable[Metric]:
    now = clock.now()
    with sessions() as session:
        queue = overview.queue_lines(session, clock)
        endless = sum(one.until is None for one in pauses.pauses(session, clock))
        pushes = session.scalar(PUSHES) or 0
        house = work(session, clock, stalled_seconds=stalled_seconds)
    oldest = overview.oldest(queue)
    late = overview.lateness(oldest, now) or timedelta()
    yield from _queue(queue)
    yield _gauge("chengyu_oldest_message_seconds", late.total_seconds())
    yield _gauge("chengyu_pauses_without_end", endless)
    yield _gauge("chengyu_pushes_waiting", pushes)
    missed = sum(run.finished_at is None and not run.patient for run in house.runs)
    yield _gauge("chengyu_tasks_missed", missed)
    alive = _gauge("chengyu_processes_alive", labels=["kind"])
    for kind in KINDS:
        alive.add_metric([kind], sum(one.alive for one in house.processes if one.kind == kind))
    yield alive


def _queue(queue: Iterable[overview.QueueLine]) -> Iterable[Metric]:
    """`account` "" is the mini-program."""
    lines = list(queue)
    for name in ("due", "later", "on_the_wire"):
        gauge = _gauge(f"chengyu_queue_{name}", labels=["account", "template"])
        for line in lines:
            gauge.add_metric([line.account, line.template], getattr(line, name))
        yield gauge


def _gauge(
    name: str, value: float | None = None, labels: list[str] | None = None
) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, GAUGES[name], value=value, labels=labels)
