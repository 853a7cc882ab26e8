"""A parent's children, the guardians they share them with, copies and deletion."""

from datetime import date
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.errors import body_if_any
from backend.api.idempotency import once
from backend.api.schemas import Body, CityTime, Name, Out, Word
from backend.bookings import moving
from backend.bookings.queries import policy_at
from backend.bookings.rules import Policy
from backend.deps import deps
from backend.handbook.service import replan_child
from backend.kernel.ages import age_days, age_months, age_text
from backend.kernel.clock import city_date
from backend.people import children, consents, joining
from backend.people.models import Child, Departure, DuplicateState, Relation, Sex
from backend.people.rules import InvitationInvalid
from backend.rights import copies, deletion, departing

bp = APIBlueprint("children", __name__, tag="家庭")


class CorrectionIn(Body):
    name: Name
    birth_date: date
    sex: Sex
    gestational_weeks: Annotated[int, Field(ge=20, le=44)] | None = None
    town_code: Word
    village_code: Word | None = None
    home_cared: bool


class ChildIn(CorrectionIn):
    relation: Relation = Relation.OTHER


class ChildOut(Out):
    id: int
    name: str
    birth_date: date
    sex: Sex
    gestational_weeks: int | None
    town_code: str
    town: str
    village_code: str | None
    village: str | None
    home_cared: bool
    age_days: int
    age_text: str
    possible_duplicate: bool
    guardians: int
    may_book: bool
    departure: Departure | None
    may_undo_departure: bool


class ChildrenOut(Out):
    items: list[ChildOut]
    next: str | None = None


@bp.get("/children")
@signed_in
@bp.output(ChildrenOut)
def list_children() -> ChildrenOut:
    """The children of the parent who asks."""
    with deps().reads() as session:
        found = children.children_of(session, viewer())
        counts = children.guardian_counts(session, [child.id for child in found])
        policy = policy_at(session, deps().clock.now())
        return ChildrenOut(
            items=[child_out(child, counts.get(child.id, 1), policy) for child in found]
        )


@bp.post("/children")
@signed_in
@bp.input(ChildIn)
@bp.output(ChildOut, status_code=201)
@bp.doc(responses={403: "Consent is needed first", 422: "A date or a place is wrong"})
def register_child(json_data: ChildIn) -> Response:
    """Register a child. The same child twice in the city becomes 可能重复."""
    check_place(json_data)
    new = children.Registration(**json_data.model_dump())

    def work(session: Session) -> ChildOut:
        consents.check_given(session, deps().documents, viewer())
        child = children.register(session, deps().clock, deps().vault, parent_id=viewer(), new=new)
        return child_out(child, 1, policy_at(session, deps().clock.now()))

    return once(work)


@bp.put("/children/<int:child_id>")
@signed_in
@bp.input(CorrectionIn)
@bp.output(ChildOut)
@bp.doc(responses={404: "Not a child of this parent", 409: "Who the child is is fixed by now"})
def correct_child(child_id: int, json_data: CorrectionIn) -> ChildOut:
    """Put a child's data right."""
    check_place(json_data)
    new = children.Correction(**json_data.model_dump())
    with deps().sessions.begin() as session:
        child = children.correct(
            session, deps().clock, deps().vault, parent_id=viewer(), child_id=child_id, new=new
        )
        _replan(session, child)
        return _shown(session, child)


class InvitationOut(Out):
    code: str
    expires_at: CityTime


@bp.post("/children/<int:child_id>/invitations")
@signed_in
@bp.output(InvitationOut, status_code=201)
@bp.doc(responses={404: "Not a child of this parent", 409: "Perhaps registered twice"})
def invite(child_id: int) -> Response:
    """A code of eight letters by which another guardian joins, once, within 24 hours."""

    def work(session: Session) -> InvitationOut:
        code, invitation = joining.invite(
            session, deps().clock, parent_id=viewer(), child_id=child_id
        )
        return InvitationOut(code=code, expires_at=invitation.expires_at)

    return once(work)


class AcceptIn(Body):
    relation: Relation = Relation.OTHER


@bp.post("/invitations/<code>/accept")
@signed_in
@bp.output(ChildOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "Unknown, used or expired",
        429: "Too many wrong codes",
    }
)
def accept_invitation(code: str) -> ChildOut:
    """Join a child as a guardian; a possible duplicate of one's own is merged."""
    told = body_if_any(AcceptIn)
    try:
        with deps().sessions.begin() as session:
            consents.check_given(session, deps().documents, viewer())
            child = joining.accept_invitation(
                session,
                deps().clock,
                parent_id=viewer(),
                code=code,
                relation=told.relation,
                move=moving.move_sessions,
            )
            _replan(session, child)
            return _shown(session, child)
    except InvitationInvalid:
        with deps().sessions.begin() as session:
            joining.count_wrong_code(session, deps().clock, parent_id=viewer())
        raise


def _replan(session: Session, child: Child) -> None:
    """The days of the handbook follow from the birth date, and from what others recorded."""
    replan_child(session, deps().clock, deps().vault, deps().handbook, child_id=child.id)


