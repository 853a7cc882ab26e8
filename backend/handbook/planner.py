"""Which guardian is told what on which day: one statement a day, into the outbox.

What follows from the birth date is worked out here, per birth date (`reminders`); children with
days of their own (`item_dates`) are grouped by the statement itself, which asks the same
function, written out as a table of 512 rows, what a week tells on which day.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy.orm import Session

from backend.handbook.moved_weeks import fit_messages
from backend.handbook.planner_sql import LOCK_CHILDREN, PLAN, RECORDED_MEANWHILE, TOLD_AGAIN
from backend.handbook.reminders import (
    DAYS_AHEAD,
    DAYS_BACK,
    DAYS_ON,
    DAYS_OPEN,
    WEEK,
    Due,
    Told,
    is_worth_telling,
    told_on,
    week_plan,
)
from backend.handbook.schedule import Age, Kind, Rule, Schedule
from backend.handbook.settling import settle
from backend.kernel.ages import add_months
from backend.kernel.clock import CITY, Clock, city_date, city_midnight

TEMPLATE = "handbook_reminder"
SEND_AT = time(9, 0)  # city time: after the night's rest, before most clinics' busy hours
NO_GROUP = -1  # in the table of weeks: nothing is due in that week
NATURAL_DAYS = (DAYS_AHEAD, 1, 0, -DAYS_OPEN)  # every day that tells something is one of these


@dataclass(frozen=True)
class Near:
    """A birth date, and what children born on it are due about the day that is planned."""

    birth: date
    dues: tuple[Due, ...]


def plan_due(session: Session, clock: Clock, schedule: Schedule, day: date) -> int:
    """Put what families are told on one city day into the outbox; return how many were added.

    One message per guardian and day, however often and in how many processes at once; planned
    again, one that still waits is brought up to date. A day that was missed may be planned
    later: only what is still current is told then. A family that registered after `day` gets
    nothing of it, so that nothing old arrives.
    """
    near = births_near(schedule, day)
    today = city_date(clock.now())
    facts = {
        "template": TEMPLATE,
        "day": day,
        "today": today,
        "due_at": datetime.combine(day, SEND_AT, CITY),
        "now": clock.now(),
        "day_ends": city_midnight(day + timedelta(days=1)),
        **_told(near, day, today),
        **_near(near, day),
        **_rules(schedule),
        **_weeks(),
    }
    rows = session.execute(PLAN, facts).all()
    # A family may have recorded an item while PLAN ran. Recording locks the child FOR UPDATE; a
    # row of one child waited for it, since it refers to the child, one of several does so here.
    several = [row.id for row in rows if row.child_id is None]
    if several:
        session.execute(LOCK_CHILDREN, {"ids": several})
    ids = [row.id for row in rows]
    settled = settle(session, session.scalars(RECORDED_MEANWHILE, {"ids": ids}).all())
    gone = {one for one, is_gone in settled.items() if is_gone}
    gone |= fit_messages(session, schedule, set(ids) - gone, day, today)
    return sum(row.added and row.id not in gone for row in rows)


def plan_days(session: Session, clock: Clock, schedule: Schedule, days: Sequence[date]) -> int:
    """Plan days that were missed, and the last of them; what several tell is told once."""
    added = sum(plan_due(session, clock, schedule, day) for day in days)
    if len(days) > 1:
        due_ats = [datetime.combine(day, SEND_AT, CITY) for day in days]
        told_again = session.execute(TOLD_AGAIN, {"template": TEMPLATE, "due_ats": due_ats}).one()
        added -= told_again.gone
    return added


def births_near(schedule: Schedule, day: date) -> list[Near]:
    """Every birth date with something due about `day`, as near as a day's plan looks."""
    found: dict[date, list[Due]] = {}
    for rule in schedule.rules:
        for off in range(-DAYS_BACK, DAYS_ON + 1):
            due = day + timedelta(days=off)
            for birth in births_reaching(rule.due, due):
                if birth <= day:
                    found.setdefault(birth, []).append(Due(rule, due))
    return [Near(birth, tuple(dues)) for birth, dues in found.items()]


@lru_cache(maxsize=20_000)  # a day's plan and the next one's look at nearly the same days
def births_reaching(age: Age, day: date) -> tuple[date, ...]:
    """Every birth date that reaches `age` exactly on `day`; the inverse of Age.on."""
    month_day = day - timedelta(days=age.days)
    first = add_months(month_day.replace(day=1), -age.months)
    last = calendar.monthrange(first.year, first.month)[1]
    births = (first.replace(day=number) for number in range(min(month_day.day, last), last + 1))
    return tuple(birth for birth in births if age.on(birth) == day)


def told_to(near: list[Near], day: date, today: date) -> Iterator[tuple[date, Told]]:
    """What `day` tells each birth date, of what is still worth telling today."""
    for one in near:
        for told in told_on(one.birth, day, one.dues):
            if is_worth_telling(told, one.birth, today):
                yield one.birth, told


def _told(near: list[Near], day: date, today: date) -> dict[str, Any]:
    rows = list(told_to(near, day, today))
    return {
        "births": [birth for birth, _ in rows],
        "items": [told.due.rule.id for _, told in rows],
        "due_days": [told.due.on for _, told in rows],
        "says": [told.say.value for _, told in rows],
    }


def _near(near: list[Near], day: date) -> dict[str, Any]:
    """The same birth dates before anything is decided, for children with days of their own."""
    rows = [(one.birth, due) for one in near for due in one.dues]
    natural = {day + timedelta(days=off) for off in NATURAL_DAYS}
    return {
        "natural_days": sorted(natural),
        "first_day": day - timedelta(days=DAYS_BACK),
        "last_day": day + timedelta(days=DAYS_ON),
        "near_births": [birth for birth, _ in rows],
        "near_items": [due.rule.id for _, due in rows],
        "near_days": [due.on for _, due in rows],
        "touched_births": sorted({birth for birth, due in rows if due.on in natural}),
    }


def _rules(schedule: Schedule) -> dict[str, Any]:
    rules = schedule.told  # also of doses that only some children get: they have days of their own
    late = [_late(rule) for rule in rules]
    return {
        "rule_items": [rule.id for rule in rules],
        "rule_titles": [rule.title for rule in rules],
        "rule_places": list(range(len(rules))),
        "rule_cards": [rule.kind is Kind.GUIDE for rule in rules],
        "rule_mothers": [rule.kind is Kind.MOTHER for rule in rules],
        "close_months": [rule.closes.months for rule in rules],
        "close_days": [rule.closes.days for rule in rules],
        "late_months": [age.months for age in late],
        "late_days": [age.days for age in late],
    }


def _late(rule: Rule) -> Age:
    """The age from which it is overdue; when it is over, where none is named."""
    return rule.late or rule.closes


@cache
def _weeks() -> dict[str, Any]:
    """`week_plan`, written out for every set of first due days."""
    places = (None, *range(WEEK))
    keys = [(back, here, following) for back in places for here in places for following in places]
    plans = [week_plan(*key) for key in keys]
    days = [plan.days for plan in plans]
    return {
        "backs": [NO_GROUP if key[0] is None else key[0] for key in keys],
        "heres": [NO_GROUP if key[1] is None else key[1] for key in keys],
        "followings": [NO_GROUP if key[2] is None else key[2] for key in keys],
        "opens": [plan.open for plan in plans],
        "eves": [plan.eve for plan in plans],
        "aheads": [plan.ahead for plan in plans],
        "next_eves": [plan.next_eve for plan in plans],
        "firsts": [said[0] if said else None for said in days],
        "lasts": [said[-1] if said else None for said in days],
    }
