"""`python -m backend run` as a person starts it, in a folder and on a port of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from backend.cli.database import EmbeddedPostgres
from tests.process.product import TEN_IN_THE_MORNING, ask, free_port
from tests.process.waiting import eventually


class RunningHouse:
    """One `run` after the other on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.var = folder / "var"
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.output = folder / f"run-{self.port}.out"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **environ: str) -> None:
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "backend", "run", "--var", str(self.var)],
                cwd=self._folder,
                env={
                    **os.environ,
                    "PORT": str(self.port),
                    "BACKEND_CLOCK": TEN_IN_THE_MORNING,
                    "PYTHONUNBUFFERED": "1",
                    **environ,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_healthy(self) -> None:
        eventually(lambda: self.ended() or self.answers_ok(), seconds=120)
        assert not self.ended(), self.said()

    def answers_ok(self) -> bool:
        return ask("GET", f"{self.base}/healthz")[0] == 200

    def said(self) -> str:
        return self.output.read_text()

    def ended(self) -> bool:
        return self._running().poll() is not None

    def exit_code(self) -> int:
        return self._running().wait(timeout=60)

    def press_ctrl_c(self) -> int:
        self._running().send_signal(signal.SIGINT)
        return self.exit_code()

    def ask_to_stop_again_and_again(self) -> int:
        """As `timeout make run` does: the same signal from several sides."""
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            self._running().send_signal(number)
        return self.exit_code()

    def kill(self) -> None:
        """kill -9 of the process that holds everything, and of it alone."""
        self._running().kill()
        self._running().wait()

    def processes(self) -> list[psutil.Process]:
        """Everything that this start has running, PostgreSQL too."""
        top = psutil.Process(self._running().pid)
        return [top, *top.children(recursive=True), *self._postgres()]

    def child(self, command: str) -> psutil.Process:
        children = psutil.Process(self._running().pid).children()
        return next(child for child in children if command in child.cmdline())

    def child_pid(self, command: str) -> int | None:
        """None between a child's end and its next start."""
        try:
            return int(self.child(command).pid)
        except (StopIteration, psutil.Error):
            return None

    def postmaster_pid(self) -> int:
        return int((self.var / "postgres" / "postmaster.pid").read_text().split()[0])

    def printed_port(self) -> int:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.said())
        assert found is not None, self.said()
        return int(found.group(1))

    def clean_up(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)
        if (self.var / "postgres" / "PG_VERSION").exists():
            left = EmbeddedPostgres()
            left.start(self.var / "postgres", fsync=False)
            left.stop()

    def _postgres(self) -> list[psutil.Process]:
        try:
            server = psutil.Process(self.postmaster_pid())
        except (OSError, psutil.NoSuchProcess):
            return []
        return [server, *server.children(recursive=True)]

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "start() first"
        return self._process
