"""Our client for public accounts in front of a sandbox that has several of them."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from backend.kernel.clock import Clock
from backend.sandbox.config import LIMITS, SandboxConfig
from backend.wechat.client import AccountClient, WeChatRefused
from backend.wechat.official import OfficialAccount
from backend.wechat.official_answers import Article
from backend.wechat.tokens import MemoryTokenStore
from backend.wechat.transport import Transport
from tests.sandbox.running import BARE, CITY, NEWSPAPER, TOWN, config_in, running
from tests.wechat.sandboxed import WeChat


@dataclass
class Accounts:
    """The accounts of a city, as our client and as its followers have them."""

    wechat: WeChat
    clock: Clock
    transport: Transport
    _known: dict[str, OfficialAccount] = field(default_factory=dict)

    def client(self, appid: str) -> AccountClient:
        account = self.wechat.config.account(appid)
        assert account is not None
        return AccountClient(
            appid,
            account.secret,
            store=MemoryTokenStore(),
            clock=self.clock,
            transport=self.transport,
        )

    def official(self, appid: str = CITY.appid) -> OfficialAccount:
        if appid not in self._known:
            self._known[appid] = OfficialAccount(self.client(appid))
        return self._known[appid]

    def ask(self, path: str, /, **body: Any) -> dict[str, Any]:
        return self.wechat.ask("POST", path, **body)

    def chat(self, phone: int = 1, appid: str = CITY.appid) -> dict[str, Any]:
        return self.wechat.ask("GET", f"chat?phone={phone}&appid={appid}")

    def openid(self, phone: int = 1, appid: str = CITY.appid, *, follow: bool = True) -> str:
        """Of a phone, which follows the account from now on."""
        if follow:
            self.ask("follow", phone=phone, appid=appid, follow=True)
        return str(self.chat(phone, appid)["openid"])

    def pushes(self, event: str) -> list[dict[str, Any]]:
        items = self.wechat.ask("GET", "pushes")["items"]
        return [push for push in items if push["event"] == event]


@contextmanager
def city(
    folder: Path, clock: Clock, limits: Mapping[str, int] | None = None, **changes: Any
) -> Iterator[Accounts]:
    """`limits`: those that differ from WeChat's. Publishing and mass sending wait for `jobs`."""
    given: dict[str, Any] = {
        "accounts": (CITY, TOWN, BARE, NEWSPAPER),
        "push_sent_events": False,
        "job_seconds": None,
        "limits": {**LIMITS, **(limits or {})},
    }
    config: SandboxConfig = config_in(folder, **(given | changes))
    with running(config, clock) as url:
        transport = Transport(url, connect_seconds=2, read_seconds=5)
        try:
            yield Accounts(WeChat(url, config), clock, transport)
        finally:
            transport.close()


def refusal(call: Callable[[], Any]) -> int:
    """WeChat's code for a call that it refuses."""
    with pytest.raises(WeChatRefused) as caught:
        call()
    return int(caught.value.errcode)


def told(
    call: Callable[..., Any], good: Mapping[str, Any], wrong: Sequence[tuple[dict[str, Any], int]]
) -> list[int]:
    """WeChat's codes for a good call with one thing wrong after the other."""
    return [refusal(partial(call, **{**good, **changes})) for changes, _ in wrong]


def picture(form: str = "JPEG", size: tuple[int, int] = (20, 20)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 100, 50)).save(out, form)
    return out.getvalue()


def article(cover: str, /, **changes: Any) -> Article:
    values = {"title": "春季活动", "content": "<p>周六上午九点，亲子阅读。</p>", "cover": cover}
    return Article(**(values | changes))
