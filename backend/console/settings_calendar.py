"""设置 › 日历: what each day of a year is; the city's staff keep the city's own table."""

from __future__ import annotations

import calendar as months_of
import io
from dataclasses import dataclass
from datetime import date

from flask import redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.centres import calendar, calendar_sheets
from backend.centres.calendar import CityDay, DayOf
from backend.centres.nursing_rooms import FORMULA
from backend.centres.place_models import DayKind
from backend.centres.room_sheets import decode
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.permissions import Action
from backend.console.place_forms import DayForm
from backend.console.settings import save
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import DomainError, Invalid

YEARS = (2004, 2100)  # from the library's first on
LARGEST_FILE = 100_000  # bytes; a year has some forty days


@dataclass(frozen=True)
class Month:
    """Weeks from Monday to Sunday; None before the first and after the last day."""

    number: int
    weeks: list[list[DayOf | None]]


@bp.get("/settings/calendar")
@requires(Action.SEE_PLACES)
def settings_calendar() -> ResponseReturnValue:
    return _page(_form())


@bp.post("/settings/calendar")
@requires(Action.EDIT_CALENDAR)
def write_day() -> ResponseReturnValue:
    form = _form()

    def write(session: Session) -> None:
        _write(session, [CityDay(form.day.data, DayKind(form.kind.data), form.name.data)])

    problem = save(form, write)
    if problem is not None:
        return _page(form, problem), 422
    notices.done("已写入市里的日历")
    return redirect(_address(form.day.data.year), 303)


@bp.post("/settings/calendar/import")
@requires(Action.EDIT_CALENDAR)
def import_days() -> ResponseReturnValue:
    """Pasted text or a CSV file: all of its days, or none and the lines that are wrong."""
    try:
        days = calendar_sheets.read_days(_sent())
        with deps().sessions.begin() as session:
            count = _write(session, days)
    except DomainError as error:
        return _page(_form(), error.detail or error.message), 422
    notices.done(f"已写入 {count} 天")
    return redirect(_address(days[0].day.year), 303)


@bp.post("/settings/calendar/<day>/forget")
@requires(Action.EDIT_CALENDAR)
def forget_day(day: str) -> ResponseReturnValue:
    try:
        found = date.fromisoformat(day)
    except ValueError as error:
        raise Invalid("日期有误") from error
    with deps().sessions.begin() as session:
        calendar.forget_day(session, deps().clock, day=found, actor=viewer().actor)
    notices.done("已删去，这一天照公布的安排")
    return redirect(_address(found.year), 303)


@bp.get("/settings/calendar.csv")
@requires(Action.SEE_PLACES)
def export_days() -> ResponseReturnValue:
    year = _year()
    with deps().reads() as session:
        text = calendar_sheets.write_sheet(calendar.city_days(session, year).values())
    return send_file(
        io.BytesIO(text.encode("utf-8-sig")),
        mimetype="text/csv",
        as_attachment=True,
        download_name=f"日历-{year}.csv",
    )


def _write(session: Session, days: list[CityDay]) -> int:
    if any(day.name.startswith(FORMULA) for day in days):
        raise Invalid("名称不能以 = + - @ 开头")
    return calendar.write_days(session, deps().clock, days, actor=viewer().actor)


def _sent() -> str:
    """The chosen file, or what was pasted. Raises Invalid."""
    file = request.files.get("file")
    content = file.read(LARGEST_FILE + 1) if file else b""
    if len(content) > LARGEST_FILE:
        raise Invalid("文件太大")
    return decode(content) if content else request.form.get("days", "")


def _form() -> DayForm:
    return DayForm()


def _year() -> int:
    now_year = city_date(deps().clock.now()).year
    year = request.args.get("year", now_year, type=int)
    return year if YEARS[0] <= year <= YEARS[1] else now_year


def _address(year: int) -> str:
    return url_for("console.settings_calendar", year=year)


def _page(form: DayForm, problem: str | None = None) -> str:
    year = _year()
    first, last = date(year, 1, 1), date(year, 12, 31)
    with deps().reads() as session:
        found = calendar.calendar_of(session, first, last)
        own = list(calendar.city_days(session, year).values())
    return render_template(
        "console/settings_calendar.html",
        year=year,
        announced=found.is_announced(year),
        months=[_month(found, year, number) for number in range(1, 13)],
        own=own,
        kinds=calendar_sheets.TITLES,
        form=form,
        problem=problem,
        pasted=request.form.get("days", ""),
        today=city_date(deps().clock.now()),
    )


def _month(found: calendar.Calendar, year: int, number: int) -> Month:
    weeks = months_of.Calendar().monthdatescalendar(year, number)
    return Month(
        number,
        [[found.of(day) if day.month == number else None for day in week] for week in weeks],
    )
