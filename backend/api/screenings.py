"""Warning signs at each check-up age: the questions, a family's answers, where they lead."""

from datetime import date
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import Field
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, Out, Word
from backend.deps import deps
from backend.handbook import screening_answers
from backend.handbook.screening import Answer, Answers, Basis, Fit, outcome
from backend.handbook.screening_answers import Overview
from backend.handbook.screening_file import Outcome, Screening
from backend.kernel.errors import Invalid
from backend.people import consents

bp = APIBlueprint("screenings", __name__, tag="母子健康手册")

MOST_ANSWERS = 20


class AnswerIn(Body):
    id: Word
    answer: Answer


class AnswersIn(Body):
    answers: Annotated[list[AnswerIn], Field(min_length=1, max_length=MOST_ANSWERS)]


class TalkIn(Body):
    talked_on: date


class OutcomeOut(Out):
    kind: Outcome
    title: str
    text: str
    steps: list[str]


class AnsweredOut(Out):
    answers: dict[str, Answer]
    answered_on: date
    talked_on: date | None
    outcome: OutcomeOut


class SignOut(Out):
    id: str
    text: str


class ScreeningOut(Out):
    """`reached`: the child is old enough, so it may be answered."""

    id: str
    title: str
    reached: bool
    questions: list[SignOut]
    answered: AnsweredOut | None


class FitOut(Out):
    """`screening_id` goes by `basis`; `by_actual_id` is what the birth date alone would ask."""

    basis: Basis
    actual_months: int
    corrected_months: int | None
    screening_id: str | None
    by_actual_id: str | None
    note: str


class AttentionOut(Out):
    screening_id: str
    title: str


class AutismOut(Out):
    lines: list[str]
    guide_slug: str | None


class ScreeningsOut(Out):
    today: date
    title: str
    intro: str
    question: str
    rules: list[str]
    fit: FitOut
    items: list[ScreeningOut]
    attention: AttentionOut | None
    autism: AutismOut
    sources: list[str]
    disclaimer: str
    next: str | None = None


@bp.get("/children/<int:child_id>/screenings")
@signed_in
@bp.output(ScreeningsOut)
@bp.doc(responses={404: "Not a child of this parent"})
def list_screenings(child_id: int) -> ScreeningsOut:
    """The signs of every age, which of them fits the child today, and what was answered."""
    with deps().reads() as session:
        return _shown(session, child_id)


@bp.put("/children/<int:child_id>/screenings/<visit_id>")
@signed_in
@bp.input(AnswersIn)
@bp.output(ScreeningsOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "No such child or age",
        409: "The child is not so old yet",
        422: "A question without answer, or an unknown one",
    }
)
def answer(child_id: int, visit_id: str, json_data: AnswersIn) -> ScreeningsOut:
    """Answer the signs of one age, all of them at once; again replaces what was answered."""
    parts = deps()
    answers = {one.id: one.answer for one in json_data.answers}
    if len(answers) != len(json_data.answers):
        raise Invalid("同一条写了两次")
    with parts.sessions.begin() as session:
        screening_answers.answer(
            session,
            parts.clock,
            parts.vault,
            parts.screenings,
            parent_id=viewer(),
            child_id=child_id,
            visit_id=visit_id,
            answers=answers,
        )
        consents.check_given(session, parts.documents, viewer())  # after: 404 comes before 403
        return _shown(session, child_id)


@bp.delete("/children/<int:child_id>/screenings/<visit_id>")
@signed_in
@bp.output(ScreeningsOut)
@bp.doc(responses={404: "No such child or age"})
def forget_answers(child_id: int, visit_id: str) -> ScreeningsOut:
    """Delete the answers of one age."""
    parts = deps()
    with parts.sessions.begin() as session:
        screening_answers.forget_answers(
            session, parts.screenings, parent_id=viewer(), child_id=child_id, visit_id=visit_id
        )
        return _shown(session, child_id)


