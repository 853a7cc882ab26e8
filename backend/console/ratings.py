"""评价: averages of centres and teachers, and words that a person has to look at.

A centre does not judge what is said of it: the town and the city do.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from backend.bookings import ratings as service
from backend.bookings.rating_queries import (
    SHOWN_FROM,
    RatingRow,
    averages_by_centre,
    averages_by_teacher,
    shown_words,
    to_review,
)
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp
from backend.console.day import place_of
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date


@dataclass(frozen=True)
class Said:
    row: RatingRow
    words: str


@bp.get("/ratings")
@requires(Action.SEE_BOOKINGS)
def ratings() -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        place = place_of(session, request.args.get("centre", type=int))
        judges = viewer().may(Action.REVIEW_RATINGS)
        view = {
            "centres": averages_by_centre(session, place.centre_ids),
            "teachers": averages_by_teacher(session, place.centre_ids),
            "waiting": _opened(to_review(session, place.centre_ids)) if judges else [],
            "said": _opened(shown_words(session, place.centre_ids)),
        }
    return render_template(
        "console/ratings.html",
        place=place,
        shown_from=SHOWN_FROM,
        today=city_date(deps().clock.now()),
        **view,
    )


def _opened(rows: list[RatingRow]) -> list[Said]:
    return [Said(row, deps().vault.open(row.words_sealed, service.WORDS)) for row in rows]


@bp.post("/ratings/<int:booking_id>")
@requires(Action.REVIEW_RATINGS)
def decide_rating(booking_id: int) -> ResponseReturnValue:
    show = request.form.get("show") == "1"
    with deps().sessions.begin() as session:
        service.decide(
            session, booking_id=booking_id, show=show, centre_ids=viewer().scope.centre_ids
        )
    notices.done("已显示这条评价" if show else "已隐藏这条评价")
    return redirect(back(), 303)
