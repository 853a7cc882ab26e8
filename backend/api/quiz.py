"""Knowledge checks: ten questions, answered one by one, each explained once it is answered."""

from typing import Annotated, Any, Self

from apiflask import APIBlueprint
from pydantic import Field, model_validator
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, CityTime, Id, Out, PageQuery
from backend.deps import deps
from backend.kernel.ages import age_days
from backend.kernel.clock import city_date
from backend.knowledge import queries, service
from backend.knowledge.queries import AskedQuestion, SetSummary, SetView
from backend.knowledge.rules import BAND_TITLES, QUESTIONS_A_SET, Band, SetState, band_of
from backend.people import consents
from backend.people.children import own_child

bp = APIBlueprint("quiz", __name__, tag="知识问答")


class QuizIn(Body):
    """A child, whose age gives the band and whose town the answers count for; or a band alone."""

    child_id: Id | None = None
    band: Band | None = None

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if self.child_id is None and self.band is None:
            raise ValueError("请选孩子或年龄段")
        return self


class AnswerIn(Body):
    """`chosen`: the option as it was shown, counted from 1."""

    position: Annotated[int, Field(ge=1, le=QUESTIONS_A_SET)]
    chosen: Annotated[int, Field(ge=1, le=4)]


class QuizSourceOut(Out):
    title: str
    number: str
    year: int


class QuizGuideOut(Out):
    slug: str
    title: str


class SolutionOut(Out):
    """`chosen`, `right`: options as shown, counted from 1."""

    chosen: int | None
    right: int
    correct: bool
    explanation: str
    guide: QuizGuideOut | None
    sources: list[QuizSourceOut]


class QuestionOut(Out):
    """`solution` is null until the question is answered."""

    position: int
    text: str
    options: list[str]
    solution: SolutionOut | None


class QuizSummaryOut(Out):
    """`sampled`: counts for the city's rate. `asked`, `answered`, `correct` count questions."""

    id: int
    band: Band
    band_title: str
    state: SetState
    sampled: bool
    begun_at: CityTime
    finished_at: CityTime | None
    asked: int
    answered: int
    correct: int


class QuizOut(QuizSummaryOut):
    """`withdrawn`: questions of the set that were taken back since and are not asked.

    `wrong`: the positions that were answered wrong.
    """

    questions: list[QuestionOut]
    withdrawn: int
    wrong: list[int]


class QuizzesOut(Out):
    items: list[QuizSummaryOut]
    next: str | None = None


@bp.post("/quizzes")
@signed_in
@bp.input(QuizIn)
@bp.output(QuizOut)
@bp.doc(
    responses={403: "Consent is needed first", 404: "No such child, or no questions for this age"}
)
def begin_quiz(json_data: QuizIn) -> QuizOut:
    """Begin a set of ten questions, or go on with one begun in the last 24 hours."""
    parts = deps()
    with parts.sessions.begin() as session:
        consents.check_policy(session, parts.documents, viewer())
        band, town = _band_and_town(session, json_data)
        begun = service.begin_set(
            session,
            parts.clock,
            parts.questions,
            parent_id=viewer(),
            town_code=town,
            band=band,
        )
        return _shown(session, begun.id)


@bp.get("/quizzes")
@signed_in
@bp.input(PageQuery, location="query")
@bp.output(QuizzesOut)
def list_quizzes(query_data: PageQuery) -> QuizzesOut:
    """The sets of this parent, the latest first."""
    with deps().reads() as session:
        page = queries.sets_of_parent(
            session,
            deps().clock,
            parent_id=viewer(),
            after=query_data.after,
            limit=query_data.limit,
        )
    items = [QuizSummaryOut.model_validate(_summary(one)) for one in page.items]
    return QuizzesOut(items=items, next=page.next)


@bp.get("/quizzes/<int:quiz_id>")
@signed_in
@bp.output(QuizOut)
@bp.doc(responses={404: "Not a set of this parent"})
def read_quiz(quiz_id: int) -> QuizOut:
    """A set with its questions; what was answered is explained."""
    with deps().reads() as session:
        return _shown(session, quiz_id)


@bp.post("/quizzes/<int:quiz_id>/answers")
@signed_in
@bp.input(AnswerIn)
@bp.output(QuizOut)
@bp.doc(
    responses={
        404: "Not a set of this parent",
        409: "Answered otherwise before, too late, or taken back: see code",
    }
)
def answer_question(quiz_id: int, json_data: AnswerIn) -> QuizOut:
    """Answer a question. The first answer stays; the same one again changes nothing."""
    parts = deps()
    with parts.sessions.begin() as session:
        service.answer(
            session,
            parts.clock,
            parts.questions,
            parent_id=viewer(),
            set_id=quiz_id,
            position=json_data.position,
            option=json_data.chosen,
        )
        return _shown(session, quiz_id)


def _band_and_town(session: Session, told: QuizIn) -> tuple[Band, str | None]:
    """A band that was told goes before the child's. Raises NotFound for another's child."""
    if told.child_id is None:
        assert told.band is not None
        return told.band, None
    child = own_child(session, parent_id=viewer(), child_id=told.child_id)
    age = age_days(child.birth_date, city_date(deps().clock.now()))
    return told.band or band_of(age), child.town_code


def _shown(session: Session, quiz_id: int) -> QuizOut:
    parts = deps()
    view = queries.set_of_parent(
        session, parts.clock, parts.questions, parent_id=viewer(), set_id=quiz_id
    )
    return _quiz_out(view)


def _quiz_out(view: SetView) -> QuizOut:
    questions = [_question_out(one) for one in view.questions]
    wrong = [one.position for one in questions if one.solution and not one.solution.correct]
    rest = {"questions": questions, "withdrawn": view.withdrawn, "wrong": wrong}
    return QuizOut.model_validate(_summary(view.summary) | rest)


def _summary(summary: SetSummary) -> dict[str, Any]:
    return vars(summary) | {"band_title": BAND_TITLES[summary.band]}


def _question_out(one: AskedQuestion) -> QuestionOut:
    return QuestionOut(
        position=one.position,
        text=one.text,
        options=list(one.options),
        solution=None if one.solution is None else _solution_out(one.solution),
    )


def _solution_out(solution: queries.Solution) -> SolutionOut:
    return SolutionOut(
        chosen=solution.chosen,
        right=solution.right,
        correct=solution.correct,
        explanation=solution.explanation,
        guide=_guide_out(solution.guide),
        sources=[QuizSourceOut.model_validate(source) for source in solution.sources],
    )


def _guide_out(slug: str) -> QuizGuideOut | None:
    library = deps().library
    return QuizGuideOut(slug=slug, title=library.get(slug).title) if slug in library else None
