"""Which processes live: one reading of the heartbeats, for /healthz, the operator and Prometheus.

Every process has a row `kind:host:pid`; the scheduler that leads has the row `scheduler` besides.
`jobs.heartbeats` writes them. Whoever reads them asks here, so that no two answers differ.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

LEADER = "scheduler"
LEADER_BEAT_SECONDS = 2
LEADER_SILENT_SECONDS = 10  # five beats missed
REMEMBERED_SECONDS = 3600 * 24  # a machine that nobody has heard of for a day is gone on purpose

# On the database's clock, which wrote the beats: machines need not agree about the time.
# Without parameters, so that psycopg and SQLAlchemy both say it as it stands.
BEATS = f"""
    SELECT process, pid, extract(epoch FROM clock_timestamp() - beat_at)::float
      FROM heartbeats
     WHERE beat_at > clock_timestamp() - INTERVAL '{REMEMBERED_SECONDS} seconds'
     ORDER BY process
"""  # noqa: S608  # a number of ours


class Beat(NamedTuple):
    """A row of BEATS."""

    process: str
    pid: int
    silent_seconds: float


@dataclass(frozen=True)
class Process:
    """One that was heard of within a day. `leads`: it is the scheduler that fires."""

    kind: str
    host: str
    pid: int
    silent_seconds: float
    alive: bool
    leads: bool

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.host}:{self.pid}"


def known_processes(beats: Sequence[Beat], *, stalled_seconds: float) -> list[Process]:
    """Who is alive: whoever was heard of less than `stalled_seconds` ago."""
    leader = next(
        (
            one.pid
            for one in beats
            if one.process == LEADER and one.silent_seconds < LEADER_SILENT_SECONDS
        ),
        None,
    )
    found = []
    for one in beats:
        kind, _, rest = one.process.partition(":")
        if rest:
            host = rest.rpartition(":")[0]
            alive = one.silent_seconds < stalled_seconds
            leads = alive and kind == LEADER and one.pid == leader
            found.append(Process(kind, host, one.pid, one.silent_seconds, alive, leads))
    return found


def down(processes: Iterable[Process]) -> list[str]:
    """What does not work at all: no worker lives, or no scheduler fires."""
    known = list(processes)
    works = {
        "worker": any(one.alive and one.kind == "worker" for one in known),
        "scheduler": any(one.leads for one in known),
    }
    return [kind for kind, does in works.items() if not does]
