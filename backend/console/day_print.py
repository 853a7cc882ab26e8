"""打印名单: a day of a centre on A4, masked names, boxes to tick, lines to sign."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from backend.bookings.desk import day_list
from backend.bookings.paper_confirmations import on_paper, usual_number
from backend.bookings.rules import PLACE_STATES
from backend.centres.queries import slots_of_centres
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.day import day_asked, place_of
from backend.console.desk import by_slot, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date


@bp.get("/print")
@requires(Action.SEE_BOOKINGS)
def day_print() -> ResponseReturnValue:
    now = deps().clock.now()
    day = day_asked(city_date(now))
    with deps().sessions.begin() as session:
        place = place_of(session, request.args.get("centre", type=int))
        bookings = [
            one
            for one in day_list(session, place.centre_ids, day, day)
            if one.state in PLACE_STATES
        ]
        slots = slots_of_centres(session, place.centre_ids, day, day)
        note_listed(session, "print", (booking.child_id for booking in bookings))
        cards = by_slot(slots, bookings)
        signs = on_paper(session, [one.id for one in bookings], now)
    return render_template(
        "console/day_print.html",
        place=place,
        day=day,
        today=city_date(now),
        cards=cards,
        signs=signs,
        sheet=usual_number(place.chosen.id, day) if place.chosen else None,
        printed_at=now,
        who=viewer().name,
    )
