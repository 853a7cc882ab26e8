"""WeChat as a small process: takes every message after 20 ms, gives a token to who asks.

`python -m tests.bench.stub` prints its port and runs until its input ends.
"""

import asyncio
import json
import sys
import threading

LATENCY = 0.02  # seconds, as in the design paper's measures of delivery
TOKEN = json.dumps({"access_token": "bench", "expires_in": 7200}).encode()
TAKEN = json.dumps({"errcode": 0, "errmsg": "ok", "msgid": 1}).encode()
END_OF_HEAD = b"\r\n\r\n"
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
            body = TOKEN if b"stable_token" in head.split(b"\r\n", 1)[0] else TAKEN
            asyncio.get_running_loop().call_later(LATENCY, self._answer, body)

    def _answer(self, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
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
