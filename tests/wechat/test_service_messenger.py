"""模板消息 of a 服务号, in front of a small server: the sandbox speaks for mini-programs alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from backend.kernel.clock import FixedClock
from backend.outbox.messenger import FailureKind, OutcomeUnknown, PermanentFailure
from backend.wechat.client import AccountClient
from backend.wechat.messenger import ServiceMessenger
from backend.wechat.tokens import MemoryTokenStore
from backend.wechat.transport import Transport

SEND = "/cgi-bin/message/template/send"


@contextmanager
def answering(answer: dict[str, Any]) -> Iterator[tuple[ServiceMessenger, list[dict[str, Any]]]]:
    """A 服务号 whose WeChat gives this answer to each message; the messages it was given."""
    given: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            token = {"access_token": "t", "expires_in": 7200}
            if self.path.startswith(SEND):
                given.append(said)
            body = json.dumps(answer if self.path.startswith(SEND) else token).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    transport = Transport(f"http://127.0.0.1:{server.server_port}")
    client = AccountClient(
        "wxservice",
        "secret",
        store=MemoryTokenStore(),
        clock=FixedClock(datetime(2026, 11, 23, tzinfo=UTC)),
        transport=transport,
    )
    try:
        yield ServiceMessenger(client, "wxmini"), given
    finally:
        transport.close()
        server.shutdown()
        server.server_close()


def test_a_message_opens_the_mini_program_and_has_a_number() -> None:
    taken = {"errcode": 0, "errmsg": "ok", "msgid": 200163836}
    with answering(taken) as (messenger, given):
        assert messenger.send("o", "t", {"thing1": "亲子律动"}, "pages/a/a?id=1", 7) == 200163836

    assert given == [
        {
            "touser": "o",
            "template_id": "t",
            "data": {"thing1": {"value": "亲子律动"}},
            "client_msg_id": "7",
            "miniprogram": {"appid": "wxmini", "pagepath": "pages/a/a?id=1"},
        }
    ]


def test_who_does_not_follow_cannot_be_reached_here() -> None:
    with (
        answering({"errcode": 43004, "errmsg": "require subscribe"}) as (messenger, _),
        pytest.raises(PermanentFailure) as caught,
    ):
        messenger.send("o", "t", {}, None, 7)

    assert (caught.value.kind, caught.value.errcode) == (FailureKind.RECIPIENT, 43004)


def test_an_answer_that_says_nothing_is_unknown() -> None:
    with answering({"hello": 1}) as (messenger, _), pytest.raises(OutcomeUnknown):
        messenger.send("o", "t", {}, None, 7)
