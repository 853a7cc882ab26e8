"""提醒效果: the two reminder wordings side by side."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from backend.bookings.reminders import WORDING_TITLES, Wording
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.months import month_asked
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.ages import add_months
from backend.kernel.clock import city_date
from backend.statistics.no_shows import FORMULA, compare_reminders

SAMPLE = {
    "booking_id": 1,
    "title": "亲子律动",
    "starts_at": "2026-11-27T14:00:00+08:00",
    "centre": "澄江街道中心",
    "address": "人民路 1 号",
}
SPANS = {1: "1 个月", 3: "3 个月", 12: "12 个月"}


def _sample(wording: Wording) -> tuple[str, str]:
    """Title and words of a reminder, for an invented session."""
    facts = SAMPLE | {"wording": wording.value}
    words = deps().templates.render_in_app("booking_reminder", facts, "小满")
    return WORDING_TITLES[wording], words.body


@bp.get("/no-shows")
@requires(Action.SEE_STATISTICS)
def no_shows() -> ResponseReturnValue:
    this_month = city_date(deps().clock.now()).replace(day=1)
    span = request.args.get("months", 3, type=int)
    span = span if span in SPANS else 3
    last = month_asked(this_month, this_month)
    first = add_months(last, 1 - span)
    with deps().reads() as session:
        found = compare_reminders(session, viewer().scope, (first, last))
    return render_template(
        "console/no_shows.html",
        found=found,
        first=first,
        last=last,
        span=span,
        spans=SPANS,
        month_choices=[add_months(this_month, -back) for back in range(12)],
        formula=FORMULA,
        texts=[_sample(wording) for wording in Wording],
    )
