"""What a sandbox is told at its start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from backend.sandbox.templates import Template

DEMO_PHONES = ("妈妈手机", "爸爸手机", "奶奶手机", "邻居手机")
# cgi-bin/token 2000 a day, stable_token 10 000 a minute, forced 20 a day, login and phone codes
# 100 a minute and person, subscribe/send 10 million a day, msg_sec_check 4,000 a minute: WeChat's
# own numbers of 2026-11.
LIMITS = {
    "token_per_day": 2000,
    "stable_token_per_minute": 10_000,
    "forced_token_per_day": 20,
    "codes_per_minute": 100,
    "sends_per_day": 10_000_000,
    "text_checks_per_minute": 4000,
}


class SandboxRefused(Exception):
    """The sandbox does not start here; the text says why."""


@dataclass(frozen=True)
class Account:
    """A WeChat account. `kind`: a mini-program, or a public account (公众号/服务号)."""

    appid: str
    kind: Literal["mini", "public"]


@dataclass(frozen=True)
class SandboxConfig:
    """`webhook_url` may hold `{appid}`. An empty `pages` lets every well-formed page pass.

    `push_retry_seconds`: the wait between two deliveries of one push; `push_timeout_seconds`:
    how long the webhook may take. WeChat's are 5 and 5, with three retries.
    """

    port: int
    var_dir: Path
    appid: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    webhook_url: str
    templates: Mapping[str, Template]
    public_appid: str = "wxsandboxpublic00"
    demo_phones: tuple[str, ...] = DEMO_PHONES
    ip_whitelist: tuple[str, ...] | None = None
    pages: tuple[str, ...] = ()
    open_platform: bool = False
    push_format: Literal["xml", "json"] = "xml"
    push_retry_seconds: float = 5.0
    push_timeout_seconds: float = 5.0
    push_sent_events: bool = True
    limits: Mapping[str, int] = field(default_factory=lambda: dict(LIMITS))

    def account(self, appid: str) -> Account | None:
        if appid == self.appid:
            return Account(appid, "mini")
        return Account(appid, "public") if appid == self.public_appid else None


def refuse_production(environ: Mapping[str, str] | None = None) -> None:
    """Raises SandboxRefused where real families are served."""
    mode = (os.environ if environ is None else environ).get("BACKEND_MODE", "")
    if mode == "production":
        raise SandboxRefused("the WeChat sandbox does not start with BACKEND_MODE=production")
