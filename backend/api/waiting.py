"""A family's places in line: join, see the position, accept an offer, leave."""

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.bookings import BookingOut, booking_out
from backend.api.centres import SlotOut, slot_out
from backend.api.idempotency import once
from backend.api.schemas import Body, CityTime, Id, Out
from backend.bookings import queries, rules, waiting, waiting_queries
from backend.bookings.policies import policy_at
from backend.bookings.waiting_models import WaitingState
from backend.bookings.waiting_queries import Waiting
from backend.bookings.waiting_rules import NotOffered, OfferGone
from backend.deps import deps
from backend.kernel.errors import Conflict, NotFound
from backend.people import consents
from backend.people.addresses import AddressNeeded
from backend.people.children import NAME

bp = APIBlueprint("waiting", __name__, tag="候补")

# Of the offer itself or of its slot; any other rule is against the family, and the place goes on.
NOTHING_TO_PASS_ON = (NotOffered, OfferGone, rules.SlotCancelled, AddressNeeded)


class WaitingIn(Body):
    child_id: Id


class WaitingOut(Out):
    """`position`: 1 waits longest; null out of line. `offer_until`: accept before, if at all."""

    id: int
    child_id: int
    child_name: str
    slot_id: int
    state: WaitingState
    position: int | None
    joined_at: CityTime
    offer_until: CityTime | None
    may_accept: bool
    slot: SlotOut


class WaitingListOut(Out):
    items: list[WaitingOut]
    next: str | None = None


@bp.post("/slots/<int:slot_id>/waiting")
@signed_in
@bp.input(WaitingIn)
@bp.output(WaitingOut, status_code=201)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "No such slot, or not a child of this parent",
        409: "A rule is against it: see code",
        422: "The key was used for something else",
    }
)
def join_line(slot_id: int, json_data: WaitingIn) -> Response:
    """Stand in line for a full slot. The same Idempotency-Key gives the same answer again."""

    def work(session: Session) -> WaitingOut:
        consents.check_given(session, deps().documents, viewer())
        entry = waiting.join(
            session,
            deps().clock,
            policy_at(session, deps().clock.now()),
            parent_id=viewer(),
            child_id=json_data.child_id,
            slot_id=slot_id,
        )
        return waiting_out(_own(session, entry.id))

    return once(work)


@bp.get("/waiting")
@signed_in
@bp.output(WaitingListOut)
def list_lines() -> WaitingListOut:
    """Where one's children stand in line, the next session first."""
    with deps().reads() as session:
        rows = waiting_queries.lines_of_parent(session, viewer())
    return WaitingListOut(items=[waiting_out(row) for row in rows])


@bp.delete("/waiting/<int:entry_id>")
@signed_in
@bp.doc(responses={204: "Out of the line", 404: "Not an entry of this family"})
def leave_line(entry_id: int) -> Response:
    """Leave the line; an offered place goes on to the next family. Twice is once."""
    with deps().sessions.begin() as session:
        waiting.leave(session, deps().clock, parent_id=viewer(), entry_id=entry_id)
    return Response(status=204)


@bp.post("/waiting/<int:entry_id>/accept")
@signed_in
@bp.output(BookingOut, status_code=201)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "Not an entry of this family",
        409: "Not offered, too late, or a rule is against it: see code",
        422: "The key was used for something else",
    }
)
def accept_offer(entry_id: int) -> Response:
    """Turn an offered place into a confirmed booking. Accepting again finds the same one.

    All rules of a booking are asked now; if one is against it, the place goes on to the next
    family.
    """

    def work(session: Session) -> BookingOut:
        consents.check_given(session, deps().documents, viewer())
        policy = policy_at(session, deps().clock.now())
        booking = waiting.accept(
            session, deps().clock, policy, parent_id=viewer(), entry_id=entry_id
        )
        return booking_out(queries.family_booking(booking), policy)

    try:
        return once(work)
    except NOTHING_TO_PASS_ON:
        raise
    except Conflict:
        _pass_on(entry_id)
        raise


def _pass_on(entry_id: int) -> None:
    """In a transaction of its own: until it is committed, the offer stands, and may run out."""
    with deps().sessions.begin() as session:
        waiting.give_up(session, deps().clock, parent_id=viewer(), entry_id=entry_id)


def _own(session: Session, entry_id: int) -> Waiting:
    row = waiting_queries.entry_of_parent(session, viewer(), entry_id)
    if row is None:
        raise NotFound
    return row


def waiting_out(row: Waiting) -> WaitingOut:
    return WaitingOut(
        id=row.id,
        child_id=row.child_id,
        child_name=deps().vault.open(row.child_name_sealed, NAME),
        slot_id=row.slot.id,
        state=row.state,
        position=row.position,
        joined_at=row.joined_at,
        offer_until=row.offer_until,
        may_accept=row.may_accept(deps().clock.now()),
        slot=slot_out(row.slot, bookable=False, reason=rules.SlotFull.code),
    )
