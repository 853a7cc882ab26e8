"""The families of an audience as one set-based SELECT: each child with each parent to be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from backend.bookings.models import YearKind
from backend.campaigns.audience import (
    Audience,
    OpenItem,
    Visit,
    checkups_due,
    first_birth_before,
    last_birth_reaching,
    overdue_doses,
)
from backend.handbook.schedule import Age, Schedule

# As the handbook's planner asks it. A consent counts as long as it stands, whatever its version.
# An account that is closed has no children and no standing consent, so parents are not asked.
CHOSEN = "SELECT child.id AS child_id, child.town_code, guardian.parent_id FROM "
RANGE = " AND guardian.parent_id > :after AND guardian.parent_id <= :until"
FAMILIES = """
    children AS child
    JOIN guardians AS guardian ON guardian.child_id = child.id
"""
SERVED = """
    child.deleted_at IS NULL AND child.departure IS NULL
    AND child.duplicate_state IS DISTINCT FROM 'same'
    AND EXISTS (SELECT FROM consents WHERE consents.parent_id = guardian.parent_id
                   AND withdrawn_at IS NULL AND purpose = 'privacy')
    AND EXISTS (SELECT FROM consents WHERE consents.parent_id = guardian.parent_id
                   AND withdrawn_at IS NULL AND purpose = 'children')
"""
CENTRE = """
    EXISTS (SELECT FROM bookings JOIN slots ON slots.id = bookings.slot_id
             WHERE bookings.child_id = child.id AND slots.centre_id = :centre_id
               AND bookings.state = ANY(CAST(:visit_states AS text[])))
"""
VISITS = {
    Visit.BOOKED: ["requested", "confirmed", "attended", "missed"],
    Visit.ATTENDED: ["attended"],
}
# The quota year as `bookings.rules.quota_year` has it: a calendar year, or the one in which a
# year from birthday to birthday ends.
CALENDAR_YEAR = "CAST(:quota_year AS integer)"
BIRTHDAY_YEAR = """
    CAST(:quota_year AS integer) + CASE
        WHEN (own.birth_date + make_interval(years => CAST(:quota_year AS integer)
              - CAST(EXTRACT(YEAR FROM own.birth_date) AS integer)))::date <= CAST(:day AS date)
        THEN 1 ELSE 0 END
"""
SESSIONS_LEFT = """
    child.home_cared AND NOT EXISTS (
        SELECT FROM (SELECT bookings.child_id
                       FROM bookings JOIN children AS own ON own.id = bookings.child_id
                      WHERE bookings.quota_number IS NOT NULL
                        AND bookings.quota_year = {year}
                      GROUP BY bookings.child_id
                     HAVING count(*) >= :sessions_below) AS used
         WHERE used.child_id = child.id)
"""
NO_QUIZ = """
    NOT EXISTS (SELECT FROM quiz_sets WHERE quiz_sets.parent_id = guardian.parent_id
                   AND quiz_sets.month = :month AND quiz_sets.finished_at IS NOT NULL)
"""
# What is open for a child by its birth date is one array, looked up in a table of some two
# thousand days; what is recorded, or has a day of its own, is taken out of it. Days of one's own
# are asked one by one. The plain EXISTS before each array spare most children the look-up.
BORN = """
    LEFT JOIN (SELECT birth, array_agg(item_id) AS items
                 FROM unnest(CAST(:{name}_births AS date[]), CAST(:{name}_birth_items AS text[]))
                   AS open (birth, item_id)
                GROUP BY birth) AS {name}_born ON {name}_born.birth = child.birth_date
"""
HAS_OWN = "EXISTS (SELECT FROM item_dates AS own WHERE own.child_id = child.id)"
OWN = "ARRAY(SELECT own.item_id FROM item_dates AS own WHERE own.child_id = child.id)"
HAS_RECORDS = """
    (EXISTS (SELECT FROM handbook_entries AS entry WHERE entry.child_id = child.id)
     OR EXISTS (SELECT FROM children AS second
                 WHERE second.duplicate_of_id = child.id AND second.duplicate_state = 'same'))
"""
RECORDED = """
          ARRAY(SELECT entry.item_id FROM handbook_entries AS entry
                     WHERE entry.child_id = child.id
                    UNION ALL
                    SELECT entry.item_id
                      FROM children AS second
                      JOIN handbook_entries AS entry ON entry.child_id = second.id
                     WHERE second.duplicate_of_id = child.id AND second.duplicate_state = 'same')
