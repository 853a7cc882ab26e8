"""What a family says once of a child, because the vaccination programme asks it."""

from datetime import date
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import Field

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, Out
from backend.deps import deps
from backend.handbook import service
from backend.handbook.doses import KnownFacts
from backend.handbook.questions import Asked
from backend.handbook.source import Mother
from backend.people import consents

bp = APIBlueprint("vaccine_facts", __name__, tag="母子健康手册")

LIGHTEST, HEAVIEST = 300, 8000  # grams; beyond them it is a slip of the hand
MOST_DAYS = 20


class FactsIn(Body):
    """Null: nobody said. What is not sent is forgotten."""

    mother_hbsag: Mother | None = None
    birth_grams: Annotated[int, Field(ge=LIGHTEST, le=HEAVIEST)] | None = None
    had_varicella: bool | None = None
    immunoglobulin: Annotated[list[date], Field(max_length=MOST_DAYS, default_factory=list)]


class QuestionOut(Out):
    asked: Asked
    why: str


class FactsOut(Out):
    """`questions`: those of which the answer would change a dose that is still open."""

    mother_hbsag: Mother | None
    birth_grams: int | None
    had_varicella: bool | None
    immunoglobulin: list[date]
    questions: list[QuestionOut]
    birth_date: date
    today: date


@bp.get("/children/<int:child_id>/vaccine-facts")
@signed_in
@bp.output(FactsOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_facts(child_id: int) -> FactsOut:
    """What was said, and which questions still matter."""
    parts = deps()
    with parts.reads() as session:
        facts = service.read_facts(
            session,
            parts.clock,
            parts.vault,
            parts.handbook,
            parent_id=viewer(),
            child_id=child_id,
        )
        return _facts_out(facts)


@bp.put("/children/<int:child_id>/vaccine-facts")
@signed_in
@bp.input(FactsIn)
@bp.output(FactsOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "Not a child of this parent",
        422: "A day before the birth or in the future",
    }
)
def keep_facts(child_id: int, json_data: FactsIn) -> FactsOut:
    """Keep what the family says; the days of the doses move with it."""
    parts = deps()
    with parts.sessions.begin() as session:
        facts = service.keep_facts(
            session,
            parts.clock,
            parts.vault,
            parts.handbook,
            parent_id=viewer(),
            child_id=child_id,
            known=KnownFacts(
                mother=json_data.mother_hbsag,
                birth_grams=json_data.birth_grams,
                had_varicella=json_data.had_varicella,
                immunoglobulin=tuple(json_data.immunoglobulin),
            ),
        )
        consents.check_given(session, parts.documents, viewer())  # after: 404 comes before 403
        return _facts_out(facts)


def _facts_out(facts: service.Facts) -> FactsOut:
    known = facts.known
    return FactsOut(
        mother_hbsag=known.mother,
        birth_grams=known.birth_grams,
        had_varicella=known.had_varicella,
        immunoglobulin=list(known.immunoglobulin),
        questions=[QuestionOut.model_validate(one) for one in facts.questions],
        birth_date=facts.child.birth_date,
        today=facts.today,
    )
