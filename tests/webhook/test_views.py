"""WeChat at our door: verified, stored once, answered at once; everybody else turned away."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Literal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from backend.accounts.keeping import retire
from backend.accounts.models import InboundEvent, WeChatAccount
from backend.accounts.service import EVENTS_STAY
from backend.app import create_app
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from backend.sandbox.config import SandboxConfig
from backend.sandbox.push_format import SealedPush, event_text, seal
from backend.wechat.crypto import LARGEST_PUSH, signature_of
from tests.accounts.accounts import KEYS, TOWN, add, whole
from tests.conftest import make_settings, texts
from tests.fakes import FakeLogin
from tests.sandbox.running import CONFIG

Sessions = sessionmaker[Session]
SETTINGS = make_settings("unused")
OPENID = "oAbcdefghijklmnopqrstuvwxyz1"
ADDRESS = f"/wechat/{SETTINGS.wechat_appid}"
TOWN_APPID = "wxtown00000000001"
ITEM = {"TemplateId": "t-1", "SubscribeStatusString": "accept", "PopupScene": "0"}


def account(form: Literal["xml", "json"] = "xml", **changes: Any) -> SandboxConfig:
    """Our account as the sandbox, or a forger, would push for it."""
    known = {
        "appid": SETTINGS.wechat_appid,
        "token": SETTINGS.wechat_token.get_secret_value(),
        "aes_key": SETTINGS.wechat_aes_key.get_secret_value(),
        "push_format": form,
    }
    return replace(CONFIG, **(known | changes))


def popup(config: SandboxConfig, moment: int = 1795399200) -> SealedPush:
    fields = {
        "ToUserName": "gh_0123456789ab",
        "FromUserName": OPENID,
        "CreateTime": str(moment),
        "MsgType": "event",
        "Event": "subscribe_msg_popup_event",
    }
    return seal(config, config.appid, OPENID, event_text(config, fields, [ITEM]), moment)


def deliver(client: FlaskClient, push: SealedPush, address: str = ADDRESS) -> TestResponse:
    return client.post(f"{address}?{push.query}", data=push.body, content_type=push.content_type)


def stored(sessions: Sessions) -> list[InboundEvent]:
    with sessions() as session:
        return list(session.scalars(select(InboundEvent).order_by(InboundEvent.id)))


def test_the_address_is_verified_by_the_echo(client: FlaskClient) -> None:
    signature = signature_of(SETTINGS.wechat_token.get_secret_value(), "1795399200", "42")
    query = {"signature": signature, "timestamp": "1795399200", "nonce": "42", "echostr": "<b>7"}

    answer = client.get(ADDRESS, query_string=query)

    assert (answer.status_code, answer.text) == (200, "<b>7")
    assert answer.mimetype == "text/plain"


def test_the_official_example_is_echoed(
    sessions: Sessions, clock: FixedClock, login: FakeLogin
) -> None:
    """WeChat's own numbers for its own token, over HTTP (see tests/wechat/test_crypto.py)."""
    settings = make_settings("unused", wechat_token="AAAAA")
    app = create_app(settings, clock=clock, sessions=sessions, login=login, texts=texts())
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }

    answer = app.test_client().get(ADDRESS, query_string=query)

    assert (answer.status_code, answer.text) == (200, "4375120948345356249")


@pytest.mark.parametrize("signature", ["", "0" * 40, "签名"])
def test_a_forged_verification_gets_no_echo(client: FlaskClient, signature: str) -> None:
    query = {"signature": signature, "timestamp": "1795399200", "nonce": "42", "echostr": "7"}
    answer = client.get(ADDRESS, query_string=query)

    assert (answer.status_code, answer.text) == (403, "")


@pytest.mark.parametrize("form", ["xml", "json"])
def test_an_encrypted_push_is_stored_and_answered(
    client: FlaskClient, sessions: Sessions, form: Literal["xml", "json"]
) -> None:
    answer = deliver(client, popup(account(form)))

    assert (answer.status_code, answer.text) == (200, "success")
    (event,) = stored(sessions)
    assert (event.kind, event.openid) == ("subscribe_msg_popup_event", OPENID)
    assert event.payload["List"] == [ITEM]
    assert event.handled_at is None


def test_retries_are_answered_and_not_stored(client: FlaskClient, sessions: Sessions) -> None:
    answers = [deliver(client, popup(account())).text for _ in range(4)]

    assert answers == ["success"] * 4
    assert len(stored(sessions)) == 1


def test_a_forged_signature_is_refused_without_a_word(
    client: FlaskClient, sessions: Sessions
) -> None:
    for push in (
        popup(account(token="another-token")),
        SealedPush("", popup(account()).body, "text/xml"),
        SealedPush(popup(account()).query, popup(account()).body, "text/xml"),
    ):
        answer = deliver(client, push)
        assert (answer.status_code, answer.text) == (403, "")
    assert stored(sessions) == []


def test_plain_pushes_are_refused_even_when_signed(client: FlaskClient, sessions: Sessions) -> None:
    """In plain mode the signature does not cover the body, so anybody could replay it."""
    plain = b"<xml><FromUserName>o</FromUserName><CreateTime>1</CreateTime></xml>"

    answer = deliver(client, replace(popup(account()), body=plain))

    assert (answer.status_code, answer.text) == (400, "")
    assert stored(sessions) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"<xml><Encrypt></Encrypt></xml>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
        json.dumps({"Encrypt": 5}).encode(),
        b'{"Encrypt": "\\ud800"}',
        '{"Encrypt": "密"}'.encode(),
        b"[" * 100_000,
    ],
)
def test_garbage_is_a_bad_request(client: FlaskClient, body: bytes) -> None:
    answer = deliver(client, replace(popup(account()), body=body))

    assert (answer.status_code, answer.text) == (400, "")


