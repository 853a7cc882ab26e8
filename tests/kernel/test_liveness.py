"""Who lives, from the beats alone; /healthz, 运行 and Prometheus ask nothing else."""

from collections.abc import Callable
from threading import Semaphore

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from backend.jobs.gauges import look_into
from backend.jobs.heartbeats import Beating
from backend.jobs.overview import work
from backend.kernel.clock import FixedClock
from backend.kernel.db import make_engine
from backend.kernel.liveness import Beat, down, known_processes
from backend.pages.health import health

WELL = [Beat("scheduler", 3, 1.0), Beat("scheduler:a:3", 3, 2.0), Beat("worker:host:x:5", 5, 29.0)]


def test_a_process_is_alive_until_it_is_silent_for_too_long() -> None:
    scheduler, worker = known_processes(WELL, stalled_seconds=30)

    assert (worker.name, worker.host, worker.alive) == ("worker:host:x:5", "host:x", True)
    assert scheduler.leads
    assert down([scheduler, worker]) == []
    assert down(known_processes(WELL, stalled_seconds=29)) == ["worker"]


@pytest.mark.parametrize(
    "beats",
    [
        [Beat("scheduler", 3, 10.0), Beat("scheduler:a:3", 3, 1.0)],  # it lives and fires nothing
        [Beat("scheduler", 3, 1.0), Beat("scheduler:a:3", 3, 31.0)],  # it died a moment ago
        [
            Beat("scheduler", 3, 1.0),
            Beat("scheduler:b:4", 4, 1.0),
        ],  # the next one does not lead yet
    ],
)
def test_without_one_that_fires_the_scheduler_is_down(beats: list[Beat]) -> None:
    assert down(known_processes([*beats, WELL[2]], stalled_seconds=30)) == ["scheduler"]


def test_everybody_who_asks_hears_the_same(
    make_database: Callable[[], str], clock: FixedClock
) -> None:
    url = make_database()
    engine = make_engine(url, pool_size=2)
    for name, silent in (("worker:a:1", 1), ("worker:a:2", 7), ("scheduler:a:3", 1)):
        _beat(engine, name, silent)
    _beat(engine, "scheduler", 1, pid=3)

    found = health(url, 5)
    with Session(engine) as session:
        seen = work(session, clock, stalled_seconds=5).processes
    look = look_into(sessionmaker(engine), clock, stalled_seconds=5)
    (told,) = [one for one in look.collect() if one.name == "chengyu_processes_alive"]
    engine.dispose()

    assert found.down == []
    for kind in ("worker", "scheduler"):
        (gauge,) = [one.value for one in told.samples if one.labels == {"kind": kind}]
        assert found.count(kind) == sum(one.alive for one in seen if one.kind == kind) == gauge == 1


def test_a_process_that_hangs_does_not_say_that_it_lives(
    make_database: Callable[[], str],
) -> None:
    url, asked = make_database(), Semaphore(0)

    def works() -> bool:
        asked.release()
        return False

    hangs = Beating(url, "worker", every_seconds=0.01, works=works)
    hangs.start()
    assert asked.acquire(timeout=60)
    assert asked.acquire(timeout=60)  # so the first time is over
    assert health(url, 5).alive == []
    hangs.stop()


def _beat(engine: Engine, process: str, silent: int, pid: int = 0) -> None:
    row = text(
        "INSERT INTO heartbeats VALUES (:p, clock_timestamp() - make_interval(secs => :s), :pid)"
    )
    with engine.begin() as connection:
        connection.execute(
            row, {"p": process, "s": silent, "pid": pid or int(process.rpartition(":")[2])}
        )
