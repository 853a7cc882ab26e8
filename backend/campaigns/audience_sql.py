"""The families of an audience as one set-based SELECT: each child with each parent to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from backend.bookings.models import YearKind
from backend.campaigns.audience import (
    Audience,
    AudienceInvalid,
    OpenItem,
    Visit,
    checkups_due,
    first_birth_before,
    last_birth_reaching,
    overdue_doses,
)
from backend.handbook.schedule import Age, Kind, Schedule

# As the handbook's planner asks it. A consent counts as long as it stands, whatever its version.
# An account that is closed has no children and no standing consent.
CHOSEN = "SELECT child.id AS child_id, child.town_code, guardian.parent_id FROM "
RANGE = " AND guardian.parent_id > :after AND guardian.parent_id <= :until"
FAMILIES = """
    children AS child
    JOIN guardians AS guardian ON guardian.child_id = child.id
    JOIN parents AS parent ON parent.id = guardian.parent_id
"""
SERVED = """
    child.deleted_at IS NULL AND child.departure IS NULL
    AND child.duplicate_state IS DISTINCT FROM 'same'
    AND parent.agreed
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
# An item is one bit of a word of its kind: open by the birth date (an array of some two thousand
# days), with a day of its own, recorded. The last two stand at the child (`item_words_follow`,
# migration 0043), so that a city is counted in one reading however full its books are. No join
# and no subquery of a child: PostgreSQL would not share those out among its processes.
PLACE = "[child.birth_date - CAST(:{asked}_first AS date) + 1]"
OWN_DUE = "CASE WHEN child.{days}[{place}] <= CAST(:{asked}_until AS date) THEN {mask} ELSE 0 END"
# PostgreSQL reads & and | from left to right, neither before the other.
OPEN_ITEM = f"""
    ((((CAST(:{{asked}}_open AS bigint[])){PLACE} & ~child.moved_{{word}})
      | CASE WHEN child.moved_{{word}} & CAST(:{{asked}}_mask AS bigint) = 0 THEN 0
             ELSE (CAST(:{{asked}}_given AS bigint[])){PLACE} & ({{own_due}}) END)
     & ~child.recorded_{{word}} & CAST(:{{asked}}_mask AS bigint)) <> 0
"""
WORDS = {Kind.VACCINE: "doses", Kind.CHECKUP: "checkups"}
BITS = range(63)


@dataclass
class _Parts:
    """What a statement is put together from: fixed pieces of SQL, and values for them."""

    conditions: list[str] = field(default_factory=lambda: [SERVED])
    values: dict[str, Any] = field(default_factory=dict)

    def ask(self, condition: str, **values: Any) -> None:
        self.conditions.append(condition)
        self.values |= values

    def sql(self) -> str:
        return "".join([CHOSEN, FAMILIES, " WHERE ", " AND ".join(self.conditions)])


@dataclass(frozen=True)
class Told:
    """`sql` selects child_id, town_code and parent_id: a row for each child and parent."""

    sql: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Asking:
    """When an audience is asked for, and by which plan and rules."""

    schedule: Schedule
    year_kind: YearKind
    day: date  # of the city
    month: date  # of the questions, its first day
    bits: Mapping[str, int]  # of the items that any child has a record of, by `item_bits`


def told(audience: Audience, asking: Asking) -> Told:
    """Whom `audience` is for.

    Raises AudienceInvalid for an item that the schedule does not have any more.
    """
    parts = _Parts()
    _ask_child(parts, audience, asking.day)
    if audience.dose:
        items = overdue_doses(asking.schedule, asking.day, audience.dose)
        _ask_items(parts, "dose", Kind.VACCINE, items, asking)
    if audience.checkup:
        items = checkups_due(asking.schedule, asking.day, audience.checkup)
        _ask_items(parts, "checkup", Kind.CHECKUP, items, asking)
    if audience.sessions_below:
        _ask_sessions(parts, audience.sessions_below, asking)
    if audience.no_quiz_this_month:
        parts.ask(NO_QUIZ, month=asking.month)
    return Told(parts.sql(), parts.values)


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


def _ask_sessions(parts: _Parts, below: int, asking: Asking) -> None:
    calendar = asking.year_kind is YearKind.CALENDAR
    year = CALENDAR_YEAR if calendar else BIRTHDAY_YEAR
    sessions_left = SESSIONS_LEFT.replace("{year}", year)
    parts.ask(sessions_left, quota_year=asking.day.year, sessions_below=below)
    if not calendar:
        parts.values["day"] = asking.day


def _ask_items(
    parts: _Parts, asked: str, kind: Kind, items: Sequence[OpenItem], asking: Asking
) -> None:
    bits = _bits(items, kind, asking.bits)
    births = list(_days(min(item.born_from for item in items), asking.day))
    values = {
        "mask": sum(bits.values()),
        "until": items[0].own_until,
        "first": births[0],
        "open": [_open(items, bits, birth) for birth in births],
        "given": [_given(items, bits, birth) for birth in births],
    }
    own_due = " | ".join(
        OWN_DUE.format(asked=asked, days=f"{asked}_days", place=bit.bit_length(), mask=bit)
        for bit in bits.values()
    )
    condition = OPEN_ITEM.format(asked=asked, word=WORDS[kind], own_due=own_due)
    parts.ask(condition, **{f"{asked}_{name}": value for name, value in values.items()})


def _bits(items: Sequence[OpenItem], kind: Kind, given: Mapping[str, int]) -> dict[str, int]:
    """Each item's place in the word, as a number with that bit alone.

    One that no child has a record of has none yet: any bit that is not given will do. Raises
    AudienceInvalid where all are.
    """
    taken = {bit for item_id, bit in given.items() if item_id.startswith(f"{kind.value}:")}
    free = iter(sorted(set(BITS) - taken, reverse=True))
    try:
        return {
            item.item_id: 1 << (given[item.item_id] if item.item_id in given else next(free))
            for item in items
        }
    except StopIteration:
        raise AudienceInvalid("这个项目暂时不能作为受众条件，请换一个") from None


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
