"""The documents, and what a guardian agreed to."""

from typing import Annotated

from apiflask import APIBlueprint
from pydantic import Field
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, CityTime, Out, Word
from backend.deps import deps
from backend.guides.render import render
from backend.kernel.errors import NotFound
from backend.people import consents
from backend.people.documents import Document
from backend.people.models import Purpose
from backend.rights import diaries

bp = APIBlueprint("consents", __name__, tag="家庭")


class DocumentOut(Out):
    purpose: Purpose
    version: str
    hash: str
    title: str
    body_html: str
    body_nodes: list[dict[str, object]]


class GivenOut(Out):
    purpose: Purpose
    version: str
    given_at: CityTime
    withdrawn_at: CityTime | None


class ConsentsOut(Out):
    documents: list[DocumentOut]
    given: list[GivenOut]
    needed: list[Purpose]


class AcceptIn(Body):
    purpose: Purpose
    version: Word
    hash: Word


class ConsentsIn(Body):
    accept: Annotated[list[AcceptIn], Field(min_length=1, max_length=len(Purpose))]


@bp.get("/consents")
@signed_in
@bp.output(ConsentsOut)
def list_consents() -> ConsentsOut:
    """The documents as they stand, what this parent agreed to, what is still needed."""
    with deps().reads() as session:
        return _consents(session)


@bp.post("/consents")
@signed_in
@bp.input(ConsentsIn)
@bp.output(ConsentsOut, status_code=201)
@bp.doc(responses={409: "A document has changed since it was shown"})
def give_consents(json_data: ConsentsIn) -> ConsentsOut:
    """Agree to documents, each by its own tick."""
    accepted = [
        consents.Acceptance(item.purpose, item.version, item.hash) for item in json_data.accept
    ]
    with deps().sessions.begin() as session:
        consents.give(
            session, deps().clock, deps().documents, parent_id=viewer(), accepted=accepted
        )
        return _consents(session)


@bp.delete("/consents/<purpose>")
@signed_in
@bp.output(ConsentsOut)
@bp.doc(responses={404: "No such purpose"})
def withdraw_consent(purpose: str) -> ConsentsOut:
    """Take a consent back; pushes and bookings stop, reading goes on."""
    if purpose not in {known.value for known in Purpose}:
        raise NotFound
    with deps().sessions.begin() as session:
        diaries.withdraw_consent(
            session, deps().clock, parent_id=viewer(), purpose=Purpose(purpose)
        )
        return _consents(session)


def _consents(session: Session) -> ConsentsOut:
    documents = deps().documents
    return ConsentsOut(
        documents=[_document(document) for document in documents.values()],
        given=[GivenOut.model_validate(consent) for consent in consents.given(session, viewer())],
        needed=consents.needed(session, documents, viewer()),
    )


def _document(document: Document) -> DocumentOut:
    rendered = render(document.markdown, frozenset())
    return DocumentOut(
        purpose=document.purpose,
        version=document.version,
        hash=document.hash,
        title=document.title,
        body_html=rendered.html,
        body_nodes=rendered.nodes,
    )
