"""`restore hold` and `restore settle`: the two steps before a restored house sends again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.accounts.models import WeChatAccount
from backend.campaigns import service as campaigns
from backend.config import Settings
from backend.jobs.models import TaskRun
from backend.jobs.timetable import latest_nominal
from backend.kernel.clock import Clock, clock_from
from backend.kernel.db import make_engine, session_factory
from backend.outbox import restored
from backend.outreach import publishing

PLAN = "plan_handbook"  # the task at a nominal time that puts messages
CAMPAIGN = (
    "从备份恢复，已自动暂停。备份之后可能还发给了别的家庭，继续会让其中一些收到两次，请核对后再决定"
)
PUBLICATION = "从备份恢复：可能已经发出，请到公众平台查看"


class NotPlanned(Exception):
    """The reminders of today may still be put."""


@dataclass(frozen=True)
class Held:
    accounts: int
    campaigns: int
    publications: int


def hold(settings: Settings) -> Held:
    """Before the first process starts: nothing is sent. May be repeated."""
    with _opened(settings) as session:
        clock = clock_from(settings.clock)
        known = session.scalars(select(WeChatAccount.appid))
        return Held(
            accounts=restored.hold(session, clock, sorted({settings.wechat_appid, *known})),
            campaigns=campaigns.pause_all(session, clock, restored.ACTOR, CAMPAIGN),
            publications=publishing.stop_waiting(session, clock, restored.ACTOR, PUBLICATION),
        )


def settle(settings: Settings) -> int:
    """When the late tasks have run: how many messages are listed as unknown.

    Raises NotPlanned, or NotHeld without `hold` before it.
    """
    with _opened(settings) as session:
        clock = clock_from(settings.clock)
        if not _planned(session, clock):
            raise NotPlanned
        return restored.settle(session, clock)


def _planned(session: Session, clock: Clock) -> bool:
    return session.get(TaskRun, (PLAN, latest_nominal(PLAN, clock.now()))) is not None


@contextmanager
def _opened(settings: Settings) -> Iterator[Session]:
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with session_factory(engine).begin() as session:
            yield session
    finally:
        engine.dispose()
