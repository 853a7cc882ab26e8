"""The product's processes, started one by one on free ports, without a supervisor."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from backend.config import PREFIX, Settings
from tests.conftest import ROOT, make_settings
from tests.process.waiting import eventually

TEN_IN_THE_MORNING = "2026-11-23T10:00:00+08:00"


def free_port() -> int:
    """A port that is free, and so is the one after it.

    Below the ports that outgoing connections are given, or one of these might take it meanwhile.
    """
    while True:
        port = random.randrange(12000, 32000, 2)
        with socket.socket() as one, socket.socket() as next_one:
            try:
                one.bind(("127.0.0.1", port))
                next_one.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
        return port


def environ_of(settings: Settings) -> dict[str, str]:
    """The settings as the environment of a process."""
    return {
        PREFIX + name.upper(): _text(value)
        for name, value in settings.model_dump().items()
        if value is not None
    }


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return json.dumps(value) if isinstance(value, dict) else str(value)


def ask(
    method: str, url: str, body: Mapping[str, Any] | None = None, timeout: float = 20
) -> tuple[int, Any]:
    """Status and JSON of an answer; (0, None) if nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text.startswith((b"{", b"[")) else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")
    except OSError:
        return 0, None


class Product:
    """Processes of one installation. Each has a process group of its own and a log file.

    A process is known by its command; several of one command by `worker@1`, `worker@2`.
    """

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        clock: str = TEN_IN_THE_MORNING,
        metrics_port: int | None = None,
    ) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.sandbox = f"http://127.0.0.1:{self.port + 1}"
        self.settings = make_settings(
            database_url,
            port=self.port,
            public_url=self.base,
            clock=clock,
            wechat_api_base=self.sandbox,
            sandbox_url=self.sandbox,
            photo_dir=str(folder / "photos"),
            worker_heartbeat_seconds=1,
            worker_stalled_seconds=5,
            metrics_port=metrics_port,
        )
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *commands: str) -> None:
        """Start processes; `wechat-sandbox` is waited for, for the others need it."""
        for command in commands:
            self._processes[command] = self._launch(command)
            if command == "wechat-sandbox":
                eventually(lambda: ask("GET", f"{self.sandbox}/sandbox/api/phones")[0] == 200)

    def kill(self, command: str) -> None:
        """kill -9 of the process and whatever it started."""
        process = self._processes.pop(command)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, command: str) -> int:
        """Ask the process to stop; its exit code."""
        process = self._processes.pop(command)
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=15)

    def stop_all(self) -> None:
        for command in list(self._processes):
            self.kill(command)

    def pid(self, command: str) -> int:
        return self._processes[command].pid

    def healthz(self) -> tuple[int, Any]:
        return ask("GET", f"{self.base}/healthz")

    def down(self) -> list[str] | None:
        """What /healthz says does not live; None while nobody answers."""
        status, body = self.healthz()
        return None if status == 0 else list(body.get("down", []))

    def log(self, command: str) -> str:
        return (self._folder / f"{command}.log").read_text(errors="replace")

    def ask_sandbox(self, method: str, route: str, /, **body: Any) -> Any:
        """The JSON of an answer of the sandbox's own API; `body` is what it is sent."""
        status, answer = ask(method, f"{self.sandbox}/sandbox/api/{route}", body or None)
        assert status in {200, 201, 204}, answer
        return answer

    def _launch(self, name: str) -> subprocess.Popen[bytes]:
        command = name.partition("@")[0]
        extra = ["--var", str(self._folder / "var")] if command == "wechat-sandbox" else []
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "backend", command, *extra],
                cwd=ROOT,
                env={**os.environ, **environ_of(self.settings), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