@bp.put("/children/<int:child_id>/screenings/<visit_id>/talk")
@signed_in
@bp.input(TalkIn)
@bp.output(ScreeningsOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "No such child, or nothing was answered",
        422: "Before the answers or in the future",
    }
)
def note_talk(child_id: int, visit_id: str, json_data: TalkIn) -> ScreeningsOut:
    """Note when the family spoke with the clinic about its answers."""
    with deps().sessions.begin() as session:
        screening_answers.note_talk(
            session,
            deps().clock,
            deps().vault,
            parent_id=viewer(),
            child_id=child_id,
            visit_id=visit_id,
            talked_on=json_data.talked_on,
        )
        consents.check_given(session, deps().documents, viewer())
        return _shown(session, child_id)


@bp.delete("/children/<int:child_id>/screenings/<visit_id>/talk")
@signed_in
@bp.output(ScreeningsOut)
@bp.doc(responses={404: "No such child, or nothing was answered"})
def forget_talk(child_id: int, visit_id: str) -> ScreeningsOut:
    """Take that note back."""
    with deps().sessions.begin() as session:
        screening_answers.note_talk(
            session,
            deps().clock,
            deps().vault,
            parent_id=viewer(),
            child_id=child_id,
            visit_id=visit_id,
            talked_on=None,
        )
        return _shown(session, child_id)


def _shown(session: Session, child_id: int) -> ScreeningsOut:
    parts = deps()
    programme = parts.screenings
    found = screening_answers.overview(
        session, parts.clock, parts.vault, programme, parent_id=viewer(), child_id=child_id
    )
    words, attention = programme.words, found.attention
    development, guide = words.development, words.autism.guide
    keys = [*development.rule.sources, *programme.instrument_sources]
    if found.fit.basis is Basis.CORRECTED:
        keys += words.preterm.sources
    return ScreeningsOut(
        today=found.today,
        title=development.title,
        intro=development.intro,
        question=development.question,
        rules=[programme.said(development.rule), programme.said(development.wording)],
        fit=_fit_out(found.fit),
        items=[_screening_out(one, found) for one in programme.screenings],
        attention=None
        if attention is None
        else AttentionOut(screening_id=attention.visit_id, title=words.attention),
        autism=AutismOut(
            lines=[programme.said(one) for one in words.autism.items],
            guide_slug=guide if guide in parts.library else None,
        ),
        sources=programme.titles(*keys),
        disclaimer=parts.handbook.disclaimer,
    )


def _fit_out(found: Fit) -> FitOut:
    programme = deps().screenings
    notes = []
    if found.basis is Basis.CORRECTED:
        notes.append(programme.said(programme.words.preterm))
    if found.screening is None:
        notes.append(programme.words.development.too_young)
    return FitOut(
        basis=found.basis,
        actual_months=found.actual_months,
        corrected_months=found.corrected_months,
        screening_id=None if found.screening is None else found.screening.id,
        by_actual_id=None if found.by_actual is None else found.by_actual.id,
        note="".join(notes),
    )


def _screening_out(one: Screening, found: Overview) -> ScreeningOut:
    answered = found.answered.get(one.id)
    return ScreeningOut(
        id=one.id,
        title=one.group.label_zh,
        reached=found.fit.actual_months >= one.group.applies_from_months,
        questions=[SignOut(id=sign.id, text=sign.text) for sign in one.group.items],
        answered=None if answered is None else _answered_out(answered),
    )


def _answered_out(answered: Answers) -> AnsweredOut:
    kind = outcome(answered.answers.values())
    words = deps().screenings.words.outcomes[kind]
    return AnsweredOut(
        answers=dict(answered.answers),
        answered_on=answered.answered_on,
        talked_on=answered.talked_on,
        outcome=OutcomeOut(kind=kind, title=words.title, text=words.text, steps=list(words.steps)),
    )
