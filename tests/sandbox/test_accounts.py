"""What people do with public accounts, what our webhook hears of it, and what it may answer."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from wechatpy.crypto import WeChatCrypto

from backend.kernel.clock import FixedClock
from backend.sandbox.config import SandboxConfig
from backend.sandbox.push_format import original_id
from backend.sandbox.replies import TROUBLE
from backend.wechat.crypto import InboundEvent, PushReader
from tests.sandbox.running import (
    ACTIVITY,
    CITY,
    NEWSPAPER,
    TOWN,
    Talk,
    Webhook,
    listening,
    opened,
    until,
)

MENU = [
    {"type": "click", "name": "下次接种", "key": "next-vaccine"},
    {
        "name": "更多",
        "sub_button": [
            {"type": "view", "name": "说明", "url": "https://example.org/help"},
            {
                "type": "miniprogram",
                "name": "打开",
                "url": "https://example.org/",
                "appid": "wxminiprogram0001",
                "pagepath": "pages/home/home",
            },
        ],
    },
]


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with listening() as heard:
        yield heard


@pytest.fixture
def told(config: SandboxConfig, clock: FixedClock, webhook: Webhook) -> Iterator[Talk]:
    config = replace(
        config, webhook_url=webhook.url, accounts=(CITY, TOWN, NEWSPAPER), job_seconds=None
    )
    with opened(config, clock) as client:
        yield Talk(client, config)


def call(talk: Talk, path: str, body: Any, appid: str = CITY.appid) -> dict[str, Any]:
    account = talk.config.account(appid)
    assert account is not None
    token = talk.stable_token(appid=appid, secret=account.secret)["access_token"]
    answer: dict[str, Any] = talk.client.post(
        path, query_string={"access_token": token}, json=body
    ).get_json(force=True)
    return answer


def do(talk: Talk, deed: str, /, appid: str = CITY.appid, **body: Any) -> dict[str, Any]:
    return talk.people("post", deed, phone=1, appid=appid, **body)


def chat(talk: Talk, appid: str = CITY.appid) -> dict[str, Any]:
    return talk.people("get", f"chat?phone=1&appid={appid}")


def heard(talk: Talk, webhook: Webhook, count: int) -> list[InboundEvent]:
    """The first pushes as the product reads them, by kind."""
    until(lambda: len(webhook.heard) >= count)
    account = talk.config.account(CITY.appid)
    assert account is not None
    reader = PushReader(CITY.appid, account.token, account.aes_key)
    return sorted((reader.read(*push) for push in webhook.heard), key=lambda event: event.kind)


def reply(talk: Talk, content: str, *, kind: str = "text", token: str = CITY.token) -> bytes:
    openid = chat(talk)["openid"]
    text = (
        f"<xml><ToUserName>{openid}</ToUserName>"
        f"<FromUserName>{original_id(CITY.appid)}</FromUserName>"
        f"<CreateTime>1795399200</CreateTime><MsgType>{kind}</MsgType>{content}</xml>"
    )
    sealed = WeChatCrypto(token, CITY.aes_key, CITY.appid).encrypt_message(text, "7", "1795399200")
    return str(sealed).encode()


def test_each_account_pushes_under_its_own_keys(told: Talk, webhook: Webhook) -> None:
    do(told, "follow", follow=True)

    (event,) = heard(told, webhook, 1)
    assert (event.kind, event.payload["EventKey"]) == ("subscribe", "")
    assert event.payload["ToUserName"] == original_id(CITY.appid)


def test_a_scan_tells_the_scene_whether_one_follows_or_not(told: Talk, webhook: Webhook) -> None:
    scene = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "town-3"}}}
    ticket = call(told, "/cgi-bin/qrcode/create", scene)["ticket"]
    listed = told.people("get", f"tickets?appid={CITY.appid}")["items"]
    assert [item["scene"] for item in listed] == ["town-3"]

    told.people("post", "scans", phone=1, ticket=ticket)
    told.people("post", "scans", phone=1, ticket=ticket)

    scanned, subscribed = heard(told, webhook, 2)
    assert (scanned.kind, scanned.payload["EventKey"]) == ("SCAN", "town-3")
    assert subscribed.payload["EventKey"] == "qrscene_town-3"
    assert scanned.payload["Ticket"] == subscribed.payload["Ticket"] == ticket


def test_each_button_of_the_menu_says_what_it_is(told: Talk, webhook: Webhook) -> None:
    assert call(told, "/cgi-bin/menu/create", {"button": MENU})["errcode"] == 0
    do(told, "follow", follow=True)
    for button in ([0], [1, 0], [1, 1]):
        do(told, "taps", button=button)

    events = {event.kind: event.payload for event in heard(told, webhook, 4)}
    assert events["CLICK"]["EventKey"] == "next-vaccine"
    assert events["VIEW"]["EventKey"] == "https://example.org/help"
    assert events["view_miniprogram"]["EventKey"] == "pages/home/home"


def test_only_a_button_that_is_there_can_be_tapped(told: Talk) -> None:
    call(told, "/cgi-bin/menu/create", {"button": MENU})
    do(told, "follow", follow=True)

    for button in (None, [], [2], [1], [1, 2], ["0"], [0, 0]):
        assert do(told, "taps", button=button)["error"] == "wrong or missing: button"


def test_a_text_is_answered_in_the_chat(told: Talk, webhook: Webhook) -> None:
    do(told, "follow", follow=True)
    until(lambda: webhook.heard)
    webhook.answers = [(200, reply(told, "<Content>下次接种：11月30日</Content>"))]
    do(told, "texts", text="下次什么时候打针？")

    until(lambda: chat(told)["total"] == 2)
    answer, question = chat(told)["lines"]
    assert (question["kind"], question["text"]) == ("mine", "下次什么时候打针？")
    assert (answer["kind"], answer["text"]) == ("reply", "下次接种：11月30日")
    (event, _) = heard(told, webhook, 2)[::-1]
    assert event.kind == "text"
    assert event.dedupe_key.startswith("message:")


def test_a_tap_is_answered_with_a_link(told: Talk, webhook: Webhook) -> None:
    call(told, "/cgi-bin/menu/create", {"button": MENU})
    do(told, "follow", follow=True)
    until(lambda: webhook.heard)
    item = (
        "<item><Title>接种须知</Title><Description>三件事</Description><Url>https://e</Url></item>"
    )
    news = f"<ArticleCount>1</ArticleCount><Articles>{item}</Articles>"
    webhook.answers = [(200, reply(told, news, kind="news"))]
    do(told, "taps", button=[0])

    until(lambda: chat(told)["total"] == 2)
    assert chat(told)["lines"][0]["links"] == [
        {"title": "接种须知", "digest": "三件事", "url": "https://e"}
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        "plain",
        "token",
        "<Content></Content>",
        "<MsgType>video</MsgType>",
    ],
)
def test_a_wrong_answer_shows_wechats_own_sentence(
    told: Talk, webhook: Webhook, wrong: str
) -> None:
    do(told, "follow", follow=True)
    until(lambda: webhook.heard)
    if wrong == "plain":
        body = b"<xml><MsgType>text</MsgType><Content>a</Content></xml>"
    elif wrong == "token":
        body = reply(told, "<Content>a</Content>", token="another")
    else:
        body = reply(told, wrong)
    webhook.answers = [(200, body)]
    do(told, "texts", text="你好")

    until(lambda: chat(told)["total"] == 2)
    assert chat(told)["lines"][0]["text"] == TROUBLE


def test_no_answer_at_all_shows_wechats_own_sentence(told: Talk, webhook: Webhook) -> None:
    do(told, "follow", follow=True)
    until(lambda: webhook.heard)
    webhook.answers = [(500, b"")] * 4
    do(told, "texts", text="你好")

    until(lambda: chat(told)["total"] == 2)
    assert chat(told)["lines"][0]["text"] == TROUBLE


def test_success_is_silence(told: Talk, webhook: Webhook) -> None:
    do(told, "follow", follow=True)
    do(told, "texts", text="你好")

    heard(told, webhook, 2)
    assert [line["kind"] for line in chat(told)["lines"]] == ["mine"]


def test_who_does_not_follow_can_neither_write_nor_tap(told: Talk) -> None:
    for deed, more in (("texts", {"text": "你好"}), ("taps", {"button": [0]})):
        assert "does not follow" in do(told, deed, **more)["error"]


def test_a_withdrawn_permission_and_a_closed_account_are_told(told: Talk, webhook: Webhook) -> None:
    openid = do(told, "authorizations", event="revoke")["openid"]
    do(told, "authorizations", event="cancellation")

    closed, revoked = heard(told, webhook, 2)
    assert closed.kind == "user_authorization_cancellation"
    assert (revoked.kind, revoked.payload["RevokeInfo"]) == ("user_authorization_revoke", "8")
    assert revoked.payload["OpenID"] == closed.payload["OpenID"] == openid != revoked.openid


def test_the_ends_of_jobs_are_told_with_their_numbers(told: Talk, webhook: Webhook) -> None:
    do(told, "follow", follow=True)
    body = {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": "好消息"}}
    sent = call(told, "/cgi-bin/message/mass/sendall", body)
    assert told.people("post", "jobs") == {"finished": 1}

    finished, _ = heard(told, webhook, 2)
    assert finished.kind == "MASSSENDJOBFINISH"
    numbers = {name: finished.payload[name] for name in ("TotalCount", "FilterCount", "SentCount")}
    assert (finished.payload["MsgID"], finished.payload["Status"]) == (
        str(sent["msg_id"]),
        "send success",
    )
    assert set(numbers.values()) == {"1"}
    assert chat(told)["lines"][0]["text"] == "好消息"


def test_a_template_messages_end_is_told(told: Talk, webhook: Webhook) -> None:
    do(told, "follow", follow=True)
    do(told, "receptions", reception="user block")
    data = {"thing1": {"value": "亲子阅读"}, "time2": {"value": "09:30"}}
    body = {"touser": chat(told)["openid"], "template_id": ACTIVITY.id, "data": data}
    msgid = call(told, "/cgi-bin/message/template/send", body)["msgid"]

    told_of = heard(told, webhook, 2)[0]
    assert told_of.kind == "TEMPLATESENDJOBFINISH"
    assert told_of.payload["MsgID"] == str(msgid)
    assert told_of.payload["Status"] == "failed:user block"


def test_jobs_end_by_themselves_and_after_a_restart(
    config: SandboxConfig, clock: FixedClock
) -> None:
    held = replace(config, accounts=(CITY,), job_seconds=None)
    body = {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": "好消息"}}
    with opened(held, clock) as client:
        first = call(Talk(client, held), "/cgi-bin/message/mass/sendall", body)["msg_id"]
    quick = replace(held, job_seconds=0.01)
    with opened(quick, clock) as client:
        talk = Talk(client, quick)
        second = call(talk, "/cgi-bin/message/mass/sendall", body)["msg_id"]

        def ended(msg_id: int) -> bool:
            state = call(talk, "/cgi-bin/message/mass/get", {"msg_id": msg_id})
            return bool(state["msg_status"] == "SEND_SUCCESS")

        until(lambda: ended(first) and ended(second))


IMPOSSIBLE: list[tuple[str, dict[str, Any], str]] = [
    ("follow", {"appid": "wxnobody", "follow": True}, "appid"),
    ("follow", {"appid": "wxminiprogram0001", "follow": True}, "appid"),
    ("follow", {"follow": "yes"}, "follow"),
    ("scans", {"ticket": "none"}, "ticket"),
    ("texts", {"text": ""}, "text"),
    ("receptions", {"reception": "sleepy"}, "reception"),
    ("outcomes", {"publish": 1}, "publish"),
    ("outcomes", {"mass": "lost"}, "mass"),
    ("authorizations", {"event": "forget"}, "event"),
]


def test_what_cannot_be_is_named(talk: Talk) -> None:
    talk.people("post", "follow", phone=1, follow=True)

    for deed, body, named in IMPOSSIBLE:
        error = talk.people("post", deed, phone=1, **body)["error"]
        assert error.startswith(f"wrong or missing: {named}")


def test_a_get_where_wechat_wants_a_post_and_broken_json(told: Talk) -> None:
    token = told.stable_token(appid=CITY.appid, secret=CITY.secret)["access_token"]
    for path in (
        "/cgi-bin/message/template/send",
        "/cgi-bin/draft/add",
        "/cgi-bin/menu/create",
        "/cgi-bin/qrcode/create",
    ):
        url = f"{path}?access_token={token}"
        got = told.client.get(url)
        assert (got.status_code, got.get_json(force=True)["errcode"]) == (200, 43002)
        broken = told.client.post(url, data=b"{").get_json(force=True)
        assert broken["errcode"] == 47001
        assert " rid: " in broken["errmsg"]


def test_a_picture_of_a_code_and_of_an_article_are_shown(told: Talk) -> None:
    scene = {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}}
    ticket = call(told, "/cgi-bin/qrcode/create", scene)["ticket"]

    code = told.client.get("/sandbox/api/codes", query_string={"ticket": ticket})
    assert (code.mimetype, code.data[:2]) == ("image/jpeg", b"\xff\xd8")
    assert told.client.get("/sandbox/api/codes?ticket=none").status_code == 404
    assert told.client.get("/sandbox/api/pictures/none").status_code == 404
    kinds = {one["appid"]: one["kind"] for one in told.people("get", "accounts")["items"]}
    assert kinds[NEWSPAPER.appid] == "subscription"
