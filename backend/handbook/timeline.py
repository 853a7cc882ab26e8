"""A child's timeline from birth to six: a pure function of the birth date and what is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from backend.handbook.pages import Section
from backend.handbook.schedule import Kind, Rule, Schedule


class Status(StrEnum):
    DONE = "done"
    OVERDUE = "overdue"  # the recommended time is over, it can still be done
    DUE = "due"
    UPCOMING = "upcoming"
    PAST = "past"  # over, and nothing is to be done any more


@dataclass(frozen=True)
class Item:
    """One item on one day. `until_date` is the last recommended day, None if none is named."""

    id: str
    kind: Kind
    title: str
    summary: str
    from_date: date
    due_date: date
    until_date: date | None
    status: Status
    done_on: date | None
    source: str
    sections: tuple[Section, ...]
    guide_slug: str | None


def timeline(schedule: Schedule, birth: date, on: date, done: Mapping[str, date]) -> list[Item]:
    """Every item of the programme for a child born on `birth`, as it stands on the day `on`.

    `done` maps item ids to the days on which the family says they were done; ids that the
    schedule does not know are left alone. Ordered by due date, then as the files are written.

    Dates are pure in the birth date (cn-nip-2026: calendar months, ends of months aligned).
    A late dose does not move the next one here: its page says the interval, the clinic the day.
    """
    items = [item_on(rule, birth, on, done.get(rule.id)) for rule in schedule.rules]
    return sorted(items, key=lambda item: item.due_date)


def item_on(rule: Rule, birth: date, on: date, done_on: date | None) -> Item:
    return Item(
        id=rule.id,
        kind=rule.kind,
        title=rule.title,
        summary=rule.summary,
        from_date=rule.opens.on(birth),
        due_date=rule.due.on(birth),
        until_date=until(rule, birth),
        status=_status(rule, birth, on, done_on),
        done_on=done_on,
        source=rule.source,
        sections=rule.sections,
        guide_slug=rule.guide_slug,
    )


def until(rule: Rule, birth: date) -> date | None:
    """The last recommended day: the one before the age `before` is reached."""
    return None if rule.before is None else rule.before.on(birth) - timedelta(days=1)


def _status(rule: Rule, birth: date, on: date, done_on: date | None) -> Status:
    if done_on is not None:
        return Status.DONE
    if on >= rule.closes.on(birth):
        return Status.PAST
    if rule.late is not None and on >= rule.late.on(birth):
        return Status.OVERDUE
    return Status.DUE if on >= rule.opens.on(birth) else Status.UPCOMING
