"""`backend worker`: any number of them, on any number of machines."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from procrastinate import App

from backend.deps import Deps
from backend.jobs import tasks
from backend.jobs.engine import make_engine

SHUTDOWN_SECONDS = 5.0  # what runs may finish; then the process ends, and the task runs again


def register(app: App, deps: Deps) -> None:
    """Give every name of the timetable its function, with the parts it needs."""
    sessions, clock = deps.sessions, deps.clock

    def nominal(run: Callable[[datetime], None]) -> Callable[[str], None]:
        def task(nominal: str) -> None:
            run(datetime.fromisoformat(nominal))

        return task

    plan = partial(tasks.plan_handbook, sessions, clock, deps.handbook)
    app.task(name="plan_handbook")(nominal(plan))
    app.task(name="purge")(nominal(partial(tasks.purge, sessions, clock)))

    async def retry_stalled() -> None:
        await tasks.retry_stalled(app, deps.settings.worker_stalled_seconds)

    app.task(name="retry_stalled")(retry_stalled)


def run_worker(deps: Deps) -> None:
    """Work until SIGTERM or SIGINT. A job that succeeded leaves no row behind."""
    settings = deps.settings
    app = make_engine(settings.database_url, kind="worker")
    register(app, deps)
    app.run_worker(
        concurrency=settings.worker_concurrency,
        update_heartbeat_interval=settings.worker_heartbeat_seconds,
        stalled_worker_timeout=settings.worker_stalled_seconds,
        shutdown_graceful_timeout=SHUTDOWN_SECONDS,
        delete_jobs="successful",
    )
