from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from procrastinate import App
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.models import InboundEvent
from backend.accounts.scenes import LinkScenes
from backend.accounts.service import Reactions
from backend.bookings.rating_check import Verdict
from backend.handbook.planner import births_near, told_to
from backend.handbook.pregnancy.programme import load_programme
from backend.handbook.schedule import Schedule, load_schedule
from backend.jobs import tasks as jobs
from backend.jobs.engine import make_engine as make_task_engine
from backend.jobs.models import TaskRun
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.privacy import Vault
from backend.outbox.models import Message
from backend.people.documents import Documents, load_documents
from backend.people.models import Attempt, IdempotentAnswer, ParentToken
from backend.rights.deletion import delete_parent
from tests.factories import make_child, make_parent, make_slot
from tests.jobs.queue_rows import begin_all, waiting
from tests.loops import run_apart

CONTENT = Path(__file__).parents[2] / "content"
PROGRAMME = load_programme(CONTENT)
NOMINAL = datetime(2026, 11, 23, 1, tzinfo=CITY)
Sessions = sessionmaker[Session]


@pytest.fixture(scope="module")
def schedule() -> Schedule:
    return load_schedule(CONTENT)


@pytest.fixture(scope="module")
def documents() -> Documents:
    return load_documents(CONTENT)


def count(sessions: Sessions, table: type) -> int:
    with sessions() as session:
        return len(session.scalars(select(table)).all())


def test_a_task_runs_once_at_a_nominal_time(sessions: Sessions, clock: FixedClock) -> None:
    with sessions.begin() as session:
        answers = [jobs.first_run(session, clock, "purge", NOMINAL) for _ in range(3)]
        later = jobs.first_run(session, clock, "purge", NOMINAL + timedelta(days=1))
        other = jobs.first_run(session, clock, "check_counters", NOMINAL)

    assert answers == [True, False, False]
    assert later
    assert other


def test_a_run_that_failed_may_run_again(sessions: Sessions, clock: FixedClock) -> None:
    def fail() -> None:
        with sessions.begin() as session:
            jobs.first_run(session, clock, "purge", NOMINAL)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert count(sessions, TaskRun) == 0


def make_family(sessions: Sessions, documents: Documents, born: date) -> None:
    parent_id = make_parent(sessions, documents=documents)
    make_child(sessions, parent_id=parent_id, birth_date=born)


@pytest.fixture
def born(schedule: Schedule) -> date:
    """A birth date with a reminder on 2026-11-23, and so one that planning must find."""
    day = date(2026, 11, 23)
    return next(birth for birth, _ in told_to(births_near(schedule, day), day, day))


def test_the_handbook_is_planned_once_however_often_the_task_runs(
    sessions: Sessions, clock: FixedClock, schedule: Schedule, documents: Documents, born: date
) -> None:
    make_family(sessions, documents, born)

    jobs.plan_handbook(sessions, clock, schedule, PROGRAMME, NOMINAL)
    first = count(sessions, Message)
    jobs.plan_handbook(sessions, clock, schedule, PROGRAMME, NOMINAL)

    assert first > 0
    assert count(sessions, Message) == first


def test_days_without_a_scheduler_are_planned_later(
    sessions: Sessions, clock: FixedClock, schedule: Schedule, documents: Documents, born: date
) -> None:
    make_family(sessions, documents, born)
    with sessions.begin() as session:
        jobs.first_run(session, clock, "plan_handbook", NOMINAL - timedelta(days=1))
    clock.set(NOMINAL + timedelta(days=2, hours=9))

    jobs.plan_handbook(sessions, clock, schedule, PROGRAMME, NOMINAL + timedelta(days=2))

    assert count(sessions, Message) > 0


