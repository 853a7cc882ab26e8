"""待确认: the requests that wait, by day, kind and family; what is chosen stays in the address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from backend.bookings.desk import DeskBooking, count_requests, open_requests
from backend.centres.models import KIND_TITLES, SlotKind
from backend.console import search
from backend.console.auth import requires
from backend.console.blueprint import bp
from backend.console.day import place_of
from backend.console.desk import by_slot, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.privacy import mask_name
from backend.people.children import NAME


@dataclass(frozen=True)
class Wanted:
    """Which of the waiting requests a page shows."""

    day: date | None
    kind: SlotKind | None
    priority: bool
    who: str

    @classmethod
    def asked(cls) -> Wanted:
        """What the address says; what it cannot mean is not asked."""
        given = request.args
        return cls(
            day=given.get("day", type=date.fromisoformat),
            kind=given.get("kind", type=SlotKind),
            priority=given.get("priority") == "1",
            who=search.masked(given.get("who", "")),
        )

    def __bool__(self) -> bool:
        return any((self.day, self.kind, self.priority, self.who))

    def fits(self, booking: DeskBooking, phone_ends: Mapping[int, Collection[str]]) -> bool:
        if self.day is not None and city_date(booking.slot.starts_at) != self.day:
            return False
        if self.kind is not None and booking.slot.kind is not self.kind:
            return False
        if self.priority and not booking.has_priority:
            return False
        return not self.who or search.fits(
            self.who,
            child=mask_name(deps().vault.open(booking.child_name_sealed, NAME)),
            booking_ids=(booking.id,),
            phone_ends=phone_ends.get(booking.child_id, ()),
        )


@bp.get("/requests")
@requires(Action.SEE_BOOKINGS)
def requests() -> ResponseReturnValue:
    """Every request that waits and is asked for, the next session first."""
    if better := search.without_names():
        return redirect(better, 303)
    wanted = Wanted.asked()
    with deps().sessions.begin() as session:
        place = place_of(session, request.args.get("centre", type=int))
        waiting = open_requests(session, place.centre_ids)
        further = count_requests(session, place.centre_ids) - len(waiting)
        ends = search.phone_ends(session, wanted.who, "requests", {one.child_id for one in waiting})
        shown = [one for one in waiting if wanted.fits(one, ends)]
        note_listed(session, "requests", (booking.child_id for booking in shown))
        cards = by_slot((), shown)
    return render_template(
        "console/requests.html",
        place=place,
        cards=cards,
        today=city_date(deps().clock.now()),
        wanted=wanted,
        shown=len(shown),
        waiting=len(waiting),
        further=further,
        **_choices(waiting),
    )


def _choices(waiting: Sequence[DeskBooking]) -> dict[str, Any]:
    """Days and kinds that wait, with how many; a filter offers nothing that finds nothing."""
    days = Counter(city_date(one.slot.starts_at) for one in waiting)
    kinds = Counter(one.slot.kind for one in waiting)
    return {
        "days": sorted(days.items()),
        "kinds": [(kind, KIND_TITLES[kind], kinds[kind]) for kind in SlotKind if kinds[kind]],
        "any_priority": any(one.has_priority for one in waiting),
    }
