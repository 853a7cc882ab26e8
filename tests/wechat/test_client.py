from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from backend.kernel.clock import FixedClock
from backend.wechat.client import AccountClient, TokenUnavailable, WeChatRefused
from backend.wechat.tokens import MemoryTokenStore, TokenStore
from backend.wechat.transport import NoAnswer, Transport
from tests.sandbox.running import BOOKING, DATA
from tests.wechat.sandboxed import LOGIN, SEND, TOKEN, WeChat

VALUES = {name: {"value": text} for name, text in DATA.items()}


def send(client: AccountClient, openid: str) -> int:
    return int(client.wxa.send_subscribe_message(openid, BOOKING.id, VALUES)["errcode"])


def test_twenty_cold_threads_fetch_one_token(wechat: WeChat, client: AccountClient) -> None:
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda openid: send(client, openid), wechat.crowd(20)))

    assert answers == [0] * 20
    assert wechat.calls().count(TOKEN) == 1


def test_threads_that_wait_for_a_token_share_its_failure(
    wechat: WeChat, client: AccountClient
) -> None:
    """Each waiting out a time-out of its own, one after the other, they would stand for minutes."""
    wechat.fault(TOKEN, errcode=-1, delay_ms=500)

    def attempt(openid: str) -> int | None:
        with pytest.raises(TokenUnavailable) as caught:
            send(client, openid)
        return caught.value.errcode

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(attempt, wechat.crowd(20))) == [-1] * 20
    assert wechat.calls().count(TOKEN) < 5
    wechat.ask("DELETE", "faults")
    assert client.access_token, "the next one asks again"


def test_a_token_that_is_always_refused_costs_three_requests(
    wechat: WeChat, client: AccountClient
) -> None:
    (openid,) = wechat.crowd()
    assert client.access_token
    before = len(wechat.calls())
    wechat.fault(SEND, errcode=40001)

    with pytest.raises(WeChatRefused) as caught:
        send(client, openid)

    assert caught.value.errcode == 40001
    assert wechat.calls()[before:] == [SEND, TOKEN, SEND]


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_replaced_once_and_the_message_goes_out(
    wechat: WeChat, client: AccountClient, errcode: int
) -> None:
    (openid,) = wechat.crowd()
    wechat.fault(SEND, errcode=errcode, times=1)

    assert send(client, openid) == 0
    assert wechat.arrived() == 1


def test_another_error_is_not_retried(wechat: WeChat, client: AccountClient) -> None:
    wechat.fault(SEND, errcode=-1)

    with pytest.raises(WeChatRefused):
        send(client, wechat.crowd()[0])

    assert wechat.calls().count(SEND) == 1


def test_twenty_threads_with_a_dead_token_fetch_one_new_one(
    wechat: WeChat, client: AccountClient
) -> None:
    crowd = wechat.crowd(20)
    assert client.access_token
    wechat.ask("POST", "tokens/expire")

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda openid: send(client, openid), crowd))

    assert answers == [0] * 20
    assert wechat.calls().count(TOKEN) == 2


def test_processes_share_a_token(
    wechat: WeChat, make_client: Callable[[TokenStore | None], AccountClient]
) -> None:
    store = MemoryTokenStore()
    first, second = make_client(store), make_client(store)

    assert first.access_token == second.access_token
    assert wechat.calls() == [TOKEN]


def test_a_process_takes_the_token_that_another_one_has_renewed(
    wechat: WeChat, make_client: Callable[[TokenStore | None], AccountClient]
) -> None:
    store = MemoryTokenStore()
    first, second = make_client(store), make_client(store)
    one, two = wechat.crowd(2)
    assert first.access_token == second.access_token
    wechat.ask("POST", "tokens/expire")

    assert send(first, one) == 0
    assert send(second, two) == 0
    assert wechat.calls().count(TOKEN) == 2, "the second one looked into the store"


def test_a_token_is_renewed_before_it_ends(
    wechat: WeChat, client: AccountClient, clock: FixedClock
) -> None:
    old = client.access_token
    clock.advance(timedelta(seconds=7200 - 301))
    assert client.access_token == old
    clock.advance(timedelta(seconds=2))

    assert client.access_token != old
    assert wechat.calls() == [TOKEN, TOKEN]


def test_login_needs_no_token_and_one_request(wechat: WeChat, client: AccountClient) -> None:
    code = wechat.ask("POST", "login-codes")["code"]

    assert len(client.wxa.code_to_session(code)["openid"]) == 28
    assert wechat.calls() == [LOGIN]


def test_a_phone_number_comes_by_code(wechat: WeChat, client: AccountClient) -> None:
    code = wechat.ask("POST", "phone-codes", phone=2)["code"]

    assert client.wxa.get_phone_number(code) == "13800000002"


def test_wechatpys_own_calls_go_the_same_way(wechat: WeChat, client: AccountClient) -> None:
    with pytest.raises(WeChatRefused) as caught:
        client.user.get("someone")

    assert caught.value.errcode == 48001


def test_a_refused_secret_is_told_as_no_token(wechat: WeChat, clock: FixedClock) -> None:
    transport = Transport(wechat.url)
    client = AccountClient(
        wechat.config.appid,
        "wrong-secret",
        store=MemoryTokenStore(),
        clock=clock,
        transport=transport,
    )

    with pytest.raises(TokenUnavailable) as caught:
        client.wxa.send_subscribe_message("o", "t", {})

    assert caught.value.errcode == 40125
    transport.close()


def test_a_slow_token_endpoint_is_not_waited_for(wechat: WeChat, clock: FixedClock) -> None:
    wechat.fault(TOKEN, delay_ms=1500)
    transport = Transport(wechat.url, read_seconds=0.2)
    client = AccountClient(
        wechat.config.appid,
        wechat.config.secret,
        store=MemoryTokenStore(),
        clock=clock,
        transport=transport,
    )

    with pytest.raises(TokenUnavailable, match="NoAnswer: TimeoutError"):
        client.wxa.send_subscribe_message("o", "t", {})
    transport.close()


def test_a_lost_connection_is_no_answer(wechat: WeChat, client: AccountClient) -> None:
    wechat.fault(LOGIN, drop="after")

    with pytest.raises(NoAnswer):
        client.wxa.code_to_session("code")


def test_only_wechat_itself_is_called(client: AccountClient) -> None:
    with pytest.raises(ValueError, match=r"api\.weixin\.qq\.com"):
        client.get("https://example.org/")
