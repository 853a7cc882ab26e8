"""What WeChat thinks of a text, through our client and the real sandbox."""

from datetime import timedelta

import pytest

from backend.bookings.rating_check import CheckImpossible, CheckUnavailable, Verdict
from backend.kernel.clock import FixedClock
from backend.wechat.client import AccountClient
from backend.wechat.login import WeChatLogin
from backend.wechat.text_check import WeChatTextCheck, verdict_of
from tests.wechat.sandboxed import WeChat

CHECK = "/wxa/msg_sec_check"


@pytest.fixture
def check(client: AccountClient) -> WeChatTextCheck:
    return WeChatTextCheck(client)


@pytest.fixture
def openid(wechat: WeChat, client: AccountClient) -> str:
    """Of somebody who has just opened the mini-program."""
    return WeChatLogin(client).openid_for(wechat.ask("POST", "login-codes")["code"]).openid


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("老师很耐心", Verdict.PASS),
        ("加微信领奶粉", Verdict.REVIEW),
        ("这里可以赌博", Verdict.RISKY),
        ("带“引号”和\n换行 {}", Verdict.PASS),
    ],
)
def test_the_opinion_is_read_not_the_errcode(
    check: WeChatTextCheck, openid: str, text: str, verdict: Verdict
) -> None:
    assert check.check(openid, text) is verdict


def test_of_somebody_who_has_left_there_is_no_opinion(
    check: WeChatTextCheck, openid: str, clock: FixedClock
) -> None:
    clock.advance(timedelta(hours=3))

    with pytest.raises(CheckImpossible):
        check.check(openid, "老师很耐心")


@pytest.mark.parametrize(
    "fault",
    [
        {"errcode": -1},
        {"errcode": 45009},
        {"errcode": 45011},
        {"http_status": 502},
        {"drop": "before"},
        {"drop": "after"},
    ],
)
def test_trouble_of_wechats_is_for_later(
    wechat: WeChat, check: WeChatTextCheck, openid: str, fault: dict[str, object]
) -> None:
    wechat.fault(CHECK, **fault)

    with pytest.raises(CheckUnavailable):
        check.check(openid, "老师很耐心")


@pytest.mark.parametrize("errcode", [40003, 40129, 43104, 44002, 47001, 87014, 99999])
def test_what_will_not_get_better_goes_to_a_person(
    wechat: WeChat, check: WeChatTextCheck, openid: str, errcode: int
) -> None:
    wechat.fault(CHECK, errcode=errcode)

    with pytest.raises(CheckImpossible):
        check.check(openid, "老师很耐心")


def test_an_expired_token_is_replaced_and_the_question_asked_again(
    wechat: WeChat, check: WeChatTextCheck, openid: str
) -> None:
    check.check(openid, "很好")
    wechat.ask("POST", "tokens/expire")

    assert check.check(openid, "很好") is Verdict.PASS


@pytest.mark.parametrize(
    "answer", [None, {}, {"result": None}, {"result": {"suggest": "maybe"}}, {"result": []}]
)
def test_an_answer_without_an_opinion_is_none(answer: object) -> None:
    with pytest.raises(CheckImpossible):
        verdict_of(answer)
