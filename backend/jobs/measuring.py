"""Around every task: a run id on its log lines, a count of how it ended, and how long it took."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import structlog

from backend.kernel.metrics import JOB_SECONDS, JOBS

Args = ParamSpec("Args")

log = structlog.get_logger()


def measured(task: str, run: Callable[Args, None]) -> Callable[Args, None]:
    """The same task, watched. What it raises goes on to the engine, which keeps the failed job.

    A tick is nobody's request, so the id is the run's own: `run_id`, on every line it writes,
    also on those of the threads that send.
    """

    @wraps(run, assigned=(), updated=())
    def watched(*args: Args.args, **kwargs: Args.kwargs) -> None:
        with structlog.contextvars.bound_contextvars(task=task, run_id=uuid.uuid4().hex):
            try:
                with JOB_SECONDS.labels(task).time():
                    run(*args, **kwargs)
            except Exception as error:
                JOBS.labels(task, "failed").inc()
                log.error("job_failed", error=type(error).__name__)
                raise
            JOBS.labels(task, "done").inc()

    return watched
