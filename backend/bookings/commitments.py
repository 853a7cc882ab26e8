"""What a child has already: sessions with a number or a place, and a pause. One query."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import and_, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session

from backend.bookings import attendance_models, rules
from backend.bookings.models import BookingState
from backend.bookings.rules import FREE_SESSIONS_PER_YEAR, OPEN_STATES, PLACE_STATES, Policy
from backend.kernel.clock import city_date
from backend.kernel.db import Base, UTCDateTime


class Offered(Protocol):
    """A slot, whether as a row of the table or of a screen."""

    @property
    def id(self) -> int: ...

    @property
    def starts_at(self) -> datetime: ...


@dataclass(frozen=True)
class Held:
    """One session of the child."""

    slot_id: int
    state: BookingState
    quota_year: int
    quota_number: int | None
    starts_at: datetime


@dataclass(frozen=True)
class Commitments:
    """Read with the child locked, they stay true until the transaction ends."""

    sessions: tuple[Held, ...]
    paused_until: datetime | None

    def number_for(
        self, policy: Policy, now: datetime, slot: Offered, birth: date
    ) -> tuple[int, int]:
        """Which of a year's six one more session would be, and the year.

        Raises AlreadyBooked, BookingPaused, QuotaUsedUp or TooManyOpen.
        """
        if self.holds(slot.id):
            raise rules.AlreadyBooked
        rules.check_paused(self.paused_until)
        year = rules.quota_year(policy, slot.starts_at, birth)
        beside = self._beside(policy, year, birth)
        number = rules.next_quota_number(self._numbers(year), beside)
        rules.check_open_count(policy, self.open_ahead(now))
        return number, year

    def holds(self, slot_id: int) -> bool:
        return any(one.slot_id == slot_id and one.state in PLACE_STATES for one in self.sessions)

    def open_ahead(self, now: datetime) -> int:
        """Requested or confirmed sessions that have not begun."""
        return sum(one.state in OPEN_STATES and one.starts_at > now for one in self.sessions)

    def used(self, policy: Policy, year: int, birth: date) -> int:
        """How many of the year's six are used, at most six."""
        used = len(self._numbers(year)) + self._beside(policy, year, birth)
        return min(used, FREE_SESSIONS_PER_YEAR)

    def _numbers(self, year: int) -> Collection[int]:
        return {
            one.quota_number
            for one in self.sessions
            if one.quota_year == year and one.quota_number is not None
        }

    def _beside(self, policy: Policy, year: int, birth: date) -> int:
        """Sessions within the year that have a number of a year of the other kind."""
        first, end = rules.year_span(policy, year, birth)
        return sum(
            one.quota_number is not None
            and one.quota_year != year
            and first <= city_date(one.starts_at) < end
            for one in self.sessions
        )


BOOKINGS, SLOTS = Base.metadata.tables["bookings"], Base.metadata.tables["slots"]
PAUSES = Base.metadata.tables[attendance_models.BookingPause.__tablename__]
PAUSE = (
    select(func.max(PAUSES.c.until_at, type_=UTCDateTime).label("paused_until"))
    .where(
        PAUSES.c.child_id == bindparam("child"),
        PAUSES.c.lifted_at.is_(None),
        PAUSES.c.from_at <= bindparam("now", type_=UTCDateTime),
        PAUSES.c.until_at > bindparam("now", type_=UTCDateTime),
    )
    .subquery()
)
THEIRS = and_(
    BOOKINGS.c.child_id == bindparam("child"),
    or_(BOOKINGS.c.quota_number.is_not(None), BOOKINGS.c.state.in_([*map(literal, PLACE_STATES)])),
)
COMMITMENTS = select(
    PAUSE.c.paused_until,
    BOOKINGS.c.slot_id,
    BOOKINGS.c.state,
    BOOKINGS.c.quota_year,
    BOOKINGS.c.quota_number,
    SLOTS.c.starts_at,
).select_from(
    PAUSE.outerjoin(
        BOOKINGS.join(SLOTS, SLOTS.c.id == BOOKINGS.c.slot_id),
        THEIRS,
    )
)
"""The pause is one row whatever there is, so that one statement asks for both."""


def commitments_of(session: Session, child_id: int, now: datetime) -> Commitments:
    """For a booking, call it with the child locked."""
    rows = session.execute(COMMITMENTS, {"child": child_id, "now": now}).all()
    held = tuple(
        Held(row.slot_id, row.state, row.quota_year, row.quota_number, row.starts_at)
        for row in rows
        if row.slot_id is not None
    )
    return Commitments(held, rows[0].paused_until)
