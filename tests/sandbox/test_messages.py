import threading
from dataclasses import replace
from typing import Any

import pytest
import requests

from backend.kernel.clock import FixedClock
from backend.sandbox.config import SandboxConfig
from tests.sandbox.running import BOOKING, CLINIC, DATA, NEWS, Talk, opened, running, until


def test_one_permission_is_one_message(talk: Talk) -> None:
    talk.accept()

    assert talk.send(page="pages/bookings/bookings?id=7")["errcode"] == 0
    assert talk.send()["errcode"] == 43101
    (message,) = talk.messages()
    assert message["title"] == "预约结果通知"
    assert message["page"] == "pages/bookings/bookings?id=7"
    assert message["received_at"] == "2026-11-23T10:00:00.000+08:00"
    assert message["fields"][0] == {"name": "thing1", "label": "服务项目", "value": "入户指导"}


def test_permissions_add_up(talk: Talk) -> None:
    talk.accept()
    talk.accept()

    assert [talk.send()["errcode"] for _ in range(3)] == [0, 0, 43101]


def test_a_long_term_permission_is_not_used_up(talk: Talk) -> None:
    talk.accept(CLINIC)
    data = {"thing1": {"value": "复查"}}

    codes = [talk.send(template_id=CLINIC.id, data=data)["errcode"] for _ in range(3)]

    assert codes == [0, 0, 0]


def test_a_refusal_in_the_settings_takes_what_is_left(talk: Talk) -> None:
    talk.accept()
    talk.people("post", "refusals", template_id=BOOKING.id)

    assert talk.send()["errcode"] == 43101


def test_a_balance_can_be_set_for_a_test(talk: Talk) -> None:
    talk.people("post", "balances", template_id=BOOKING.id, balance=2)

    assert [talk.send()["errcode"] for _ in range(3)] == [0, 0, 43101]
    wrong = {"template_id": BOOKING.id, "balance": -1}
    assert talk.client.post("/sandbox/api/balances", json=wrong).status_code == 422


def test_with_the_main_switch_off_nothing_arrives(talk: Talk) -> None:
    talk.accept()
    talk.people("post", "phones/1/state", switch_off=True)

    assert talk.send()["errcode"] == 43101
    assert talk.messages() == []


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"touser": "onobody"}, 40003),
        ({"touser": None}, 40003),
        ({"template_id": "unknown"}, 40037),
        ({"template_id": None}, 40037),
        ({"page": "pages/nowhere/nowhere"}, 41030),
        ({"page": "/pages/home/home"}, 41030),
        ({"page": 5}, 41030),
        ({"miniprogram_state": "release"}, 40097),
        ({"lang": "de_DE"}, 40097),
        ({"data": None}, 47003),
    ],
)
def test_a_wrong_message_is_refused_and_costs_nothing(
    talk: Talk, changes: dict[str, Any], errcode: int
) -> None:
    talk.accept()

    assert talk.send(**changes)["errcode"] == errcode
    assert talk.send()["errcode"] == 0, "the permission is still there"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thing1", "一" * 21),
        ("thing1", "两行\n文字"),
        ("thing1", ""),
        ("thing1", "   "),
        ("thing1", 5),
        ("time2", "2026-11-25 09:30"),
        ("time2", "2026年13月25日 09:30"),
        ("time2", "25:00"),
        ("phrase3", "已经确认成功了"),
        ("phrase3", "ok"),
        ("thing9", "没有这一项"),
    ],
)
def test_a_wrong_field_is_named(talk: Talk, field: str, value: Any) -> None:
    talk.accept()
    data = {name: {"value": text} for name, text in DATA.items()} | {field: {"value": value}}

    answer = talk.send(data=data)

    assert answer["errcode"] == 47003
    assert f"data.{field}.value" in answer["errmsg"]


def test_a_missing_field_is_named(talk: Talk) -> None:
    answer = talk.send(data={"thing1": {"value": "入户指导"}})

    assert answer["errcode"] == 47003
    assert "data.time2.value is empty" in answer["errmsg"]


def test_a_public_account_cannot_send_this_kind(talk: Talk) -> None:
    assert talk.send(token=talk.token(talk.config.public_appid))["errcode"] == 45103


