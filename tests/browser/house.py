"""The whole product as `make run` starts it, on free ports and in a folder of its own."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from backend.config import PREFIX
from tests.conftest import ROOT
from tests.process.product import TEN_IN_THE_MORNING, ask
from tests.process.waiting import eventually

START_SECONDS = 120.0  # the mini-program may have to be built first
STOP_SECONDS = 30.0
# Below the ports that Linux gives to outgoing connections: those come and go while we start.
PORTS = range(20_000, 32_000, 2)


@dataclass(frozen=True)
class House:
    """A running product. `logins`: account → password of the demo staff; `folder`: all it keeps."""

    base: str
    logins: dict[str, str]
    folder: Path


@contextmanager
def running_house() -> Iterator[House]:
    """The house at 10:00 city time of 2026-11-23; stopped and gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="cy-"))  # short: PostgreSQL's socket lies in it
    port = _two_free_ports()
    process = _start(folder, port)
    try:
        base = f"http://127.0.0.1:{port}"
        eventually(lambda: _answers(process, base, folder), seconds=START_SECONDS)
        logins = json.loads((folder / "var/demo-logins.json").read_text())
        yield House(base, logins, folder)
    finally:
        _stop(process, folder)
        shutil.rmtree(folder, ignore_errors=True)


def _two_free_ports() -> int:
    """A port that is free, and so is the one after it."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as one, socket.socket() as next_one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            next_one.bind(("127.0.0.1", port + 1))
            return port


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with (folder / "run.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "backend", "run", "--with-parent", "--var", folder / "var"],
            cwd=ROOT,
            env={**ours, "PORT": str(port), "BACKEND_CLOCK": TEN_IN_THE_MORNING},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )


def _answers(process: subprocess.Popen[bytes], base: str, folder: Path) -> bool:
    ended = process.poll()
    assert ended is None, f"ended with {ended}:\n{(folder / 'run.log').read_text()}"
    return ask("GET", f"{base}/healthz")[0] == 200


def _stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Ask it to stop. If it does not: kill it; its children follow, PostgreSQL is told."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with suppress(OSError, ValueError):
            pid_file = folder / "var/postgres/postmaster.pid"
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
