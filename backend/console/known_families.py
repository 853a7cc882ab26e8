"""家庭: who has booked at the centre this year, masked; for the question "when do we come?"."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from backend.bookings.desk_families import MOST_FAMILIES, DeskFamily, known_families
from backend.console import search
from backend.console.auth import requires
from backend.console.blueprint import bp
from backend.console.day import place_of
from backend.console.departures import TOLD_BY
from backend.console.desk import age_words, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.privacy import mask_name
from backend.people.children import NAME

MOST_SHOWN = 100  # the rest is looked for


@dataclass(frozen=True)
class KnownFamily:
    child: str  # masked: 王*一
    age: str
    found: DeskFamily


@bp.get("/families/known")
@requires(Action.SEE_BOOKINGS)
def families_known() -> ResponseReturnValue:
    if better := search.without_names():
        return redirect(better, 303)
    now, who = deps().clock.now(), search.masked(request.args.get("who", ""))
    coming = request.args.get("coming") == "1"
    with deps().sessions.begin() as session:
        place = place_of(session, request.args.get("centre", type=int))
        ids = place.centre_ids  # None: the whole city, which is more than a search can open
        known = [] if ids is None else known_families(session, ids, now=now)
        ends = search.phone_ends(session, who, "families", {one.child_id for one in known})
        rows = [
            KnownFamily(
                mask_name(deps().vault.open(one.child_name_sealed, NAME)),
                age_words(one.age_months),
                one,
            )
            for one in known
            if one.coming or not coming
        ]
        shown = [
            row
            for row in rows
            if not who
            or search.fits(
                who,
                child=row.child,
                booking_ids=row.found.booking_ids,
                phone_ends=ends.get(row.found.child_id, ()),
            )
        ]
        note_listed(session, "families", (row.found.child_id for row in shown[:MOST_SHOWN]))
    return render_template(
        "console/families_known.html",
        place=place,
        rows=shown[:MOST_SHOWN],
        found=len(shown),
        known=len(known),
        unsought=len(known) == MOST_FAMILIES,
        everywhere=ids is None,
        coming=coming,
        who=who,
        today=city_date(now),
        told_by=TOLD_BY,
    )
