"""The wake-up that brings publications of 公众号 one step further."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.rules import AccountUnknown
from backend.guides.library import Library
from backend.kernel.clock import Clock
from backend.kernel.privacy import Unreadable
from backend.outreach.running import Publisher, Running, run

if TYPE_CHECKING:
    from backend.wechat.client import AccountClient

MOST_ROUNDS = 5  # queued, prepared, sent: three steps in one wake-up

log = structlog.get_logger()


def run_publications(
    sessions: sessionmaker[Session],
    clock: Clock,
    library: Library,
    site: str,
    clients: Callable[[str], "AccountClient"],
) -> None:
    """Each round takes what is due; what has to wait for WeChat is due again later."""

    def publisher(appid: str) -> Publisher | None:
        from backend.wechat.publishing import WeChatPublisher

        try:
            return WeChatPublisher(clients(appid))
        except (AccountUnknown, Unreadable) as error:
            log.warning("account_without_client", account=appid, reason=type(error).__name__)
            return None

    parts = Running(sessions, clock, library, site, publisher)
    for _ in range(MOST_ROUNDS):
        if not run(parts):
            return
