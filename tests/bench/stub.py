"""WeChat as a small process: takes every message after 20 ms, gives a token to who asks.

Of a template named `trouble-<what>` it treats three in ten so: an errcode, an HTTP status, or
`slow`, an answer that comes too late for everybody.

`python -m tests.bench.stub` prints its port and runs until its input ends.
"""

import asyncio
import itertools
import json
import re
import sys
import threading

LATENCY = 0.02  # seconds, as in the design paper's measures of delivery
TOO_LATE = 60.0
TROUBLED = (0, 3, 7)  # of ten requests in a row
TEMPLATE = re.compile(rb'"template_id": "trouble-(\w+)"')
TOKEN = json.dumps({"access_token": "bench", "expires_in": 7200}).encode()
TAKEN = json.dumps({"errcode": 0, "errmsg": "ok", "msgid": 1}).encode()
END_OF_HEAD = b"\r\n\r\n"
REQUESTS = itertools.count()
LENGTH = b"content-length:"


class Stub(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self) -> None:
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._left += data
        while True:
            head, found, rest = self._left.partition(END_OF_HEAD)
            length = _length(head)
            if not found or len(rest) < length:
                return
            self._left = rest[length:]
            if b"stable_token" in head.split(b"\r\n", 1)[0]:
                self._later(TOKEN)
            else:
                self._take(rest[:length])

    def _take(self, message: bytes) -> None:
        found = TEMPLATE.search(message)
        if found is None or next(REQUESTS) % 10 not in TROUBLED:
            self._later(TAKEN)
        elif found[1] == b"slow":
            self._later(TAKEN, seconds=TOO_LATE)
        elif len(found[1]) == len("503"):
            self._later(b"{}", status=found[1])
        else:
            self._later(b'{"errcode": %b, "errmsg": "trouble"}' % found[1])

    def _later(self, body: bytes, *, status: bytes = b"200", seconds: float = LATENCY) -> None:
        asyncio.get_running_loop().call_later(seconds, self._answer, status, body)

    def _answer(self, status: bytes, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 %b x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (status, len(body), body)
        )


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(LENGTH):
            return int(line.removeprefix(LENGTH))
    return 0


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
