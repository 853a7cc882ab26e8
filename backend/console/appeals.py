"""申诉: what families say against “missed”, and the centre's answer."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from backend.bookings import appeals as service
from backend.bookings.appeals import RESULTS, AppealRow, Decision
from backend.bookings.attendance_models import AppealState
from backend.bookings.desk import booking_in_scope
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp
from backend.console.day import place_of
from backend.console.desk import Line, line_of, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import Invalid

STATE_TITLES = {
    AppealState.OPEN: "待处理",
    AppealState.GRANTED: "已同意",
    AppealState.REFUSED: "未同意",
}


@dataclass(frozen=True)
class Card:
    appeal: AppealRow
    line: Line
    words: str
    state_title: str


@bp.get("/appeals")
@requires(Action.SEE_BOOKINGS)
def appeals() -> ResponseReturnValue:
    """Open ones; with `all=1` those that were answered, too."""
    every = request.args.get("all") == "1"
    with deps().sessions.begin() as session:
        place = place_of(session, request.args.get("centre", type=int))
        rows = service.appeals(session, place.centre_ids, only_open=not every)
        note_listed(session, "appeals", (row.booking.child_id for row in rows))
    return render_template(
        "console/appeals.html",
        place=place,
        cards=[_card(row) for row in rows],
        every=every,
        today=city_date(deps().clock.now()),
    )


def _card(row: AppealRow) -> Card:
    words = deps().vault.open(row.words_sealed, service.WORDS) if row.words_sealed else "（已删除）"
    return Card(row, line_of(row.booking), words, STATE_TITLES[row.state])


@bp.post("/appeals/<int:booking_id>")
@requires(Action.DECIDE_BOOKINGS)
def decide_appeal(booking_id: int) -> ResponseReturnValue:
    try:
        decision = Decision(request.form.get("decision", ""))
    except ValueError as error:
        raise Invalid("请选择处理结果") from error
    with deps().sessions.begin() as session:
        booking_in_scope(session, booking_id, viewer().scope.centre_ids)
        service.decide(
            session,
            deps().clock,
            booking_id=booking_id,
            staff_id=viewer().staff_id,
            decision=decision,
            answer=request.form.get("answer", ""),
        )
    notices.done(f"{RESULTS[decision]}，家长会收到答复")
    return redirect(back(), 303)
