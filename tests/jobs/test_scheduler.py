from collections.abc import Iterator
from datetime import timedelta

import pytest
from procrastinate import App
from sqlalchemy import Engine, text

from backend.jobs.leader import Leader
from backend.jobs.scheduler import Ticker, timetable
from backend.jobs.timetable import NOMINAL
from backend.kernel.clock import FixedClock
from tests.jobs.queue_rows import begin_all, nominal_times, waiting


@pytest.fixture
def leader(url: str) -> Iterator[Leader]:
    made = Leader(url)
    yield made
    made.resign()


@pytest.fixture
def ticker(leader: Leader, own_engine: Engine, tasks: App, clock: FixedClock) -> Ticker:
    return Ticker(leader, own_engine, tasks, clock)


def test_a_wake_up_waits_once_however_often_it_ticks(ticker: Ticker, own_engine: Engine) -> None:
    for _ in range(3):
        ticker.wake("deliver")

    assert waiting(own_engine) == ["deliver"]


def test_a_wake_up_waits_again_while_the_last_one_runs(ticker: Ticker, own_engine: Engine) -> None:
    ticker.wake("deliver")
    begin_all(own_engine, worker_seconds_ago=0)

    ticker.wake("deliver")

    assert waiting(own_engine) == ["deliver"]


def test_what_was_missed_is_deferred_at_the_start(ticker: Ticker, own_engine: Engine) -> None:
    ticker.keep_time()

    assert sorted(waiting(own_engine)) == sorted(NOMINAL)
    assert nominal_times(own_engine, "plan_handbook") == ["2026-11-23T01:00:00+08:00"]


def test_a_nominal_time_is_deferred_once(
    ticker: Ticker, own_engine: Engine, clock: FixedClock
) -> None:
    ticker.keep_time()
    begin_all(own_engine, worker_seconds_ago=0)
    ticker.keep_time()
    clock.advance(timedelta(hours=15))  # 01:00 of the next day
    ticker.keep_time()
    ticker.keep_time()

    assert nominal_times(own_engine, "plan_handbook") == [
        "2026-11-23T01:00:00+08:00",
        "2026-11-24T01:00:00+08:00",
    ]


def test_a_scheduler_that_does_not_lead_defers_nothing_and_does_not_beat(
    ticker: Ticker, own_engine: Engine, url: str
) -> None:
    other = Leader(url)
    assert other.holds()

    ticker.wake("deliver")
    ticker.keep_time()
    ticker.beat()

    assert waiting(own_engine) == []
    with own_engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM heartbeats")) == 0
    other.resign()


def test_a_database_out_of_reach_does_not_stop_the_ticks(
    tasks: App, own_engine: Engine, clock: FixedClock
) -> None:
    nowhere = Leader("postgresql://postgres@/nowhere?host=/does/not/exist")

    Ticker(nowhere, own_engine, tasks, clock).wake("deliver")

    assert waiting(own_engine) == []


def test_every_tick_is_in_the_timetable_and_none_overlaps_itself(ticker: Ticker) -> None:
    scheduler = timetable(ticker, retry_stalled_seconds=2)

    jobs = {job.id: job for job in scheduler.get_jobs()}

    wake_ups = {"deliver", "handle_events", "plan_today", "offer_places", "expire_offers"}
    wake_ups |= {"release_unconfirmed", "check_ratings", "drop_photos", "run_campaigns"}
    wake_ups |= {"identify_followers", "compare_followers", "ask_new_accounts", "run_publications"}
    assert set(jobs) == wake_ups | {"retry_stalled", "keep_time", "beat"}
