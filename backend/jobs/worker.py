"""`backend worker`: any number of them, on any number of machines."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from procrastinate import App

from backend.accounts.service import Reactions
from backend.config import Settings
from backend.deps import Deps, delivery_of, text_check_of, wechat_parts
from backend.jobs import accounts, followers, heartbeats, monthly, photos, publications, tasks
from backend.jobs.engine import make_engine
from backend.jobs.measuring import measured
from backend.kernel import metrics
from backend.outbox.parts import Delivery
from backend.outreach.running import job_finished
from backend.rights.deletion import delete_parent

log = structlog.get_logger()

SHUTDOWN_SECONDS = 5.0  # what runs may finish; then the process ends, and the task runs again


def delivery(deps: Deps, stopping: Callable[[], bool]) -> Delivery:
    """What sending needs. A message on the wire is given up when a worker would be."""
    settings = deps.settings
    return replace(
        delivery_of(deps, wechat_parts(deps)[1]),
        lease=timedelta(seconds=2 * settings.worker_stalled_seconds),
        stopping=stopping,
    )


def reactions(deps: Deps) -> Reactions:
    """What WeChat's pushes set off."""
    return Reactions(
        names_of=deps.registry.names,
        delete_parent=delete_parent,
        scenes=deps.scenes,
        job_finished=job_finished,
    )


def register(app: App, deps: Deps, sending: Delivery) -> None:
    """Give every name of the timetable its function, with the parts it needs."""
    sessions, clock = deps.sessions, deps.clock

    async def retry_stalled() -> None:
        await tasks.retry_stalled(app, deps.settings.worker_stalled_seconds)

    def plan_handbook(nominal: datetime) -> None:
        tasks.plan_handbook(sessions, clock, deps.handbook, deps.pregnancy, nominal)

    def plan_today() -> None:
        # as the reviews stand now
        tasks.plan_today(sessions, clock, deps.handbook, deps.pregnancy)

    def run_campaigns() -> None:
        # as the handbook and the library stand now
        tasks.run_campaigns(sessions, clock, deps.handbook, deps.campaign_rules)

    _add(app, "run_campaigns", run_campaigns)
    _add(app, "deliver", tasks.Deliver(sending).run)
    _add(app, "plan_handbook", nominal(plan_handbook))
    _add(app, "plan_today", plan_today)
    _add(app, "handle_events", partial(tasks.handle_events, sessions, clock, reactions(deps)))
    _add(app, "offer_places", partial(tasks.offer_places, sessions, clock))
    _add(app, "expire_offers", partial(tasks.expire_offers, sessions, clock))
    _add(app, "check_counters", nominal(partial(tasks.check_counters, sessions, clock)))
    _add(app, "draw_up_statements", nominal(partial(monthly.draw_up_statements, sessions, clock)))
    _add(app, "purge", nominal(partial(tasks.purge, sessions, clock)))
    _add(app, "drop_photos", partial(photos.drop, sessions, clock, deps.photos))
    _add(app, "sweep_photos", nominal(partial(photos.sweep, sessions, clock, deps.photos)))
    _add(app, "release_unconfirmed", partial(tasks.release_unconfirmed, sessions, clock))
    _add(
        app,
        "check_ratings",
        partial(
            tasks.check_ratings,
            sessions,
            deps.vault,
            text_check_of(deps),
            deps.settings.wechat_appid,
        ),
    )
    app.task(name="retry_stalled")(retry_stalled)
    _register_accounts(app, deps)


def _register_accounts(app: App, deps: Deps) -> None:
    """What asks WeChat about our accounts and who follows them."""
    sessions, clock = deps.sessions, deps.clock

    def run_publications() -> None:
        # as the reviews stand now
        publications.run_publications(
            sessions, clock, deps.library, deps.doors.site, deps.account_client
        )

    _add(app, "run_publications", run_publications)
    _add(
        app,
        "identify_followers",
        partial(followers.identify_followers, sessions, clock, deps.account_client),
    )
    _add(
        app,
        "compare_followers",
        partial(followers.compare_followers, sessions, clock, deps.account_client),
    )
    _add(
        app,
        "ask_new_accounts",
        partial(accounts.ask_new_accounts, sessions, clock, deps.account_client),
    )
    _add(
        app,
        "ask_accounts",
        nominal(partial(accounts.ask_accounts, sessions, clock, deps.vault, deps.account_client)),
    )


def _add(app: App, name: str, run: Callable[..., None]) -> None:
    app.task(name=name)(measured(name, run))


def nominal(run: Callable[[datetime], None]) -> Callable[[str], None]:
    """A task that is handed its nominal time as text."""

    def task(nominal: str) -> None:
        run(datetime.fromisoformat(nominal))

    return task


def run_worker(deps: Deps) -> None:
    """Work until SIGTERM or SIGINT. A job that succeeded leaves no row behind."""
    stopping = threading.Event()
    deps.ensure_accounts()
    app = make_engine(deps.settings.database_url, kind="worker")
    register(app, deps, delivery(deps, stopping.is_set))
    metrics.serve("worker", deps.settings.metrics_host, deps.settings.metrics_port)
    asyncio.run(_work(app, deps, stopping))


@contextlib.asynccontextmanager
async def _beating(settings: Settings) -> AsyncIterator[None]:
    """Say that this worker lives, as long as its loop answers."""
    loop = asyncio.get_running_loop()

    def answers() -> bool:
        asked = asyncio.run_coroutine_threadsafe(asyncio.sleep(0, result=True), loop)
        try:
            return asked.result(timeout=settings.worker_stalled_seconds)
        except TimeoutError:
            return False

    beating = heartbeats.Beating(
        settings.database_url,
        "worker",
        every_seconds=settings.worker_heartbeat_seconds,
        works=answers,
    )
    beating.start()
    try:
        yield
    finally:
        await asyncio.to_thread(beating.stop)  # it may be asking the loop just now


async def _work(app: App, deps: Deps, stopping: threading.Event) -> None:
    settings = deps.settings
    async with app.open_async(), _beating(settings):
        work = asyncio.create_task(
            app.run_worker_async(
                concurrency=settings.worker_concurrency,
                update_heartbeat_interval=settings.worker_heartbeat_seconds,
                stalled_worker_timeout=settings.worker_stalled_seconds,
                shutdown_graceful_timeout=SHUTDOWN_SECONDS,
                delete_jobs="successful",
                install_signal_handlers=False,  # ours also tell a batch that is being sent
            )
        )

        def stop() -> None:
            stopping.set()
            work.cancel()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        log.info("worker_started")
        with contextlib.suppress(asyncio.CancelledError):
            await work
    log.info("worker_stopped")
