"""What a family takes along: the book as PDF and as FHIR, and our own copy coming back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from apiflask import APIBlueprint
from flask import Response, json, request

from backend.api.auth import signed_in, viewer
from backend.api.growth import StandardQuery
from backend.api.schemas import Body, Out
from backend.deps import deps
from backend.handbook.growth.standards import DEFAULT, StandardName
from backend.kernel import audit
from backend.rights.take_along import fhir, importing
from backend.rights.take_along.book import ChildBook, read_book
from backend.rights.take_along.fhir_reading import read_any
from backend.rights.take_along.files import LARGEST_FILE, PART_TITLES, CopyTooLarge, Part
from backend.rights.take_along.importing import Imported
from backend.rights.take_along.paper import paper

bp = APIBlueprint("take_along", __name__, tag="带走我的手册")

PDF = "application/pdf"
ROUND_THE_FILE = 1000  # bytes: what the request says beside it
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


Path = ParamSpec("Path")
Answer = TypeVar("Answer")


def a_whole_book(view: Callable[Path, Answer]) -> Callable[Path, Answer]:
    """This one body may be as large as a book; it is refused before it is read."""

    @wraps(view)
    def checked(*args: Path.args, **kwargs: Path.kwargs) -> Answer:
        request.max_content_length = LARGEST_FILE + ROUND_THE_FILE
        if (request.content_length or 0) > request.max_content_length:
            raise CopyTooLarge
        return view(*args, **kwargs)

    return checked


class ImportIn(Body):
    """`file`: what `export` or `fhir` answered, whole. Without `confirmed` nothing is kept."""

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
@a_whole_book
@bp.input(ImportIn)
@bp.output(ImportOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "Not a child of this parent",
        409: "The file is of another child",
        413: "Larger than any book",
        422: "Not a file of ours, of another version, or changed",
    }
)
def import_child(child_id: int, json_data: ImportIn) -> ImportOut:
    """Take our own copy, or our bundle, back in: what is new is added, nothing is replaced."""
    copy, parts = read_any(json_data.file), deps()
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
