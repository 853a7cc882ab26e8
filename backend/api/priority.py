"""A family asks for priority for a child, sees what became of it, takes it back."""

from datetime import date

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, CityTime, Out
from backend.deps import deps
from backend.people import consents, priority
from backend.people.children import own_child
from backend.people.models import Purpose
from backend.people.priority import PriorityKind, PriorityState

bp = APIBlueprint("priority", __name__, tag="家庭")


class PriorityIn(Body):
    kind: PriorityKind


class PriorityOut(Out):
    """`agreed`: whether this parent has agreed to the text for it, as it stands now.

    `valid_until`: the last day. The kind is told once and shown nowhere again; a copy of the
    data has it.
    """

    state: PriorityState
    asked_at: CityTime | None
    valid_until: date | None
    agreed: bool


@bp.get("/children/<int:child_id>/priority")
@signed_in
@bp.output(PriorityOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_priority(child_id: int) -> PriorityOut:
    """Whether priority was asked for, granted until when, or refused."""
    with deps().reads() as session:
        own_child(session, parent_id=viewer(), child_id=child_id)
        return _shown(session, child_id)


@bp.post("/children/<int:child_id>/priority")
@signed_in
@bp.input(PriorityIn)
@bp.output(PriorityOut, status_code=201)
@bp.doc(
    responses={
        403: "Consent for this purpose is needed first",
        404: "Not a child of this parent",
        409: "It has priority already",
    }
)
def ask_priority(child_id: int, json_data: PriorityIn) -> PriorityOut:
    """Ask for priority. Asking again before anybody has decided only changes the kind."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        child = own_child(session, parent_id=me, child_id=child_id, lock=True)
        consents.check_agreed(session, parts.documents, me, Purpose.PRIORITY)
        priority.ask(
            session, parts.clock, parts.vault, parent_id=me, child=child, kind=json_data.kind
        )
        return _shown(session, child_id)


@bp.delete("/children/<int:child_id>/priority")
@signed_in
@bp.doc(responses={204: "Nothing of it is kept", 404: "Not a child of this parent"})
def withdraw_priority(child_id: int) -> Response:
    """Take the request or the priority back; the consent itself stays."""
    with deps().sessions.begin() as session:
        own_child(session, parent_id=viewer(), child_id=child_id, lock=True)
        actor = f"parent:{viewer()}"
        priority.withdraw(session, deps().clock, child_id=child_id, actor=actor)
    return Response(status=204)


def _shown(session: Session, child_id: int) -> PriorityOut:
    parts = deps()
    found = priority.standing_of(session, parts.clock, child_id)
    return PriorityOut(
        state=found.state,
        asked_at=found.asked_at,
        valid_until=found.valid_until,
        agreed=consents.agrees(session, parts.documents, viewer(), Purpose.PRIORITY),
    )
