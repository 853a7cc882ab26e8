"""`run`: the whole house on one machine, for a demo and for development.

Starts PostgreSQL, brings it up to date, starts web, scheduler, worker and the WeChat sandbox,
and keeps them running until it is told to stop. Everything it writes lies in one folder.
"""

import base64
import fcntl
import hashlib
import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Never

from sqlalchemy.exc import OperationalError

from backend.cli.children import Child, stop_all
from backend.cli.database import DatabaseUnavailable, EmbeddedPostgres
from backend.cli.demo import LOGINS, seed
from backend.cli.first_start import demo_passwords, settings_of
from backend.cli.preview import PreviewNotBuilt, build_if_stale
from backend.config import WrongSettings, load_settings
from backend.deps import build
from backend.kernel import schema
from backend.kernel.clock import RunningClock, clock_from
from backend.outbox.templates import load_templates

ROOT = Path(__file__).parents[2]
MESSAGES = Path("messages/templates.yaml")
FREE_SECONDS = 8.0  # what a killed start leaves behind is gone after half of it
HEALTHY_SECONDS = 120.0
MOST_RESTARTS = 5  # before the first answer; more, and it will never come
POLL_SECONDS = 0.1
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

CITY_APPID = "wxsandboxpublic00"  # the city's 服务号 in the sandbox


class CannotRun(Exception):
    """The text says why, in a sentence for whoever started it."""


def run(var: Path, *, with_parent: bool) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP. `with_parent`: also until the parent is gone.

    Raises CannotRun when the start fails, or PostgreSQL will not end.
    """
    for number in STOPS:
        signal.signal(number, _stop_once)
    parent = os.getppid() if with_parent else None
    os.chdir(ROOT)
    var.mkdir(parents=True, exist_ok=True)
    with _alone(var):
        try:
            _live(House(var), parent)
        except (DatabaseUnavailable, PreviewNotBuilt, WrongSettings, OperationalError) as error:
            raise CannotRun(str(error)) from error


def _live(house: "House", parent: int | None) -> None:
    try:
        house.start()
        house.announce()
        house.watch(parent)
    except KeyboardInterrupt:
        print("\n正在停止…… / stopping…")
    finally:
        house.stop()


class House:
    """Everything that one start brings up, in the order in which it comes up."""

    def __init__(self, var: Path) -> None:
        self._var = var
        self._database: EmbeddedPostgres | None = None
        self._children: list[Child] = []
        self._environ = {**settings_of(var), **os.environ}
        self._port = _port(os.environ.get("PORT") or self._environ.get("BACKEND_PORT") or "8000")
        if self._environ.get("BACKEND_MODE") == "production":
            raise CannotRun(
                "run 用于演示。正式环境请分别启动 web、scheduler、worker。"
                " / `run` is for demos; in production start web, scheduler and worker."
            )

    def start(self) -> None:
        """Bring everything up; returns when /healthz answers 200."""
        _wait_for_free_port(self._port)
        _wait_for_free_port(self._port + 1)
        self._environ |= _settings_of_run(self._environ, self._var, self._port)
        self._start_database()
        os.environ.update(self._environ)
        schema.upgrade(self._environ["BACKEND_DATABASE_URL"])
        _seed(Path(self._environ["BACKEND_DEMO_LOGINS"]))
        build_if_stale()
        self._start_children()
        self._wait_until_healthy()

    def announce(self) -> None:
        base = self._environ["BACKEND_PUBLIC_URL"]
        doors = [
            ("/", "首页 / start page"),
            ("/preview/", "家长端预览 / mini-program"),
            ("/console/", "中心工作台 / console"),
            ("/g/", "网页版育儿库 / library"),
            ("/api/docs", "接口文档 / API"),
            ("/sandbox/", "微信沙箱 / WeChat sandbox"),
        ]
        print("\n澄育已启动 / Chengyu is running. Ctrl-C 停止 / stops.\n")
        for path, title in doors:
            print(f"  {base + path:<36} {title}")
        logins = Path(self._environ["BACKEND_DEMO_LOGINS"])
        if logins.exists():
            print("\n演示账号 / demo logins:")
            for login, password in json.loads(logins.read_text()).items():
                print(f"  {login:<14} {password:<16} {LOGINS.get(login, '')}")
        print(f"\n数据和日志 / data and logs: {self._var}\n", flush=True)

    def watch(self, parent: int | None) -> None:
        """Restart what dies, until a signal comes or the parent process is another."""
        while parent is None or os.getppid() == parent:
            self._watch_once()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Children first, then PostgreSQL. A second signal does not cut this short."""
        _ignore_stops()
        stop_all(self._children)
        if self._database is not None:
            self._database.stop()

    def _start_database(self) -> None:
        if "BACKEND_DATABASE_URL" in self._environ:
            return
        self._database = EmbeddedPostgres()
        self._database.start(self._var / "postgres", fsync=True)
        self._environ["BACKEND_DATABASE_URL"] = self._database.create_database("chengyu")

    def _start_children(self) -> None:
        logs = self._var / "log"
        logs.mkdir(exist_ok=True)
        read_end, self._lifeline = os.pipe()  # we keep the writing end until we end
        sandbox = ["wechat-sandbox", "--var", str(self._var)]
        for command in (sandbox, ["web"], ["scheduler"], ["worker"]):
            child = Child(command, self._environ, logs / f"{command[0]}.log", read_end)
            self._children.append(child)
            child.start()

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + HEALTHY_SECONDS
        while not _answers_ok(f"http://127.0.0.1:{self._port}/healthz"):
            self._watch_once()
            for child in self._children:
                if child.restarts >= MOST_RESTARTS or time.monotonic() > deadline:
                    raise CannotRun(f"{child.name}:\n{child.end_of_log()}")
            time.sleep(POLL_SECONDS)

    def _watch_once(self) -> None:
        if self._database is not None and not self._database.running:
            print("数据库退出，正在重启 / PostgreSQL ended, restarting", flush=True)
            self._database.start(self._var / "postgres", fsync=True)
        for child in self._children:
            said = child.watch()
            if said is not None:
                print(said, flush=True)


