"""Where a home visit goes: read, written and removed by the family."""

from typing import Annotated

from apiflask import APIBlueprint
from flask import Response
from pydantic import AfterValidator, StringConstraints
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, CityTime, Out, clean
from backend.deps import deps
from backend.people import addresses, consents
from backend.people.children import own_child
from backend.people.models import Purpose

bp = APIBlueprint("addresses", __name__, tag="家庭")

Line = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=addresses.SHORTEST, max_length=addresses.LONGEST
    ),
    AfterValidator(clean),
]


class AddressIn(Body):
    address: Line


class AddressOut(Out):
    """`address` is null when none is kept.

    `agreed`: whether this parent has agreed to the text for it, as it stands now.
    """

    address: str | None
    changed_at: CityTime | None
    agreed: bool


@bp.get("/children/<int:child_id>/address")
@signed_in
@bp.output(AddressOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_address(child_id: int) -> AddressOut:
    """The address that is kept for home visits to a child."""
    with deps().reads() as session:
        own_child(session, parent_id=viewer(), child_id=child_id)
        return _shown(session, child_id)


@bp.put("/children/<int:child_id>/address")
@signed_in
@bp.input(AddressIn)
@bp.output(AddressOut)
@bp.doc(
    responses={
        403: "Consent for this purpose is needed first",
        404: "Not a child of this parent",
    }
)
def put_address(child_id: int, json_data: AddressIn) -> AddressOut:
    """Say where home visits go. Asked only before one is booked."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        own_child(session, parent_id=me, child_id=child_id, lock=True)
        consents.check_agreed(session, parts.documents, me, Purpose.ADDRESS)
        addresses.put(
            session,
            parts.clock,
            parts.vault,
            child_id=child_id,
            text=json_data.address,
            actor=f"parent:{me}",
        )
        return _shown(session, child_id)


@bp.delete("/children/<int:child_id>/address")
@signed_in
@bp.doc(responses={204: "It is not kept any more", 404: "Not a child of this parent"})
def remove_address(child_id: int) -> Response:
    """Forget the address; booked visits stay, and the teacher sees none."""
    with deps().sessions.begin() as session:
        own_child(session, parent_id=viewer(), child_id=child_id, lock=True)
        actor = f"parent:{viewer()}"
        addresses.remove(session, deps().clock, child_id=child_id, actor=actor)
    return Response(status=204)


def _shown(session: Session, child_id: int) -> AddressOut:
    parts = deps()
    found = addresses.address_of(session, parts.vault, child_id)
    return AddressOut(
        address=None if found is None else found.text,
        changed_at=None if found is None else found.changed_at,
        agreed=consents.agrees(session, parts.documents, viewer(), Purpose.ADDRESS),
    )
