"""What a doctor sees behind a family's link: one child, no login, no cookie, no script."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from backend.deps import deps
from backend.handbook.growth.standards import DEFAULT
from backend.kernel.clock import city_time
from backend.kernel.errors import DomainError, NotFound, TooMany
from backend.kernel.privacy import initial_of, mask_birth_date
from backend.pages.library_answers import HTML
from backend.rights.take_along import doctor_links
from backend.rights.take_along.book import read_book
from backend.rights.take_along.paper import data_for_doctor

bp = Blueprint("doctor", __name__, template_folder="templates")

POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
CLOSED = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",  # the address is the secret
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


@bp.get("/d/<token>")
def child(token: str) -> Response:
    """The child of a link that is open; the look is in the log before the page is sent."""
    parts = deps()
    with parts.sessions.begin() as session:
        link = doctor_links.look(session, parts.clock, parts.documents, parts.doctor_tokens, token)
        book = read_book(
            session,
            parts.clock,
            parts.vault,
            parts.programmes(DEFAULT),
            parent_id=link.created_by,
            child_id=link.child_id,
        )
        page = render_template(
            "doctor/child.html",
            it=data_for_doctor(book),
            name=initial_of(book.name),
            birth=mask_birth_date(book.child.birth_date),
            until=f"{city_time(link.expires_at):%H:%M}",
        )
    return Response(page, content_type=HTML)


@bp.errorhandler(NotFound)
@bp.errorhandler(TooMany)
def closed(error: DomainError) -> Response:
    """Says what to do; nothing on it depends on the child."""
    status = 429 if isinstance(error, TooMany) else 404
    page = render_template("doctor/closed.html", title=error.message)
    return Response(page, status, content_type=HTML)


@bp.after_request
def keep_to_itself(response: Response) -> Response:
    response.headers.update(CLOSED)
    return response
