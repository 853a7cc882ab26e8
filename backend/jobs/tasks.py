"""What the engine executes. Each may run twice, late, or on two machines at once."""

import threading
from dataclasses import asdict
from datetime import date, datetime, timedelta

import structlog
from procrastinate import App
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.service import Reactions, handle_open_events
from backend.bookings.desk import counter_drift
from backend.bookings.policies import policy_at
from backend.bookings.rating_check import TextCheck, check_waiting
from backend.bookings.reconfirming import ask_and_release
from backend.bookings.rules import HeldForPriority, SlotClosed, SlotFull
from backend.bookings.waiting_offers import end_if_over, offer_next, over, slots_to_offer
from backend.campaigns import running
from backend.campaigns.service import Rules
from backend.handbook.planner import plan_days, plan_due
from backend.handbook.pregnancy import planner as pregnancy_planner
from backend.handbook.pregnancy.programme import Programme
from backend.handbook.schedule import Schedule
from backend.jobs.models import TaskRun
from backend.jobs.purge import purge_expired
from backend.kernel.clock import Clock, city_date
from backend.kernel.privacy import Vault
from backend.outbox.delivery import deliver
from backend.outbox.parts import Delivery
from backend.rights.deletion import forget_grown

log = structlog.get_logger()

HANDLE_AT_ONCE = 20  # few: until the commit it holds what families in the app wait for
SENT_AT_ONCE = 20_000  # then the log says how many, and what a dead worker left is looked for
GROWN_AT_ONCE = 50
CATCH_UP_DAYS = 7  # a reminder of an older day would come too late to be of use


def first_run(session: Session, clock: Clock, task: str, nominal: datetime) -> bool:
    """Is this the first run of the task at this nominal time? Says yes once.

    The row is written in the caller's transaction, so a failed run may run again.
    """
    row = insert(TaskRun).values(task=task, nominal_at=nominal, finished_at=clock.now())
    done = session.execute(row.on_conflict_do_nothing().returning(TaskRun.task))
    return done.first() is not None


class Deliver:
    """Sends until nothing is due. One at a time in a process: it has its own threads."""

    def __init__(self, parts: Delivery) -> None:
        self._parts = parts
        self._busy = threading.Lock()

    def run(self) -> None:
        """Send what is due. Returns at once while another call in this process is sending."""
        if not self._busy.acquire(blocking=False):
            return
        try:
            self._send_all()
        finally:
            self._busy.release()

    def _send_all(self) -> None:
        while not self._parts.stopping():
            done = deliver(self._parts, in_all=SENT_AT_ONCE)
            if done.claimed:
                log.info("delivered", **asdict(done))
            if done.claimed == done.postponed:  # nothing due, or WeChat wants no more for now
                return


def plan_handbook(
    sessions: sessionmaker[Session],
    clock: Clock,
    schedule: Schedule,
    programme: Programme,
    nominal: datetime,
) -> None:
    """Put the reminders of the nominal day into the outbox, and those of days missed before."""
    with sessions.begin() as session:
        if not first_run(session, clock, "plan_handbook", nominal):
            return
        days = _days_to_plan(session, nominal)
        added = plan_days(session, clock, schedule, days)
        added += sum(pregnancy_planner.plan_due(session, clock, programme, day) for day in days)
    log.info("handbook_planned", days=len(days), added=added)


def plan_today(
    sessions: sessionmaker[Session], clock: Clock, schedule: Schedule, programme: Programme
) -> None:
    """Put into the outbox what today's run could not know yet: who came since, what was undone."""
    today = city_date(clock.now())
    with sessions.begin() as session:
        added = plan_due(session, clock, schedule, today)
    with sessions.begin() as session:  # of its own: it holds locks that families wait for
        added += pregnancy_planner.plan_due(session, clock, programme, today)
    if added:
        log.info("handbook_planned", days=1, added=added)


def run_campaigns(
    sessions: sessionmaker[Session], clock: Clock, schedule: Schedule, rules: Rules
) -> None:
    """Put the next families of campaigns whose hour has come into the outbox."""
    added = running.run(sessions, clock, schedule, rules)
    if added:
        log.info("campaign_messages_put", added=added)


def run_before(session: Session, task: str, nominal: datetime) -> datetime | None:
    """The nominal time of the last run of a task before this one."""
    return session.scalar(
        select(TaskRun.nominal_at)
        .where(TaskRun.task == task, TaskRun.nominal_at < nominal)
        .order_by(TaskRun.nominal_at.desc())
        .limit(1)
    )


