"""Weekly patterns of sessions: looked at first, then written in one transaction.

`preview` is pure: it says of each day of the pattern whether it is written, and why not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from backend.centres.calendar import NOT_ANNOUNCED, Calendar, DayOf, Kind, calendar_of
from backend.centres.closures import lock_centre_to_offer
from backend.centres.obstacles import Facts, facts_of
from backend.centres.place_models import SlotSeries
from backend.centres.service import NewSlot, check_slot, write_slot
from backend.kernel import audit
from backend.kernel.clock import CITY, Clock, city_date
from backend.kernel.errors import Conflict, Invalid

LONGEST = timedelta(days=366)
FARTHEST = timedelta(days=400)  # far enough for the whole of next year's first term
ADAY = timedelta(days=1)


class PreviewOutdated(Conflict):
    code = "series_changed_meanwhile"
    message = "看过之后又有变化，一次也没有写入，请再看一遍"


@dataclass(frozen=True)
class Pattern:
    """On which days, and from when to when on the city's clock. Monday is 0.

    `skip_holidays` leaves out days on which the city rests by law; `on_makeup_days` keeps days
    of the weekend on which people work (调休).
    """

    weekdays: frozenset[int]
    starts: time
    ends: time
    first_day: date
    last_day: date
    skip_holidays: bool = True
    on_makeup_days: bool = True
    exceptions: frozenset[date] = frozenset()


@dataclass(frozen=True)
class PlannedDay:
    """A day of the pattern. `code` None: a session is written; else why not, and in words."""

    day: DayOf
    starts_at: datetime
    ends_at: datetime
    code: str | None = None
    why: str = ""

    @property
    def is_written(self) -> bool:
        return self.code is None

    @property
    def note(self) -> str:
        """What else one should know of the day."""
        return "" if self.day.announced else NOT_ANNOUNCED


@dataclass(frozen=True)
class Given:
    """What a preview looks at."""

    calendar: Calendar
    facts: Facts
    now: datetime


def check_pattern(pattern: Pattern, today: date) -> None:
    """Raises Invalid, saying what is wrong with a pattern."""
    wrong = {
        "请选至少一个星期几": not pattern.weekdays or not pattern.weekdays <= set(range(7)),
        "结束时间要晚于开始时间": pattern.ends <= pattern.starts,
        "最后一天不能早于第一天": pattern.last_day < pattern.first_day,
        "一次最多安排一年": pattern.last_day - pattern.first_day > LONGEST,
        "日期太远，请选十三个月以内的日期": pattern.last_day - today > FARTHEST,
        "第一天已经过去": pattern.first_day < today,
    }
    found = [sentence for sentence, is_wrong in wrong.items() if is_wrong]
    if found:
        raise Invalid("；".join(found))


def days_of(pattern: Pattern) -> list[date]:
    """The days of the pattern's weekdays, exceptions among them."""
    length = (pattern.last_day - pattern.first_day).days
    days = (pattern.first_day + n * ADAY for n in range(length + 1))
    return [day for day in days if day.weekday() in pattern.weekdays]


def preview(pattern: Pattern, template: NewSlot, given: Given) -> list[PlannedDay]:
    """Each day of the pattern, in order. The template's own times do not count."""
    return [_planned(pattern, template, given, day) for day in days_of(pattern)]


def on_day(pattern: Pattern, template: NewSlot, day: date) -> NewSlot:
    """The template's session on one day."""
    return replace(
        template,
        starts_at=datetime.combine(day, pattern.starts, CITY),
        ends_at=datetime.combine(day, pattern.ends, CITY),
    )


def preview_series(
    session: Session, clock: Clock, pattern: Pattern, template: NewSlot
) -> list[PlannedDay]:
    """The preview as things stand now. Raises NotFound or Invalid."""
    check_pattern(pattern, city_date(clock.now()))
    check_slot(on_day(pattern, template, pattern.first_day))
    first, last = (on_day(pattern, template, day) for day in (pattern.first_day, pattern.last_day))
    facts = facts_of(session, template.setting, first.when.busy[0], last.when.busy[1])
    calendar = calendar_of(session, pattern.first_day, pattern.last_day)
    return preview(pattern, template, Given(calendar, facts, clock.now()))


