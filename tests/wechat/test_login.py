import pytest

from backend.kernel.errors import Unavailable
from backend.people.login import LoginCodeInvalid
from backend.wechat.client import AccountClient
from backend.wechat.login import WeChatLogin
from tests.wechat.sandboxed import LOGIN, WeChat


@pytest.fixture
def login(client: AccountClient) -> WeChatLogin:
    return WeChatLogin(client)


def test_a_code_tells_who_it_is(wechat: WeChat, login: WeChatLogin) -> None:
    phone = wechat.ask("GET", "phones")["items"][0]

    identity = login.openid_for(wechat.ask("POST", "login-codes")["code"])

    assert (identity.openid, identity.unionid) == (phone["openid"], None)
    assert phone["openid"] not in repr(identity)


def test_a_used_code_is_invalid(wechat: WeChat, login: WeChatLogin) -> None:
    code = wechat.ask("POST", "login-codes")["code"]
    login.openid_for(code)

    with pytest.raises(LoginCodeInvalid):
        login.openid_for(code)


@pytest.mark.parametrize("code", ["made-up", "", "x" * 129, "登录", "a\nb", "a b&c=d"])
def test_a_made_up_code_is_invalid(wechat: WeChat, login: WeChatLogin, code: str) -> None:
    with pytest.raises(LoginCodeInvalid):
        login.openid_for(code)


def test_a_person_whom_wechat_blocks_gets_no_further(wechat: WeChat, login: WeChatLogin) -> None:
    wechat.ask("POST", "phones/1/state", high_risk=True)

    with pytest.raises(LoginCodeInvalid):
        login.openid_for(wechat.ask("POST", "login-codes")["code"])


@pytest.mark.parametrize(
    "fault",
    [
        {"errcode": -1},
        {"errcode": 45011},
        {"errcode": 40013},
        {"errcode": 40125},
        {"http_status": 502},
        {"drop": "before"},
    ],
)
def test_trouble_that_is_not_the_persons_is_unavailable(
    wechat: WeChat, login: WeChatLogin, fault: dict[str, object]
) -> None:
    wechat.fault(LOGIN, **fault)

    with pytest.raises(Unavailable):
        login.openid_for("code")
