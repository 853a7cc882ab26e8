"""Around one session: the pass at the door, “we were there”, an appeal, a rating."""

import io
from typing import Annotated, Any

import segno
from apiflask import APIBlueprint
from flask import Response
from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, CityTime, Out, clean
from backend.bookings import appeals, attendance, passes, ratings, reconfirming
from backend.bookings.attendance_models import AppealState
from backend.bookings.models import Booking, BookingState
from backend.bookings.passes import Holder, Pass
from backend.bookings.visits import visit_of
from backend.deps import deps

bp = APIBlueprint("visits", __name__, tag="预约")

Words = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=appeals.WORDS_LENGTH),
    AfterValidator(clean),
]
NOT_THEIRS = {404: "Not a booking of this family", 409: "A rule is against it: see code"}
PICTURE: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "The picture", "content": {"image/svg+xml": {}}},
    **{status: {"description": text} for status, text in NOT_THEIRS.items()},
}


class PassOut(Out):
    """`code` is drawn as a QR code; `short_code` is typed at the desk. Ask again after it."""

    code: str
    short_code: str
    expires_at: CityTime


class VisitOut(Out):
    state: BookingState
    pass_from: CityTime | None
    reconfirm_until: CityTime | None
    reconfirmed_at: CityTime | None
    checked_in_at: CityTime | None
    confirmed_at: CityTime | None
    may_confirm: bool
    number_given_back: bool
    paused_until: CityTime | None
    may_appeal: bool
    appeal_words: str | None
    appeal_state: AppealState | None
    appeal_answer: str | None
    may_rate: bool
    stars: int | None
    words: str | None


class AppealIn(Body):
    words: Words


class RatingIn(Body):
    stars: Annotated[int, Field(ge=1, le=5)]
    words: Words = ""


@bp.get("/bookings/<int:booking_id>/visit")
@signed_in
@bp.output(VisitOut)
@bp.doc(responses={404: "Not a booking of this family"})
def read_visit(booking_id: int) -> VisitOut:
    """What this family may see and do around the session."""
    with deps().reads() as session:
        found = attendance.family_booking_read(session, parent_id=viewer(), booking_id=booking_id)
        return _visit(session, found)


@bp.get("/bookings/<int:booking_id>/pass")
@signed_in
@bp.output(PassOut)
@bp.doc(responses=NOT_THEIRS)
def read_pass(booking_id: int) -> PassOut:
    """The code to show at the door, from an hour before the start until the end."""
    return PassOut.model_validate(_pass_of(booking_id))


@bp.get("/bookings/<int:booking_id>/pass.svg")
@signed_in
@bp.doc(responses=PICTURE)
def draw_pass(booking_id: int) -> Response:
    """The same code as a picture, for a screen that cannot draw."""
    drawing = io.BytesIO()
    segno.make(_pass_of(booking_id).code, error="m", micro=False).save(
        drawing, kind="svg", scale=8, border=4, xmldecl=False, title="签到码", omitsize=True
    )
    return Response(drawing.getvalue(), mimetype="image/svg+xml")


@bp.post("/bookings/<int:booking_id>/reconfirm")
@signed_in
@bp.output(VisitOut)
@bp.doc(responses=NOT_THEIRS)
def reconfirm(booking_id: int) -> VisitOut:
    """The family still comes. Saying it again changes nothing."""
    with deps().sessions.begin() as session:
        found = reconfirming.reconfirm(
            session, deps().clock, parent_id=viewer(), booking_id=booking_id
        )
        return _visit(session, found)


@bp.post("/bookings/<int:booking_id>/confirm-attendance")
@signed_in
@bp.output(VisitOut)
@bp.doc(responses=NOT_THEIRS)
def confirm_attendance(booking_id: int) -> VisitOut:
    """The guardian says that the child was there."""
    with deps().sessions.begin() as session:
        attendance.confirm_attendance(
            session, deps().clock, parent_id=viewer(), booking_id=booking_id
        )
        return _visit_after(session, booking_id)


@bp.post("/bookings/<int:booking_id>/appeal")
@signed_in
@bp.input(AppealIn)
@bp.output(VisitOut, status_code=201)
@bp.doc(responses=NOT_THEIRS)
def appeal(booking_id: int, json_data: AppealIn) -> VisitOut:
    """Say why a session was not missed. Once, within 14 days."""
    with deps().sessions.begin() as session:
        appeals.appeal(
            session,
            deps().clock,
            deps().vault,
            parent_id=viewer(),
            booking_id=booking_id,
            words=json_data.words,
        )
        return _visit_after(session, booking_id)


@bp.post("/bookings/<int:booking_id>/rating")
@signed_in
@bp.input(RatingIn)
@bp.output(VisitOut, status_code=201)
@bp.doc(responses=NOT_THEIRS)
def rate(booking_id: int, json_data: RatingIn) -> VisitOut:
    """One to five stars and a word, within 30 days; may be changed for a day."""
    with deps().sessions.begin() as session:
        ratings.rate(
            session,
            deps().clock,
            deps().vault,
            parent_id=viewer(),
            booking_id=booking_id,
            given=(json_data.stars, json_data.words),
        )
        return _visit_after(session, booking_id)


def _pass_of(booking_id: int) -> Pass:
    now = deps().clock.now()
    with deps().reads() as session:
        found = attendance.family_booking_read(session, parent_id=viewer(), booking_id=booking_id)
    passes.check_usable(found.state, found.slot.starts_at, found.slot.ends_at, now)
    return deps().passes.issue(Holder(found.id, found.child_id), found.slot.ends_at, now)


def _visit_after(session: Session, booking_id: int) -> VisitOut:
    found = attendance.family_booking_read(session, parent_id=viewer(), booking_id=booking_id)
    return _visit(session, found)


def _visit(session: Session, booking: Booking) -> VisitOut:
    now = deps().clock.now()
    found = visit_of(session, deps().vault, now, parent_id=viewer(), booking=booking)
    return VisitOut.model_validate(found)
