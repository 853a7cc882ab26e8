"""Our client in front of the real sandbox, over HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from backend.kernel.clock import CITY, FixedClock
from backend.sandbox.config import SandboxConfig
from backend.wechat.client import AccountClient
from backend.wechat.tokens import MemoryTokenStore, TokenStore
from backend.wechat.transport import Transport
from tests.sandbox.running import BOOKING, config_in, running

SEND = "/cgi-bin/message/subscribe/send"
TOKEN = "/cgi-bin/stable_token"
LOGIN = "/sns/jscode2session"


@dataclass(frozen=True)
class WeChat:
    """The sandbox as its people use it."""

    url: str
    config: SandboxConfig

    def ask(self, method: str, path: str, /, **body: Any) -> dict[str, Any]:
        response = requests.request(
            method, f"{self.url}/sandbox/api/{path}", json=body or None, timeout=5
        )
        assert response.ok, response.text
        result: dict[str, Any] = response.json() if response.content else {}
        return result

    def fault(self, path: str, **fault: Any) -> None:
        self.ask("POST", "faults", path=path, **fault)

    def calls(self) -> list[str]:
        return [call["path"] for call in self.ask("GET", "calls")["items"]]

    def crowd(self, count: int = 1, balance: int = 1) -> list[str]:
        body = {"count": count, "template_id": BOOKING.id, "balance": balance}
        return [item["openid"] for item in self.ask("POST", "crowd", **body)["items"]]

    def arrived(self) -> int:
        return int(self.ask("GET", "messages?phone=all")["total"])


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
