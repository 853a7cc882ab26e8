"""What a sandbox is told at its start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from backend.sandbox.templates import Template

DEMO_PHONES = ("妈妈手机", "爸爸手机", "奶奶手机", "邻居手机")
# cgi-bin/token 2000 a day, stable_token 10 000 a minute, forced 20 a day, login and phone codes
# 100 a minute and person, subscribe/send 10 million a day, msg_sec_check 4,000 a minute: WeChat's
# own numbers of 2026-11. A path as a name stands for the daily number in `rights.RIGHTS`.
LIMITS = {
    "token_per_day": 2000,
    "stable_token_per_minute": 10_000,
    "forced_token_per_day": 20,
    "codes_per_minute": 100,
    "sends_per_day": 10_000_000,
    "text_checks_per_minute": 4000,
    "codes_per_minute_of_account": 5000,
    "mass_sends_per_minute": 60,
    "mass_received_per_month": 4,
    "openids_a_page": 10_000,
}

Kind = Literal["mini", "service", "subscription"]


class SandboxRefused(Exception):
    """The sandbox does not start here; the text says why."""


@dataclass(frozen=True)
class Account:
    """A WeChat account. `kind`: a mini-program, a 服务号, or a 订阅号 (now called 公众号).

    `templates`: what it has chosen, by id. `once` and `long` are notices that a person agrees
    to, `message` is the 模板消息 of a 服务号.
    """

    appid: str
    kind: Kind
    name: str = ""
    certified: bool = True
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    aes_key: str = field(default="", repr=False)
    templates: Mapping[str, Template] = field(default_factory=dict)

    @property
    def public(self) -> bool:
        return self.kind != "mini"


@dataclass(frozen=True)
class SandboxConfig:
    """`webhook_url` may hold `{appid}`. An empty `pages` lets every well-formed page pass.

    The accounts are the mini-program `appid`, a 服务号 `public_appid`, and `accounts`; one of
    these may be `public_appid` itself. What an account does not say, it has from here.

    `callers`: the addresses that may use a token; any other is 61004. `job_seconds`: how long
    publishing and mass sending take; None: until /sandbox/api/jobs is told to finish them.

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
    accounts: tuple[Account, ...] = ()
    demo_phones: tuple[str, ...] = DEMO_PHONES
    ip_whitelist: tuple[str, ...] | None = None
    callers: tuple[str, ...] | None = None
    pages: tuple[str, ...] = ()
    open_platform: bool = False
    push_format: Literal["xml", "json"] = "xml"
    push_retry_seconds: float = 5.0
    push_timeout_seconds: float = 5.0
    push_sent_events: bool = True
    job_seconds: float | None = 1.0
    limits: Mapping[str, int] = field(default_factory=lambda: dict(LIMITS))

    @cached_property
    def by_appid(self) -> Mapping[str, Account]:
        known = {self.appid: Account(self.appid, "mini", "小程序", templates=self.templates)}
        if self.public_appid:
            known[self.public_appid] = Account(self.public_appid, "service", "公众号")
        known |= {account.appid: account for account in self.accounts}
        return {appid: self._complete(account) for appid, account in known.items()}

    def account(self, appid: str) -> Account | None:
        return self.by_appid.get(appid)

    def public_accounts(self) -> tuple[Account, ...]:
        return tuple(account for account in self.by_appid.values() if account.public)

    def _complete(self, account: Account) -> Account:
        return replace(
            account,
            name=account.name or account.appid,
            secret=account.secret or self.secret,
            token=account.token or self.token,
            aes_key=account.aes_key or self.aes_key,
        )


def refuse_production(environ: Mapping[str, str] | None = None) -> None:
    """Raises SandboxRefused where real families are served."""
    mode = (os.environ if environ is None else environ).get("BACKEND_MODE", "")
    if mode == "production":
        raise SandboxRefused("the WeChat sandbox does not start with BACKEND_MODE=production")
