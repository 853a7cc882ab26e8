import socket
from collections.abc import Callable, Iterator

import pytest

from backend.kernel.clock import FixedClock
from backend.outbox.messenger import (
    POLICIES,
    FailureKind,
    OutcomeUnknown,
    PermanentFailure,
    SendFailure,
    TemporaryFailure,
    kind_of,
)
from backend.sandbox.errors import ERRORS
from backend.wechat.client import AccountClient
from backend.wechat.messenger import WeChatMessenger
from backend.wechat.tokens import MemoryTokenStore
from backend.wechat.transport import Transport
from tests.sandbox.running import BOOKING, DATA
from tests.wechat.sandboxed import SEND, TOKEN, WeChat


@pytest.fixture
def messenger(client: AccountClient) -> WeChatMessenger:
    return WeChatMessenger(client)


@pytest.fixture
def make_messenger(clock: FixedClock) -> Iterator[Callable[[str, float], WeChatMessenger]]:
    transports: list[Transport] = []

    def make(url: str, read_seconds: float) -> WeChatMessenger:
        transports.append(Transport(url, connect_seconds=0.5, read_seconds=read_seconds))
        client = AccountClient(
            "wxminiprogram0001",
            "0123456789abcdef0123456789abcdef",
            store=MemoryTokenStore(),
            clock=clock,
            transport=transports[-1],
        )
        return WeChatMessenger(client)

    yield make
    for transport in transports:
        transport.close()


def failure_of(messenger: WeChatMessenger, openid: str, page: str | None = None) -> SendFailure:
    with pytest.raises(SendFailure) as caught:
        messenger.send(openid, BOOKING.id, DATA, page, 7)
    return caught.value


def test_a_message_arrives_with_its_page(wechat: WeChat, messenger: WeChatMessenger) -> None:
    (openid,) = wechat.crowd()

    messenger.send(openid, BOOKING.id, DATA, "pages/bookings/bookings?id=7", 7)

    (message,) = wechat.ask("GET", "messages?phone=all")["items"]
    assert message["page"] == "pages/bookings/bookings?id=7"
    assert [field["value"] for field in message["fields"]] == list(DATA.values())


NO_RETRY = {FailureKind.RECIPIENT, FailureKind.USER_REDO, FailureKind.CONTENT}


def test_each_code_of_the_table_is_told_by_what_can_be_done(
    wechat: WeChat, messenger: WeChatMessenger
) -> None:
    known = {code: kind for kind, policy in POLICIES.items() for code in policy.codes}
    openid = wechat.crowd()[0]
    told = {}
    for errcode in (*known, 99999):
        wechat.ask("DELETE", "faults")
        wechat.fault(SEND, errcode=errcode)
        failure = failure_of(messenger, openid)
        told[errcode] = (type(failure), failure.kind, failure.errcode)

    assert told == {
        code: (PermanentFailure if kind in NO_RETRY else TemporaryFailure, kind, code)
        for code, kind in {**known, 99999: FailureKind.CONFIG}.items()
    }


def test_nothing_left_is_refused_for_good(wechat: WeChat, messenger: WeChatMessenger) -> None:
    told = failure_of(messenger, wechat.crowd(balance=0)[0])

    assert (type(told), told.errcode) == (PermanentFailure, 43101)


def test_a_wrong_field_is_named(wechat: WeChat, messenger: WeChatMessenger) -> None:
    with pytest.raises(PermanentFailure) as caught:
        messenger.send(wechat.crowd()[0], BOOKING.id, DATA | {"thing1": "一" * 21}, None, 7)

    assert (caught.value.kind, caught.value.field) == (FailureKind.CONTENT, "thing1")


def test_a_page_that_is_not_released_is_a_matter_of_settings(
    wechat: WeChat, messenger: WeChatMessenger
) -> None:
    assert failure_of(messenger, wechat.crowd()[0], "pages/nowhere").errcode == 41030


def test_an_answer_that_never_came_is_unknown(wechat: WeChat, messenger: WeChatMessenger) -> None:
    wechat.fault(SEND, drop="after", times=1)

    told = failure_of(messenger, wechat.crowd()[0])

    assert type(told) is OutcomeUnknown
    assert wechat.arrived() == 1, "it did arrive: sending it again would double it"


def test_an_answer_that_came_too_late_is_unknown(
    wechat: WeChat, make_messenger: Callable[[str, float], WeChatMessenger]
) -> None:
    wechat.fault(SEND, delay_ms=2500, times=1)

    told = failure_of(make_messenger(wechat.url, 0.8), wechat.crowd()[0])

    assert (type(told), told.reason) == (OutcomeUnknown, "TimeoutError")
    assert wechat.arrived() == 1


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (503, TemporaryFailure),
        (429, TemporaryFailure),
        (500, OutcomeUnknown),
        (502, OutcomeUnknown),
        (504, OutcomeUnknown),
        (404, TemporaryFailure),
    ],
)
def test_an_http_status_is_temporary_only_if_the_door_was_shut(
    wechat: WeChat, messenger: WeChatMessenger, status: int, failure: type[SendFailure]
) -> None:
    wechat.fault(SEND, http_status=status)

    assert type(failure_of(messenger, wechat.crowd()[0])) is failure


def test_a_closed_port_is_temporary(
    make_messenger: Callable[[str, float], WeChatMessenger],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        told = failure_of(make_messenger(f"http://127.0.0.1:{taken.getsockname()[1]}", 1), "o")

    assert (type(told), told.kind) == (TemporaryFailure, FailureKind.TRANSIENT)


@pytest.mark.parametrize(
    "fault", [{"drop": "after"}, {"http_status": 502}, {"errcode": -1}, {"errcode": 45011}]
)
def test_without_a_token_nothing_left_this_machine(
    wechat: WeChat, messenger: WeChatMessenger, fault: dict[str, object]
) -> None:
    wechat.fault(TOKEN, **fault)

    assert type(failure_of(messenger, wechat.crowd()[0])) is TemporaryFailure


@pytest.mark.parametrize("errcode", [40013, 40125, 40164, 40243, 89503])
def test_a_token_refused_for_good_is_a_matter_of_settings(
    wechat: WeChat, messenger: WeChatMessenger, errcode: int
) -> None:
    wechat.fault(TOKEN, errcode=errcode)

    told = failure_of(messenger, wechat.crowd()[0])

    assert (type(told), told.kind) == (TemporaryFailure, FailureKind.CONFIG)
    assert told.policy.alert


def test_each_known_code_has_one_kind() -> None:
    codes = [code for policy in POLICIES.values() for code in policy.codes]

    assert len(codes) == len(set(codes))
    assert set(POLICIES) == set(FailureKind)
    assert all(kind_of(code) for code in ERRORS)