def test_what_has_expired_is_deleted_and_nothing_else(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id = make_parent(sessions)
    now, hour = clock.now(), timedelta(hours=1)
    with sessions.begin() as session:
        for number, expires_at in enumerate((now - hour, now + hour)):
            session.add(
                ParentToken(
                    token_hash=bytes([number]),
                    parent_id=parent_id,
                    created_at=now - 48 * hour,
                    expires_at=expires_at,
                )
            )
        for key, created_at in (("old", now - 25 * hour), ("new", now - 23 * hour)):
            session.add(
                IdempotentAnswer(
                    parent_id=parent_id,
                    route="bookings",
                    key=key,
                    request_hash=b"",
                    status=201,
                    body="{}",
                    created_at=created_at,
                )
            )
        session.add(Attempt(subject="old", at=now - 25 * hour))
        session.add(Attempt(subject="new", at=now - hour))

    jobs.purge(sessions, clock, NOMINAL)

    with sessions() as session:
        assert session.scalars(select(ParentToken.token_hash)).all() == [b"\x01"]
        assert session.scalars(select(IdempotentAnswer.key)).all() == ["new"]
        assert session.scalars(select(Attempt.subject)).all() == ["new"]


def test_a_slot_whose_counter_differs_is_reported(
    sessions: Sessions, clock: FixedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    make_slot(sessions)
    with sessions.begin() as session:
        session.execute(text("UPDATE slots SET taken = 1"))

    jobs.check_counters(sessions, clock, NOMINAL)

    assert "slot_counter_differs" in capsys.readouterr().out


def test_every_stored_push_is_handled_in_one_run(sessions: Sessions, clock: FixedClock) -> None:
    with sessions.begin() as session:
        session.add_all(
            InboundEvent(
                appid="wxtest",
                dedupe_key=str(number),
                kind="event_of_tomorrow",
                openid="openid-1",
                payload={},
                received_at=clock.now(),
            )
            for number in range(jobs.HANDLE_AT_ONCE + 1)
        )

    jobs.handle_events(sessions, clock, Reactions(lambda _: {}, delete_parent, LinkScenes("s")))

    with sessions() as session:
        outcomes = session.scalars(select(InboundEvent.outcome)).all()
    assert outcomes == ["ignored"] * (jobs.HANDLE_AT_ONCE + 1)


def retry_stalled(url: str, seconds: float) -> None:
    async def retry() -> None:
        app = make_task_engine(url, kind="test")
        async with app.open_async():
            await jobs.retry_stalled(app, seconds)

    run_apart(retry())


def defer(tasks: App, name: str, queueing_lock: str | None = None) -> None:
    tasks.configure_task(name, queueing_lock=queueing_lock).defer()


def workers(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM procrastinate_workers")) or 0


def test_jobs_of_a_dead_worker_wait_again(tasks: App, url: str, own_engine: Engine) -> None:
    defer(tasks, "purge")
    begin_all(own_engine, worker_seconds_ago=6)

    retry_stalled(url, 5)

    assert waiting(own_engine) == ["purge"]
    assert workers(own_engine) == 0


def test_jobs_of_a_living_worker_stay_with_it(tasks: App, url: str, own_engine: Engine) -> None:
    defer(tasks, "purge")
    begin_all(own_engine, worker_seconds_ago=4)

    retry_stalled(url, 5)

    assert waiting(own_engine) == []
    assert workers(own_engine) == 1


def test_a_lost_wake_up_is_dropped_where_the_same_one_waits(
    tasks: App, url: str, own_engine: Engine
) -> None:
    defer(tasks, "deliver", queueing_lock="deliver")
    begin_all(own_engine, worker_seconds_ago=6)
    defer(tasks, "deliver", queueing_lock="deliver")

    retry_stalled(url, 5)

    assert waiting(own_engine) == ["deliver"]


def test_a_migrated_database_has_what_the_jobs_need(make_database: Callable[[], str]) -> None:
    with make_task_engine(make_database(), kind="test").open() as app:
        assert app.check_connection()


def test_unconfirmed_places_and_waiting_words_are_looked_for_without_a_nominal_time(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    """On an empty house both are done at once; tests/bookings has what they do."""

    class Nobody:
        def check(self, openid: str, text: str) -> Verdict:
            raise AssertionError("nothing waits")

    jobs.release_unconfirmed(sessions, clock)
    jobs.check_ratings(sessions, vault, Nobody(), "wxtest000000000001")

    assert count(sessions, Message) == 0
