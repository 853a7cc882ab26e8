"""What the city tells all families of some weeks of pregnancy: counted in tens, put, never named.

This is the only door in the wall around a pregnancy, and what comes out is a rounded number. The
guards are the planner's (decision 23): the pregnancy is locked, its end deletes what waits
(`messages`), and the delivery asks for the row once more before it hands it over.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.handbook.pregnancy.dating import DAYS_PER_WEEK, TERM
from backend.handbook.pregnancy.messages import NOTICE
from backend.kernel.ages import PregnancyWeeks
from backend.outbox.notices import Notice, full_week

TEN = 10  # fewer families than this are not told of, and counts are rounded down to it
# The first text of content/consents/pregnancy.md that names these notices: who has agreed to an
# older one is not told, and is asked anew by the handbook.
NAMED_SINCE = "2026-11-29"

# Whom a notice is for: both parents of an open pregnancy, each by consents of their own.
READERS = """
      FROM pregnancies AS pregnancy
      JOIN pregnancy_parents AS reader ON reader.pregnancy_id = pregnancy.id
     WHERE pregnancy.state = 'open'
       AND pregnancy.due_date BETWEEN :first_due AND :last_due AND pregnancy.due_date > :day
       AND pregnancy.plans_from <= :day
       AND EXISTS (SELECT FROM consents WHERE consents.parent_id = reader.parent_id
                      AND withdrawn_at IS NULL AND purpose = 'privacy')
       AND EXISTS (SELECT FROM consents WHERE consents.parent_id = reader.parent_id
                      AND withdrawn_at IS NULL AND purpose = 'pregnancy' AND version >= :since)
"""
COUNT = text("SELECT count(DISTINCT pregnancy.id)" + READERS)
RANGE_END = text("""
SELECT max(parent_id)
  FROM (SELECT parent_id FROM pregnancy_parents
         WHERE state = 'open' AND parent_id > :after AND parent_id <= :last
         ORDER BY parent_id LIMIT :most) AS looked_at
""")
# In an order that all share: two batches never wait for one another in a circle.
LOCK = text(
    "SELECT pregnancy.id, reader.parent_id"
    + READERS
    + """
       AND reader.parent_id > :after AND reader.parent_id <= :until
     ORDER BY pregnancy.id, reader.parent_id
       FOR SHARE OF pregnancy
"""
)
# In a statement of its own, so that it sees what was committed while LOCK waited: a parent may
# have left, an end or another date may stand there now.
PUT = text(
    """
INSERT INTO messages (key, parent_id, template, data, state, problem, due_at, created_at)
SELECT CAST(:key AS text) || reader.parent_id, reader.parent_id, :template,
       CAST(:facts AS jsonb) || jsonb_build_object('pregnancy_id', pregnancy.id),
       CASE WHEN full_week.parent_id IS NULL AND CAST(:why AS text) IS NULL
            THEN 'waiting' ELSE 'in_app' END,
       CASE WHEN CAST(:why AS text) IS NOT NULL THEN CAST(:why AS text)
            WHEN full_week.parent_id IS NOT NULL THEN CAST(:enough AS text) END,
       :now, :now
  FROM unnest(CAST(:ids AS bigint[]), CAST(:parents AS bigint[])) AS pair (pregnancy_id, parent_id)
  JOIN pregnancies AS pregnancy ON pregnancy.id = pair.pregnancy_id
  JOIN pregnancy_parents AS reader
       ON reader.pregnancy_id = pair.pregnancy_id AND reader.parent_id = pair.parent_id
  LEFT JOIN """
    + full_week("parent_id = ANY(CAST(:parents AS bigint[]))")  # not all of a range of ids
    + """ AS full_week ON full_week.parent_id = reader.parent_id
 WHERE pregnancy.state = 'open' AND pregnancy.due_date BETWEEN :first_due AND :last_due
ON CONFLICT (key) DO NOTHING
RETURNING id
"""
)


class Notices:
    """Implements `campaigns.expecting.ExpectingFamilies`. Holds nothing."""

    def tens(self, session: Session, weeks: PregnancyWeeks) -> int:
        found = int(session.scalar(COUNT, asked(weeks)) or 0)
        return found // TEN * TEN

    def range_end(self, session: Session, *, after: int, last: int, most: int) -> int | None:
        found: int | None = session.scalar(RANGE_END, {"after": after, "last": last, "most": most})
        return found

    def put(self, session: Session, weeks: PregnancyWeeks, notice: Notice) -> int:
        """Locks the pregnancies in the order of their ids, until the caller's transaction ends."""
        locked = session.execute(
            LOCK, asked(weeks) | {"after": notice.after, "until": notice.until}
        ).all()
        if not locked:
            return 0
        values = {
            "template": NOTICE,
            "facts": json.dumps(dict(notice.facts), ensure_ascii=False),
            "ids": [row.id for row in locked],
            "parents": [row.parent_id for row in locked],
        }
        return len(session.scalars(PUT, asked(weeks) | notice.values | values).all())


def asked(weeks: PregnancyWeeks) -> dict[str, Any]:
    first, last = due_dates(weeks)
    return {"first_due": first, "last_due": last, "day": weeks.day, "since": NAMED_SINCE}


def due_dates(weeks: PregnancyWeeks) -> tuple[date, date]:
    """The earliest and the latest due date of who has completed these weeks on that day."""
    earliest = weeks.day + TERM - timedelta(days=DAYS_PER_WEEK * (weeks.last + 1) - 1)
    latest = weeks.day + TERM - timedelta(weeks=weeks.first)
    return earliest, latest
