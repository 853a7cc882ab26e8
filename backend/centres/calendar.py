"""What a day is in the city: workday, weekend or holiday.

The calendar library knows the years that the State Council has announced; it never guesses.
The city's own table (calendar_days) stands above it, for a year that the library does not know
yet and for days that are different here. An unknown year counts as plain weekdays and weekends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import chinese_calendar
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.centres.place_models import CalendarDay, DayKind
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Invalid, NotFound

NOT_ANNOUNCED = "节假日安排未公布"
LONGEST_NAME = 20  # characters
HOLIDAYS = {kind.value: kind.chinese for kind in chinese_calendar.Holiday}
NATIONAL_DAY = (10, 1)


class Kind(StrEnum):
    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


@dataclass(frozen=True)
class DayOf:
    """A day of the city. `announced` False: nobody knows yet whether it will be a holiday."""

    day: date
    kind: Kind
    name: str  # 国庆节, 国庆节调休; empty for an ordinary day
    announced: bool
    from_city: bool = False  # the city's own table says so

    @property
    def is_makeup(self) -> bool:
        """A day of the weekend on which people work (调休)."""
        return self.kind is Kind.WORKDAY and self.day.weekday() >= 5


@dataclass(frozen=True)
class CityDay:
    """A row of the city's table."""

    day: date
    kind: DayKind
    name: str


class Calendar:
    """The library's calendar under the city's table. Pure."""

    def __init__(self, overrides: Iterable[CityDay] = ()) -> None:
        self._overrides = {row.day: row for row in overrides}

    def of(self, day: date) -> DayOf:
        own = self._overrides.get(day)
        if own is not None:
            return DayOf(day, Kind(own.kind.value), own.name, announced=True, from_city=True)
        if day.year in library_years():
            return _from_library(day)
        kind = Kind.WEEKEND if day.weekday() >= 5 else Kind.WORKDAY
        return DayOf(day, kind, "", announced=self.is_announced(day.year))

    def is_announced(self, year: int) -> bool:
        """The State Council announces a year as a whole, so a table with a National Day that is
        a holiday is a whole year's.
        """
        own = self._overrides.get(date(year, *NATIONAL_DAY))
        return year in library_years() or (own is not None and own.kind is DayKind.HOLIDAY)

    def days(self, first: date, last: date) -> list[DayOf]:
        """Each day from `first` to `last`, both included."""
        return [self.of(first + timedelta(days=n)) for n in range((last - first).days + 1)]


def library_years() -> range:
    """The years that the library knows."""
    known = chinese_calendar.holidays
    return range(min(known).year, max(known).year + 1)


def _from_library(day: date) -> DayOf:
    is_free, name = chinese_calendar.get_holiday_detail(day)
    if name is None:
        return DayOf(day, Kind.WEEKEND if is_free else Kind.WORKDAY, "", announced=True)
    chinese = HOLIDAYS.get(str(name), str(name))
    if is_free:
        return DayOf(day, Kind.HOLIDAY, chinese, announced=True)
    return DayOf(day, Kind.WORKDAY, f"{chinese}调休", announced=True)


def calendar_of(session: Session, first: date, last: date) -> Calendar:
    """The calendar for whole years from that of `first` to that of `last`."""
    rows = session.scalars(
        select(CalendarDay).where(
            CalendarDay.day.between(date(first.year, 1, 1), date(last.year, 12, 31))
        )
    )
    return Calendar(CityDay(row.day, row.kind, row.name) for row in rows)


def write_days(session: Session, clock: Clock, days: Iterable[CityDay], *, actor: str) -> int:
    """Put days into the city's table, over what it says of them; return how many.

    Raises Invalid for a day without a name.
    """
    rows = [_checked(day) for day in days]
    now = clock.now()
    for row in rows:
        values = {"kind": row.kind, "name": row.name, "changed_at": now, "changed_by": actor}
        session.execute(
            insert(CalendarDay)
            .values(day=row.day, **values)
            .on_conflict_do_update(index_elements=[CalendarDay.day], set_=values)
        )
    detail = {"days": [row.day.isoformat() for row in rows]}
    audit.record(
        session, clock, actor=actor, action="calendar.written", subject="calendar", detail=detail
    )
    return len(rows)


def forget_day(session: Session, clock: Clock, *, day: date, actor: str) -> None:
    """Leave a day to the library again. Raises NotFound."""
    gone = session.scalars(
        delete(CalendarDay).where(CalendarDay.day == day).returning(CalendarDay.day)
    ).one_or_none()
    if gone is None:
        raise NotFound("市里的日历里没有这一天")
    audit.record(
        session, clock, actor=actor, action="calendar.forgotten", subject=f"calendar:{day}"
    )


def city_days(session: Session, year: int) -> Mapping[date, CityDay]:
    """The city's table of a year, in order."""
    rows = session.scalars(
        select(CalendarDay)
        .where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
        .order_by(CalendarDay.day)
    )
    return {row.day: CityDay(row.day, row.kind, row.name) for row in rows}


def _checked(row: CityDay) -> CityDay:
    name = " ".join(row.name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(f"{row.day}：请写名称，不超过 {LONGEST_NAME} 字")
    return CityDay(row.day, row.kind, name)
