"""The night asks about every account, the minute about new ones."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.models import Capability, WeChatAccount
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