class CopyOut(Out):
    """Everything that is kept of a child, as `rights.copies` tells it."""

    format: str
    format_version: int
    exported_at: str
    child: dict[str, Any]
    guardians: list[dict[str, Any]]
    invitations: list[dict[str, Any]]
    registrations: list[dict[str, Any]]
    priority: list[dict[str, Any]]
    addresses: list[dict[str, Any]]
    bookings: list[dict[str, Any]]
    visits: list[dict[str, Any]]
    pauses: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    handbook: list[dict[str, Any]]
    moved_items: list[dict[str, Any]]
    checkups: list[dict[str, Any]]
    screenings: list[dict[str, Any]]
    newborn_screening: list[dict[str, Any]]
    family_doctor: list[dict[str, Any]]
    growth: list[dict[str, Any]]
    vaccine_facts: dict[str, Any]
    diary: list[dict[str, Any]]
    home_checks: list[dict[str, Any]]
    doctor_links: list[dict[str, Any]]
    handbook_grants: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    library: list[dict[str, Any]]
    quizzes: list[dict[str, Any]]
    log: list[dict[str, Any]]


@bp.get("/children/<int:child_id>/export")
@signed_in
@bp.output(CopyOut)
def export_child(child_id: int) -> CopyOut:
    """A copy of everything that is kept of a child (PIPL art. 45)."""
    with deps().sessions.begin() as session:
        child = children.own_child(session, parent_id=viewer(), child_id=child_id)
        copy = copies.copy_of_child(
            session, deps().clock, deps().vault, child=child, parent_id=viewer()
        )
    return CopyOut.model_validate(copy)


@bp.delete("/children/<int:child_id>")
@signed_in
@bp.doc(responses={204: "Deleted"})
def delete_child(child_id: int) -> Response:
    """Leave a child; the last guardian who leaves deletes the child's data (PIPL art. 47)."""
    with deps().sessions.begin() as session:
        deletion.leave_child(session, deps().clock, parent_id=viewer(), child_id=child_id)
    return Response(status=204)


class DepartureIn(Body):
    kind: Departure


@bp.put("/children/<int:child_id>/departure")
@signed_in
@bp.input(DepartureIn)
@bp.output(ChildOut)
@bp.doc(responses={404: "Not a child of this parent"})
def depart(child_id: int, json_data: DepartureIn) -> ChildOut:
    """The child moved out of the city, or died: nothing is sent or booked from now on."""
    with deps().sessions.begin() as session:
        child = departing.depart(
            session, deps().clock, parent_id=viewer(), child_id=child_id, kind=json_data.kind
        )
        return _shown(session, child)


@bp.delete("/children/<int:child_id>/departure")
@signed_in
@bp.output(ChildOut)
@bp.doc(responses={404: "Not a child of this parent", 409: "Too late to take it back here"})
def come_back(child_id: int) -> ChildOut:
    """Take back that the child is gone; without it this changes nothing."""
    with deps().sessions.begin() as session:
        child = departing.come_back(session, deps().clock, parent_id=viewer(), child_id=child_id)
        return _shown(session, child)


@bp.delete("/me")
@signed_in
@bp.doc(responses={204: "The account is closed"})
def delete_me() -> Response:
    """Close the account: leave every child, forget the sign-ins and the WeChat identity."""
    with deps().sessions.begin() as session:
        deletion.delete_parent(session, deps().clock, parent_id=viewer())
    return Response(status=204)


def check_place(told: CorrectionIn) -> None:
    """Raises UnknownTown, or UnknownVillage for a village that is not in the town."""
    town = deps().places.town(told.town_code)
    if told.village_code is not None:
        deps().places.village(town.code, told.village_code)


def _shown(session: Session, child: Child) -> ChildOut:
    guardians = len(children.guardians_of(session, child.id))
    return child_out(child, guardians, policy_at(session, deps().clock.now()))


def child_out(child: Child, guardians: int, policy: Policy) -> ChildOut:
    """A child as its own family sees it. `may_book` is whether any session is for it today."""
    parts, today = deps(), city_date(deps().clock.now())
    town = parts.places.town(child.town_code)
    village = child.village_code and parts.places.village(town.code, child.village_code)
    open_duplicate = child.duplicate_state is DuplicateState.POSSIBLE
    return ChildOut(
        id=child.id,
        name=children.name_of(parts.vault, child),
        birth_date=child.birth_date,
        sex=child.sex,
        gestational_weeks=child.gestational_weeks,
        town_code=child.town_code,
        town=town.name,
        village_code=child.village_code,
        village=village.name if village else None,
        home_cared=child.home_cared,
        age_days=age_days(child.birth_date, today),
        age_text=age_text(child.birth_date, today),
        possible_duplicate=open_duplicate,
        guardians=guardians,
        may_book=(
            child.home_cared
            and not open_duplicate
            and child.departure is None
            and age_months(child.birth_date, today) < policy.eligible_under_months
        ),
        departure=child.departure,
        may_undo_departure=child.departure is not None and departing.may_undo(child, parts.clock),
    )
