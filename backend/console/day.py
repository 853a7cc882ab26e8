"""今天: the sessions of today and the coming days, and the requests that wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.bookings.desk import count_requests, day_list
from backend.bookings.settlement import month_of
from backend.bookings.statement_queries import latest_draft, not_marked
from backend.centres.queries import CentreRow, centres, slots_of_centres
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.desk import by_day, by_slot, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import NotFound
from backend.people.models import Role

WEEK = 7  # days of one centre on a page
MOST_CENTRES = 200
SHOWN_DAYS = (date(2000, 1, 1), date(2200, 1, 1))  # beyond them the calendar itself ends


@dataclass(frozen=True)
class Place:
    """Which centres a page shows: the chosen one, or all of the scope."""

    choices: list[CentreRow]
    chosen: CentreRow | None
    centre_ids: frozenset[int] | None

    @property
    def single(self) -> bool:
        return self.chosen is not None


def place_of(session: Session, chosen_id: int | None) -> Place:
    """Raises NotFound for a centre that is not in the viewer's scope."""
    scope = viewer().scope
    page = centres(session, town=scope.town_code, limit=MOST_CENTRES)
    choices = [centre for centre in page.items if scope.holds_centre(centre.id)]
    if chosen_id is None and len(choices) == 1:
        chosen_id = choices[0].id
    if chosen_id is None:
        return Place(choices, None, scope.centre_ids)
    chosen = next((centre for centre in choices if centre.id == chosen_id), None)
    if chosen is None:
        raise NotFound
    return Place(choices, chosen, frozenset({chosen.id}))


def day_asked(today: date) -> date:
    """The day in the address, today when there is none or it is no day to be shown."""
    try:
        asked = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        return today
    first, last = SHOWN_DAYS
    return asked if first <= asked <= last else today


@bp.get("/")
@requires(Action.SEE_BOOKINGS)
def today() -> ResponseReturnValue:
    now_day = city_date(deps().clock.now())
    first = day_asked(now_day)
    with deps().sessions.begin() as session:
        place = place_of(session, request.args.get("centre", type=int))
        length = WEEK if place.single else 1
        days = [first + timedelta(days=number) for number in range(length)]
        bookings = day_list(session, place.centre_ids, days[0], days[-1])
        slots = slots_of_centres(session, place.centre_ids, days[0], days[-1])
        note_listed(session, "today", (booking.child_id for booking in bookings))
        cards = by_slot(slots, bookings)
        waiting = count_requests(session, place.centre_ids)
        draft = _draft(session, now_day)
    return render_template(
        "console/today.html",
        place=place,
        today=now_day,
        first=first,
        length=length,
        days=by_day(cards, days),
        waiting=waiting,
        draft=draft,
        earlier=first - timedelta(days=length),
        later=first + timedelta(days=length),
    )


@dataclass(frozen=True)
class Draft:
    """A month that is over and waits for its signature; `open`: bookings it cannot count."""

    statement_id: int
    month: date
    open: int


def _draft(session: Session, today_: date) -> Draft | None:
    """For the institution's own clerk: nobody else is to sign it."""
    if viewer().role is not Role.CLERK:
        return None
    row = latest_draft(session, viewer().scope, month_of(today_))
    if row is None:
        return None
    return Draft(row.id, row.month, not_marked(session, row, deps().clock.now()))
