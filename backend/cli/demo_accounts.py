"""The 公众号 of the demonstration: the city's 服务号, those of two towns, a town's 订阅号.

The WeChat sandbox knows the same ones, all with the settings' keys, and the same templates. What
they may do, the worker asks it in the first minute.
"""

from sqlalchemy.orm import Session

from backend.accounts import templates
from backend.accounts.from_settings import PUBLIC_NAME, accounts_in
from backend.accounts.keeping import AccountEntry, WholeAccount, add_account, change_account
from backend.accounts.models import AccountKind
from backend.accounts.queries import account
from backend.accounts.rules import Keys
from backend.accounts.service import bootstrap
from backend.cli.sandbox import CITY_NAME, PAPER, TOWNS, public_template_id
from backend.deps import Deps
from backend.outbox.forms import Form

ACTOR = "system"
TOWN_CODES = dict(zip(TOWNS, ("320281103", "320281107"), strict=True))  # 青阳镇, 华士镇
PAPER_TOWN = "320281108"  # 周庄镇


def add_accounts(session: Session, parts: Deps) -> None:
    """Add those that are missing. One that somebody retired in the demonstration stays so."""
    settings = parts.settings
    if settings.sandbox_url is None:
        return
    bootstrap(session, parts.clock, parts.vault, accounts_in(settings))
    city = settings.wechat_public_appid and account(session, settings.wechat_public_appid)
    if city and city.name == PUBLIC_NAME:
        entry = AccountEntry(AccountKind.SERVICE, None, CITY_NAME, certified=True)
        change_account(session, parts.clock, city, entry, actor=ACTOR)
    for appid, entry in _entries().items():
        if account(session, appid) is None:
            new = WholeAccount(appid, entry, _keys(parts))
            add_account(session, parts.clock, parts.vault, new, actor=ACTOR)
    for served in (settings.wechat_public_appid, *TOWNS):
        if served is not None:
            templates.bootstrap(session, parts.clock, served, _forms(parts, served))


def _forms(parts: Deps, appid: str) -> dict[str, Form]:
    """Of a 服务号, as the sandbox has chosen them for it."""
    ids = {name: public_template_id(appid, "message", name) for name in parts.templates}
    return parts.templates.forms("message", ids)


def _entries() -> dict[str, AccountEntry]:
    towns = {
        appid: AccountEntry(AccountKind.SERVICE, TOWN_CODES[appid], name, certified=True)
        for appid, name in TOWNS.items()
    }
    paper = AccountEntry(AccountKind.SUBSCRIPTION, PAPER_TOWN, PAPER.name, PAPER.certified)
    return towns | {PAPER.appid: paper}


def _keys(parts: Deps) -> Keys:
    settings = parts.settings
    return Keys(
        settings.wechat_secret.get_secret_value(),
        settings.wechat_token.get_secret_value(),
        settings.wechat_aes_key.get_secret_value(),
    )
