"""Two days a week also for a child whose plan a record moved in the middle of one.

What went out before it moved counts; whatever can wait goes with a later reminder of the week.
Asked of the few children whose plan moved in the week that is planned. Why so: decision 26.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.handbook.models import HandbookEntry, ItemDate
from backend.handbook.mothers import PREFIX as MOTHERS
from backend.handbook.reminders import (
    DAYS_BACK,
    WEEK,
    Due,
    Say,
    Told,
    is_worth_telling,
    told_on,
)
from backend.handbook.schedule import Kind, Schedule
from backend.outbox.models import Message
from backend.people.children import registrations

MOST_DAYS = 2  # of a week that tell anything
PAST_TOO = frozenset({Say.OPEN, Say.CARD})  # are told of what was due before
LOOK_BACK = timedelta(days=DAYS_BACK + WEEK)  # so far back an announcement of a due day can lie

# Of the messages of a day those about children whose plan moved in this week of theirs.
MOVED_THIS_WEEK = text("""
SELECT messages.id, messages.parent_id, child.id AS child_id, child.birth_date AS birth
  FROM messages
 CROSS JOIN LATERAL jsonb_array_elements(data -> 'children') AS told
  JOIN children AS child ON child.id = CAST(told ->> 'child_id' AS bigint)
 WHERE messages.id = ANY(CAST(:ids AS bigint[]))
   AND child.replanned_on > CAST(:day AS date) - 7
   AND (child.replanned_on - child.birth_date) / 7 = (CAST(:day AS date) - child.birth_date) / 7
 ORDER BY messages.id, child.id
""")


@dataclass(frozen=True)
class Said:
    """What was told of a child before a day: the days of this week, and items with their due day.

    `this_week` and `ever` hold pairs, since an item that moved is another thing to tell.
    """

    days: frozenset[int]
    this_week: frozenset[tuple[str, date]]
    ever: frozenset[tuple[str, date]]


def fit(place: int, plan: Mapping[int, Sequence[Told]], said: Said) -> list[Told]:
    """What a day (0 to 6) of a week tells, so that the week tells on two days at most.

    `plan`: what each day of the week tells by the plan as it is now. Nothing is told twice in a
    week. Of days that do not all find room the one with a day before stays, and tells what the
    others would have told; without one the last stays. Where two days are over already, only
    that is told which nobody was ever told of: a day before, or what stayed open.
    """
    new = {
        day: [one for one in told if key_of(one) not in said.this_week]
        for day, told in plan.items()
    }
    here = new.get(place, [])
    room = MOST_DAYS - len(said.days)
    if room <= 0:
        return [
            one for one in here if one.say in (Say.EVE, Say.OPEN) and key_of(one) not in said.ever
        ]
    left = [day for day in sorted(new) if day >= place and new[day]]
    held = [one for day in sorted(new) if day < place for one in new[day]]
    if len(left) <= room:
        return _once([*here, *held]) if here else []
    if any(one.say is Say.EVE for one in here):
        return _once([*here, *held, *(one for day in left if day > place for one in new[day])])
    return []


def key_of(told: Told) -> tuple[str, date]:
    return told.due.rule.id, told.due.on


def _once(told: Sequence[Told]) -> list[Told]:
    kept: dict[tuple[str, date], Told] = {}
    for one in told:
        kept.setdefault(key_of(one), one)
    return sorted(kept.values(), key=lambda one: one.due.on)


def fit_messages(
    session: Session, schedule: Schedule, ids: Collection[int], day: date, today: date
) -> set[int]:
    """Make these messages of a day fit their weeks; return those that are gone.

    They were planned in this transaction, so no worker holds them.
    """
    gone = set()
    for row in session.execute(MOVED_THIS_WEEK, {"ids": list(ids), "day": day}).all():
        message = session.get(Message, row.id, populate_existing=True)
        if message is None:  # nothing was left of it after another child's turn
            continue
        told = fit(
            (day - row.birth).days % WEEK,
            dict(_plan(session, schedule, row.child_id, row.birth, day, today)),
            _said(session, row.parent_id, row.child_id, row.birth, day),
        )
        if not _write(session, message, row.child_id, told):
            gone.add(row.id)
    return gone


def _plan(
    session: Session, schedule: Schedule, child_id: int, birth: date, day: date, today: date
) -> Iterator[tuple[int, list[Told]]]:
    """What each day of the week around `day` tells now, without what is done.

    The mother's visits are left alone: no record moves them, and they are told to her only.
    """
    rows = session.execute(
        select(ItemDate.item_id, ItemDate.due_on).where(ItemDate.child_id == child_id)
    )
    own = {row.item_id: row.due_on for row in rows}
    ids = registrations(session, child_id)
    done = set(
        session.scalars(select(HandbookEntry.item_id).where(HandbookEntry.child_id.in_(ids)))
    )
    usual = {rule.id for rule in schedule.rules}
    dues = [
        Due(rule, due)
        for rule in schedule.told
        if (rule.id in usual or rule.id in own)
        and rule.id not in done
        and rule.kind is not Kind.MOTHER
        if (due := own.get(rule.id, rule.due.on(birth))) is not None
    ]
    first = day - timedelta(days=(day - birth).days % WEEK)
    for place in range(WEEK):
        on = first + timedelta(days=place)
        told = told_on(birth, on, dues)
        told = [one for one in told if is_worth_telling(one, birth, max(on, today))]
        yield place, [one for one in told if one.say in PAST_TOO or one.due.on >= day]


def _said(session: Session, parent_id: int, child_id: int, birth: date, day: date) -> Said:
    """Found by their keys, one a day; whatever became of a message, its day is taken."""
    keys = {
        f"handbook:{parent_id}:{on}": on
        for on in (day - timedelta(days=back) for back in range(1, LOOK_BACK.days + 1))
    }
    rows = session.execute(select(Message.key, Message.data).where(Message.key.in_(keys)))
    days, week, ever = set(), set(), set()
    for key, data in rows:
        items = next((c["items"] for c in data["children"] if c["child_id"] == child_id), None)
        if items is None:
            continue
        told = {(one["item_id"], date.fromisoformat(one["due_date"])) for one in items}
        ever |= told
        if (keys[key] - birth).days // WEEK == (day - birth).days // WEEK:
            week |= told
            days.add((keys[key] - birth).days % WEEK)
    return Said(frozenset(days), frozenset(week), frozenset(ever))


def _write(session: Session, message: Message, child_id: int, told: Sequence[Told]) -> bool:
    """Whether anything is left of the message."""
    children = []
    for child in message.data["children"]:
        items = child["items"]
        if child["child_id"] == child_id:
            items = [
                *(one for one in items if one["item_id"].startswith(MOTHERS)),
                *(_item(one) for one in told),
            ]
        if items:
            children.append({"child_id": child["child_id"], "items": items})
    if not children:
        session.delete(message)
    else:
        message.data = {"children": children}
        message.child_id = children[0]["child_id"] if len(children) == 1 else None
    session.flush()
    return bool(children)


def _item(told: Told) -> dict[str, Any]:
    return {
        "item_id": told.due.rule.id,
        "item_title": told.due.rule.title,
        "due_date": told.due.on.isoformat(),
        "say": told.say.value,
    }
