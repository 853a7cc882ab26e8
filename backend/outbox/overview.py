"""The outbox for the operator: what waits, how fast it goes out, and what WeChat refused.

One statement each, on the partial indexes of `messages`: what was sent long ago costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock
from backend.outbox.hours import is_quiet, next_send_time
from backend.outbox.models import MessageState

MOST_COUNTED = 100_000  # of an hour, or of the queue's earliest; the page says "more than"
LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True)
class QueueLine:
    """Messages of one template on one way that have not gone out. `account` "": mini-program.

    `due`: those whose time has come, `on_the_wire` aside; `later`: the others. `oldest`: since
    when the longest due one has waited.
    """

    account: str
    template: str
    due: int
    later: int
    on_the_wire: int
    oldest: datetime | None


@dataclass(frozen=True)
class Rate:
    """Messages that WeChat took. `capped`: the hour had more than were counted."""

    minute: int
    hour: int
    capped: bool


@dataclass(frozen=True)
class ErrorLine:
    """Messages of the last day that were not seen to arrive, by what WeChat said."""

    account: str
    template: str
    state: MessageState
    errcode: int | None
    count: int
    last_due: datetime


def queue_lines(session: Session, clock: Clock) -> list[QueueLine]:
    """What has not gone out yet, the longest waiting first; of a longer queue its beginning."""
    rows = session.execute(QUEUE, {"now": clock.now(), "most": MOST_COUNTED})
    return [QueueLine(*row) for row in rows]


def rate(session: Session, clock: Clock) -> Rate:
    now = clock.now()
    limits = {"minute": now - timedelta(minutes=1), "hour": now - timedelta(hours=1)}
    row = session.execute(RATE, limits | {"now": now, "most": MOST_COUNTED}).one()
    return Rate(row.minute, row.hour, row.hour >= MOST_COUNTED)


def errors(session: Session, clock: Clock) -> list[ErrorLine]:
    """The most frequent first. Counted by the time at which a message was due."""
    now = clock.now()
    rows = session.execute(ERRORS, {"since": now - LOOK_BACK})
    return [
        ErrorLine(row.account, row.template, MessageState(row.state), row.errcode, row.n, row.last)
        for row in rows
    ]


def capped(lines: Sequence[QueueLine]) -> bool:
    """Whether more may wait than was counted."""
    return sum(one.due + one.later + one.on_the_wire for one in lines) >= MOST_COUNTED


def oldest(lines: Sequence[QueueLine]) -> datetime | None:
    """Since when the longest waiting message is due."""
    return min((line.oldest for line in lines if line.oldest is not None), default=None)


def lateness(oldest: datetime | None, now: datetime) -> timedelta | None:
    """How long the longest waiting message could have been on its way; None by night."""
    if oldest is None or is_quiet(now):
        return None
    return now - next_send_time(oldest)


QUEUE = text("""
    SELECT account, template,
           count(*) FILTER (WHERE state <> 'sending' AND due_at <= :now) AS due,
           count(*) FILTER (WHERE state <> 'sending' AND due_at > :now) AS later,
           count(*) FILTER (WHERE state = 'sending') AS on_the_wire,
           min(due_at) FILTER (WHERE due_at <= :now) AS oldest
      FROM (SELECT account, template, state, due_at FROM messages
             WHERE state IN ('waiting', 'claimed', 'sending')
             ORDER BY due_at LIMIT :most) AS earliest
     GROUP BY account, template
     ORDER BY oldest NULLS LAST, account, template
""")
RATE = text("""
    SELECT count(*) FILTER (WHERE sent_at > :minute) AS minute, count(*) AS hour
      FROM (SELECT sent_at FROM messages
             WHERE sent_at > :hour AND sent_at <= :now
             ORDER BY sent_at DESC LIMIT :most) AS latest
""")
ERRORS = text("""
    SELECT account, template, state, errcode, count(*) AS n, max(due_at) AS last
      FROM messages
     WHERE state IN ('unknown', 'failed') AND due_at > :since
     GROUP BY account, template, state, errcode
     ORDER BY n DESC, last DESC
     LIMIT 50
""")
