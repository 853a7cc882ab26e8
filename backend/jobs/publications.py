"""The wake-up that brings publications of 公众号 one step further."""

from sqlalchemy.orm import Session, sessionmaker

from backend.guides.library import Library
from backend.jobs.accounts import Clients, client_of
from backend.kernel.clock import Clock
from backend.outreach.running import Publisher, Running, run

MOST_ROUNDS = 5  # queued, prepared, sent: three steps in one wake-up


def run_publications(
    sessions: sessionmaker[Session],
    clock: Clock,
    library: Library,
    site: str,
    clients: Clients,
) -> None:
    """Each round takes what is due; what has to wait for WeChat is due again later."""

    def publisher(appid: str) -> Publisher | None:
        from backend.wechat.publishing import WeChatPublisher

        client = client_of(clients, appid)
        return None if client is None else WeChatPublisher(client)

    parts = Running(sessions, clock, library, site, publisher)
    for _ in range(MOST_ROUNDS):
        if not run(parts):
            return
