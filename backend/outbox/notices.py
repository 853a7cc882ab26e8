"""One notice to many parents at once: what it says, and whom it may not ring again this week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

PUSHES_A_WEEK = 2  # who has been told so often hears of it in the app alone
A_WEEK = timedelta(days=7)
ENOUGH = "这一周已经推送过两次，只在小程序里显示"


def full_week(whom: str) -> str:
    """A FROM item: of these messages' parents, those who have been pushed to often enough.

    `whom` is a condition of ours on `messages`. Nobody is among them where it is urgent, and what
    stayed in the app alone was no push. The values are those of `Notice.values`.
    """
    return f"""
    (SELECT parent_id FROM messages
      WHERE {whom} AND NOT CAST(:urgent AS boolean)
        AND due_at > :week_ago AND due_at <= :now
        AND state IN ('waiting', 'claimed', 'sending', 'sent', 'unknown')
      GROUP BY parent_id HAVING count(*) >= :pushes)
    """  # noqa: S608  # pieces of ours


@dataclass(frozen=True)
class Notice:
    """For the parents after `after`, up to `until`; a message's key is `key` and the parent.

    `late`: why all of them read it in the app alone, if they do.
    """

    key: str
    facts: Mapping[str, Any]
    after: int
    until: int
    now: datetime
    urgent: bool = False
    late: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        """For the statement that puts it; `facts` are not among them."""
        return {
            "key": self.key,
            "after": self.after,
            "until": self.until,
            "now": self.now,
            "urgent": self.urgent,
            "why": self.late,
            "enough": ENOUGH,
            "week_ago": self.now - A_WEEK,
            "pushes": PUSHES_A_WEEK,
        }
