"""时段, as a week on the wall: a column a day, a row an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from backend.centres.calendar import DayOf, calendar_of
from backend.centres.closures import ClosureRow, closures_of
from backend.centres.week import PlacedSlot, placed_slots
from backend.console.auth import requires
from backend.console.blueprint import bp
from backend.console.day import day_asked, place_of
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date, city_midnight

DAYS = 7


@dataclass(frozen=True)
class HourRow:
    """The sessions that begin in one hour, by day."""

    hour: int
    cells: list[list[PlacedSlot]]


@bp.get("/slots/week")
@requires(Action.SEE_SLOTS)
def slot_week() -> ResponseReturnValue:
    now = deps().clock.now()
    first = _monday(day_asked(city_date(now)))
    last = first + timedelta(days=DAYS - 1)
    with deps().reads() as session:
        place = place_of(session, request.args.get("centre", type=int))
        found = placed_slots(session, place.centre_ids, first, last)
        days = calendar_of(session, first, last).days(first, last)
        closed = closures_of(session, place.centre_ids, city_midnight(first))
    return render_template(
        "console/slot_week.html",
        place=place,
        days=days,
        rows=_rows(found, days),
        closed=_within(closed, last),
        now=now,
        today=city_date(now),
        first=first,
        last=last,
        earlier=first - timedelta(days=DAYS),
        later=first + timedelta(days=DAYS),
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _within(closed: list[ClosureRow], last: date) -> list[ClosureRow]:
    return [row for row in closed if row.starts_at < city_midnight(last + timedelta(days=1))]


def _rows(found: list[PlacedSlot], days: list[DayOf]) -> list[HourRow]:
    return [
        HourRow(
            hour,
            [[one for one in found if one.hour == hour and one.day == day.day] for day in days],
        )
        for hour in sorted({one.hour for one in found})
    ]
