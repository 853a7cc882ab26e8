from dataclasses import replace
from datetime import timedelta

import pytest

from backend.kernel.clock import FixedClock
from backend.sandbox.config import SandboxConfig
from tests.sandbox.running import Talk, opened


def test_a_login_code_gives_the_openid_of_the_chosen_phone(talk: Talk) -> None:
    answer = talk.login(talk.code())

    assert answer["openid"] == talk.openid(0)
    assert len(answer["openid"]) == 28
    assert answer["session_key"]
    assert "unionid" not in answer


def test_a_login_code_serves_once(talk: Talk) -> None:
    code = talk.code()
    talk.login(code)

    assert talk.login(code)["errcode"] == 40163


def test_a_login_code_lives_five_minutes(talk: Talk, clock: FixedClock) -> None:
    kept, late = talk.code(), talk.code()

    clock.advance(timedelta(minutes=5, seconds=-1))
    assert "openid" in talk.login(kept)
    clock.advance(timedelta(seconds=1))
    assert talk.login(late)["errcode"] == 40029


def test_an_unknown_code_is_refused(talk: Talk) -> None:
    assert talk.login("made-up")["errcode"] == 40029
    assert talk.login("")["errcode"] == 41008


def test_a_code_of_one_account_is_no_code_of_another(talk: Talk) -> None:
    code = talk.code(appid=talk.config.public_appid)

    assert talk.login(code)["errcode"] == 40029


def test_login_needs_the_secret_and_its_grant_type(talk: Talk) -> None:
    code = talk.code()

    assert talk.login(code, secret="wrong")["errcode"] == 40125
    assert talk.login(code, appid="wxother")["errcode"] == 40013
    assert talk.login(code, appid="")["errcode"] == 41002
    assert talk.login(code, grant_type="client_credential")["errcode"] == 40002
    assert "openid" in talk.login(code), "a refused call does not use the code up"


def test_a_person_at_risk_cannot_log_in(talk: Talk) -> None:
    talk.people("post", "phones/1/state", high_risk=True)

    assert talk.login(talk.code())["errcode"] == 40226


def test_a_person_logs_in_a_hundred_times_a_minute(talk: Talk, clock: FixedClock) -> None:
    answers = [talk.login(talk.code()) for _ in range(101)]

    assert all("openid" in answer for answer in answers[:100])
    assert answers[100]["errcode"] == 45011
    clock.advance(timedelta(minutes=1))
    assert "openid" in talk.login(talk.code())


def test_a_phone_code_gives_the_number_once(talk: Talk) -> None:
    code = talk.code("phone")
    info = talk.phone_number(code)["phone_info"]

    assert info["purePhoneNumber"] == "13800000001"
    assert info["watermark"]["appid"] == talk.config.appid
    assert talk.phone_number(code)["errcode"] == 40029


def test_login_and_phone_codes_are_not_exchangeable(talk: Talk) -> None:
    assert talk.phone_number(talk.code("login"))["errcode"] == 40029
    assert talk.login(talk.code("phone"))["errcode"] == 40029
    assert talk.phone_number("")["errcode"] == 40029


def test_a_phone_code_ends_after_five_minutes(talk: Talk, clock: FixedClock) -> None:
    code = talk.code("phone")
    clock.advance(timedelta(minutes=5))

    assert talk.phone_number(code)["errcode"] == 40029


def test_a_phone_code_can_be_bound_to_its_person(talk: Talk) -> None:
    mine, other = talk.openid(0), talk.openid(1)

    assert talk.phone_number(talk.code("phone"), openid=mine)["errcode"] == 0
    assert talk.phone_number(talk.code("phone"), openid=other)["errcode"] == 40003
    assert talk.phone_number(talk.code("phone"), openid="nobody")["errcode"] == 40003


def test_ids_differ_between_accounts_and_a_unionid_joins_them(
    config: SandboxConfig, clock: FixedClock
) -> None:
    bound = replace(config, open_platform=True)
    with opened(bound, clock) as client:
        talk = Talk(client, bound)
        mini = talk.login(talk.code())
        public_code = talk.code(appid=config.public_appid)
        public = talk.login(public_code, appid=config.public_appid)

    assert mini["openid"] != public["openid"]
    assert mini["unionid"] == public["unionid"]


@pytest.mark.parametrize("body", [{"phone": 99}, {"appid": "wxunknown"}])
def test_a_code_for_nobody_is_not_found(talk: Talk, body: dict[str, object]) -> None:
    assert talk.client.post("/sandbox/api/login-codes", json=body).status_code == 404
