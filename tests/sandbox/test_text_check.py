"""msg_sec_check: as strict as WeChat, and an errcode of 0 that says nothing about the text."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.kernel.clock import FixedClock
from backend.sandbox.config import SandboxConfig
from tests.sandbox.running import Talk, opened


def ask(talk: Talk, token: str | None = None, **changes: Any) -> dict[str, Any]:
    """A good question about the words of the chosen phone, but for the changes."""
    body = {"version": 2, "openid": talk.openid(), "scene": 2, "content": "老师很耐心"} | changes
    answer: dict[str, Any] = talk.client.post(
        "/wxa/msg_sec_check",
        query_string={"access_token": talk.token() if token is None else token},
        json={name: value for name, value in body.items() if value is not None},
    ).get_json(force=True)
    return answer


@pytest.fixture
def active(talk: Talk) -> Talk:
    """The chosen phone has just opened the mini-program."""
    talk.login(talk.code())
    return talk


@pytest.mark.parametrize(
    ("content", "suggest", "label"),
    [
        ("老师很耐心", "pass", 100),
        ("加微信领奶粉", "review", 10001),
        ("代开发票找我", "risky", 20008),
    ],
)
def test_an_opinion_comes_with_errcode_0_whatever_it_is(
    active: Talk, content: str, suggest: str, label: int
) -> None:
    answer = ask(active, content=content)

    assert answer["errcode"] == 0
    assert answer["result"] == {"suggest": suggest, "label": label}
    assert [one["strategy"] for one in answer["detail"]] == ["content_model", "keyword"]
    assert answer["trace_id"]


def test_the_title_and_the_nickname_are_read_too(active: Talk) -> None:
    assert ask(active, title="赌博")["result"]["suggest"] == "risky"
    assert ask(active, nickname="赌博")["result"]["suggest"] == "risky"


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"version": None}, 40097),
        ({"version": 1}, 40097),
        ({"version": "2"}, 40097),
        ({"scene": None}, 40129),
        ({"scene": 5}, 40129),
        ({"scene": True}, 40129),
        ({"content": None}, 47001),
        ({"content": 5}, 47001),
        ({"content": " "}, 44002),
        ({"content": "长" * 2501}, 45002),
        ({"openid": "nobody"}, 40003),
        ({"openid": None}, 40003),
    ],
)
def test_a_question_that_is_no_question_is_refused(
    active: Talk, changes: dict[str, Any], errcode: int
) -> None:
    assert ask(active, **changes)["errcode"] == errcode


def test_a_token_is_needed_and_a_post(active: Talk) -> None:
    assert ask(active, token="")["errcode"] == 41001
    assert ask(active, token="x" * 100)["errcode"] == 40001
    url = f"/wxa/msg_sec_check?access_token={active.token()}"
    assert active.client.get(url).get_json(force=True)["errcode"] == 43002


def test_an_openid_of_the_public_account_is_not_the_mini_programs(active: Talk) -> None:
    public = active.login(active.code(appid=active.config.public_appid), appid=public_of(active))

    assert ask(active, openid=public["openid"])["errcode"] == 43104


def public_of(talk: Talk) -> str:
    return talk.config.public_appid


def test_who_has_left_for_two_hours_is_not_judged(active: Talk, clock: FixedClock) -> None:
    clock.advance(timedelta(hours=2))
    assert ask(active)["errcode"] == 0

    clock.advance(timedelta(seconds=1))

    assert ask(active)["errcode"] == 61010


def test_who_was_never_here_is_not_judged(talk: Talk) -> None:
    assert ask(talk)["errcode"] == 61010


def test_a_minute_has_an_end(config: SandboxConfig, clock: FixedClock) -> None:
    limits = dict(config.limits) | {"text_checks_per_minute": 2}
    with opened(replace(config, limits=limits), clock) as client:
        talk = Talk(client, config)
        talk.login(talk.code())

        assert [ask(talk)["errcode"] for _ in range(3)] == [0, 0, 45011]
        clock.advance(timedelta(minutes=1))
        assert ask(talk)["errcode"] == 0


def test_trouble_can_be_ordered(active: Talk) -> None:
    active.people("post", "faults", path="wxa/msg_sec_check", errcode=-1, times=1)

    assert ask(active)["errcode"] == -1
    assert ask(active)["errcode"] == 0
