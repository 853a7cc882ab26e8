"""Our client in front of the real sandbox, over HTTP."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from backend.kernel.clock import CITY, FixedClock
from backend.wechat.client import AccountClient
from backend.wechat.official import OfficialAccount
from backend.wechat.tokens import MemoryTokenStore, TokenStore
from backend.wechat.transport import Transport
from tests.sandbox.running import config_in, running
from tests.wechat.accounts import Accounts, city
from tests.wechat.sandboxed import WeChat


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 23, 10, tzinfo=CITY))


@pytest.fixture
def wechat(tmp_path: Path, clock: FixedClock) -> Iterator[WeChat]:
    config = config_in(tmp_path, push_sent_events=False)
    with running(config, clock) as url:
        yield WeChat(url, config)


@pytest.fixture
def make_client(
    wechat: WeChat, clock: FixedClock
) -> Iterator[Callable[[TokenStore | None], AccountClient]]:
    transports: list[Transport] = []

    def make(store: TokenStore | None = None) -> AccountClient:
        transport = Transport(wechat.url, connect_seconds=2, read_seconds=2)
        transports.append(transport)
        return AccountClient(
            wechat.config.appid,
            wechat.config.secret,
            store=store or MemoryTokenStore(),
            clock=clock,
            transport=transport,
        )

    yield make
    for transport in transports:
        transport.close()


@pytest.fixture
def client(make_client: Callable[[TokenStore | None], AccountClient]) -> AccountClient:
    return make_client(None)


@pytest.fixture
def accounts(tmp_path: Path, clock: FixedClock) -> Iterator[Accounts]:
    with city(tmp_path, clock) as accounts:
        yield accounts


@pytest.fixture
def official(accounts: Accounts) -> OfficialAccount:
    return accounts.official()
