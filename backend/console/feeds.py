"""订阅日历: the secret address of a centre's calendar, for the programs of its staff."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.centres import feeds
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.day import Place, place_of
from backend.console.permissions import Action
from backend.deps import deps


@bp.get("/feed")
@requires(Action.SEE_BOOKINGS)
def feed() -> ResponseReturnValue:
    with deps().reads() as session:
        place = place_of(session, request.args.get("centre", type=int))
        return _page(place, feeds.feed_of(session, place.chosen.id) if place.chosen else None)


@bp.post("/feed/<int:centre_id>")
@requires(Action.EDIT_SLOTS)
def renew_feed(centre_id: int) -> ResponseReturnValue:
    """The address is shown on this page alone: we keep its hash only."""
    with deps().sessions.begin() as session:
        place = place_of(session, centre_id)
        token = feeds.renew(session, deps().clock, centre_id=centre_id, actor=viewer().actor)
        found = feeds.feed_of(session, centre_id)
        address = url_for("calendars.centre_feed", token=token, _external=True)
        return _page(place, found, address)


def _page(place: Place, found: object, address: str | None = None) -> str:
    return render_template("console/feed.html", place=place, feed=found, address=address)
