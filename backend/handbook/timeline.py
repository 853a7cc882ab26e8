"""A child's timeline from birth to six: a pure function of the birth date and what is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from backend.handbook.doses import PREFIX, DoseState, KnownFacts, Records, dose_states
from backend.handbook.pages import Section
from backend.handbook.schedule import Alternative, Kind, Rule, Schedule
from backend.handbook.vaccines import Status as DoseStatus
from backend.handbook.vaccines.case import ASK_THE_CLINIC


class Status(StrEnum):
    DONE = "done"
    OVERDUE = "overdue"  # the recommended time is over, it can still be done
    DUE = "due"
    UPCOMING = "upcoming"
    PAST = "past"  # over, and nothing is to be done any more


@dataclass(frozen=True)
class Item:
    """One item on one day. `until_date` is the last recommended day, None if none is named.

    A dose has more: `earliest_date` if all that was given is recorded, `recommended_by`, the
    `reason`, and `waits_for`, the title of the dose before it where that one is open.
    `ask_clinic`: the programme leaves something to the clinic; where that is the day,
    `from_date` and `due_date` are None.
    """

    id: str
    kind: Kind
    title: str
    summary: str
    from_date: date | None
    due_date: date | None
    until_date: date | None
    status: Status
    done_on: date | None
    source: str
    sections: tuple[Section, ...]
    guide_slug: str | None
    series: str | None = None
    earliest_date: date | None = None
    recommended_by: date | None = None
    reason: str | None = None
    waits_for: str | None = None
    ask_clinic: bool = False
    alternative: Alternative | None = None
    place: str | None = None
    batch: str | None = None


def timeline(
    schedule: Schedule,
    birth: date,
    on: date,
    done: Mapping[str, date],
    known: KnownFacts | None = None,
) -> list[Item]:
    """Every item of the programme for a child born on `birth`, as it stands on the day `on`.

    `done` maps item ids to the days on which the family says they were done; ids that the
    schedule does not know are left alone. Ordered by due date, then as the files are written.

    Dates are pure in the birth date (cn-nip-2026: calendar months, ends of months aligned),
    except those of vaccines of which something is recorded: they follow from it (`doses`).
    """
    records = Records(birth, done, known or KnownFacts())
    items = _doses(schedule, records, on)
    items += [
        (rule.due.on(birth), item_on(rule, birth, on, done.get(rule.id)))
        for rule in schedule.rules
        if rule.kind is not Kind.VACCINE
    ]
    return [item for _, item in sorted(items, key=lambda pair: pair[0])]


def next_step(items: Sequence[Item], item: Item) -> Item | None:
    """What follows an item that was just done: of its vaccine, else of its kind."""
    open_ones = [
        one
        for one in items
        if one.kind is item.kind and one.status not in (Status.DONE, Status.PAST)
    ]
    series = [one for one in open_ones if item.series is not None and one.series == item.series]
    return None if item.kind is Kind.GUIDE else next(iter([*series, *open_ones]), None)


def _doses(schedule: Schedule, records: Records, on: date) -> list[tuple[date, Item]]:
    """Each dose with the day by which it is ordered: its own, or that of the birth date."""
    states = dose_states(schedule, records, on)
    found = [_dose_item(state, records, on) for state in states]
    days = [
        item.due_date or state.rule.due.on(records.birth)
        for state, item in zip(states, found, strict=True)
    ]
    shown = {item.id for item in found}
    every = {rule.id: rule for rule in (*schedule.low_weight, *schedule.others, *schedule.rules)}
    left = [  # recorded, and by what is known today not meant for this child
        item_on(every[item_id], records.birth, on, day)
        for item_id, day in records.done.items()
        if item_id not in shown and item_id.startswith(PREFIX) and item_id in every
    ]
    days += [every[item.id].due.on(records.birth) for item in left]
    return list(zip(days, [*found, *left], strict=True))


def _dose_item(state: DoseState, records: Records, on: date) -> Item:
    answer, rule = state.answer, state.rule
    usual = item_on(rule, records.birth, on, records.done.get(rule.id))
    item = replace(
        usual,
        earliest_date=answer.earliest,
        recommended_by=answer.recommended_by,
        reason=answer.reason,
        source=answer.source or rule.source,
        waits_for=None if usual.status is Status.DONE else state.waits_for,
        alternative=rule.alternative if state.may_switch else None,
    )
    if state.by_birth:
        return item
    item = replace(item, ask_clinic=ASK_THE_CLINIC in answer.reason)
    if usual.status is Status.DONE:
        return item
    if answer.status is DoseStatus.CLOSED:
        return replace(item, status=Status.PAST)
    return replace(
        item,
        status=Status(answer.status.value),
        from_date=answer.earliest,
        due_date=answer.earliest,
        until_date=answer.recommended_by,
    )


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
        series=rule.series,
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
