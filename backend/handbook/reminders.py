"""On which days a family is reminded of what: pure, and the same for every child of a birth date.

A child's weeks count from its birth. What is due in one week is one group, reminded of 7 days
and 1 day before its first due day (the anchor), and once more 14 days after it while something
is open. At most two days of a week tell anything: see `week_plan`. Why so: decision 26.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from backend.handbook.schedule import Kind, Rule, Schedule

DAYS_AHEAD = 7  # issue 5: reminders 7 days and 1 day before, once 14 days after if still open
DAYS_OPEN = 14
WEEK = 7
WEEKS_OPEN = DAYS_OPEN // WEEK
# A day tells of groups from two weeks ago to next week, so of due days within these bounds.
DAYS_BACK = WEEKS_OPEN * WEEK + WEEK - 1
DAYS_ON = 2 * WEEK - 1


class Say(StrEnum):
    AHEAD = "ahead"  # 7 days before
    EVE = "eve"  # the day before
    OPEN = "open"  # 14 days after, and nothing is recorded
    CARD = "card"  # to read


@dataclass(frozen=True)
class Due:
    """An item of one child and the day on which it is due."""

    rule: Rule
    on: date


@dataclass(frozen=True)
class Told:
    """One item in what a family is told on one day."""

    due: Due
    say: Say


@dataclass(frozen=True)
class WeekPlan:
    """Which days of a week tell what; a day is 0 to 6, None: nothing of this kind.

    `open`: of the group of two weeks ago. `eve`: of this week's group. `ahead` and `next_eve`:
    of next week's.
    """

    open: int | None
    eve: int | None
    ahead: int | None
    next_eve: int | None

    @property
    def days(self) -> tuple[int, ...]:
        """The days on which something is said of tasks, in order: none to two."""
        found = {self.open, self.eve, self.ahead, self.next_eve} - {None}
        return tuple(sorted(day for day in found if day is not None))

    def card_day(self, day: int, last: int) -> int:
        """When what is to be read from `day` is told: with a reminder, or alone.

        It goes with the next reminder of the week, or with the last one; where there is none,
        all of a week are told on the `last` day of them.
        """
        if not self.days:
            return last
        return next((said for said in self.days if said >= day), self.days[-1])


@cache
def week_plan(back: int | None, here: int | None, following: int | None) -> WeekPlan:
    """The days of a week, from the first due day (0 to 6) of the groups around it.

    `back`: of the group of two weeks ago, `here`: of this week's, `following`: of next week's.
    The day before is never moved. Of three days before, the notice a week ahead waits for the
    first of the others. A third day for what stayed open is not taken: it goes with the next
    reminder of the week, else with the last one. Nor does it come alone in the days between the
    notice of this week's group and its day before: three in seven days.
    """
    eve = here - 1 if here else None
    next_eve = WEEK - 1 if following == 0 else None
    ahead = following
    if eve is not None and next_eve is not None:
        ahead = eve
    before = sorted(day for day in {eve, next_eve, ahead} if day is not None)
    open_day = back
    if back is not None and back not in before:
        if len(before) > 1:
            open_day = next((day for day in before if day > back), before[-1])
        elif eve is not None and back < eve:
            open_day = eve
    return WeekPlan(open_day, eve, ahead, next_eve)


def told_on(birth: date, day: date, dues: Iterable[Due]) -> list[Told]:
    """What is told on a day of a child's life, of all that is due about then.

    Whether it is done, late or over is not asked here. Ordered by due day, then as given.
    """
    if day < birth:
        return []
    week, place = divmod((day - birth).days, WEEK)
    tasks, cards = _by_week(birth, dues)
    back, here, following = (tasks.get(week + off, []) for off in (-WEEKS_OPEN, 0, 1))
    plan = week_plan(*(_anchor(birth, group) for group in (back, here, following)))
    told = [Told(due, Say.OPEN) for due in back if plan.open == place]
    told += [Told(due, Say.EVE) for due in here if plan.eve == place]
    told += [Told(due, Say.AHEAD) for due in following if plan.ahead == place]
    told += [Told(due, Say.EVE) for due in following if plan.next_eve == place]
    own = [(due, (due.on - birth).days % WEEK) for due in cards.get(week, [])]
    last = max((offset for _, offset in own), default=0)
    told += [Told(due, Say.CARD) for due, offset in own if plan.card_day(offset, last) == place]
    return sorted(told, key=lambda one: one.due.on)


def plan_of(schedule: Schedule, birth: date) -> list[tuple[date, list[Told]]]:
    """Every day on which the family of a child born on `birth` is told something, in order.

    As if nothing were ever recorded: what is over by its day is left out.
    """
    dues = dues_of(schedule, birth)
    plan = []
    for day in _days_around(birth, dues):
        told = [one for one in told_on(birth, day, dues) if is_worth_telling(one, birth, day)]
        if told:
            plan.append((day, told))
    return plan


def dues_of(
    schedule: Schedule, birth: date, moved: Mapping[str, date | None] | None = None
) -> list[Due]:
    """Every item and its due day; `moved`: the child's own days, None where it is not wanted."""
    own = moved or {}
    days = ((rule, own.get(rule.id, rule.due.on(birth))) for rule in schedule.rules)
    return [Due(rule, day) for rule, day in days if day is not None]


def is_worth_telling(told: Told, birth: date, on: date) -> bool:
    """Not of what is over; ahead of a due day not of what is overdue by then either.

    A day of the child's own is not late by its age: it was moved because the child is.
    """
    rule, due = told.due.rule, told.due.on
    end = rule.closes.on(birth)
    if told.say is not Say.OPEN and rule.late is not None and due == rule.due.on(birth):
        end = min(end, rule.late.on(birth))
    return on < end


def _by_week(birth: date, dues: Iterable[Due]) -> tuple[dict[int, list[Due]], dict[int, list[Due]]]:
    tasks: dict[int, list[Due]] = {}
    cards: dict[int, list[Due]] = {}
    for due in dues:
        kept = cards if due.rule.kind is Kind.GUIDE else tasks
        kept.setdefault((due.on - birth).days // WEEK, []).append(due)
    return tasks, cards


def _anchor(birth: date, group: Iterable[Due]) -> int | None:
    """The first due day of a group, as a day of its week."""
    return min(((due.on - birth).days % WEEK for due in group), default=None)


def _days_around(birth: date, dues: Iterable[Due]) -> Iterator[date]:
    days = {due.on + timedelta(days=off) for due in dues for off in range(-DAYS_ON, DAYS_BACK + 1)}
    yield from (day for day in sorted(days) if day >= birth)
