import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.sandbox.push_format import SealedPush, event_text, seal
from backend.wechat.crypto import BadPush, PushReader, SignatureInvalid, signature_of
from tests.sandbox.running import CONFIG

APPID = CONFIG.appid
OPENID = "oAbcdefghijklmnopqrstuvwxyz1"
EVENT = {
    "ToUserName": "gh_0123456789ab",
    "FromUserName": OPENID,
    "CreateTime": "1795399200",
    "MsgType": "event",
    "Event": "subscribe_msg_popup_event",
}
ITEM = {"TemplateId": "t-1", "SubscribeStatusString": "accept", "PopupScene": "0"}
FORMATS = pytest.mark.parametrize("form", ["xml", "json"])


def reader() -> PushReader:
    return PushReader(APPID, CONFIG.token, CONFIG.aes_key)


def query_of(push: SealedPush) -> dict[str, str]:
    return dict(parse_qsl(push.query))


def sealed(form: Any, fields: dict[str, str], items: Sequence[dict[str, str]] = ()) -> SealedPush:
    config = replace(CONFIG, push_format=form)
    return seal(config, APPID, OPENID, event_text(config, fields, items), 1795399200)


def test_the_official_example_of_a_signature() -> None:
    # developers.weixin.qq.com, minigame/dev/guide/base-ability/message-push: test vector
    expected = "f464b24fc39322e44b38aa78f5edd27bd1441696"

    assert signature_of("AAAAA", "1714036504", "1514711492") == expected
    echo = PushReader(APPID, "AAAAA", CONFIG.aes_key).check_url(
        {
            "signature": expected,
            "timestamp": "1714036504",
            "nonce": "1514711492",
            "echostr": "4375120948345356249",
        }
    )
    assert echo == "4375120948345356249"


@pytest.mark.parametrize(
    "change", [{"signature": "0" * 40}, {"signature": ""}, {"nonce": "1"}, {"signature": "é"}]
)
def test_a_forged_verification_is_refused(change: dict[str, str]) -> None:
    query = {"signature": signature_of(CONFIG.token, "1", "2"), "timestamp": "1", "nonce": "2"}

    with pytest.raises(SignatureInvalid):
        reader().check_url(query | change)
    with pytest.raises(SignatureInvalid):
        reader().check_url({})


@FORMATS
@pytest.mark.parametrize("items", [[ITEM], [ITEM, ITEM | {"TemplateId": "t-2"}]])
def test_one_item_or_many_are_a_list(form: str, items: list[dict[str, str]]) -> None:
    push = sealed(form, EVENT, items)

    event = reader().read(query_of(push), push.body)

    assert event.payload["List"] == items
    assert (event.appid, event.kind) == (APPID, "subscribe_msg_popup_event")
    assert event.openid == OPENID
    assert event.created_at == datetime.fromtimestamp(1795399200, UTC)
    assert OPENID not in repr(event)


def test_xml_and_json_of_one_event_have_one_key() -> None:
    xml, js = (sealed(form, EVENT, [ITEM]) for form in ("xml", "json"))

    first, second = (reader().read(query_of(push), push.body) for push in (xml, js))

    assert first.dedupe_key == second.dedupe_key
    assert OPENID not in first.dedupe_key


@FORMATS
def test_a_message_is_known_by_its_id(form: str) -> None:
    message = {name: value for name, value in EVENT.items() if name not in ("Event", "MsgType")} | {
        "MsgType": "text",
        "Content": "你好 <b>&amp;</b> ]]>",
        "MsgId": "23456789012345678",
    }
    push = sealed(form, message)

    event = reader().read(query_of(push), push.body)

    assert event.dedupe_key == "message:23456789012345678"
    assert event.kind == "text"
    assert event.payload["Content"] == "你好 <b>&amp;</b> ]]>"


def test_two_reports_in_one_second_are_two_events() -> None:
    sent = EVENT | {"Event": "subscribe_msg_sent_event"}
    report = {"TemplateId": "t-1", "ErrorCode": "0", "ErrorStatus": "success"}
    pushes = [sealed("xml", sent, [report | {"MsgID": msgid}]) for msgid in ("1", "2", "1")]

    keys = [reader().read(query_of(push), push.body).dedupe_key for push in pushes]

    assert keys[0] != keys[1]
    assert keys[0] == keys[2]


