"""A parent's sets as the mini-program shows them. What was not answered keeps its answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.facts.figures import Source
from backend.kernel.clock import Clock
from backend.kernel.errors import NotFound
from backend.kernel.paging import LIMIT, Page, decode_cursor, page_of
from backend.knowledge import rules
from backend.knowledge.models import QuizAnswer, QuizSet
from backend.knowledge.questions import Question, Questions
from backend.knowledge.rules import Band, SetState


@dataclass(frozen=True)
class Solution:
    """What may be told once a question was answered. Options as shown, counted from 1.

    `chosen` is None when the content has the option no more.
    """

    chosen: int | None
    right: int
    correct: bool
    explanation: str
    guide: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class AskedQuestion:
    position: int
    text: str
    options: tuple[str, ...]
    solution: Solution | None


@dataclass(frozen=True)
class SetSummary:
    """`answered` and `correct` count questions; `asked` is what the set began with."""

    id: int
    band: Band
    state: SetState
    sampled: bool
    begun_at: datetime
    finished_at: datetime | None
    asked: int
    answered: int
    correct: int


@dataclass(frozen=True)
class SetView:
    """`withdrawn`: how many of its questions are in the content no more."""

    summary: SetSummary
    questions: tuple[AskedQuestion, ...]
    withdrawn: int


def set_of_parent(
    session: Session, clock: Clock, questions: Questions, *, parent_id: int, set_id: int
) -> SetView:
    """A set of this parent with its questions. Raises NotFound for another family's."""
    quiz = session.scalar(
        select(QuizSet).where(QuizSet.id == set_id, QuizSet.parent_id == parent_id)
    )
    if quiz is None:
        raise NotFound
    rows = _answers(session, [quiz.id])[quiz.id]
    known = [(row, questions.get(row.question_id)) for row in rows]
    asked = tuple(_asked(row, question) for row, question in known if question is not None)
    summary = _summary(quiz, rows, clock.now())
    if summary.state is SetState.OPEN and all(one.solution is not None for one in asked):
        summary = replace(summary, state=SetState.FINISHED)  # the questions left are gone
    return SetView(summary, asked, withdrawn=len(rows) - len(asked))


def sets_of_parent(
    session: Session, clock: Clock, *, parent_id: int, after: str | None = None, limit: int = LIMIT
) -> Page[SetSummary]:
    """A parent's sets, the latest first."""
    query = select(QuizSet).where(QuizSet.parent_id == parent_id).order_by(QuizSet.id.desc())
    if after is not None:
        (last,) = decode_cursor(after, (int,))
        query = query.where(QuizSet.id < last)
    sets = session.scalars(query.limit(limit + 1)).all()
    rows = _answers(session, [quiz.id for quiz in sets])
    found = [_summary(quiz, rows[quiz.id], clock.now()) for quiz in sets]
    return page_of(found, limit, lambda one: (one.id,))


def _answers(session: Session, set_ids: Sequence[int]) -> defaultdict[int, list[QuizAnswer]]:
    found: defaultdict[int, list[QuizAnswer]] = defaultdict(list)
    rows = session.scalars(
        select(QuizAnswer)
        .where(QuizAnswer.set_id.in_(set_ids))
        .order_by(QuizAnswer.set_id, QuizAnswer.position)
    )
    for row in rows:
        found[row.set_id].append(row)
    return found


def _summary(quiz: QuizSet, rows: Sequence[QuizAnswer], now: datetime) -> SetSummary:
    return SetSummary(
        id=quiz.id,
        band=Band(quiz.band),
        state=rules.state_of(quiz.begun_at, quiz.finished_at, now),
        sampled=quiz.sampled,
        begun_at=quiz.begun_at,
        finished_at=quiz.finished_at,
        asked=len(rows),
        answered=sum(row.chosen is not None for row in rows),
        correct=sum(row.correct is True for row in rows),
    )


def _asked(row: QuizAnswer, question: Question) -> AskedQuestion:
    order = rules.shown_order(row.set_id, question.id, len(question.options))
    return AskedQuestion(
        position=row.position,
        text=question.text,
        options=tuple(question.options[number - 1] for number in order),
        solution=_solution(row, question, order),
    )


def _solution(row: QuizAnswer, question: Question, order: list[int]) -> Solution | None:
    """`correct` is as it was judged then; the content may have been put right since."""
    if row.chosen is None:
        return None
    return Solution(
        chosen=order.index(row.chosen) + 1 if row.chosen in order else None,
        right=order.index(question.answer) + 1,
        correct=row.correct is True,
        explanation=question.explanation,
        guide=question.guide,
        sources=question.sources,
    )