def write_series(
    session: Session,
    clock: Clock,
    pattern: Pattern,
    template: NewSlot,
    *,
    seen: Sequence[date],
    actor: str,
) -> SlotSeries:
    """Write the sessions that a preview promised, all of them or none.

    `seen` are the days that were shown as written. Raises PreviewOutdated, naming the days that
    changed since, and RoomTaken or TeacherTaken when somebody was faster in this very moment.
    """
    lock_centre_to_offer(session, template.centre_id)
    planned = preview_series(session, clock, pattern, template)
    written = [one for one in planned if one.is_written]
    _check_as_seen(planned, seen)
    series = SlotSeries(
        centre_id=template.centre_id,
        pattern=_stored(pattern, template),
        first_day=pattern.first_day,
        last_day=pattern.last_day,
        created_at=clock.now(),
        created_by=actor,
    )
    session.add(series)
    session.flush()
    for one in written:
        new = on_day(pattern, template, one.day.day)
        write_slot(session, clock, replace(new, series_id=series.id))
    audit.record(
        session,
        clock,
        actor=actor,
        action="series.written",
        subject=f"series:{series.id}",
        detail={"slots": len(written)},
    )
    return series


def _planned(pattern: Pattern, template: NewSlot, given: Given, day: date) -> PlannedDay:
    new, kind = on_day(pattern, template, day), given.calendar.of(day)
    code, why = _reason(pattern, new, given, kind) or (None, "")
    return PlannedDay(kind, new.starts_at, new.ends_at, code, why)


def _reason(pattern: Pattern, new: NewSlot, given: Given, day: DayOf) -> tuple[str, str] | None:
    """Why a day of the pattern has no session, as a code and in words."""
    if day.day in pattern.exceptions:
        return "exception", "您排除的日期"
    if pattern.skip_holidays and day.kind is Kind.HOLIDAY:
        return "holiday", f"{day.name}放假"
    if not pattern.on_makeup_days and day.is_makeup:
        return "makeup", f"{day.name or '调休'}上班日"
    if new.starts_at <= given.now:
        return "past", "时间已过"
    obstacle = given.facts.obstacle(new.when, new.capacity)
    if obstacle is None:
        return None
    rule = obstacle.message.partition("，")[0]  # what to do about it the page says once
    return obstacle.code, f"{rule}：{obstacle.detail}" if obstacle.detail else rule


def _check_as_seen(planned: Sequence[PlannedDay], seen: Sequence[date]) -> None:
    """Raises PreviewOutdated when other days would be written now, and Invalid when none."""
    written = {one.day.day for one in planned if one.is_written}
    if not written:
        raise Invalid("没有可以写入的日期")
    changed = sorted(written ^ set(seen))
    if changed:
        whys = {one.day.day: one.why for one in planned}
        named = [f"{day} {whys.get(day, '')}".strip() for day in changed[:5]]
        raise PreviewOutdated("；".join(named))


def _stored(pattern: Pattern, template: NewSlot) -> dict[str, Any]:
    """The pattern and its template as JSON, for whoever asks later how these came about."""
    return {
        "weekdays": sorted(pattern.weekdays),
        "starts": f"{pattern.starts:%H:%M}",
        "ends": f"{pattern.ends:%H:%M}",
        "skip_holidays": pattern.skip_holidays,
        "on_makeup_days": pattern.on_makeup_days,
        "exceptions": sorted(day.isoformat() for day in pattern.exceptions),
        "kind": template.kind.value,
        "title": template.title.strip(),
        "capacity": template.capacity,
        "ages": [template.age_from_months, template.age_to_months],
        "room_id": template.room_id,
        "teacher_id": template.teacher_id,
        "travel_minutes": template.travel_minutes,
        "held_places": template.held_places,
    }