def _stop_once(_number: int, _frame: FrameType | None) -> Never:
    """The first signal stops the house. A terminal and make may both send one: the second
    would otherwise interrupt the stopping."""
    _ignore_stops()
    raise KeyboardInterrupt


def _ignore_stops() -> None:
    """Not SIG_IGN: a signal that has come and whose handler has not run yet would raise OSError."""
    for number in STOPS:
        signal.signal(number, _already_stopping)


def _already_stopping(_number: int, _frame: FrameType | None) -> None:
    pass


@contextmanager
def _alone(var: Path) -> Iterator[None]:
    """One `run` per folder. One that is just ending is waited for."""
    deadline = time.monotonic() + FREE_SECONDS
    with (var / "run.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise CannotRun(f"已在运行 / already running: {var}") from None
                time.sleep(POLL_SECONDS)
        yield


def _port(text: str) -> int:
    """PORT as a number that leaves room for the one after it. Raises CannotRun."""
    if not text.isdecimal() or not 1 <= int(text) < 65535:
        raise CannotRun(f"PORT={text}: 要 1 到 65534 的数字 / a number from 1 to 65534 is needed")
    return int(text)


def _wait_for_free_port(port: int) -> None:
    """Wait for what a killed start may have left; raises CannotRun for another's port."""
    deadline = time.monotonic() + FREE_SECONDS
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise CannotRun(
                        f"端口 {port} 已被占用，可用 PORT=… 另选（还会用到后一个端口）。"
                        f" / Port {port} is taken; choose another with PORT=…"
                    ) from None
        time.sleep(POLL_SECONDS)


def _settings_of_run(environ: Mapping[str, str], var: Path, port: int) -> dict[str, str]:
    """What a demo needs and nobody has set."""
    sandbox = f"http://127.0.0.1:{port + 1}"
    templates = load_templates(Path(environ.get("BACKEND_CONTENT_DIR", "content")) / MESSAGES)
    ids = {name: _sandbox_id(name) for name in templates if templates[name].wechat is not None}
    try:
        clock = clock_from(environ.get("BACKEND_CLOCK", "system"))
    except ValueError as error:
        raise CannotRun(f"BACKEND_CLOCK: {error}") from error
    defaults = {
        "BACKEND_MODE": "demo",
        "BACKEND_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BACKEND_SANDBOX_URL": sandbox,
        "BACKEND_WECHAT_API_BASE": sandbox,
        "BACKEND_WECHAT_PUBLIC_APPID": CITY_APPID,
        "BACKEND_WECHAT_PUBLIC_SECRET": environ["BACKEND_WECHAT_SECRET"],  # one in the sandbox
        "BACKEND_WECHAT_TEMPLATE_IDS": json.dumps(ids),
        "BACKEND_DEMO_LOGINS": str(var / "demo-logins.json"),
        "BACKEND_PHOTO_DIR": str(var / "photos"),
        # On one machine a worker that dies is missed sooner than on many.
        "BACKEND_WORKER_HEARTBEAT_SECONDS": "2",
        "BACKEND_WORKER_STALLED_SECONDS": "10",
    }
    return {
        **{name: environ.get(name, value) for name, value in defaults.items()},
        "BACKEND_PORT": str(port),
        # One pair of instants for all processes, so that their clocks agree.
        "BACKEND_CLOCK": clock.setting if isinstance(clock, RunningClock) else "system",
        "PYTHONUNBUFFERED": "1",
    }


def _sandbox_id(template: str) -> str:
    """A template id as WeChat's look, the same at every start."""
    return base64.urlsafe_b64encode(hashlib.sha256(template.encode()).digest())[:43].decode()


def _seed(logins: Path) -> None:
    """Demo data; the passwords stand in their file before the accounts are committed."""
    passwords = demo_passwords(logins, LOGINS)
    seed(build(load_settings()), passwords)


def _answers_ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
