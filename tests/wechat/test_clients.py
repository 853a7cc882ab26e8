"""One client for each account in a process, each with its own token."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import keeping
from backend.accounts.keeping import NewKeys
from backend.accounts.models import WeChatAccount
from backend.accounts.rules import AccountUnknown, Keys
from backend.deps import Deps, build
from backend.kernel.clock import FixedClock
from backend.wechat.client import WeChatRefused
from tests.accounts.accounts import KEYS, add, whole
from tests.conftest import make_settings, texts
from tests.sandbox.running import BOOKING
from tests.wechat.sandboxed import SEND, TOKEN, WeChat

Make = Callable[[sessionmaker[Session]], Deps]


@pytest.fixture
def make_parts(wechat: WeChat, clock: FixedClock) -> Iterator[Make]:
    made: list[Deps] = []

    def make(sessions: sessionmaker[Session]) -> Deps:
        settings = make_settings(
            "unused",
            wechat_api_base=wechat.url,
            wechat_appid=wechat.config.appid,
            wechat_secret=wechat.config.secret,
        )
        made.append(build(settings, clock=clock, sessions=sessions, texts=texts()))
        return made[-1]

    yield make
    for parts in made:
        parts.clients.close()


def public_of(parts: Deps, wechat: WeChat, *, secret: str | None = None) -> str:
    keys = Keys(secret or wechat.config.secret, KEYS.push_token, KEYS.aes_key)
    return add(
        parts.sessions, parts.clock, parts.vault, whole(wechat.config.public_appid, keys=keys)
    )


def test_twenty_cold_threads_fetch_one_token_an_account(
    committed: sessionmaker[Session], make_parts: Make, wechat: WeChat
) -> None:
    parts = make_parts(committed)
    appids = [public_of(parts, wechat), wechat.config.appid]

    with ThreadPoolExecutor(20) as threads:
        clients = list(threads.map(lambda turn: parts.account_client(appids[turn % 2]), range(20)))
        tokens = set(threads.map(lambda client: client.access_token, clients))

    assert len({id(client) for client in clients}) == 2
    assert len(tokens) == 2
    assert wechat.calls() == [TOKEN, TOKEN]


def test_a_token_that_is_always_refused_costs_three_requests_for_each_account(
    sessions: sessionmaker[Session], make_parts: Make, wechat: WeChat
) -> None:
    parts = make_parts(sessions)
    for appid in (wechat.config.appid, public_of(parts, wechat)):
        client = parts.account_client(appid)
        assert client.access_token
        before = len(wechat.calls())
        wechat.fault(SEND, errcode=40001)

        with pytest.raises(WeChatRefused) as caught:
            client.wxa.send_subscribe_message("o", BOOKING.id, {})

        assert caught.value.errcode == 40001
        assert wechat.calls()[before:] == [SEND, TOKEN, SEND]
        wechat.ask("DELETE", "faults")


def test_a_changed_secret_makes_a_new_client_and_a_changed_name_does_not(
    sessions: sessionmaker[Session], make_parts: Make, wechat: WeChat
) -> None:
    parts = make_parts(sessions)
    appid = public_of(parts, wechat, secret="the-wrong-secret")
    first = parts.account_client(appid)
    with sessions.begin() as session:
        row = session.get_one(WeChatAccount, appid)
        row.name = "another name"
    assert parts.account_client(appid) is first

    with sessions.begin() as session:
        row = session.get_one(WeChatAccount, appid)
        new = NewKeys(secret=wechat.config.secret)
        keeping.change_keys(session, parts.clock, parts.vault, row, new, actor="staff:1")

    second = parts.account_client(appid)
    assert second is not first
    assert second.access_token


def test_nobody_speaks_for_an_account_that_is_retired_or_unknown(
    sessions: sessionmaker[Session], make_parts: Make, wechat: WeChat
) -> None:
    parts = make_parts(sessions)
    appid = public_of(parts, wechat)
    parts.account_client(appid)
    with sessions.begin() as session:
        row = session.get_one(WeChatAccount, appid)
        keeping.retire(session, parts.clock, row, actor="staff:1")

    for gone in (appid, "wxnobody000000001"):
        with pytest.raises(AccountUnknown):
            parts.account_client(gone)


def test_the_mini_program_is_served_by_the_settings_alone(
    sessions: sessionmaker[Session], make_parts: Make, wechat: WeChat
) -> None:
    parts = make_parts(sessions)
    client = parts.account_client(wechat.config.appid)

    assert client is parts.account_client(wechat.config.appid)
    with sessions() as session:
        assert session.get(WeChatAccount, wechat.config.appid) is None
    assert parts.live_account(wechat.config.appid).kind.value == "mini"