def _days_to_plan(session: Session, nominal: datetime) -> list[date]:
    """The city days after the run before this one, up to the nominal day; at least that day."""
    today = city_date(nominal)
    before = run_before(session, "plan_handbook", nominal)
    missed = 0 if before is None else (today - city_date(before)).days - 1
    return [today - timedelta(days=back) for back in range(min(missed, CATCH_UP_DAYS), -1, -1)]


def purge(sessions: sessionmaker[Session], clock: Clock, nominal: datetime) -> None:
    """Delete what nobody may use any more."""
    with sessions.begin() as session:
        if not first_run(session, clock, "purge", nominal):
            return
        deleted = purge_expired(session, clock)
    deleted["grown_children"] = _forget_all_grown(sessions, clock)
    log.info("purged", **deleted)


def _forget_all_grown(sessions: sessionmaker[Session], clock: Clock) -> int:
    """In small transactions: each child's deletion locks its bookings for a moment only."""
    total = 0
    while True:
        with sessions.begin() as session:
            forgotten = forget_grown(session, clock, limit=GROWN_AT_ONCE)
        total += forgotten
        if forgotten < GROWN_AT_ONCE:
            return total


def check_counters(sessions: sessionmaker[Session], clock: Clock, nominal: datetime) -> None:
    """Compare the counter of each slot with its bookings; a difference is an error to read."""
    with sessions.begin() as session:
        if not first_run(session, clock, "check_counters", nominal):
            return
        drift = counter_drift(session)
    for slot in drift:
        log.error("slot_counter_differs", **asdict(slot))


def offer_places(sessions: sessionmaker[Session], clock: Clock) -> None:
    """Offer every free place that somebody waits for, each in a transaction of its own."""
    with sessions() as session:
        now = clock.now()
        slots = slots_to_offer(session, policy_at(session, now), now)
    offered = sum(_offer_all(sessions, clock, slot) for slot in slots)
    if offered:
        log.info("places_offered", offered=offered)


def _offer_all(sessions: sessionmaker[Session], clock: Clock, slot_id: int) -> int:
    """Offers until nothing is free, nobody waits, or somebody else is at it."""
    offered, again = 0, True
    while again:
        try:
            with sessions.begin() as session:
                policy = policy_at(session, clock.now())
                again = offer_next(session, clock, policy, slot_id)
        except (SlotFull, SlotClosed, HeldForPriority):  # gone meanwhile; rolled back
            return offered
        offered += again
    return offered


def expire_offers(sessions: sessionmaker[Session], clock: Clock) -> None:
    """End what is over on the waiting lists, and pass the places on."""
    with sessions() as session:
        entries = over(session, clock.now())
    ended = 0
    for entry_id in entries:
        with sessions.begin() as session:
            ended += end_if_over(session, clock, entry_id)
    if ended:
        log.info("waiting_ended", ended=ended)
        offer_places(sessions, clock)


def handle_events(sessions: sessionmaker[Session], clock: Clock, reactions: Reactions) -> None:
    """Handle the pushes of WeChat that are stored, a few in a transaction."""
    handled = HANDLE_AT_ONCE
    while handled == HANDLE_AT_ONCE:
        with sessions.begin() as session:
            handled = handle_open_events(session, clock, reactions, limit=HANDLE_AT_ONCE)


def release_unconfirmed(sessions: sessionmaker[Session], clock: Clock) -> None:
    """Ask families whether they still come; give back the places that nobody spoke for."""
    asked, released = ask_and_release(sessions, clock)
    if asked or released:
        log.info("unconfirmed_released", asked=asked, released=released)


def check_ratings(
    sessions: sessionmaker[Session], vault: Vault, check: TextCheck, appid: str
) -> None:
    """Ask WeChat about the words of ratings that wait."""
    settled = check_waiting(sessions, vault, check, appid)
    if settled:
        log.info("ratings_checked", settled=settled)


async def retry_stalled(app: App, stalled_seconds: float) -> None:
    """Give jobs of workers without a heartbeat back to the queue, and forget those workers."""
    manager = app.job_manager
    stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_seconds))
    for job in stalled:
        await _give_back(app, job)
    gone = await manager.prune_stalled_workers(stalled_seconds)
    if stalled or gone:
        log.warning("worker_died", workers=len(gone), jobs=len(stalled))


async def _give_back(app: App, job: Job) -> None:
    """Retry the job, or drop it where the same wake-up waits already."""
    try:
        await app.job_manager.retry_job(job)
    except UniqueViolation:
        await app.job_manager.finish_job(job=job, status=Status.FAILED, delete_job=True)
