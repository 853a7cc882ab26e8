import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

from backend.kernel.clock import FixedClock
from backend.sandbox.config import SandboxConfig
from tests.sandbox.running import BOOKING, NEWS, Talk, Webhook, listening, opened, until


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with listening() as heard:
        yield heard


@pytest.fixture
def told(config: SandboxConfig, clock: FixedClock, webhook: Webhook) -> Iterator[Talk]:
    config = replace(config, webhook_url=webhook.url)
    with opened(config, clock) as client:
        yield Talk(client, config)


def read(config: SandboxConfig, appid: str, push: tuple[dict[str, str], bytes]) -> str:
    query, body = push
    crypto = WeChatCrypto(config.token, config.aes_key, appid)
    sealed = json.loads(body) if body.startswith(b"{") else body
    text: str = crypto.decrypt_message(
        sealed, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return text


def test_an_answer_to_a_request_is_pushed_signed_and_encrypted(
    told: Talk, webhook: Webhook
) -> None:
    told.accept()

    until(lambda: webhook.heard)
    text = read(told.config, told.config.appid, webhook.heard[0])
    assert BOOKING.id.encode() not in webhook.heard[0][1]
    assert "<Event>subscribe_msg_popup_event</Event>" in text
    assert "<SubscribeMsgPopupEvent><List>" in text
    assert "<SubscribeStatusString>accept</SubscribeStatusString>" in text
    assert parse_message(text).source == told.openid()


def test_json_pushes_have_one_item_bare_and_two_in_a_list(
    config: SandboxConfig, clock: FixedClock, webhook: Webhook
) -> None:
    config = replace(config, webhook_url=webhook.url, push_format="json")
    with opened(config, clock) as client:
        talk = Talk(client, config)
        talk.accept()
        until(lambda: len(webhook.heard) == 1)
        talk.people("post", "subscriptions", answers={BOOKING.id: "accept", NEWS.id: "reject"})
        until(lambda: len(webhook.heard) == 2)

    one, two = (json.loads(read(config, config.appid, push)) for push in webhook.heard)
    assert one["List"]["TemplateId"] == BOOKING.id
    assert [item["SubscribeStatusString"] for item in two["List"]] == ["accept", "reject"]


def test_a_push_is_repeated_until_it_is_taken(told: Talk, webhook: Webhook) -> None:
    webhook.answers = [(500, b""), (200, b"what?")]
    told.people("post", "follow", phone=1, follow=True)

    push = until(lambda: delivered(told))
    assert (push["event"], push["attempts"], push["phone"]) == ("subscribe", 3, "妈妈手机")
    texts = {read(told.config, told.config.public_appid, heard) for heard in webhook.heard}
    assert len(texts) == 1, "a repeated push says the same"


def test_a_push_is_given_up_after_three_retries(told: Talk, webhook: Webhook) -> None:
    webhook.answers = [(500, b"")] * 9
    told.people("post", "follow", phone=1, follow=True)

    push = until(lambda: in_state(told, "given_up"))
    assert (push["attempts"], push["result"]) == (4, "HTTP 500")
    assert len(webhook.heard) == 4


def test_a_webhook_that_is_not_there_is_written_down(talk: Talk) -> None:
    talk.people("post", "follow", phone=1, follow=True)

    assert until(lambda: in_state(talk, "given_up"))["result"] == "NewConnectionError"


def test_following_twice_is_told_once(told: Talk) -> None:
    for follow in (True, True, False):
        told.people("post", "follow", phone=1, follow=follow)

    pushes = told.people("get", "pushes")["items"]
    assert [push["event"] for push in pushes] == ["unsubscribe", "subscribe"]


def test_a_sent_message_is_reported(told: Talk, webhook: Webhook) -> None:
    told.accept()
    msgid = told.send()["msgid"]

    until(lambda: len(webhook.heard) == 2)
    texts = [read(told.config, told.config.appid, push) for push in webhook.heard]
    (sent,) = [text for text in texts if "subscribe_msg_sent_event" in text]
    assert f"<MsgID>{msgid}</MsgID>" in sent
    assert "<ErrorStatus>success</ErrorStatus>" in sent


def test_a_refusal_in_the_settings_is_told(told: Talk, webhook: Webhook) -> None:
    told.people("post", "refusals", template_id=BOOKING.id)

    until(lambda: webhook.heard)
    text = read(told.config, told.config.appid, webhook.heard[0])
    assert "subscribe_msg_change_event" in text
    assert "reject" in text


def delivered(talk: Talk) -> dict[str, object] | None:
    return in_state(talk, "delivered")


def in_state(talk: Talk, state: str) -> dict[str, object] | None:
    pushes: list[dict[str, object]] = talk.people("get", "pushes")["items"]
    return next((push for push in pushes if push["state"] == state), None)
