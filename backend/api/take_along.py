"""What a family takes along: the book as PDF and as FHIR, and our own copy coming back."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, json

from backend.api.auth import signed_in, viewer
from backend.api.growth import StandardQuery
from backend.api.schemas import Body, Out
from backend.deps import deps
from backend.handbook.growth.standards import DEFAULT, StandardName
from backend.kernel import audit
from backend.rights.take_along import fhir, importing
from backend.rights.take_along.book import ChildBook, read_book
from backend.rights.take_along.files import PART_TITLES, Part, read_file
from backend.rights.take_along.importing import Imported
from backend.rights.take_along.paper import paper

bp = APIBlueprint("take_along", __name__, tag="带走我的手册")

PDF = "application/pdf"
NOT_THEIRS = {"description": "Not a child of this parent"}
PAPER: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "A4, made for this request", "content": {PDF: {}}},
    404: {**NOT_THEIRS},
    503: {"description": "No typesetter on this server"},
}
BUNDLE: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "A FHIR R4 bundle", "content": {fhir.CONTENT_TYPE: {}}},
    404: {**NOT_THEIRS},
}


class ImportIn(Body):
    """`file`: what `export` answered, whole. Without `confirmed` nothing is kept."""

    file: dict[str, Any]
    confirmed: bool = False


class CountOut(Out):
    part: Part
    title: str
    added: int
    known: int


class ClashOut(Out):
    """Kept is `ours`; the family decides, and puts it right in the handbook."""

    part: Part
    title: str
    ours: str
    theirs: str


class ImportOut(Out):
    """Not `saved`: this is what would happen. `facts`: what is said once of vaccinations.

    `left_out`: what is not taken, in words.
    """

    saved: bool
    parts: list[CountOut]
    facts: bool
    clashes: list[ClashOut]
    left_out: list[str]


@bp.get("/children/<int:child_id>/book.pdf")
@signed_in
@bp.input(StandardQuery, location="query")
@bp.doc(responses=PAPER)
def print_book(child_id: int, query_data: StandardQuery) -> Response:
    """The whole book on paper: doses, what comes next, check-ups, growth with its curves."""
    pdf = paper(_book(child_id, query_data.standard, "pdf"))
    return Response(pdf, mimetype=PDF)


@bp.get("/children/<int:child_id>/fhir")
@signed_in
@bp.input(StandardQuery, location="query")
@bp.doc(responses=BUNDLE)
def export_fhir(child_id: int, query_data: StandardQuery) -> Response:
    """The book as FHIR R4 for another system."""
    book = _book(child_id, query_data.standard, "fhir")
    bundle = fhir.bundle_of(book, deps().settings.public_url)
    return Response(json.dumps(bundle, ensure_ascii=False), content_type=fhir.CONTENT_TYPE)


@bp.post("/children/<int:child_id>/import")
@signed_in
@bp.input(ImportIn)
@bp.output(ImportOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "Not a child of this parent",
        409: "The file is of another child",
        422: "Not a file of ours, of another version, or changed",
    }
)
def import_child(child_id: int, json_data: ImportIn) -> ImportOut:
    """Take our own copy of a child back in: what is new is added, nothing is replaced."""
    copy, parts = read_file(json_data.file), deps()
    with parts.sessions() as session, session.begin() as transaction:
        found = importing.import_copy(
            session,
            parts.clock,
            parts.vault,
            parts.documents,
            parts.programmes(DEFAULT),
            parent_id=viewer(),
            child_id=child_id,
            copy=copy,
        )
        if not json_data.confirmed:
            transaction.rollback()
    return _import_out(found, saved=json_data.confirmed)


def _book(child_id: int, standard: StandardName, form: str) -> ChildBook:
    """That a copy was made stands in the log, as for the family's own file."""
    parts = deps()
    with parts.sessions.begin() as session:
        book = read_book(
            session,
            parts.clock,
            parts.vault,
            parts.programmes(standard),
            parent_id=viewer(),
            child_id=child_id,
        )
        audit.record(
            session,
            parts.clock,
            actor=f"parent:{viewer()}",
            action="child.exported",
            subject=f"child:{child_id}",
            detail={"form": form},
        )
        session.expunge_all()  # the book outlives its transaction
    return book


def _import_out(found: Imported, *, saved: bool) -> ImportOut:
    return ImportOut(
        saved=saved,
        parts=[
            CountOut(
                part=part,
                title=PART_TITLES[part],
                added=found.added[part],
                known=found.known[part],
            )
            for part in Part
            if found.added[part] or found.known[part]
        ],
        facts=found.facts,
        clashes=[ClashOut.model_validate(one) for one in found.clashes],
        left_out=found.left_out,
    )