def test_a_push_of_another_key_is_a_bad_request(client: FlaskClient) -> None:
    push = popup(account(aes_key="b" * 43))

    assert deliver(client, push).status_code == 400


def test_ten_megabytes_are_refused_unread(client: FlaskClient) -> None:
    push = replace(popup(account()), body=b"x" * 10_000_000)
    assert deliver(client, push).status_code == 413
    assert deliver(client, replace(push, body=b"x" * (LARGEST_PUSH + 1))).status_code == 413


@pytest.mark.parametrize("name", ["wxother", "wx%00", "wx%ff", "微信"])
def test_another_account_is_not_found(client: FlaskClient, name: str) -> None:
    assert deliver(client, popup(account()), f"/wechat/{name}").status_code == 404
    assert client.get(f"/wechat/{name}").status_code == 404


def test_what_no_database_takes_does_not_come_back_for_ever(
    client: FlaskClient, sessions: Sessions
) -> None:
    """An answer of 500 has WeChat send it three times more, and each is an error of ours."""
    known = account("json")
    text = json.dumps(
        {
            "FromUserName": OPENID,
            "CreateTime": 1795399200,
            "MsgType": "event",
            "Event": "subscribe_msg_popup_event",
            "List": {"TemplateId": "t\ud800\0", "SubscribeStatusString": "accept"},
        }
    )
    push = seal(known, known.appid, OPENID, text, 1795399200)

    assert deliver(client, push).text == "success"
    (event,) = stored(sessions)
    assert event.payload["List"][0]["TemplateId"] == "t?"


def test_a_push_that_is_nested_without_end_is_a_bad_request(client: FlaskClient) -> None:
    known = account()
    text = f"<xml>{'<a>' * 5_000}{'</a>' * 5_000}</xml>"

    assert deliver(client, seal(known, known.appid, OPENID, text, 1795399200)).status_code == 400


def of_town() -> SandboxConfig:
    return account(appid=TOWN_APPID, token=KEYS.push_token, aes_key=KEYS.aes_key)


def test_each_account_is_pushed_to_with_its_own_keys(
    client: FlaskClient, sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole(TOWN_APPID, town=TOWN))
    address = f"/wechat/{TOWN_APPID}"

    assert deliver(client, popup(of_town()), address).text == "success"
    forged = replace(of_town(), token=account().token)
    assert deliver(client, popup(forged, 1795399201), address).status_code == 403
    of_another_key = replace(of_town(), aes_key=account().aes_key)
    assert deliver(client, popup(of_another_key, 1795399202), address).status_code == 400
    assert deliver(client, popup(of_town(), 1795399203), ADDRESS).status_code == 403
    assert [event.appid for event in stored(sessions)] == [TOWN_APPID]


def test_a_retired_account_is_not_found(
    client: FlaskClient, sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole(TOWN_APPID, town=TOWN))
    with sessions.begin() as session:
        retire(session, clock, session.get_one(WeChatAccount, TOWN_APPID), actor="staff:1")

    address = f"/wechat/{TOWN_APPID}"
    assert deliver(client, popup(of_town()), address).status_code == 404
    assert client.get(address, query_string={"echostr": "7"}).status_code == 404
    assert stored(sessions) == []


def test_the_accounts_of_the_settings_are_there_without_a_first_command(
    client: FlaskClient, sessions: Sessions
) -> None:
    """Also after somebody emptied the table under a running process."""
    deliver(client, popup(account()))
    with sessions.begin() as session:
        session.execute(delete(WeChatAccount))

    assert deliver(client, popup(account(), 1795399201)).text == "success"
    assert client.get("/wechat/wxother").status_code == 404


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=300), query=st.dictionaries(st.text(), st.text(), max_size=4))
def test_nothing_that_is_not_wechats_is_ever_stored_or_an_error_of_ours(
    client: FlaskClient, sessions: Sessions, body: bytes, query: dict[str, str]
) -> None:
    answer = client.post(ADDRESS, data=body, query_string=query)

    assert answer.status_code in {400, 403}
    assert stored(sessions) == []


@pytest.fixture
def real_app(committed: Sessions, clock: FixedClock) -> Flask:
    return create_app(SETTINGS, clock=clock, sessions=committed, login=FakeLogin())


def test_a_flood_with_duplicates_stores_each_push_once(
    real_app: Flask, committed: Sessions
) -> None:
    """200 pushes, each of them delivered five times, by eight senders at once."""
    pushes = [popup(account(), moment=1795399200 + number) for number in range(200)]

    def send(number: int) -> str:
        return deliver(real_app.test_client(), pushes[number * 7 % 200]).text

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(1000)))

    assert set(answers) == {"success"}
    assert len(stored(committed)) == 200


def test_a_push_that_is_older_than_our_memory_of_pushes_is_not_stored(
    client: FlaskClient, clock: FixedClock, sessions: Sessions
) -> None:
    """It may have come, been handled and been purged: nobody could tell it from a new one."""
    push = popup(account(), int(clock.now().timestamp()))
    clock.advance(EVENTS_STAY)

    answer = deliver(client, push)

    assert (answer.status_code, answer.text) == (200, "success")
    assert stored(sessions) == []


def test_keys_that_cannot_be_opened_ask_wechat_to_try_again(
    client: FlaskClient, sessions: Sessions, clock: FixedClock
) -> None:
    add(sessions, clock, Vault({"k9": b"9" * 32}, b"9" * 32), whole(TOWN_APPID, town=TOWN))

    assert deliver(client, popup(of_town()), f"/wechat/{TOWN_APPID}").status_code == 503
