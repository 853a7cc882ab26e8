"""The sandbox over HTTP, as its people use it."""

from dataclasses import dataclass
from typing import Any

import requests

from backend.sandbox.config import SandboxConfig
from tests.sandbox.running import BOOKING

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
