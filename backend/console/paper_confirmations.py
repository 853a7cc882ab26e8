"""纸质签字: what guardians without a phone have signed, recorded for many rows of a day at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from backend.bookings import paper_confirmations as papers
from backend.bookings.attendance_models import PaperConfirmation
from backend.bookings.desk import booking_in_scope
from backend.bookings.paper_confirmations import PaperRow, Sheet
from backend.bookings.rules import UNDO_WITHIN
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, row_id, sentence
from backend.console.bookings import at_most, whose
from backend.console.day import day_asked, place_of
from backend.console.desk import Line, line_of, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import DomainError, Invalid


@dataclass(frozen=True)
class PaperLine:
    """One attended session on the page."""

    line: Line
    open: bool
    on_paper: bool
    confirmed_at: datetime | None
    paper: PaperConfirmation | None
    may_undo: bool


@bp.get("/paper")
@requires(Action.DECIDE_BOOKINGS)
def paper() -> ResponseReturnValue:
    now = deps().clock.now()
    today = city_date(now)
    day = day_asked(today)
    with deps().sessions.begin() as session:
        place = place_of(session, request.args.get("centre", type=int))
        rows = papers.paper_day(session, place.centre_ids, day, now) if place.single else []
        note_listed(session, "paper", (row.booking.child_id for row in rows))
        lines = [_line(row, now) for row in rows]
    return render_template(
        "console/paper.html",
        place=place,
        day=day,
        today=today,
        lines=lines,
        open=[one for one in lines if one.open],
        until=day + papers.RECORDED_WITHIN,
        number=papers.usual_number(place.chosen.id, day) if place.chosen else "",
        longest=papers.SHEET_LENGTH,
        earlier=day - timedelta(days=1),
        later=day + timedelta(days=1),
    )


@bp.post("/paper")
@requires(Action.DECIDE_BOOKINGS)
def record_paper() -> ResponseReturnValue:
    """Each in a transaction of its own: one that is refused keeps no other back."""
    sheet = _sheet()
    chosen = at_most(request.form.getlist("booking", type=row_id))
    done, refused = 0, dict[str, list[str]]()
    for booking_id in chosen:
        try:
            done += _record(booking_id, sheet)
        except DomainError as error:
            refused.setdefault(sentence(error), []).append(whose(booking_id))
    if not chosen:
        notices.refused("请先勾选已签字的家庭")
    elif done or not refused:
        notices.done(f"已登记 {done} 个纸质签字，签到表 {sheet.number}")
    notices.refused_for(refused, "没有登记")
    return redirect(back(), 303)


@bp.post("/paper/<int:booking_id>/undo")
@requires(Action.DECIDE_BOOKINGS)
def undo_paper(booking_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        booking_in_scope(session, booking_id, viewer().scope.centre_ids)
        papers.take_back(session, deps().clock, booking_id=booking_id, staff_id=viewer().staff_id)
    notices.done("已撤销这一条纸质签字")
    return redirect(back(), 303)


def _record(booking_id: int, sheet: Sheet) -> bool:
    with deps().sessions.begin() as session:
        booking_in_scope(session, booking_id, viewer().scope.centre_ids)
        return papers.record(
            session, deps().clock, booking_id=booking_id, sheet=sheet, staff_id=viewer().staff_id
        )


def _sheet() -> Sheet:
    try:
        signed_on = date.fromisoformat(request.form.get("signed_on", ""))
    except ValueError as error:
        raise Invalid("请填写签字日期") from error
    return Sheet(" ".join(request.form.get("sheet", "").split()), signed_on)


def _line(row: PaperRow, now: datetime) -> PaperLine:
    return PaperLine(
        line=line_of(row.booking),
        open=row.open,
        on_paper=row.on_paper,
        confirmed_at=row.confirmed_at,
        paper=row.paper,
        may_undo=row.paper is not None and now - row.paper.recorded_at <= UNDO_WITHIN,
    )
