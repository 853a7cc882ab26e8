"""The night asks about every account, the minute about new ones, and who followers are."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.models import Capability, Follower, WeChatAccount
from backend.accounts.rules import Keys
from backend.deps import Deps, build
from backend.jobs import accounts
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.privacy import Vault
from backend.sandbox.config import Account
from tests.accounts.accounts import KEYS, add, whole
from tests.conftest import make_settings, texts
from tests.sandbox.running import config_in, running
from tests.wechat.sandboxed import WeChat

Sessions = sessionmaker[Session]
SERVICE = "wxservice00000001"
NIGHT = datetime(2026, 11, 23, 5, 10, tzinfo=CITY)


@pytest.fixture
def wechat(tmp_path: Path, clock: FixedClock) -> Iterator[WeChat]:
    config = config_in(tmp_path, accounts=(Account(SERVICE, "service"),), open_platform=True)
    with running(config, clock) as url:
        yield WeChat(url, config)


@pytest.fixture
def parts(wechat: WeChat, clock: FixedClock, sessions: Sessions) -> Iterator[Deps]:
    settings = make_settings(
        "unused",
        wechat_api_base=wechat.url,
        wechat_appid=wechat.config.appid,
        wechat_secret=wechat.config.secret,
    )
    made = build(settings, clock=clock, sessions=sessions, texts=texts())
    made.ensure_accounts()
    keys = Keys(wechat.config.secret, KEYS.push_token, KEYS.aes_key)
    add(sessions, clock, made.vault, whole(SERVICE, keys=keys))
    yield made
    made.clients.close()


def row_of(sessions: Sessions, appid: str = SERVICE) -> WeChatAccount:
    with sessions() as session:
        return session.get_one(WeChatAccount, appid)


def ask_new(parts: Deps) -> None:
    accounts.ask_new_accounts(parts.sessions, parts.clock, parts.account_client)


def test_new_accounts_are_asked_about_once(parts: Deps, sessions: Sessions, wechat: WeChat) -> None:
    ask_new(parts)
    row = row_of(sessions)
    assert all(row.can(capability) for capability in Capability)
    assert row_of(sessions, wechat.config.appid).asked_errcode == 0
    calls = len(wechat.calls())
    ask_new(parts)
    assert len(wechat.calls()) == calls


def test_the_night_asks_again_once_and_seals_anew(
    parts: Deps, sessions: Sessions, wechat: WeChat, clock: FixedClock
) -> None:
    ask_new(parts)
    wechat.fault("/cgi-bin/draft/count", errcode=48001)
    rotated = Vault({"k2": b"n" * 32, "k1": b"f" * 32}, b"l" * 32)
    for _ in range(2):
        accounts.ask_accounts(sessions, clock, rotated, parts.account_client, NIGHT)

    row = row_of(sessions)
    assert (row.can_publish, row.can_menu) == (False, True)
    assert str(row.secret_sealed).startswith("k2:")
    assert wechat.calls().count("/cgi-bin/draft/count") == 2


def test_a_wechat_that_is_away_leaves_everything_as_it_was(
    parts: Deps, sessions: Sessions, wechat: WeChat
) -> None:
    wechat.fault("/cgi-bin/stable_token", drop="after")
    ask_new(parts)
    assert row_of(sessions).asked_at is None


def test_followers_are_identified_and_one_without_an_answer_waits(
    parts: Deps, sessions: Sessions, wechat: WeChat, clock: FixedClock
) -> None:
    ask_new(parts)
    wechat.ask("POST", "follow", phone=1, appid=SERVICE, follow=True)
    openid = wechat.ask("GET", f"chat?phone=1&appid={SERVICE}")["openid"]
    with sessions.begin() as session:
        session.add(Follower(appid=SERVICE, openid=openid, followed_at=clock.now()))

    def identify() -> str | None:
        accounts.identify_followers(sessions, clock, parts.account_client)
        with sessions() as session:
            return session.get_one(Follower, (SERVICE, openid)).unionid

    wechat.fault("/cgi-bin/user/info", errcode=-1, times=1)
    assert identify() is None
    assert str(identify()).startswith("u")
    calls = len(wechat.calls())
    identify()
    assert len(wechat.calls()) == calls


def test_followers_of_an_account_without_an_answer_hold_up_nobody_elses(
    parts: Deps, sessions: Sessions, wechat: WeChat, clock: FixedClock
) -> None:
    """A town whose secret was changed at WeChat, and who followed it before all the others."""
    broken = "wxservice00000002"
    add(sessions, clock, parts.vault, whole(broken))
    with sessions.begin() as session:
        session.get_one(WeChatAccount, broken).can_users = True
        before = clock.now() - timedelta(days=1)
        session.add_all(
            Follower(appid=broken, openid=f"o{n:027d}", followed_at=before)
            for n in range(accounts.IDENTIFY_AT_ONCE)
        )
    ask_new(parts)
    wechat.ask("POST", "follow", phone=1, appid=SERVICE, follow=True)
    openid = wechat.ask("GET", f"chat?phone=1&appid={SERVICE}")["openid"]
    with sessions.begin() as session:
        session.add(Follower(appid=SERVICE, openid=openid, followed_at=clock.now()))
    calls = len(wechat.calls())

    accounts.identify_followers(sessions, clock, parts.account_client)

    with sessions() as session:
        assert str(session.get_one(Follower, (SERVICE, openid)).unionid).startswith("u")
    asked = wechat.calls()[calls:]
    assert asked.count("/cgi-bin/stable_token") == 1, "one question, not one for each follower"
