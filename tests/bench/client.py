"""A load client that costs little: connections opened before, requests prepared before."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from tests.loops import run_apart

PATIENCE = 30.0  # seconds for one answer, tries included


@dataclass(frozen=True)
class Answer:
    """`seconds`: from the first byte sent to the last one received, tries included."""

    status: int
    body: bytes
    seconds: float

    @property
    def code(self) -> str:
        """`booked`, or the code of the refusal."""
        return "booked" if self.status == 201 else str(json.loads(self.body)["code"])


class Request(Protocol):
    def bytes(self) -> bytes:
        """The whole request, as it goes over the wire."""


@dataclass(frozen=True)
class Call:
    """A POST with a token and an idempotency key."""

    path: str
    token: str
    key: str
    body: dict[str, Any]

    def bytes(self) -> bytes:
        body = json.dumps(self.body).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {self.token}\r\nIdempotency-Key: {self.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def fire(port: int, rows: Sequence[Sequence[Request]]) -> list[Answer]:
    """Each row on a connection of its own, one call after the other; all rows at once.

    A connection that breaks (a worker was killed) is opened again and the call repeated with
    its key, as the mini-program does.
    """
    return run_apart(_fire(port, rows))


async def _fire(port: int, rows: Sequence[Sequence[Request]]) -> list[Answer]:
    lines = [_Line(port) for _ in rows]
    await asyncio.gather(*(line.warm_up() for line in lines))
    found = await asyncio.gather(
        *(line.run([call.bytes() for call in row]) for line, row in zip(lines, rows, strict=True))
    )
    for line in lines:
        line.close()
    return [answer for answers in found for answer in answers]


class _Line:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def warm_up(self) -> None:
        """Open before the rush; where a worker dies just then, the first call opens it."""
        with suppress(OSError):
            await self.open()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    async def run(self, requests: Sequence[bytes]) -> list[Answer]:
        return [await self._answer(request) for request in requests]

    async def _answer(self, request: bytes) -> Answer:
        started = time.perf_counter()
        while True:
            try:
                status, body = await self._try(request)
                return Answer(status, body, time.perf_counter() - started)
            except (OSError, asyncio.IncompleteReadError):
                if time.perf_counter() - started > PATIENCE:
                    raise
                self.close()
                self._writer = None
                await asyncio.sleep(0.05)

    async def _try(self, request: bytes) -> tuple[int, bytes]:
        if self._writer is None:
            await self.open()
        assert self._writer is not None
        self._writer.write(request)
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), PATIENCE)
        lower = head.lower()
        length = int(lower.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return int(head[9:12]), await self._reader.readexactly(length)
