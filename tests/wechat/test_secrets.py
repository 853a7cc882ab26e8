"""What must never be read in a log or an error: secret, token, code, openid."""

import logging
import traceback
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from backend.outbox.messenger import SendFailure
from backend.wechat.client import AccountClient
from backend.wechat.login import WeChatLogin
from backend.wechat.messenger import WeChatMessenger
from backend.wechat.redaction import redact
from tests.sandbox.running import BOOKING, DATA
from tests.wechat.sandboxed import LOGIN, SEND, TOKEN, WeChat

FAULTS = [
    {"errcode": 40001},
    {"errcode": 43101},
    {"http_status": 500},
    {"drop": "after"},
]


def everything_said(error: BaseException, records: list[logging.LogRecord]) -> str:
    """Traceback with all that it is chained to, attributes, and log lines of any library."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    attributes = [repr(vars(link)) for link in chain]
    lines = [f"{record.msg} {record.args}" for record in records]
    return "\n".join([*traceback.format_exception(error), *attributes, *lines])


@pytest.mark.parametrize("path", [SEND, TOKEN, LOGIN])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_failure_tells_a_secret(
    wechat: WeChat,
    client: AccountClient,
    caplog: pytest.LogCaptureFixture,
    path: str,
    fault: dict[str, object],
) -> None:
    caplog.set_level(logging.DEBUG)
    (openid,) = wechat.crowd(balance=0)
    code = wechat.ask("POST", "login-codes")["code"]
    wechat.ask("POST", "login-codes")
    caplog.clear()
    wechat.fault(path, **fault)
    calls: list[Callable[[], object]] = [
        lambda: WeChatLogin(client).openid_for(code),
        lambda: WeChatMessenger(client).send(openid, BOOKING.id, DATA, None, 7),
        lambda: client.user.get(openid),
    ]

    said = ""
    with capture_logs() as logs:
        for call in calls:
            try:
                call()
            except Exception as error:
                said += everything_said(error, caplog.records)
    said += repr(logs)

    wechat.ask("DELETE", "faults")
    for secret in (wechat.config.secret, client.access_token, openid, code):
        assert secret not in said


def test_a_failure_is_chained_to_nothing(wechat: WeChat, client: AccountClient) -> None:
    wechat.fault(SEND, drop="after")

    with pytest.raises(SendFailure) as caught:
        WeChatMessenger(client).send(wechat.crowd()[0], BOOKING.id, DATA, None, 7)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_urls_and_documents_lose_their_secrets() -> None:
    openid = "o" + "A1_-b" * 5 + "cd"
    text = (
        f"GET /sns/jscode2session?appid=wx1&secret=SECRET&js_code=CODE "
        f'{{"access_token": "TOKEN", "touser":"{openid}", "session_key": "KEY"}} hint: [{openid}]'
    )

    clean = redact(text)

    for secret in ("SECRET", "CODE", "TOKEN", "KEY", openid):
        assert secret not in clean
    assert redact("errcode 43101, field thing1") == "errcode 43101, field thing1"
