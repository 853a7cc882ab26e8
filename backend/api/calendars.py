"""Calendar files: a family's booking, and the feed of a centre under its secret address."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from backend.api.auth import signed_in, viewer
from backend.bookings import queries
from backend.centres import feeds
from backend.centres.queries import centre, slots_of_centres
from backend.deps import deps
from backend.kernel.clock import city_date

bp = APIBlueprint("calendars", __name__, tag="预约")
TYPE = "text/calendar"
BEHIND, AHEAD = timedelta(days=31), timedelta(days=120)  # of a centre's feed
FILE: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "iCalendar", "content": {TYPE: {}}},
    404: {"description": "Not a booking of this family"},
}


@bp.get("/bookings/<int:booking_id>.ics")
@signed_in
@bp.doc(responses=FILE)
def booking_file(booking_id: int) -> Response:
    """The session for the phone's own calendar; a cancelled one takes itself out again."""
    with deps().reads() as session:
        entry = queries.calendar_entry(session, parent_id=viewer(), booking_id=booking_id)
    from backend.bookings import calendars  # its library is slow to load and seldom needed

    return _file(calendars.of_booking(entry), f"booking-{booking_id}.ics")


@bp.get("/calendars/<string:token>.ics")
@bp.doc(hide=True)
def centre_feed(token: str) -> Response:
    """For calendar programs, which cannot sign in. The address is the key."""
    now = deps().clock.now()
    with deps().reads() as session:
        found = centre(session, feeds.centre_of(session, token))
        first, last = city_date(now - BEHIND), city_date(now + AHEAD)
        slots = slots_of_centres(session, [found.id], first, last)
    from backend.bookings import calendars  # as above

    return _file(calendars.of_centre(found.name, found.address, slots, now), "centre.ics")


def _file(body: bytes, name: str) -> Response:
    response = Response(body, content_type=f"{TYPE}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
