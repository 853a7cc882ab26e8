"""The order in which permissions were given and taken back, whenever that came to us.

Of one key each, with its balance locked by `ledger`, which alone calls this. A row's moment is
`happened_at`, by WeChat's clock in whole seconds, and else `at`, by ours. Both clocks are set by
the network, so they differ by less than the second within which the order of arrival counts.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from backend.outbox.ledger import Key

SECOND = timedelta(seconds=1)


def refused_after(session: Session, key: "Key", moment: datetime) -> bool:
    """Whether the parent took everything back since then."""
    asked = {**asdict(key), "after": moment + SECOND}
    return session.scalar(REFUSED_AFTER, asked) is not None


def given_since(session: Session, key: "Key", moment: datetime, left: int) -> int:
    """How many of what is left were given after that moment, so that a refusal then leaves them.

    All of them when there was a later refusal: that one has taken what this one could.
    """
    if refused_after(session, key, moment):
        return left
    since = session.scalar(SINCE, {**asdict(key), "after": moment + SECOND})
    return max(0, min(left, int(since or 0)))


def settle_nearest(session: Session, key: "Key", moment: datetime, window: timedelta) -> bool:
    """Give the event of that moment to the report that it belongs to; False without one.

    Also a report that a send has confirmed: its event was still to come.
    """
    asked = {**asdict(key), "moment": moment, "since": moment - window, "until": moment + window}
    return session.scalar(SETTLE_NEAREST, asked) is not None


def give_up_reports(session: Session, key: "Key", *, before: datetime) -> None:
    """Reports so old that their event is lost stand in the way of new ones no longer."""
    session.execute(GIVE_UP, {**asdict(key), "before": before})


def end_reports(session: Session, key: "Key", moment: datetime) -> None:
    """A refusal at that moment ends the reports before it: they wait for no event."""
    session.execute(END, {**asdict(key), "moment": moment, "before": moment + SECOND})


_OF_KEY = "appid = :appid AND openid = :openid AND template_id = :template_id"

REFUSED_AFTER = text(f"""
    SELECT 1 FROM subscription_ledger
     WHERE {_OF_KEY} AND reason = 'refused' AND coalesce(happened_at, at) >= :after
     LIMIT 1
""")  # noqa: S608  # constants
# What came back of a use from before the refusal was refused with the rest.
SINCE = text(f"""
    SELECT sum(entry.change) FROM subscription_ledger AS entry
     WHERE {_OF_KEY} AND coalesce(happened_at, at) >= :after
       AND (reason <> 'returned' OR EXISTS (
               SELECT 1 FROM subscription_ledger AS used
                WHERE used.message_id = entry.message_id AND used.reason = 'sent'
                  AND used.id < entry.id AND used.at >= :after))
""")  # noqa: S608  # constants
SETTLE_NEAREST = text(f"""
    UPDATE subscription_ledger SET confirmed = true, happened_at = :moment
     WHERE id = (SELECT id FROM subscription_ledger
                  WHERE {_OF_KEY} AND reason = 'reported' AND happened_at IS NULL
                    AND at BETWEEN :since AND :until
                  ORDER BY abs(extract(epoch FROM at - :moment)), id
                  LIMIT 1)
    RETURNING id
""")  # noqa: S608  # constants
GIVE_UP = text(f"""
    UPDATE subscription_ledger SET confirmed = true
     WHERE {_OF_KEY} AND reason = 'reported' AND NOT confirmed AND at < :before
""")  # noqa: S608  # constants
END = text(f"""
    UPDATE subscription_ledger SET confirmed = true, happened_at = :moment
     WHERE {_OF_KEY} AND reason = 'reported' AND happened_at IS NULL AND at < :before
""")  # noqa: S608  # constants
