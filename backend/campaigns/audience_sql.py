"""The families of an audience as one set-based SELECT: each child with each parent to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
# Each item that is asked for is one bit of a word of 64, so that a child is three words: open by
# its birth date (a table of some two thousand days), with a day of its own, recorded.
MOST_ITEMS = 63
ITEM = """
    unnest(CAST(:items AS text[]), CAST(:bits AS bigint[]), CAST(:own_until AS date[]))
        AS item (item_id, bit, own_until)
"""
# By its place in an array, not by a join: PostgreSQL guesses that the births of one are few, and
# would hash all children instead.
PLACE = "[child.birth_date - CAST(:first_birth AS date) + 1]"
OWN = """
    SELECT {of} bit_or(item.bit) AS moved,
           bit_or(item.bit) FILTER (WHERE own.due_on <= item.own_until) AS due
      FROM item_dates AS own JOIN {item} USING (item_id)
"""
RECORDED = """
    SELECT {of} bit_or(item.bit) AS items
      FROM (SELECT entry.child_id, entry.item_id FROM handbook_entries AS entry {here}
            UNION ALL
            SELECT second.duplicate_of_id, entry.item_id
              FROM children AS second JOIN handbook_entries AS entry ON entry.child_id = second.id
             WHERE second.duplicate_state = 'same' {there}) AS entry
      JOIN {item} USING (item_id)
"""
# The same rows in two ways. Few children: look up what each one has. Most of a city: read both
# tables once, which is a third of the work there and a waste for a town.
FEW = (
    "LEFT JOIN LATERAL ("
    + OWN.replace("{of}", "")
    + " WHERE own.child_id = child.id) AS own ON true LEFT JOIN LATERAL ("
    + RECORDED.replace("{of}", "")
    .replace("{here}", "WHERE entry.child_id = child.id")
    .replace("{there}", "AND second.duplicate_of_id = child.id")
    + ") AS recorded ON true"
).replace("{item}", ITEM)
MOST = (
    "LEFT JOIN ("
    + OWN.replace("{of}", "own.child_id,")
    + " GROUP BY own.child_id) AS own ON own.child_id = child.id LEFT JOIN ("
    + RECORDED.replace("{of}", "entry.child_id,").replace("{here}", "").replace("{there}", "")
    + " GROUP BY entry.child_id) AS recorded ON recorded.child_id = child.id"
).replace("{item}", ITEM)
# PostgreSQL reads & and | from left to right, neither before the other.
OPEN_ITEM = """
    ((((CAST(:open_items AS bigint[])){place} & ~coalesce(own.moved, 0))
      | ((CAST(:given_items AS bigint[])){place} & coalesce(own.due, 0)))
     & ~coalesce(recorded.items, 0) & CAST(:{name} AS bigint)) <> 0
"""


@dataclass
class _Parts:
    """What a statement is put together from: fixed pieces of SQL, and values for them."""

    tables: str = FAMILIES
    looked_up: str = ""  # tables read child by child
    swept: str = ""  # the same, read once
    conditions: list[str] = field(default_factory=lambda: [SERVED])
    values: dict[str, Any] = field(default_factory=dict)

    def ask(self, condition: str, **values: Any) -> None:
        self.conditions.append(condition)
        self.values |= values

    def sql(self, more_tables: str) -> str:
        where = " AND ".join(self.conditions)
        return "".join([CHOSEN, self.tables, more_tables, " WHERE ", where])


@dataclass(frozen=True)
class Told:
    """`sql` selects child_id, town_code and parent_id: a row for each child and parent.

    `sweep` selects the same rows, and is the faster one where they are most of a city's.
    """

    sql: str
    sweep: str
    values: dict[str, Any]


def told(
    audience: Audience, schedule: Schedule, year_kind: YearKind, day: date, month: date
) -> Told:
    """Whom `audience` is for on the city day `day`, whose quiz month is `month`.

    Raises AudienceInvalid for an item that the schedule does not have any more.
    """
    parts = _Parts()
    _ask_child(parts, audience, day)
    _ask_items(parts, audience, schedule, day)
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
    few = parts.sql(parts.looked_up)
    return Told(few, few if _narrow(audience) else parts.sql(parts.swept), parts.values)


def _narrow(audience: Audience) -> bool:
    return bool(audience.towns or audience.centre)


def between(who: Told, after: int, until: int) -> Told:
    """The same of the parents in a range of ids: after excluded, until included."""
    ranged = "".join([who.sql, RANGE])
    return Told(ranged, ranged, who.values | {"after": after, "until": until})


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


def _ask_items(parts: _Parts, audience: Audience, schedule: Schedule, day: date) -> None:
    asked: dict[str, list[OpenItem]] = {}
    if audience.dose:
        asked["dose"] = overdue_doses(schedule, day, audience.dose)
    if audience.checkup:
        asked["checkup"] = checkups_due(schedule, day, audience.checkup)
    if not asked:
        return
    items = [item for group in asked.values() for item in group]
    bits = {item.item_id: 1 << place for place, item in enumerate(items)}
    parts.looked_up, parts.swept = FEW, MOST
    for name, group in asked.items():
        mask = sum(bits[item.item_id] for item in group)
        parts.ask(OPEN_ITEM.replace("{name}", name).replace("{place}", PLACE), **{name: mask})
    births = list(_days(min(item.born_from for item in items), day))
    parts.values |= {
        "items": list(bits),
        "bits": list(bits.values()),
        "own_until": [item.own_until for item in items],
        "first_birth": births[0],
        "open_items": [_open(items, bits, birth) for birth in births],
        "given_items": [_given(items, bits, birth) for birth in births],
    }


def _given(items: Sequence[OpenItem], bits: Mapping[str, int], birth: date) -> int:
    """What is not closed yet for a child born then."""
    return sum(bits[item.item_id] for item in items if item.born_from <= birth)


def _open(items: Sequence[OpenItem], bits: Mapping[str, int], birth: date) -> int:
    """What is open by the birth date alone."""
    return sum(
        bits[item.item_id]
        for item in items
        if item.born_until is not None and item.born_from <= birth <= item.born_until
    )


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