"""
OPEN_ITEM = """
    CASE WHEN {has_own}
    THEN NOT coalesce({name}_born.items, '{}') <@ ({recorded} || {own})
         OR EXISTS (
            SELECT FROM item_dates AS own
              JOIN unnest(CAST(:{name}_items AS text[]), CAST(:{name}_from AS date[]),
                          CAST(:{name}_own AS date[])) AS open (item_id, born_from, own_until)
                ON open.item_id = own.item_id
             WHERE own.child_id = child.id AND own.due_on <= open.own_until
               AND child.birth_date >= open.born_from
               AND own.item_id <> ALL ({recorded}))
    WHEN {name}_born.items IS NULL THEN false
    WHEN NOT {has_records} THEN true
    ELSE NOT {name}_born.items <@ {recorded} END
"""


@dataclass
class _Parts:
    """What a statement is put together from: fixed pieces of SQL, and values for them."""

    tables: str = FAMILIES
    conditions: list[str] = field(default_factory=lambda: [SERVED])
    values: dict[str, Any] = field(default_factory=dict)

    def ask(self, condition: str, **values: Any) -> None:
        self.conditions.append(condition)
        self.values |= values


@dataclass(frozen=True)
class Told:
    """`sql` selects child_id, town_code and parent_id: a row for each child and parent."""

    sql: str
    values: dict[str, Any]


def told(
    audience: Audience, schedule: Schedule, year_kind: YearKind, day: date, month: date
) -> Told:
    """Whom `audience` is for on the city day `day`, whose quiz month is `month`.

    Raises AudienceInvalid for an item that the schedule does not have any more.
    """
    parts = _Parts()
    _ask_child(parts, audience, day)
    if audience.dose:
        _ask_items(parts, "dose", overdue_doses(schedule, day, audience.dose))
    if audience.checkup:
        _ask_items(parts, "checkup", checkups_due(schedule, day, audience.checkup))
    if audience.sessions_below:
        year = CALENDAR_YEAR if year_kind is YearKind.CALENDAR else BIRTHDAY_YEAR
        parts.ask(
            SESSIONS_LEFT.replace("{year}", year),
            quota_year=day.year,
            sessions_below=audience.sessions_below,
        )
        if year_kind is not YearKind.CALENDAR:
            parts.values["day"] = day
    if audience.no_quiz_this_month:
        parts.ask(NO_QUIZ, month=month)
    sql = "".join([CHOSEN, parts.tables, " WHERE ", " AND ".join(parts.conditions)])
    return Told(sql, parts.values)


def between(who: Told, after: int, until: int) -> Told:
    """The same of the parents in a range of ids: after excluded, until included."""
    return Told("".join([who.sql, RANGE]), who.values | {"after": after, "until": until})


def _ask_child(parts: _Parts, audience: Audience, day: date) -> None:
    if audience.towns:
        towns = "child.town_code = ANY(CAST(:towns AS text[]))"
        parts.ask(towns, towns=list(audience.towns))
    if audience.from_months is not None:
        youngest = last_birth_reaching(Age(months=audience.from_months), day)
        parts.ask("child.birth_date <= :youngest", youngest=youngest)
    if audience.to_months is not None:
        oldest = first_birth_before(Age(months=audience.to_months), day)
        parts.ask("child.birth_date >= :oldest", oldest=oldest)
    if audience.centre:
        states = VISITS[audience.centre.how]
        parts.ask(CENTRE, centre_id=audience.centre.centre_id, visit_states=states)


def _ask_items(parts: _Parts, name: str, items: Sequence[OpenItem]) -> None:
    open_item = OPEN_ITEM.replace("{name}", name).replace("{recorded}", RECORDED)
    for place, sql in (("{has_own}", HAS_OWN), ("{own}", OWN), ("{has_records}", HAS_RECORDS)):
        open_item = open_item.replace(place, sql)
    parts.tables += BORN.replace("{name}", name)
    by_birth = [
        (birth, item.item_id)
        for item in items
        if item.born_until is not None
        for birth in _days(item.born_from, item.born_until)
    ]
    parts.ask(
        open_item,
        **{
            f"{name}_births": [birth for birth, _ in by_birth],
            f"{name}_birth_items": [item for _, item in by_birth],
            f"{name}_items": [item.item_id for item in items],
            f"{name}_from": [item.born_from for item in items],
            f"{name}_own": [item.own_until for item in items],
        },
    )


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
