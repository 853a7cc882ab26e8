"""手册: one child's book under a grant, page by page; each look is in the log before it is seen."""

from __future__ import annotations

from flask import g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backend.console.auth import requires
from backend.console.blueprint import bp
from backend.console.handbooks import desk
from backend.console.permissions import Action
from backend.deps import deps
from backend.handbook.growth.standards import DEFAULT
from backend.kernel.clock import city_date
from backend.kernel.errors import NotFound
from backend.kernel.privacy import mask_birth_date, mask_name
from backend.rights.handbook_grants import rules
from backend.rights.handbook_grants.reading import look
from backend.rights.handbook_grants.rules import BookPage
from backend.rights.take_along.paper import data_for_doctor


@bp.get("/handbooks/<int:grant_id>")
@requires(Action.READ_HANDBOOKS)
def read_handbook(grant_id: int) -> ResponseReturnValue:
    """The first page, by its own address, so that each look names its page."""
    return redirect(
        url_for("console.read_handbook_page", grant_id=grant_id, page=BookPage.VACCINES.value), 303
    )


@bp.get("/handbooks/<int:grant_id>/<page>")
@requires(Action.READ_HANDBOOKS)
def read_handbook_page(grant_id: int, page: str) -> ResponseReturnValue:
    return _page(grant_id, page, reveal=False)


@bp.post("/handbooks/<int:grant_id>/<page>/name")
@requires(Action.READ_HANDBOOKS)
def reveal_handbook_name(grant_id: int, page: str) -> ResponseReturnValue:
    """The full name and the day of birth, once, to be sure whose book it is; written down."""
    return _page(grant_id, page, reveal=True)


def _page(grant_id: int, page: str, *, reveal: bool) -> ResponseReturnValue:
    try:
        shown = BookPage(page)
    except ValueError:
        raise NotFound from None
    parts = deps()
    g.back_to = url_for("console.read_handbook_page", grant_id=grant_id, page=shown.value)
    with parts.sessions.begin() as session:
        found = look(
            session,
            parts.clock,
            parts.vault,
            parts.documents,
            parts.programmes(DEFAULT),
            desk=desk(),
            grant_id=grant_id,
            page=shown,
            name_too=reveal,
        )
        book = found.book
        child = book.child
        return render_template(
            "console/handbook.html",
            it=data_for_doctor(book),
            doctor=found.doctor,
            grant=found.grant,
            revealed=reveal,
            name=book.name if reveal else mask_name(book.name),
            birth=str(child.birth_date) if reveal else mask_birth_date(child.birth_date),
            town=parts.places.name_of(child.town_code),
            page=shown,
            pages=rules.PAGE_TITLES,
            purpose=rules.PURPOSES[found.grant.purpose],
            today=city_date(parts.clock.now()),
        )