def test_messages_are_posted_as_json(talk: Talk) -> None:
    url = f"/cgi-bin/message/subscribe/send?access_token={talk.token()}"

    assert talk.client.get(url).get_json()["errcode"] == 43002
    assert talk.client.post(url).get_json()["errcode"] == 44002
    assert talk.client.post(url, data="[]").get_json()["errcode"] == 47001
    assert talk.client.post(url, data="{" * 9).get_json()["errcode"] == 47001


def test_the_declared_type_of_a_body_does_not_matter(talk: Talk) -> None:
    url = f"/cgi-bin/message/subscribe/send?access_token={talk.token()}"

    answer = talk.client.post(url, data=b"{}", content_type="text/plain").get_json()

    assert answer["errcode"] == 40003


def test_the_day_has_a_quota(config: SandboxConfig, clock: FixedClock) -> None:
    small = replace(config, limits={**config.limits, "sends_per_day": 1})
    with opened(small, clock) as client:
        talk = Talk(client, small)
        talk.accept()
        talk.accept()

        assert [talk.send()["errcode"] for _ in range(2)] == [0, 45009]


def test_one_person_is_served_one_call_at_a_time(config: SandboxConfig, clock: FixedClock) -> None:
    with running(config, clock) as url:
        api = f"{url}/sandbox/api"
        crowd = {"count": 2, "template_id": BOOKING.id, "balance": 5}
        first, second = requests.post(f"{api}/crowd", json=crowd, timeout=5).json()["items"]
        path = "/cgi-bin/message/subscribe/send"
        fault = {"path": path, "delay_ms": 1500, "times": 1}
        requests.post(f"{api}/faults", json=fault, timeout=5)
        credentials = {
            "grant_type": "client_credential",
            "appid": config.appid,
            "secret": config.secret,
        }
        token = requests.post(f"{url}/cgi-bin/stable_token", json=credentials, timeout=5).json()

        def send(openid: str) -> int:
            data = {name: {"value": text} for name, text in DATA.items()}
            return int(
                requests.post(
                    f"{url}{path}",
                    params={"access_token": token["access_token"]},
                    json={"touser": openid, "template_id": BOOKING.id, "data": data},
                    timeout=5,
                ).json()["errcode"]
            )

        slow = threading.Thread(target=send, args=(first["openid"],))
        slow.start()
        arrived = f"{api}/messages?phone=all"
        until(lambda: requests.get(arrived, timeout=5).json()["total"] == 1)

        assert send(first["openid"]) == 43108
        assert send(second["openid"]) == 0
        slow.join()
        assert send(first["openid"]) == 0


def test_of_two_templates_with_one_title_the_second_is_filtered(talk: Talk) -> None:
    answers = {"reminder-template-id": "accept", "reminder-twin-id": "accept"}

    results = talk.people("post", "subscriptions", answers=answers)["results"]

    assert results == {"reminder-template-id": "accept", "reminder-twin-id": "filter"}


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"unknown": "accept"}, 20001),
        ({BOOKING.id: "accept", CLINIC.id: "accept"}, 20002),
        (dict.fromkeys((BOOKING.id, NEWS.id, "reminder-template-id", "x"), "accept"), 20003),
        ({BOOKING.id: "maybe"}, 10005),
        ({}, 10005),
    ],
)
def test_a_wrong_request_for_permission_fails_as_a_whole(
    talk: Talk, answers: dict[str, str], code: int
) -> None:
    assert talk.people("post", "subscriptions", answers=answers)["errCode"] == code


def test_no_permission_is_asked_with_the_main_switch_off(talk: Talk) -> None:
    talk.people("post", "phones/1/state", switch_off=True)

    answer = talk.people("post", "subscriptions", answers={BOOKING.id: "accept"})

    assert answer["errCode"] == 20004


def test_who_follows_is_told_and_a_mini_program_has_no_followers(talk: Talk) -> None:
    public = talk.config.public_appid

    def info(openid: str, appid: str) -> dict[str, Any]:
        query = {"access_token": talk.token(appid), "openid": openid}
        answer: dict[str, Any] = talk.client.get(
            "/cgi-bin/user/info", query_string=query
        ).get_json()
        return answer

    openid = talk.login(talk.code(appid=public), appid=public)["openid"]
    assert info(openid, public) == {"subscribe": 0, "openid": openid}

    talk.people("post", "follow", phone=1, appid=public, follow=True)
    assert info(openid, public)["subscribe"] == 1
    assert "nickname" not in info(openid, public)
    assert info("nobody", public)["errcode"] == 40003
    assert info(talk.openid(), talk.config.appid)["errcode"] == 48001
