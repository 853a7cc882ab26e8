"""What is asked of WeChat about our accounts. No transaction meanwhile."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import templates
from backend.accounts.asking import keep_findings
from backend.accounts.keeping import reseal
from backend.accounts.models import AccountKind, WeChatAccount
from backend.accounts.queries import accounts_of
from backend.accounts.rules import AccountUnknown
from backend.jobs.models import TaskRun
from backend.jobs.tasks import first_run
from backend.kernel.clock import Clock
from backend.kernel.privacy import Unreadable, Vault

if TYPE_CHECKING:
    from backend.wechat.client import AccountClient

TASK = "ask_accounts"

log = structlog.get_logger()

Clients = Callable[[str], "AccountClient"]


def ask_accounts(
    sessions: sessionmaker[Session], clock: Clock, vault: Vault, clients: Clients, nominal: datetime
) -> None:
    """Ask again what each account may do, and seal with today's key what older ones sealed.

    The row of the run comes last: a run that was killed asks again, which harms nobody.
    """
    with sessions() as session:
        if session.get(TaskRun, (TASK, nominal)) is not None:
            return
        accounts = accounts_of(session, None)
    asked = _ask_each(sessions, clock, clients, accounts)
    with sessions.begin() as session:
        resealed = reseal(session, vault)
        first_run(session, clock, TASK, nominal)
    log.info("accounts_asked", accounts=len(accounts), asked=asked, resealed=resealed)


def ask_new_accounts(sessions: sessionmaker[Session], clock: Clock, clients: Clients) -> None:
    """Ask about accounts, and secrets, that are new since the last time."""
    with sessions() as session:
        new = [row for row in accounts_of(session, None) if row.asked_at is None]
    if new:
        asked = _ask_each(sessions, clock, clients, new)
        log.info("new_accounts_asked", accounts=len(new), asked=asked)


def _ask_each(
    sessions: sessionmaker[Session],
    clock: Clock,
    clients: Clients,
    accounts: Sequence[WeChatAccount],
) -> int:
    from backend.wechat.capabilities import ask

    asked = 0
    for row in accounts:
        client = client_of(clients, row.appid)
        findings = None if client is None else ask(client, row.kind)
        if findings is not None:
            with sessions.begin() as session:
                keep_findings(session, clock, row.appid, findings, version=row.secret_version)
            asked += 1
        if client is not None:
            check_templates(sessions, clock, client, row.kind)
    return asked


def check_templates(
    sessions: sessionmaker[Session], clock: Clock, client: "AccountClient", kind: AccountKind
) -> None:
    """Ask whether the account still has the templates that we send as they were written down.

    What gets no answer, or no right to an answer, is asked the next night: a template is paused
    only when WeChat has shown its list without it.
    """
    from backend.wechat.chosen import NO_ANSWER, chosen

    with sessions() as session:
        if not templates.live_rows(session, client.appid):
            return
    try:
        there = chosen(client, kind)
    except NO_ANSWER as error:
        log.info("templates_not_checked", account=client.appid, reason=type(error).__name__)
        return
    with sessions.begin() as session:
        templates.keep_check(session, clock, client.appid, there.templates, there.kinds)


def client_of(clients: Clients, appid: str) -> "AccountClient | None":
    """None for an account that was retired a moment ago, or whose field key is gone."""
    try:
        return clients(appid)
    except (AccountUnknown, Unreadable) as error:
        log.warning("account_without_client", account=appid, reason=type(error).__name__)
        return None
