"""The accounts and templates that the environment's variables name, as rows of their tables."""

import threading
from collections.abc import Mapping

from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import templates
from backend.accounts.keeping import AccountEntry, WholeAccount, bootstrap
from backend.accounts.models import AccountKind
from backend.accounts.rules import Keys
from backend.config import Settings
from backend.kernel.clock import Clock
from backend.kernel.privacy import Vault
from backend.outbox.forms import Form

MINI_NAME, PUBLIC_NAME = "小程序", "公众号"  # until somebody writes their names


def accounts_in(settings: Settings) -> list[WholeAccount]:
    """The mini-program, and the 公众号 if one is named. Both are pushed to with the same keys."""
    token = settings.wechat_token.get_secret_value()
    aes_key = settings.wechat_aes_key.get_secret_value()
    mini = WholeAccount(
        settings.wechat_appid,
        AccountEntry(AccountKind.MINI, None, MINI_NAME, certified=True),
        Keys(settings.wechat_secret.get_secret_value(), token, aes_key),
    )
    appid, secret = settings.wechat_public_appid, settings.wechat_public_secret
    if appid is None or secret is None:
        return [mini]
    public = WholeAccount(
        appid,
        AccountEntry(AccountKind.SERVICE, None, PUBLIC_NAME, certified=False),
        Keys(secret.get_secret_value(), token, aes_key),
    )
    return [mini, public]


class SettingsAccounts:
    """Writes them once in a process, at the first need: a start must not need the database."""

    def __init__(self, settings: Settings, forms: Mapping[str, Form]) -> None:
        self._wanted = accounts_in(settings)
        self._mini, self._forms = settings.wechat_appid, forms
        self._written = False
        self._lock = threading.Lock()

    def __contains__(self, appid: str) -> bool:
        return any(one.appid == appid for one in self._wanted)

    def ensure(
        self, sessions: sessionmaker[Session], clock: Clock, vault: Vault, *, again: bool = False
    ) -> None:
        """`again`: although this process has done it; somebody's database was emptied."""
        if self._written and not again:
            return
        with self._lock:
            if self._written and not again:
                return
            with sessions.begin() as session:
                bootstrap(session, clock, vault, self._wanted)
                templates.bootstrap(session, clock, self._mini, self._forms)
            self._written = True
