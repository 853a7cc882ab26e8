"""The processes and the tasks by the clock, for the operator's page and for nobody's decision."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.jobs.heartbeats import PROCESS_BEAT_SECONDS, SCHEDULER
from backend.jobs.timetable import NOMINAL, latest_nominal
from backend.kernel.clock import Clock
from backend.kernel.work import KINDS, Processes, Run, Work

ALIVE_SECONDS = 3.5 * PROCESS_BEAT_SECONDS  # three beats missed
MISSED_AFTER = timedelta(minutes=10)  # a task is picked up within seconds and may take minutes
REMEMBERED_SECONDS = 3600 * 24  # a machine that nobody has heard of for a day is gone on purpose

# On the database's clock, which wrote the beats.
BEATS = text("""
    SELECT process, pid, extract(epoch FROM clock_timestamp() - beat_at)::float AS silent
      FROM heartbeats
     WHERE beat_at > clock_timestamp() - make_interval(secs => :remembered)
""")
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


def work(session: Session, clock: Clock) -> Work:
    """One look; three statements."""
    beats = session.execute(BEATS, {"remembered": REMEMBERED_SECONDS})
    rows = session.execute(RUNS, {"tasks": list(NOMINAL)})
    last = {row.task: (row.nominal_at, row.finished_at) for row in rows}
    jobs = session.execute(JOBS).one()
    now = clock.now()
    return Work(
        processes=grouped([(row.process, row.pid, row.silent) for row in beats]),
        runs=[run_of(task, now, last.get(task)) for task in NOMINAL],
        jobs_waiting=jobs.waiting,
        jobs_failed=jobs.failed,
    )


def grouped(beats: Sequence[tuple[str, int, float]]) -> list[Processes]:
    """Beats as (process, pid, seconds of silence) by kind and machine.

    A kind of which nothing was heard for a day is there too, with nothing alive: no worker at
    all is worse than a dead one.
    """
    leader = next(
        (pid for name, pid, silent in beats if name == SCHEDULER and silent < ALIVE_SECONDS), None
    )
    machines: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for name, pid, silent in beats:
        kind, _, rest = name.partition(":")
        if rest:
            machines[kind, rest.rpartition(":")[0]].append((pid, silent))
    found = [_machine(kind, host, known, leader) for (kind, host), known in machines.items()]
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


def _machine(
    kind: str, host: str, known: Sequence[tuple[int, float]], leader: int | None
) -> Processes:
    alive = [pid for pid, silent in known if silent < ALIVE_SECONDS]
    return Processes(
        kind=kind,
        host=host,
        alive=len(alive),
        silent_seconds=int(min(silent for _, silent in known)),
        leads=kind == SCHEDULER and leader in alive,
    )
