"""我的入户: a teacher's home visits. The address only around each visit, and every look noted.

A teacher signs in with a clerk's account that a teacher's row names (设置 › 老师).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue

from backend.bookings.home_visits import HomeVisit, address_for_teacher, visits_of
from backend.centres.queries import SlotRow
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.desk import age_words, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.privacy import mask_name
from backend.people.children import NAME


@dataclass(frozen=True)
class Visit:
    """One visit on the page. `address`: only of the one that was just asked for."""

    booking_id: int
    child: str  # masked
    age: str
    town: str
    has_address: bool
    shown: bool
    shown_from: datetime
    over: bool
    address: str | None
    slot: SlotRow


@bp.get("/my-visits")
@requires(Action.OWN_VISITS)
def my_visits() -> ResponseReturnValue:
    return _page()


@bp.post("/my-visits/<int:booking_id>/address")
@requires(Action.OWN_VISITS)
def visit_address(booking_id: int) -> ResponseReturnValue:
    parts = deps()
    g.back_to = url_for("console.my_visits")
    with parts.sessions.begin() as session:
        found = address_for_teacher(
            session, parts.clock, parts.vault, staff_id=viewer().staff_id, booking_id=booking_id
        )
    return _page(opened=(booking_id, found.text))


def _page(opened: tuple[int, str] | None = None) -> ResponseReturnValue:
    parts = deps()
    g.back_to = url_for("console.my_visits")
    with parts.sessions.begin() as session:
        found = visits_of(session, parts.clock, staff_id=viewer().staff_id)
        note_listed(session, "my-visits", (visit.child_id for visit in found))
    now = parts.clock.now()
    visits = [_visit(visit, now, opened) for visit in found]
    return render_template("console/my_visits.html", visits=visits, today=city_date(now))


def _visit(visit: HomeVisit, now: datetime, opened: tuple[int, str] | None) -> Visit:
    parts = deps()
    return Visit(
        booking_id=visit.booking_id,
        child=mask_name(parts.vault.open(visit.child_name_sealed, NAME)),
        age=age_words(visit.age_months),
        town=parts.places.name_of(visit.town_code),
        has_address=visit.has_address,
        shown=visit.shown,
        shown_from=visit.shown_from,
        over=visit.slot.ends_at <= now,
        address=opened[1] if opened is not None and opened[0] == visit.booking_id else None,
        slot=visit.slot,
    )
