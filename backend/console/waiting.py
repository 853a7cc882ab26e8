"""候补: who waits for which session, in which order, and what was offered until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request
from flask.typing import ResponseReturnValue

from backend.bookings.waiting_models import WaitingState
from backend.bookings.waiting_queries import Waiting, lines_of_centres
from backend.bookings.waiting_rules import STATE_TITLES
from backend.centres.queries import SlotRow
from backend.console.auth import requires
from backend.console.blueprint import bp
from backend.console.day import place_of
from backend.console.desk import age_words, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.privacy import mask_name
from backend.people.children import NAME


@dataclass(frozen=True)
class LineRow:
    """One family in a line."""

    position: int | None
    child: str  # masked: 王*一
    age: str
    state: WaitingState
    state_title: str
    joined_at: datetime
    offered_at: datetime | None
    offer_until: datetime | None
    ended_at: datetime | None
    booking_id: int | None


@dataclass(frozen=True)
class LineCard:
    """The line for one session."""

    slot: SlotRow
    rows: list[LineRow]

    @property
    def in_line(self) -> int:
        return sum(row.position is not None for row in self.rows)


@bp.get("/waiting")
@requires(Action.SEE_BOOKINGS)
def waiting() -> ResponseReturnValue:
    now, slot_id = deps().clock.now(), request.args.get("slot", type=int)
    also_ended = request.args.get("ended") == "1"
    with deps().sessions.begin() as session:
        place = place_of(session, request.args.get("centre", type=int))
        entries = lines_of_centres(
            session, place.centre_ids, now=now, slot_id=slot_id, also_ended=also_ended
        )
        note_listed(session, "waiting", (entry.child_id for entry in entries))
    view = {"place": place, "cards": _cards(entries), "slot": slot_id, "ended": also_ended}
    return render_template("console/waiting.html", today=city_date(now), **view)


def _cards(entries: Iterable[Waiting]) -> list[LineCard]:
    cards: dict[int, LineCard] = {}
    for entry in entries:
        card = cards.setdefault(entry.slot.id, LineCard(entry.slot, []))
        card.rows.append(_row(entry))
    return list(cards.values())


def _row(entry: Waiting) -> LineRow:
    return LineRow(
        position=entry.position,
        child=mask_name(deps().vault.open(entry.child_name_sealed, NAME)),
        age=age_words(entry.age_months),
        state=entry.state,
        state_title=STATE_TITLES[entry.state],
        joined_at=entry.joined_at,
        offered_at=entry.offered_at,
        offer_until=entry.offer_until,
        ended_at=entry.ended_at,
        booking_id=entry.booking_id,
    )
