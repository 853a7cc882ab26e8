"""每周重复: a weekly pattern is looked at day by day before anything is written."""

from __future__ import annotations

from datetime import time, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.bookings.policies import policy_at
from backend.centres import series
from backend.centres.series import PlannedDay
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, sentence
from backend.console.permissions import Action
from backend.console.slot_forms import SeriesForm, days_in
from backend.console.slots import offered
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import DomainError

USUAL_WEEKS = 12


@bp.get("/slots/series/new")
@requires(Action.EDIT_SLOTS)
def new_series() -> ResponseReturnValue:
    form = offered(SeriesForm(), request.args.get("centre", type=int))
    today = city_date(deps().clock.now())
    form.first_day.data = today + timedelta(days=1)
    form.last_day.data = today + timedelta(weeks=USUAL_WEEKS)
    form.starts.data, form.ends.data = time(9, 30), time(10, 30)
    form.skip_holidays.data = form.on_makeup_days.data = True
    return _page(form)


@bp.post("/slots/series/preview")
@requires(Action.EDIT_SLOTS)
def preview_series() -> ResponseReturnValue:
    form = offered(SeriesForm(), None)
    if not form.validate():
        return _page(form, problem="请检查标出的几项"), 422
    return _looked_at(form)


@bp.post("/slots/series")
@requires(Action.EDIT_SLOTS)
def create_series() -> ResponseReturnValue:
    """Write what was looked at: all of it, or nothing and the preview as it is now."""
    form = offered(SeriesForm(), None)
    if not form.validate():
        return _page(form, problem="请检查标出的几项"), 422
    try:
        count = _write(form)
    except (DomainError, ValueError) as error:
        said = sentence(error) if isinstance(error, DomainError) else "请再看一遍"
        return _looked_at(form, problem=said)
    notices.done(f"已开放 {count} 次，家长现在可以看到")
    first = form.first_day.data.isoformat()
    return redirect(url_for("console.slots", **{"from": first}), 303)


def _write(form: SeriesForm) -> int:
    parts, seen = deps(), sorted(days_in(form.seen.data))
    with parts.sessions.begin() as session:
        held = timedelta(hours=policy_at(session, parts.clock.now()).held_until_hours)
        template = form.new_slot(form.first_day.data, held)
        series.write_series(
            session, parts.clock, form.pattern(), template, seen=seen, actor=viewer().actor
        )
    return len(seen)


def _looked_at(form: SeriesForm, problem: str | None = None) -> ResponseReturnValue:
    """The form with the preview under it."""
    parts = deps()
    try:
        with parts.sessions.begin() as session:
            held = timedelta(hours=policy_at(session, parts.clock.now()).held_until_hours)
            template = form.new_slot(form.first_day.data, held)
            planned = series.preview_series(session, parts.clock, form.pattern(), template)
    except DomainError as error:
        return _page(form, problem=problem or sentence(error)), 422
    return _page(form, planned, problem=problem), 422 if problem else 200


def _page(
    form: SeriesForm, planned: list[PlannedDay] | None = None, problem: str | None = None
) -> str:
    written = [one for one in planned or () if one.is_written]
    form.seen.data = " ".join(one.day.day.isoformat() for one in written)
    return render_template(
        "console/slot_series.html",
        form=form,
        planned=planned,
        count=len(written),
        unknown=any(not one.day.announced for one in planned or ()),
        problem=problem,
        today=city_date(deps().clock.now()),
    )
