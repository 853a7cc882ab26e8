"""A person writes to a 公众号: answered in the response as WeChat demands it, and not kept."""

from dataclasses import replace
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.models import AccountKind, InboundEvent
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from backend.sandbox.chats import Chats
from backend.sandbox.config import Account, SandboxConfig
from backend.sandbox.push_format import event_text, original_id, seal
from backend.sandbox.replies import Replies
from tests.accounts.accounts import KEYS, TOWN, add, whole
from tests.sandbox.running import CONFIG

Sessions = sessionmaker[Session]
APPID, OPENID = "wxpaper0000000001", "oAbcdefghijklmnopqrstuvwxyz1"
NOON = 1795399200


class Heard:
    """The chat of the sandbox, as a list."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def add(self, openid: str, kind: str, body: dict[str, Any]) -> int:
        self.lines.append((kind, body))
        return len(self.lines)


@pytest.fixture
def config(sessions: Sessions, clock: FixedClock, vault: Vault) -> SandboxConfig:
    """A 订阅号 without certification, as we and as WeChat know it."""
    new = whole(APPID, AccountKind.SUBSCRIPTION, town=TOWN, certified=False)
    add(sessions, clock, vault, new)
    account = Account(
        APPID,
        "subscription",
        certified=False,
        secret=KEYS.secret,
        token=KEYS.push_token,
        aes_key=KEYS.aes_key,
    )
    return replace(CONFIG, accounts=(account,))


def post(client: FlaskClient, config: SandboxConfig, **fields: str) -> bytes:
    whole_push = {
        "ToUserName": original_id(APPID),
        "FromUserName": OPENID,
        "CreateTime": str(NOON),
        **fields,
    }
    push = seal(config, APPID, OPENID, event_text(config, whole_push, ()), NOON)
    answer = client.post(f"/wechat/{APPID}?{push.query}", data=push.body)
    assert answer.status_code == 200
    body: bytes = answer.data
    return body


def heard(config: SandboxConfig, kind: str, body: bytes) -> str:
    """What the person reads, if WeChat takes the answer."""
    chat = Heard()
    wrong = Replies(config, cast(Chats, chat)).take(APPID, OPENID, kind, body)
    assert wrong is None, wrong
    ((line, said),) = chat.lines
    assert line == "reply"
    return str(said["text"])


def text(content: str, number: int = 1) -> dict[str, str]:
    return {"MsgType": "text", "Content": content, "MsgId": str(number)}


def test_a_text_is_answered_and_a_retry_hears_the_same(
    client: FlaskClient, config: SandboxConfig, sessions: Sessions
) -> None:
    first, *retries = (post(client, config, **text("发烧")) for _ in range(3))

    said = heard(config, "text", first)
    assert "/g/fare-zenme-ban" in said
    assert [heard(config, "text", body) for body in retries] == [said, said]
    with sessions() as session:
        (event,) = session.scalars(select(InboundEvent)).all()
    assert event.payload == {"MsgType": "text", "MsgId": "1"}


def test_taps_and_following_are_answered(client: FlaskClient, config: SandboxConfig) -> None:
    click = {"MsgType": "event", "Event": "CLICK", "EventKey": "answer:便秘"}
    assert "/g/bianmi" in heard(config, "CLICK", post(client, config, **click))

    came = {"MsgType": "event", "Event": "subscribe", "EventKey": ""}
    assert heard(config, "subscribe", post(client, config, **came)).startswith("您好")


def test_what_is_written_and_where_somebody_is_goes_to_no_log_and_no_table(
    client: FlaskClient,
    config: SandboxConfig,
    sessions: Sessions,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = {"MsgType": "event", "Event": "LOCATION", "Latitude": "31.9", "Longitude": "120.2"}
    assert post(client, config, **place) == b"success"
    heard(config, "text", post(client, config, **text("王小明的宝宝抽搐了", 2)))

    with sessions() as session:
        kept = str([event.payload for event in session.scalars(select(InboundEvent))])
    logged = "".join(capsys.readouterr())
    assert not any(word in kept + logged for word in ("王小明", "抽搐", "31.9"))


def test_a_voice_is_taken_in_silence(client: FlaskClient, config: SandboxConfig) -> None:
    voice = {"MsgType": "voice", "MediaId": "m", "MsgId": "9"}
    assert post(client, config, **voice) == b"success"
