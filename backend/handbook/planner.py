"""Which child is told what on which day: one statement a day, into the outbox."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.handbook.schedule import Age, Rule, Schedule
from backend.handbook.timeline import is_current
from backend.kernel.ages import add_months
from backend.kernel.clock import CITY, Clock, city_date, city_midnight

TEMPLATE = "handbook_reminder"
SEND_AT = time(9, 0)  # city time: after the night's rest, before most clinics' busy hours

# One row a (rule, birth date) that is due that day: a few hundred, however many children there
# are; the index on children.birth_date finds the families.
PLAN = text("""
INSERT INTO messages (key, parent_id, child_id, template, data, due_at, created_at)
SELECT 'handbook:' || child.id || ':' || due.item_id || ':' || guardian.parent_id,
       guardian.parent_id, child.id, :template,
       jsonb_build_object('item_id', due.item_id, 'item_title', due.title,
                          'due_date', due.due_date),
       :due_at, :now
FROM unnest(CAST(:item_ids AS text[]), CAST(:titles AS text[]), CAST(:births AS date[]),
            CAST(:due_dates AS date[]))
     AS due (item_id, title, birth_date, due_date)
JOIN children AS child ON child.birth_date = due.birth_date
JOIN guardians AS guardian ON guardian.child_id = child.id
JOIN parents AS parent ON parent.id = guardian.parent_id
LEFT JOIN handbook_entries AS entry
       ON entry.child_id = child.id AND entry.item_id = due.item_id
WHERE entry.child_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM children AS second
                  JOIN handbook_entries AS known ON known.child_id = second.id
                  WHERE second.duplicate_of_id = child.id AND second.duplicate_state = 'same'
                    AND known.item_id = due.item_id)
  AND child.deleted_at IS NULL
  AND child.duplicate_state IS DISTINCT FROM 'same'
  AND child.created_at < :day_ends
  AND guardian.since < :day_ends
  AND parent.deleted_at IS NULL
  AND (SELECT count(DISTINCT purpose) FROM consents
       WHERE consents.parent_id = guardian.parent_id AND withdrawn_at IS NULL
         AND purpose IN ('privacy', 'children')) = 2
ON CONFLICT (key) DO NOTHING
RETURNING id
""")

# A family may have recorded an item while PLAN ran. Recording locks the child FOR UPDATE, which a
# planned row (it refers to the child) waits for: a record is seen here, or finds the row.
SETTLE = text("""
DELETE FROM messages USING handbook_entries AS entry
WHERE messages.id = ANY(CAST(:ids AS bigint[]))
  AND entry.child_id = messages.child_id AND entry.item_id = messages.data ->> 'item_id'
RETURNING messages.id
""")


def plan_due(session: Session, clock: Clock, schedule: Schedule, day: date) -> int:
    """Put the reminders of one city day into the outbox; return how many were added.

    At most once per child, item and guardian, however often and in how many processes at once.
    A day that was missed may be planned later: only what is still current is sent then. A
    family that registered after `day` gets nothing of it, so that nothing old arrives.
    """
    today = city_date(clock.now())
    due = [
        (rule, birth)
        for rule in schedule.rules
        for birth in birth_dates(rule, day)
        if is_current(rule, birth, today)
    ]
    if not due:
        return 0
    added = session.scalars(
        PLAN,
        {
            "template": TEMPLATE,
            "item_ids": [rule.id for rule, _ in due],
            "titles": [rule.title for rule, _ in due],
            "births": [birth for _, birth in due],
            "due_dates": [rule.due.on(birth) for rule, birth in due],
            "due_at": datetime.combine(day, SEND_AT, CITY),
            "now": clock.now(),
            "day_ends": city_midnight(day + timedelta(days=1)),
        },
    )
    ids = added.all()
    settled = session.scalars(SETTLE, {"ids": ids}).all()
    return len(ids) - len(settled)


def birth_dates(rule: Rule, day: date) -> Iterator[date]:
    """The birth dates for which `day` is the reminder day: none to four (ends of months).

    None that lie after `day`: before a birth there is nobody to remind.
    """
    due = day + timedelta(days=rule.remind_days)
    yield from (birth for birth in births_reaching(rule.due, due) if birth <= day)


def births_reaching(age: Age, day: date) -> Iterator[date]:
    """Every birth date that reaches `age` exactly on `day`; the inverse of Age.on."""
    month_day = day - timedelta(days=age.days)
    first = add_months(month_day.replace(day=1), -age.months)
    last = calendar.monthrange(first.year, first.month)[1]
    for number in range(min(month_day.day, last), last + 1):
        birth = first.replace(day=number)
        if age.on(birth) == day:
            yield birth
