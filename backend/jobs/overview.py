"""The processes and the tasks by the clock, for the operator's page and for nobody's decision."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.jobs.timetable import NOMINAL, latest_nominal
from backend.kernel.clock import Clock
from backend.kernel.liveness import (
    BEATS,
    REMEMBERED_SECONDS,
    Beat,
    Process,
    known_processes,
)
from backend.kernel.work import KINDS, Processes, Run, Work

MISSED_AFTER = timedelta(minutes=10)  # a task is picked up within seconds and may take minutes

RUNS = text("""
    SELECT DISTINCT ON (task) task, nominal_at, finished_at
      FROM task_runs
     WHERE task = ANY(:tasks)
     ORDER BY task, nominal_at DESC
""")
JOBS = text("""
    SELECT count(*) FILTER (WHERE status = 'todo') AS waiting,
           count(*) FILTER (WHERE status = 'failed') AS failed
      FROM procrastinate_jobs
     WHERE status IN ('todo', 'failed')
""")


def work(session: Session, clock: Clock, *, stalled_seconds: float) -> Work:
    """One look; three statements. Without a beat for so long a process is dead."""
    beats = [Beat(*row) for row in session.execute(text(BEATS))]
    rows = session.execute(RUNS, {"tasks": list(NOMINAL)})
    last = {row.task: (row.nominal_at, row.finished_at) for row in rows}
    jobs = session.execute(JOBS).one()
    now = clock.now()
    return Work(
        processes=grouped(known_processes(beats, stalled_seconds=stalled_seconds)),
        runs=[run_of(task, now, last.get(task)) for task in NOMINAL],
        jobs_waiting=jobs.waiting,
        jobs_failed=jobs.failed,
    )


def grouped(known: Iterable[Process]) -> list[Processes]:
    """By kind and machine.

    A kind of which nothing was heard for a day is there too, with nothing alive: no worker at
    all is worse than a dead one.
    """
    machines: dict[tuple[str, str], list[Process]] = defaultdict(list)
    for one in known:
        machines[one.kind, one.host].append(one)
    found = [_machine(kind, host, those) for (kind, host), those in machines.items()]
    found += [
        Processes(kind, "", 0, REMEMBERED_SECONDS)
        for kind in KINDS
        if not any(one.kind == kind for one in found)
    ]
    return sorted(found, key=lambda one: (KINDS.index(one.kind), one.host))


def run_of(task: str, now: datetime, last: tuple[datetime, datetime] | None) -> Run:
    """`last`: nominal time and end of the last run that is known."""
    nominal = latest_nominal(task, now)
    ran = last is not None and last[0] >= nominal
    return Run(
        task=task,
        nominal_at=nominal,
        finished_at=last[1] if last is not None and ran else None,
        last_at=None if last is None else last[0],
        patient=not ran and now - nominal < MISSED_AFTER,
    )


def _machine(kind: str, host: str, known: Sequence[Process]) -> Processes:
    return Processes(
        kind=kind,
        host=host,
        alive=sum(one.alive for one in known),
        silent_seconds=int(min(one.silent_seconds for one in known)),
        leads=any(one.leads for one in known),
    )
