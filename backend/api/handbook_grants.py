"""谁看过宝宝的手册: what child-health staff were granted, what they saw, and the way out."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from backend.api.auth import signed_in, viewer
from backend.api.schemas import CityTime, Out
from backend.deps import deps
from backend.rights.handbook_grants import queries, service
from backend.rights.handbook_grants.models import GrantState, ReadPurpose
from backend.rights.handbook_grants.queries import Shown
from backend.rights.handbook_grants.rules import PURPOSES
from backend.rights.handbook_grants.words import standing_words

bp = APIBlueprint("handbook_grants", __name__, tag="带走我的手册")


class LookOut(Out):
    """`page`: which part of the book, in words."""

    at: CityTime
    page: str


class GrantOut(Out):
    """`office`: the institution; the person is not named. `title` and `why`: in words.

    `open`: it waits for the approval, or it can be looked at now. `looks`: oldest first.
    """

    id: int
    office: str
    purpose: ReadPurpose
    why: str
    state: GrantState
    title: str
    open: bool
    asked_at: CityTime
    decided_at: CityTime | None
    ends_at: CityTime | None
    closed_at: CityTime | None
    looks: list[LookOut]


class GrantsOut(Out):
    """The latest twenty, newest first."""

    items: list[GrantOut]
    next: str | None = None


@bp.get("/children/<int:child_id>/handbook-grants")
@signed_in
@bp.output(GrantsOut)
@bp.doc(responses={404: "Not a child of this parent"})
def list_grants(child_id: int) -> GrantsOut:
    """Who asked to look at the child's handbook, who may, and each look."""
    parts = deps()
    with parts.reads() as session:
        found = queries.shown_to_family(
            session, parent_id=viewer(), child_id=child_id, now=parts.clock.now()
        )
        return GrantsOut(items=[_grant_out(one) for one in found])


@bp.delete("/children/<int:child_id>/handbook-grants/<int:grant_id>")
@signed_in
@bp.doc(responses={204: "It opens nothing any more", 404: "No such child or grant"})
def object_to_grant(child_id: int, grant_id: int) -> Response:
    """A guardian takes it back, before or after it was approved; at once."""
    with deps().sessions.begin() as session:
        service.object_to(
            session, deps().clock, parent_id=viewer(), child_id=child_id, grant_id=grant_id
        )
    return Response(status=204)


def _grant_out(one: Shown) -> GrantOut:
    row = one.row
    return GrantOut(
        id=row.id,
        office=row.office,
        purpose=row.purpose,
        why=PURPOSES[row.purpose],
        state=row.standing,
        title=standing_words(row),
        open=row.open,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        ends_at=row.ends_at,
        closed_at=row.closed_at,
        looks=[LookOut(at=look.at, page=look.page) for look in one.looks],
    )
