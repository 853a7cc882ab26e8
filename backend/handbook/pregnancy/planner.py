"""Which pregnant parent is told what on which day: set-based, into the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.handbook.planner import SEND_AT
from backend.handbook.pregnancy.dating import DAYS_PER_WEEK, SILENT_WEEKS, TERM, day_of_week
from backend.handbook.pregnancy.messages import CHECKUP, WEEK
from backend.handbook.pregnancy.programme import Programme
from backend.kernel.clock import CITY, Clock, city_date
from backend.outbox.service import OVERTAKEN

CHECKUP_DAYS_BEFORE = (7, 1)  # issue 5
FIRST_CARD_WEEK = 4  # before this hardly anybody knows
CARDS_APART = timedelta(days=DAYS_PER_WEEK)  # at most one card a week, also when the date moves
CARD_KEEPS = timedelta(days=3)  # for so long a card that was held back may still go out
NO_CARD = "看看这周的孕期手册"
BEFORE_DUE, AFTER_DUE = "", "after_due"  # wordings of the weekly card

# First the lock that every change of a pregnancy waits for, or has waited for: what ended or
# moved before it is not planned, what does so after it finds the rows and deletes them. Who was
# told today by this due date is left out, so that a tick locks only those who are new to it.
# Each of the two parents is told by consents of their own.
LOCK = text("""
SELECT pregnancy.id, reader.parent_id
FROM pregnancies AS pregnancy
JOIN pregnancy_parents AS reader ON reader.pregnancy_id = pregnancy.id
JOIN parents AS parent ON parent.id = reader.parent_id
WHERE pregnancy.state = 'open' AND pregnancy.due_date = ANY(CAST(:due_dates AS date[]))
  AND pregnancy.plans_from <= :day
  AND parent.deleted_at IS NULL
  AND (SELECT count(DISTINCT purpose) FROM consents
       WHERE consents.parent_id = reader.parent_id AND withdrawn_at IS NULL
         AND purpose IN ('privacy', 'pregnancy')) = 2
  AND NOT EXISTS (
      SELECT 1 FROM messages AS told
      WHERE told.parent_id = reader.parent_id AND told.due_at = :due_at
        AND starts_with(told.key,
                        'pregnancy:' || pregnancy.id || ':' || pregnancy.due_date || ':'))
ORDER BY pregnancy.id, reader.parent_id
FOR SHARE OF pregnancy
""")

# In a statement of its own, so that it sees what was committed while LOCK waited: a partner may
# have left.
PLAN_CHECKUPS = text("""
INSERT INTO messages (key, parent_id, template, data, due_at, created_at)
SELECT 'pregnancy:' || pregnancy.id || ':' || pregnancy.due_date || ':' || due.item_id || ':'
           || due.days_before || ':' || reader.parent_id,
       reader.parent_id, :template,
       jsonb_build_object('pregnancy_id', pregnancy.id, 'item_id', due.item_id,
                          'item_title', due.title, 'week', due.week,
                          'days_left', pregnancy.due_date - CAST(:day AS date),
                          'from_date', due.from_date, 'until_date', due.until_date,
                          'aim_date', due.aim_date),
       :due_at, :now
FROM unnest(CAST(:item_ids AS text[]), CAST(:titles AS text[]), CAST(:days_before AS integer[]),
            CAST(:weeks AS integer[]), CAST(:due_dates AS date[]), CAST(:from_dates AS date[]),
            CAST(:aim_dates AS date[]), CAST(:until_dates AS date[]))
     AS due (item_id, title, days_before, week, due_date, from_date, aim_date, until_date)
JOIN pregnancies AS pregnancy ON pregnancy.due_date = due.due_date
JOIN unnest(CAST(:ids AS bigint[]), CAST(:parents AS bigint[])) AS pair (pregnancy_id, parent_id)
     ON pair.pregnancy_id = pregnancy.id
JOIN pregnancy_parents AS reader
     ON reader.pregnancy_id = pair.pregnancy_id AND reader.parent_id = pair.parent_id
LEFT JOIN pregnancy_entries AS entry
       ON entry.pregnancy_id = pregnancy.id AND entry.kind = 'checkup'
      AND entry.key = due.item_id
WHERE pregnancy.state = 'open' AND entry.id IS NULL
ON CONFLICT (key) DO NOTHING
RETURNING id
""")

# A reminder of the same day says the week as well, so it takes the card's place.
PLAN_CARDS = text("""
INSERT INTO messages (key, parent_id, template, data, due_at, created_at)
SELECT 'pregnancy:' || pregnancy.id || ':' || pregnancy.due_date || ':' || 'week-' || due.week
           || ':' || reader.parent_id,
       reader.parent_id, :template,
       jsonb_build_object('pregnancy_id', pregnancy.id, 'week', due.week,
                          'days_left', pregnancy.due_date - CAST(:day AS date),
                          'due_date', pregnancy.due_date, 'card', due.card,
                          'wording', due.wording),
       :due_at, :now
FROM unnest(CAST(:weeks AS integer[]), CAST(:cards AS text[]), CAST(:wordings AS text[]),
            CAST(:due_dates AS date[]))
     AS due (week, card, wording, due_date)
JOIN pregnancies AS pregnancy ON pregnancy.due_date = due.due_date
JOIN unnest(CAST(:ids AS bigint[]), CAST(:parents AS bigint[])) AS pair (pregnancy_id, parent_id)
     ON pair.pregnancy_id = pregnancy.id
