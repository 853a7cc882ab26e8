"""What is known of the processes and of the work by the clock, for whoever looks after them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.kernel.clock import Clock

KINDS = ("web", "worker", "scheduler")


@dataclass(frozen=True)
class Processes:
    """Those of one kind on one machine. `silent_seconds`: since the last beat of any of them.

    `leads`: one of them is the scheduler that fires.
    """

    kind: str
    host: str
    alive: int
    silent_seconds: int
    leads: bool = False


@dataclass(frozen=True)
class Run:
    """A task by the clock: the nominal time that should have run last, and whether it did.

    `finished_at` None: it did not. `last_at`: the last nominal time that did run. `patient`:
    its time has only just come, so it may be at work.
    """

    task: str
    nominal_at: datetime
    finished_at: datetime | None
    last_at: datetime | None
    patient: bool


@dataclass(frozen=True)
class Work:
    """`jobs_waiting` and `jobs_failed`: of the engine; a success leaves no trace."""

    processes: Sequence[Processes]
    runs: Sequence[Run]
    jobs_waiting: int
    jobs_failed: int


LookAtWork = Callable[[Session, Clock], Work]
EXTENSION = "chengyu-work"
"""Under which name the application keeps a LookAtWork: the console may not know the jobs."""