def test_numbers_of_json_come_as_text() -> None:
    config = replace(CONFIG, push_format="json")
    text = json.dumps({**EVENT, "CreateTime": 1795399200, "List": {"MsgID": 77, "Gone": None}})
    push = seal(config, APPID, OPENID, text, 1)

    event = reader().read(query_of(push), push.body)

    assert event.payload["List"] == [{"MsgID": "77", "Gone": ""}]


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_a_changed_push_is_refused(name: str) -> None:
    push = sealed("xml", EVENT, [ITEM])
    query = query_of(push)

    with pytest.raises(SignatureInvalid):
        reader().read(query | {name: "1"}, push.body)
    with pytest.raises(SignatureInvalid):
        reader().read({key: value for key, value in query.items() if key != name}, push.body)
    other = sealed("xml", EVENT | {"CreateTime": "1"}, [ITEM])
    with pytest.raises(SignatureInvalid):
        reader().read(query, other.body)


@pytest.mark.parametrize(
    ("kind", "one", "another"),
    [
        (
            "PUBLISHJOBFINISH",
            {"PublishEventInfo": {"publish_id": "1"}},
            {"PublishEventInfo": {"publish_id": "2"}},
        ),
        ("user_authorization_revoke", {"OpenID": "o-one"}, {"OpenID": "o-another"}),
    ],
)
def test_what_wechat_itself_tells_twice_in_one_second_has_two_keys(
    kind: str, one: dict[str, Any], another: dict[str, Any]
) -> None:
    texts = [event_text(CONFIG, EVENT | {"Event": kind} | more) for more in (one, another, one)]
    pushes = [seal(CONFIG, APPID, OPENID, text, 1795399200) for text in texts]
    first, second, again = (reader().read(query_of(push), push.body).dedupe_key for push in pushes)

    assert first == again != second


def test_a_push_of_another_account_or_key_is_refused() -> None:
    push = sealed("xml", EVENT)
    other_account = PushReader("wxother", CONFIG.token, CONFIG.aes_key)
    other_key = PushReader(APPID, CONFIG.token, "z" * 42 + "A")

    for wrong in (other_account, other_key):
        with pytest.raises(BadPush):
            wrong.read(query_of(push), push.body)


def signed(encrypted: str) -> tuple[dict[str, str], bytes]:
    """A body that somebody with our token but without our key could make."""
    query = {"timestamp": "1", "nonce": "2"}
    query["msg_signature"] = signature_of(CONFIG.token, "1", "2", encrypted)
    return query, json.dumps({"Encrypt": encrypted}).encode()


@given(st.binary(max_size=200))
def test_garbage_gives_one_of_two_errors(body: bytes) -> None:
    with pytest.raises((BadPush, SignatureInvalid)):
        reader().read({"timestamp": "1", "nonce": "2", "msg_signature": "3"}, body)


@given(st.text(max_size=200) | st.binary(max_size=120).map(lambda raw: b64encode(raw).decode()))
def test_signed_garbage_gives_one_of_two_errors(encrypted: str) -> None:
    query, body = signed(encrypted)
    with pytest.raises((BadPush, SignatureInvalid)):
        reader().read(query, body)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<xml></xml>",
        "not xml",
        "[]",
        "{}",
        json.dumps(EVENT | {"CreateTime": "soon"}),
        json.dumps(EVENT | {"CreateTime": "9" * 30}),
        json.dumps(EVENT | {"List": "text"}),
        json.dumps({name: EVENT[name] for name in EVENT if name != "FromUserName"}),
        json.dumps({name: EVENT[name] for name in EVENT if name != "Event"}),
    ],
)
def test_an_encrypted_document_that_wechat_never_sends(text: str) -> None:
    push = seal(CONFIG, APPID, OPENID, text, 1)

    with pytest.raises(BadPush):
        reader().read(query_of(push), push.body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"Encrypt": 5}',
        b"<xml><Encrypt></Encrypt></xml>",
        b"<xml><FromUserName>o</FromUserName></xml>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"x" * (256 * 1024 + 1),
    ],
)
def test_a_plain_or_broken_body_is_not_read(body: bytes) -> None:
    with pytest.raises(BadPush):
        reader().read({}, body)


@pytest.mark.parametrize("key", ["short", "!" * 43, ""])
def test_a_wrong_aes_key_stops_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        PushReader(APPID, CONFIG.token, key)