JOIN pregnancy_parents AS reader
     ON reader.pregnancy_id = pair.pregnancy_id AND reader.parent_id = pair.parent_id
WHERE pregnancy.state = 'open'
  AND NOT EXISTS (
      SELECT 1 FROM messages AS told
      WHERE told.parent_id = reader.parent_id
        AND (told.template = :template AND told.due_at > :week_before
             OR told.template = :checkup AND told.due_at = :due_at))
ON CONFLICT (key) DO NOTHING
RETURNING id
""")


# A card that an outage has held back says a week that is over: it stays in the family's list.
# After the locks of LOCK, never before: whoever ends a pregnancy takes the two in that order.
OVERTAKE = text("""
UPDATE messages SET state = 'in_app', problem = :why
WHERE id IN (SELECT id FROM messages
             WHERE template = :template AND state = 'waiting' AND due_at < :oldest
             FOR UPDATE SKIP LOCKED)
""")


@dataclass(frozen=True)
class CheckupDue:
    """All pregnancies with this due date hear of this check-up on the planned day."""

    item_id: str
    title: str
    days_before: int
    week: int
    due_date: date
    from_date: date
    aim_date: date
    until_date: date


@dataclass(frozen=True)
class CardDue:
    week: int
    card: str
    wording: str
    due_date: date


def plan_due(session: Session, clock: Clock, programme: Programme, day: date) -> int:
    """Put one city day's messages about pregnancies into the outbox; return how many were added.

    At most once each, however often and in how many processes at once. A day that was missed
    is made up for as far as a check-up still lies ahead; cards of past days are not sent.
    """
    today = city_date(clock.now())
    added = _plan(session, clock, programme, day, today)
    if day == today:
        oldest = datetime.combine(day, SEND_AT, CITY) - CARD_KEEPS
        session.execute(OVERTAKE, {"template": WEEK, "oldest": oldest, "why": OVERTAKEN})
    return added


def _plan(session: Session, clock: Clock, programme: Programme, day: date, today: date) -> int:
    checkups = [one for one in checkups_due(programme, day) if one.aim_date >= today]
    cards = list(cards_due(programme, day)) if day == today else []
    due_dates = sorted({one.due_date for one in checkups} | {one.due_date for one in cards})
    if not due_dates:
        return 0
    due_at = datetime.combine(day, SEND_AT, CITY)
    locked = session.execute(LOCK, {"due_dates": due_dates, "day": day, "due_at": due_at}).all()
    if not locked:
        return 0
    shared = {
        "ids": [row.id for row in locked],
        "parents": [row.parent_id for row in locked],
        "day": day,
        "due_at": due_at,
        "now": clock.now(),
    }
    return _plan_checkups(session, checkups, shared) + _plan_cards(session, cards, shared)


def _plan_checkups(session: Session, due: list[CheckupDue], shared: dict[str, object]) -> int:
    if not due:
        return 0
    columns = {
        "template": CHECKUP,
        "item_ids": [one.item_id for one in due],
        "titles": [one.title for one in due],
        "days_before": [one.days_before for one in due],
        "weeks": [one.week for one in due],
        "due_dates": [one.due_date for one in due],
        "from_dates": [one.from_date for one in due],
        "aim_dates": [one.aim_date for one in due],
        "until_dates": [one.until_date for one in due],
    }
    return len(session.scalars(PLAN_CHECKUPS, shared | columns).all())


def _plan_cards(session: Session, due: list[CardDue], shared: dict[str, object]) -> int:
    if not due:
        return 0
    due_at = shared["due_at"]
    assert isinstance(due_at, datetime)
    columns = {
        "template": WEEK,
        "checkup": CHECKUP,
        "week_before": due_at - CARDS_APART,
        "weeks": [one.week for one in due],
        "cards": [one.card for one in due],
        "wordings": [one.wording for one in due],
        "due_dates": [one.due_date for one in due],
    }
    return len(session.scalars(PLAN_CARDS, shared | columns).all())


def checkups_due(programme: Programme, day: date) -> Iterator[CheckupDue]:
    """Each check-up and distance, with the one due date for which `day` is the day to tell."""
    for checkup in programme.checkups:
        for days in CHECKUP_DAYS_BEFORE:
            aim = day + timedelta(days=days)
            due = aim - timedelta(weeks=checkup.aim_week) + TERM
            last = day_of_week(due, checkup.last_week) + timedelta(days=DAYS_PER_WEEK - 1)
            yield CheckupDue(
                item_id=checkup.id,
                title=checkup.title,
                days_before=days,
                week=(day - due + TERM).days // DAYS_PER_WEEK,
                due_date=due,
                from_date=day_of_week(due, checkup.first_week),
                aim_date=aim,
                until_date=last,
            )


def cards_due(programme: Programme, day: date) -> Iterator[CardDue]:
    """Each week with the due date that completes it on `day`; none from 42 weeks on."""
    for week in range(FIRST_CARD_WEEK, SILENT_WEEKS):
        due = day - timedelta(weeks=week) + TERM
        card = programme.card_of(week)
        wording = AFTER_DUE if day >= due else BEFORE_DUE
        yield CardDue(week, card.title if card else NO_CARD, wording, due)
