"""The embedded PostgreSQL: one server a folder, whatever happened before."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from backend.cli.database import SOCKET_PATH_LIMIT, EmbeddedPostgres
from backend.kernel.db import plain_url
from tests.conftest import ROOT
from tests.process.waiting import eventually


class Servers:
    """Starts servers and remembers them."""

    def __init__(self) -> None:
        self._started: list[EmbeddedPostgres] = []

    def start(self, folder: Path) -> EmbeddedPostgres:
        server = EmbeddedPostgres()
        self._started.append(server)
        server.start(folder, fsync=False)
        return server

    def stop(self) -> None:
        for server in self._started:
            server.stop()


@pytest.fixture
def servers() -> Iterator[Servers]:
    made = Servers()
    yield made
    made.stop()


def answer(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(plain_url(server.url("postgres"))) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def pid_of(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split()[0])


def test_a_server_that_a_crash_left_is_attached_to(servers: Servers, tmp_path: Path) -> None:
    first = servers.start(tmp_path / "pg")
    first.create_database("kept")
    pid = pid_of(tmp_path / "pg")

    second = servers.start(tmp_path / "pg")

    assert pid_of(tmp_path / "pg") == pid
    assert answer(second, "SELECT count(*) FROM pg_database WHERE datname = 'kept'") == 1


def test_starts_at_the_same_time_make_one_server(servers: Servers, tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        started = list(pool.map(servers.start, [tmp_path / "pg"] * 3))

    assert len({answer(server, "SELECT pg_postmaster_start_time()") for server in started}) == 1


@pytest.mark.parametrize("name", ["a" * SOCKET_PATH_LIMIT, "with blank and 汉字"])
def test_a_folder_with_a_long_or_odd_path_will_do(
    servers: Servers, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name / "pg"
    folder.parent.mkdir()

    server = servers.start(folder)

    assert answer(server, "SHOW data_directory") == str(folder)
    assert answer(server, "SHOW listen_addresses") == ""


def test_a_killed_server_is_started_again_with_its_data(servers: Servers, tmp_path: Path) -> None:
    first = servers.start(tmp_path / "pg")
    first.create_database("kept")
    subprocess.run(["kill", "-9", str(pid_of(tmp_path / "pg"))], check=True)

    second = servers.start(tmp_path / "pg")

    assert answer(second, "SELECT count(*) FROM pg_database WHERE datname = 'kept'") == 1


def test_a_killed_server_that_nobody_has_buried_yet_does_not_hinder(
    servers: Servers, tmp_path: Path
) -> None:
    """As in a container whose first process waits for nobody."""
    server = servers.start(tmp_path / "pg")
    lines = (tmp_path / "pg" / "postmaster.pid").read_text().splitlines()
    server.stop()
    named = shutil.copy(str(shutil.which("sleep")), tmp_path / "postgres")
    with subprocess.Popen([named, "60"]) as dead:
        dead.kill()
        stat = Path(f"/proc/{dead.pid}/stat")
        eventually(lambda: ") Z " in stat.read_text())
        (tmp_path / "pg" / "postmaster.pid").write_text("\n".join([str(dead.pid), *lines[1:]]))

        again = servers.start(tmp_path / "pg")

        assert answer(again, "SELECT 1") == 1


def test_a_pid_that_is_somebody_elses_now_does_not_hinder(servers: Servers, tmp_path: Path) -> None:
    """As after a reboot: the file is there, and the number belongs to another program."""
    server = servers.start(tmp_path / "pg")
    lines = (tmp_path / "pg" / "postmaster.pid").read_text().splitlines()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as other:
        (tmp_path / "pg" / "postmaster.pid").write_text("\n".join([str(other.pid), *lines[1:]]))

        again = servers.start(tmp_path / "pg")

        assert answer(again, "SELECT 1") == 1
        other.send_signal(signal.SIGKILL)


def test_half_a_cluster_counts_for_nothing(servers: Servers, tmp_path: Path) -> None:
    left = tmp_path / "pg.new.1"
    left.mkdir()
    (left / "PG_VERSION").write_text("18\n")

    server = servers.start(tmp_path / "pg")

    assert answer(server, "SELECT 1") == 1
    assert not left.exists()


def test_a_database_that_is_there_is_not_made_again(servers: Servers, tmp_path: Path) -> None:
    server = servers.start(tmp_path / "pg")

    assert server.create_database("twice") == server.create_database("twice")


def test_a_stopped_server_is_gone_and_stopping_again_does_nothing(
    servers: Servers, tmp_path: Path
) -> None:
    server = servers.start(tmp_path / "pg")

    server.stop()
    server.stop()

    assert not (tmp_path / "pg" / "postmaster.pid").exists()


def test_a_folder_that_was_shut_to_the_servers_user_meanwhile_does_not_hinder(
    servers: Servers, tmp_path: Path
) -> None:
    """As pytest shuts its own folder in /tmp at each start of another run."""
    server = servers.start(tmp_path / "pg")
    pid = pid_of(tmp_path / "pg")
    tmp_path.chmod(0o700)

    server.stop()

    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    tmp_path.chmod(0o700)
    assert answer(servers.start(tmp_path / "pg"), "SELECT 1") == 1


def test_a_process_that_ends_does_not_take_the_server_with_it(
    servers: Servers, tmp_path: Path
) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from backend.cli.database import EmbeddedPostgres;"
        "EmbeddedPostgres().start(Path(sys.argv[1]), fsync=False)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "pg")], cwd=ROOT, check=True)
    pid = pid_of(tmp_path / "pg")

    servers.start(tmp_path / "pg")

    assert pid_of(tmp_path / "pg") == pid
