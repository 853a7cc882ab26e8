"""Who follows our accounts, asked of WeChat: the list, and who they are.

No transaction is open meanwhile.
"""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import comparing, followers
from backend.accounts.comparing import Step
from backend.accounts.followers import Person, Told
from backend.jobs.accounts import Clients, client_of
from backend.kernel.clock import Clock

MOST_PAGES = 10  # of ten thousand; then another wake-up goes on
AT_ONCE = 100  # people whom WeChat is asked about in one call
MOST_CALLS = 20

log = structlog.get_logger()


def compare_followers(
    sessions: sessionmaker[Session], clock: Clock, clients: Clients, pages: int = MOST_PAGES
) -> None:
    """Take over pages of WeChat's list where a comparison is due or under way."""
    for _ in range(pages):
        with sessions.begin() as session:
            step = comparing.take_step(session, clock)
        if step is None:
            return
        _take_page(sessions, clock, clients, step)


def _take_page(sessions: sessionmaker[Session], clock: Clock, clients: Clients, step: Step) -> None:
    from backend.wechat.followers import AskLater, CursorGone, listed_after

    client, asked_at = client_of(clients, step.appid), clock.now()
    try:
        if client is None:
            raise AskLater(None)
        listed = listed_after(client, step.cursor)
    except AskLater as error:
        with sessions.begin() as session:
            comparing.put_off(session, clock, step, error.errcode)
    except CursorGone:
        with sessions.begin() as session:
            comparing.begin_again(session, clock, step)
    else:
        with sessions.begin() as session:
            comparing.keep_page(session, clock, step, listed, asked_at)
        log.info("followers_listed", account=step.appid, people=len(listed.openids))


def identify_followers(sessions: sessionmaker[Session], clock: Clock, clients: Clients) -> None:
    """Ask WeChat who followers are, a hundred at a time of each account in turn.

    An account without an answer waits, and one with a crowd holds up nobody else's.
    """
    with sessions() as session:
        appids = followers.accounts_to_ask(session, clock)
    waiting, calls = list(appids), 0
    while waiting and calls < MOST_CALLS:
        calls += len(waiting)
        waiting = [one for one in waiting if _identify_some(sessions, clock, clients, one)]


def _identify_some(
    sessions: sessionmaker[Session], clock: Clock, clients: Clients, appid: str
) -> bool:
    """False when nobody is left to be asked about, or WeChat did not say."""
    from backend.wechat.followers import AskLater, who_are

    with sessions() as session:
        openids = followers.to_identify(session, appid, AT_ONCE)
    client, asked_at = client_of(clients, appid), clock.now()
    if client is None or not openids:
        return False
    try:
        told = who_are(client, openids)
    except AskLater as error:
        with sessions.begin() as session:
            comparing.put_off_asking(session, clock, appid, error.errcode)
        return False
    _keep(sessions, clock, appid, told, asked_at)
    log.info("followers_identified", account=appid, done=len(told))
    return len(openids) == AT_ONCE


def _keep(
    sessions: sessionmaker[Session],
    clock: Clock,
    appid: str,
    told: dict[str, Told | None],
    asked_at: datetime,
) -> None:
    """Strangers all at once; who is some parent, or nobody, one by one."""
    known = {openid: one for openid, one in told.items() if one is not None}
    with sessions.begin() as session:
        parents = followers.take_in(session, clock, appid, known, asked_at)
    for openid in (*parents, *(told.keys() - known)):
        with sessions.begin() as session:
            followers.identify(session, clock, Person(appid, openid), told[openid], asked_at)
