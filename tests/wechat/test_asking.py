"""Asking the strict sandbox what accounts may do, who follows, and for a code to scan."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from backend.accounts.followers import Told
from backend.accounts.models import AccountKind, Capability, LinkCode
from backend.accounts.rules import Findings
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Unavailable
from backend.sandbox.config import Account
from backend.wechat.capabilities import QUESTIONS, ask
from backend.wechat.client import AccountClient
from backend.wechat.followers import AskLater, qr_address, who_are
from backend.wechat.tokens import MemoryTokenStore
from backend.wechat.transport import Transport
from tests.sandbox.running import config_in, running
from tests.wechat.sandboxed import WeChat

SERVICE, BARE, PAPER = "wxservice00000001", "wxbareservice0001", "wxpaper0000000001"


@pytest.fixture
def wechat(tmp_path: Path, clock: FixedClock) -> Iterator[WeChat]:
    accounts = (
        Account(SERVICE, "service"),
        Account(BARE, "service", certified=False),
        Account(PAPER, "subscription"),
    )
    config = config_in(tmp_path, push_sent_events=False, accounts=accounts, open_platform=True)
    with running(config, clock) as url:
        yield WeChat(url, config)


@pytest.fixture
def transport(wechat: WeChat) -> Iterator[Transport]:
    made = Transport(wechat.url, connect_seconds=2, read_seconds=2)
    yield made
    made.close()


def client_of(
    wechat: WeChat, transport: Transport, clock: FixedClock, appid: str, **changes: str
) -> AccountClient:
    secret = changes.get("secret", wechat.config.secret)
    return AccountClient(appid, secret, store=MemoryTokenStore(), clock=clock, transport=transport)


def test_wechat_says_of_each_account_what_it_may(
    wechat: WeChat, transport: Transport, clock: FixedClock
) -> None:
    def able(appid: str, kind: AccountKind = AccountKind.SERVICE) -> set[Capability]:
        found = ask(client_of(wechat, transport, clock, appid), kind)
        assert found is not None
        assert found.keys == 0
        assert set(found.answers) == set(QUESTIONS) == set(Capability)
        assert set(found.answers.values()) <= {0, 40003, 48001}
        return {one for one, code in found.answers.items() if code != 48001}

    assert able(SERVICE) == set(Capability)
    assert able(BARE) == {Capability.MENU}
    assert able(PAPER, AccountKind.SUBSCRIPTION) == {
        Capability.MASS,
        Capability.PUBLISH,
        Capability.MENU,
        Capability.USERS,
    }
    assert "/cgi-bin/message/template/send" not in wechat.calls(), "nothing was sent"


def test_the_mini_program_is_asked_for_its_keys_alone(
    wechat: WeChat, transport: Transport, clock: FixedClock
) -> None:
    client = client_of(wechat, transport, clock, wechat.config.appid)

    assert ask(client, AccountKind.MINI) == Findings(0)


def test_a_wrong_secret_and_a_wrong_appid_are_told_apart(
    wechat: WeChat, transport: Transport, clock: FixedClock
) -> None:
    wrong = client_of(wechat, transport, clock, SERVICE, secret="wrong")
    unknown = client_of(wechat, transport, clock, "wxunknown00000001")

    assert ask(wrong, AccountKind.SERVICE) == Findings(40125)
    assert ask(unknown, AccountKind.SERVICE) == Findings(40013)


def test_a_secret_that_was_reset_is_noticed_while_the_old_token_lives(
    wechat: WeChat, transport: Transport, clock: FixedClock
) -> None:
    store = MemoryTokenStore()
    store.put(SERVICE, "the-old-token", clock.now() + timedelta(hours=1))
    client = AccountClient(SERVICE, "wrong", store=store, clock=clock, transport=transport)

    assert ask(client, AccountKind.SERVICE) == Findings(40125)


def test_the_address_that_wechat_does_not_let_in_is_named(
    tmp_path: Path, clock: FixedClock
) -> None:
    config = config_in(tmp_path, ip_whitelist=("203.0.113.9",))
    with running(config, clock) as url:
        transport = Transport(url)
        client = client_of(WeChat(url, config), transport, clock, config.public_appid)
        assert ask(client, AccountKind.SERVICE) == Findings(40164, "127.0.0.1")
        transport.close()


def test_a_wechat_that_does_not_answer_says_nothing(
    wechat: WeChat, transport: Transport, clock: FixedClock
) -> None:
    client = client_of(wechat, transport, clock, SERVICE)
    wechat.fault("/cgi-bin/draft/count", drop="after")
    found = ask(client, AccountKind.SERVICE)
    assert found is not None
    assert set(found.answers) == {Capability.TEMPLATE, Capability.NOTIFY, Capability.MASS}

    wechat.fault("/cgi-bin/stable_token", drop="after")
    assert ask(client, AccountKind.SERVICE) is None


def test_wechat_tells_who_follows(wechat: WeChat, transport: Transport, clock: FixedClock) -> None:
    client = client_of(wechat, transport, clock, SERVICE)
    wechat.ask("POST", "follow", phone=1, appid=SERVICE, follow=True)
    openid = wechat.ask("GET", f"chat?phone=1&appid={SERVICE}")["openid"]

    told = who_are(client, [openid])[openid]
    assert isinstance(told, Told)
    assert told.follows
    assert str(told.unionid).startswith("u")
    nobody = "o" * 28
    assert who_are(client, [openid, nobody]) == {openid: told, nobody: None}
    wechat.fault("/cgi-bin/user/info/batchget", errcode=45009)
    with pytest.raises(AskLater) as later:
        who_are(client, [openid])
    assert later.value.errcode == 45009


def test_a_code_to_scan_lives_as_long_as_ours(
    wechat: WeChat, transport: Transport, clock: FixedClock
) -> None:
    client = client_of(wechat, transport, clock, SERVICE)
    code = LinkCode(expires_at=clock.now() + timedelta(minutes=10))

    address = qr_address(client, clock, code, "L.scene")

    (ticket,) = wechat.ask("GET", f"tickets?appid={SERVICE}")["items"]
    assert (ticket["url"], ticket["scene"]) == (address, "L.scene")
    clock.advance(timedelta(minutes=10))
    assert wechat.ask("GET", f"tickets?appid={SERVICE}")["items"] == []
    with pytest.raises(Unavailable):
        qr_address(client_of(wechat, transport, clock, PAPER), clock, code, "L.scene")
