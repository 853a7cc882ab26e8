"""Showing one child to a doctor: links that a guardian opens, takes back, and watches."""

from __future__ import annotations

import io

import segno
from apiflask import APIBlueprint
from flask import Response
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.idempotency import once
from backend.api.schemas import CityTime, Out
from backend.deps import deps
from backend.people import consents
from backend.rights.take_along import doctor_links
from backend.rights.take_along.doctor_links import Listed

bp = APIBlueprint("doctor_links", __name__, tag="带走我的手册")


class OpenedOut(Out):
    """`url` and its QR code as SVG. They are answered once: only a hash of the secret is kept."""

    id: int
    url: str
    qr_svg: str
    expires_at: CityTime


class LinkOut(Out):
    """`seen_at`: when somebody looked."""

    id: int
    created_at: CityTime
    expires_at: CityTime
    revoked_at: CityTime | None
    open: bool
    seen_at: list[CityTime]


class LinksOut(Out):
    items: list[LinkOut]
    next: str | None = None


@bp.post("/children/<int:child_id>/doctor-links")
@signed_in
@bp.output(OpenedOut, status_code=201)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "Not a child of this parent",
        409: "Three are open already, or the child died",
        429: "Too many in an hour",
    }
)
def open_link(child_id: int) -> Response:
    """A link that shows this child, and no other, for fifteen minutes."""

    def work(session: Session) -> OpenedOut:
        parts = deps()
        opened = doctor_links.open_link(
            session, parts.clock, parts.doctor_tokens, parent_id=viewer(), child_id=child_id
        )
        consents.check_given(session, parts.documents, viewer())  # after: 404 comes before 403
        url = f"{parts.settings.public_url.rstrip('/')}/d/{opened.token}"
        return OpenedOut(
            id=opened.link.id, url=url, qr_svg=_drawn(url), expires_at=opened.link.expires_at
        )

    return once(work)


@bp.get("/children/<int:child_id>/doctor-links")
@signed_in
@bp.output(LinksOut)
@bp.doc(responses={404: "Not a child of this parent"})
def list_links(child_id: int) -> LinksOut:
    """The latest links of the child, and when each was looked at."""
    with deps().reads() as session:
        found = doctor_links.listed(session, parent_id=viewer(), child_id=child_id)
        return LinksOut(items=[_link_out(one) for one in found])


@bp.delete("/children/<int:child_id>/doctor-links/<int:link_id>")
@signed_in
@bp.doc(responses={204: "It opens nothing any more", 404: "No such child or link"})
def revoke_link(child_id: int, link_id: int) -> Response:
    """Take a link back at once."""
    with deps().sessions.begin() as session:
        doctor_links.revoke(
            session, deps().clock, parent_id=viewer(), child_id=child_id, link_id=link_id
        )
    return Response(status=204)


def _drawn(url: str) -> str:
    drawing = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        drawing, kind="svg", scale=8, border=4, xmldecl=False, title="给医生看", omitsize=True
    )
    return drawing.getvalue().decode()


def _link_out(one: Listed) -> LinkOut:
    link = one.link
    return LinkOut(
        id=link.id,
        created_at=link.created_at,
        expires_at=link.expires_at,
        revoked_at=link.revoked_at,
        open=link.revoked_at is None and link.expires_at > deps().clock.now(),
        seen_at=list(one.seen_at),
    )
