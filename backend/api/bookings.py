"""A family's bookings: ask, list, cancel, and what is left of six."""

from datetime import date
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.centres import SlotOut, slot_out
from backend.api.idempotency import is_repeated, once
from backend.api.schemas import Body, CityTime, Id, Out, PageQuery, Query
from backend.bookings import queries, rules, service
from backend.bookings.models import BookingState
from backend.bookings.queries import FamilyBooking
from backend.bookings.rules import Policy
from backend.deps import deps
from backend.people import consents
from backend.people.children import NAME, own_child

bp = APIBlueprint("bookings", __name__, tag="预约")


class BookingIn(Body):
    child_id: Id
    slot_id: Id


class BookingOut(Out):
    """`cancel_keeps_number`: a cancellation now would come too late to give the session back."""

    id: int
    child_id: int
    child_name: str
    slot_id: int
    state: BookingState
    quota_year: int
    quota_number: int | None
    requested_at: CityTime
    reason: str | None
    may_cancel: bool
    cancel_keeps_number: bool
    slot: SlotOut


class BookingsOut(Out):
    items: list[BookingOut]
    next: str | None = None


@bp.post("/bookings")
@signed_in
@bp.input(BookingIn)
@bp.output(BookingOut, status_code=201)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "No such slot, or not a child of this parent",
        409: "A rule is against it: see code",
        422: "The key was used for something else",
    }
)
def request_booking(json_data: BookingIn) -> Response:
    """Ask for a session. The same Idempotency-Key gives the same answer again."""

    _refuse_sold_out(json_data.slot_id)

    def work(session: Session) -> BookingOut:
        consents.check_given(session, deps().documents, viewer())
        policy = queries.policy_at(session, deps().clock.now())
        booking = service.request_booking(
            session,
            deps().clock,
            policy,
            parent_id=viewer(),
            child_id=json_data.child_id,
            slot_id=json_data.slot_id,
        )
        return booking_out(queries.family_booking(booking), policy)

    return once(work)


def _refuse_sold_out(slot_id: int) -> None:
    """In a rush most requests end here: after plain reads, with no transaction and no lock.

    A repeated request goes on, for it gets the answer that it got before.
    """
    with deps().reads() as session:
        if queries.is_sold_out(session, slot_id) and not is_repeated(session):
            raise rules.SlotFull


@bp.get("/bookings")
@signed_in
@bp.input(PageQuery, location="query")
@bp.output(BookingsOut)
def list_bookings(query_data: PageQuery) -> BookingsOut:
    """Every booking of one's children, the latest session first."""
    with deps().reads() as session:
        policy = queries.policy_at(session, deps().clock.now())
        page = queries.bookings_of_parent(
            session, parent_id=viewer(), after=query_data.after, limit=query_data.limit
        )
    return BookingsOut(items=[booking_out(one, policy) for one in page.items], next=page.next)


@bp.post("/bookings/<int:booking_id>/cancel")
@signed_in
@bp.output(BookingOut)
@bp.doc(responses={404: "Not a booking of this family", 409: "Too late, or over already"})
def cancel_booking(booking_id: int) -> BookingOut:
    """Cancel. In good time the session is given back; later it stays used."""
    with deps().sessions.begin() as session:
        policy = queries.policy_at(session, deps().clock.now())
        booking = service.cancel_by_family(
            session, deps().clock, policy, parent_id=viewer(), booking_id=booking_id
        )
        return booking_out(queries.family_booking(booking), policy)


class QuotaQuery(Query):
    year: Annotated[int, Field(ge=2000, le=2200)] | None = None


class QuotaOut(Out):
    """`first_day` and `last_day`: of the year, both included."""

    year: int
    limit: int
    used: int
    left: int
    first_day: date
    last_day: date


@bp.get("/children/<int:child_id>/quota")
@signed_in
@bp.input(QuotaQuery, location="query")
@bp.output(QuotaOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_quota(child_id: int, query_data: QuotaQuery) -> QuotaOut:
    """What is left of the six free sessions of a year; without a year, of this one."""
    now = deps().clock.now()
    with deps().reads() as session:
        child = own_child(session, parent_id=viewer(), child_id=child_id)
        policy = queries.policy_at(session, now)
        return QuotaOut.model_validate(queries.quota(session, policy, now, child, query_data.year))


def booking_out(booking: FamilyBooking, policy: Policy) -> BookingOut:
    now, slot = deps().clock.now(), booking.slot
    holds = booking.state in rules.PLACE_STATES
    return BookingOut(
        id=booking.id,
        child_id=booking.child_id,
        child_name=deps().vault.open(booking.child_name_sealed, NAME),
        slot_id=slot.id,
        state=booking.state,
        quota_year=booking.quota_year,
        quota_number=booking.quota_number,
        requested_at=booking.requested_at,
        reason=booking.reason,
        may_cancel=rules.may_cancel(booking.state, slot.starts_at, now),
        cancel_keeps_number=rules.cancel_keeps_number(policy, slot.starts_at, now),
        slot=slot_out(slot, bookable=False, reason=rules.AlreadyBooked.code if holds else None),
    )
