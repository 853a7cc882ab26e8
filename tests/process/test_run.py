"""`make run`: starts, says where to look, stops, and starts again after anything."""

import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

import psutil
import pytest
from sqlalchemy import text

from backend.cli.database import EmbeddedPostgres
from backend.kernel.db import make_engine
from tests.process.house import RunningHouse
from tests.process.product import ask
from tests.process.waiting import eventually
from tests.soak import at_full, record


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    made = RunningHouse(tmp_path)
    yield made
    made.clean_up()


def test_it_starts_stops_and_starts_again(house: RunningHouse) -> None:
    house.start()
    house.wait_until_healthy()
    eventually(lambda: "zhongxin" in house.said())  # the demo's logins are printed

    assert house.printed_port() == house.port
    assert ask("GET", f"{house.base}/")[0] == 200
    assert ask("GET", f"http://127.0.0.1:{house.port + 1}/sandbox/api/phones")[0] == 200
    secrets = (house.var / "settings.env").read_bytes()
    assert (house.var / "settings.env").stat().st_mode & 0o777 == 0o600
    running = house.processes()
    assert not values(secrets) & {word for process in running for word in process.cmdline()}

    asked_at = monotonic()
    assert house.press_ctrl_c() == 0
    stopped_in = monotonic() - asked_at
    assert [process for process in running if lives(process)] == []

    started_at = monotonic()
    house.start()
    house.wait_until_healthy()
    # A busy machine must not fail a test: the seconds are a figure (S1 of `make bench`).
    record(
        "run", stopped_in_s=round(stopped_in, 1), second_start_s=round(monotonic() - started_at, 1)
    )
    assert (house.var / "settings.env").read_bytes() == secrets
    assert house.press_ctrl_c() == 0


def test_several_signals_at_once_stop_it_as_one_does(house: RunningHouse) -> None:
    house.start()
    house.wait_until_healthy()
    running = house.processes()

    assert house.ask_to_stop_again_and_again() == 0

    # the last of PostgreSQL's own may outlive its parent by a moment
    eventually(lambda: not any(lives(process) for process in running), 8)


def values(settings: bytes) -> set[str]:
    """The right-hand sides in settings.env, which no command line may show."""
    lines = (line for line in settings.decode().splitlines() if not line.startswith("#"))
    return {line.partition("=")[2] for line in lines}


def lives(process: psutil.Process) -> bool:
    """A dead process that nobody has buried yet does not live."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def half_made_database(house: RunningHouse) -> bool:
    return any(house.var.glob("postgres.new.*"))


def database_being_started(house: RunningHouse) -> bool:
    return (house.var / "postgres" / "postmaster.pid").exists()


def children_being_started(house: RunningHouse) -> bool:
    return (house.var / "log" / "worker.log").exists()


MOMENTS: list[Callable[[RunningHouse], bool]] = [
    half_made_database,
    database_being_started,
    children_being_started,
    RunningHouse.answers_ok,
]


def test_killed_at_any_moment_it_starts_again_and_nothing_is_lost(house: RunningHouse) -> None:
    for moment in MOMENTS[:: at_full(2, 1)]:
        house.start()
        eventually(partial(moment, house), every=0.005)
        house.kill()
    leave_a_mark(house)
    postmaster = house.postmaster_pid()

    house.start()
    house.wait_until_healthy()

    assert house.postmaster_pid() == postmaster  # attached to, not started twice
    assert mark_is_there(house)


def leave_a_mark(house: RunningHouse) -> None:
    in_database(house, "INSERT INTO attempts (subject, at) VALUES ('mark', '2026-11-23 02:00Z')")


def mark_is_there(house: RunningHouse) -> bool:
    return in_database(house, "DELETE FROM attempts WHERE subject = 'mark'") == 1


def in_database(house: RunningHouse, statement: str) -> int:
    server = EmbeddedPostgres()
    server.start(house.var / "postgres", fsync=True)  # it runs: this only finds its address
    engine = make_engine(server.url("chengyu"), pool_size=1)
    try:
        with engine.begin() as connection:
            return connection.execute(text(statement)).rowcount
    finally:
        engine.dispose()


def test_children_end_with_a_killed_supervisor(house: RunningHouse) -> None:
    house.start()
    house.wait_until_healthy()
    children = [house.child(name) for name in ("web", "scheduler", "worker", "wechat-sandbox")]
    grandchildren = [process for child in children for process in child.children()]

    house.kill()

    eventually(lambda: not any(lives(process) for process in [*children, *grandchildren]), 8)
    assert len(grandchildren) >= 2  # granian's workers


def test_a_killed_worker_comes_back(house: RunningHouse) -> None:
    house.start()
    house.wait_until_healthy()
    worker = house.child("worker")

    worker.kill()

    eventually(lambda: house.child_pid("worker") not in {None, worker.pid})
    eventually(house.answers_ok)
    assert "worker" in house.said().rpartition("演示账号")[2]


def test_a_taken_port_is_named(house: RunningHouse) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", house.port))
        other.listen()

        house.start()

        assert house.exit_code() == 1
    assert str(house.port) in house.said()
    assert "Traceback" not in house.said()


def test_a_second_start_on_the_same_folder_is_refused(house: RunningHouse, tmp_path: Path) -> None:
    house.start()
    house.wait_until_healthy()
    other = RunningHouse(tmp_path)
    other.port = house.port + 2

    other.start()

    assert other.exit_code() == 1
    assert house.answers_ok()


def test_production_is_not_started_by_run(house: RunningHouse) -> None:
    house.start(BACKEND_MODE="production")

    assert house.exit_code() == 1
    assert "web" in house.said()
    assert "Traceback" not in house.said()
