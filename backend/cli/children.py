"""Child processes that are started again when they die, and stopped all together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from backend.cli import lifeline

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
STEADY_SECONDS = 30.0  # who has lived so long starts again without delay
STOP_SECONDS = 6.0  # the worker itself takes up to five
LARGEST_LOG = 5 * 1024 * 1024  # bytes; a larger one is put aside at the start


class Child:
    """`python -m backend <command>` in a process group of its own, its output in a file."""

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], log: Path, lifeline_fd: int
    ) -> None:
        self.name = command[0]
        self.log = log
        self.restarts = 0
        self._command = [sys.executable, "-m", "backend", *command]
        self._environ = {**environ, lifeline.VARIABLE: str(lifeline_fd)}
        self._lifeline_fd = lifeline_fd
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._wait = FIRST_WAIT_SECONDS
        self._due: float | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environ,
                pass_fds=[self._lifeline_fd],
                process_group=0,
            )
        self._started, self._due = time.monotonic(), None

    def watch(self) -> str | None:
        """Start it again if it has died and its time has come; say so in a sentence, once."""
        now = time.monotonic()
        if self._due is not None:
            if now >= self._due:
                self.restarts += 1
                self.start()
            return None
        if self._process is None or self._process.poll() is None:
            return None
        code = self._process.returncode
        self._kill_group()  # what it has left behind would hold its port
        self._wait = (
            FIRST_WAIT_SECONDS
            if now - self._started > STEADY_SECONDS
            else min(self._wait * 2, LONGEST_WAIT_SECONDS)
        )
        self._due = now + self._wait
        return (
            f"{self.name} 退出（{code}），{self._wait:g} 秒后重启 / {self.name} ended, restarting"
        )

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait_or_kill(self, deadline: float) -> None:
        """Wait until `deadline` (of the monotonic clock), then kill what is left of the group."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._kill_group()
            self._process.wait()
            self._process = None

    def end_of_log(self, lines: int = 15) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _kill_group(self) -> None:
        assert self._process is not None
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def stop_all(children: Sequence[Child]) -> None:
    """Ask all, wait for all, kill the rest; a few seconds at most."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.wait_or_kill(deadline)
