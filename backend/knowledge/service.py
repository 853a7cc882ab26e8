"""Begin a set of ten questions, and answer them one by one."""

from __future__ import annotations

from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock
from backend.kernel.errors import NotFound
from backend.knowledge import rules
from backend.knowledge.models import QuizAnswer, QuizSet
from backend.knowledge.questions import Question, Questions
from backend.knowledge.rules import Band, SetState
from backend.people.models import Parent


def begin_set(
    session: Session,
    clock: Clock,
    questions: Questions,
    *,
    parent_id: int,
    town_code: str | None,
    band: Band,
) -> QuizSet:
    """The parent's open set of that band, or a new one; a family's first of a month is sampled.

    Locks the parent, so that of two taps the second goes on with the set of the first. Raises
    NotFound for an account that was closed meanwhile, QuizEmpty for fewer than ten questions.
    """
    _lock_parent(session, parent_id)
    open_set = _open_set(session, clock, parent_id, band)
    if open_set is not None:
        if _unanswered(session, questions, open_set.id):
            return open_set
        open_set.finished_at = clock.now()  # the questions that were left are gone
    return _new_set(session, clock, questions, parent_id=parent_id, town_code=town_code, band=band)


def _lock_parent(session: Session, parent_id: int) -> None:
    parent = session.scalar(
        select(Parent.id)
        .where(Parent.id == parent_id, Parent.deleted_at.is_(None))
        .with_for_update(key_share=True)
    )
    if parent is None:
        raise NotFound


def _open_set(session: Session, clock: Clock, parent_id: int, band: Band) -> QuizSet | None:
    return session.scalar(
        select(QuizSet)
        .where(
            QuizSet.parent_id == parent_id,
            QuizSet.band == band,
            QuizSet.finished_at.is_(None),
            QuizSet.begun_at > clock.now() - rules.OPEN_FOR,
        )
        .order_by(QuizSet.id.desc())
        .limit(1)
    )


def _new_set(
    session: Session,
    clock: Clock,
    questions: Questions,
    *,
    parent_id: int,
    town_code: str | None,
    band: Band,
) -> QuizSet:
    month = rules.month_of(clock.now())
    before = session.scalar(
        select(func.count())
        .select_from(QuizSet)
        .where(QuizSet.parent_id == parent_id, QuizSet.month == month)
    )
    new = QuizSet(
        parent_id=parent_id,
        town_code=town_code,
        band=band,
        month=month,
        sampled=rules.is_sample(before or 0),
        begun_at=clock.now(),
    )
    session.add(new)
    session.flush()  # the questions are drawn by the set's id
    known = [question.id for question in questions.of_band(band)]
    answered = session.execute(
        select(QuizAnswer.question_id, func.max(QuizAnswer.answered_at).label("at"))
        .join(QuizSet, QuizSet.id == QuizAnswer.set_id)
        .where(QuizSet.parent_id == parent_id, QuizAnswer.answered_at.is_not(None))
        .group_by(QuizAnswer.question_id)
    )
    last_answered = {row.question_id: row.at for row in answered}
    chosen = rules.choose(known, last_answered, Random(new.id))  # noqa: S311  # a draw, no secret
    session.add_all(
        QuizAnswer(set_id=new.id, position=position, question_id=question)
        for position, question in enumerate(chosen, start=1)
    )
    session.flush()
    return new


def answer(  # noqa: PLR0913  # whose set, which question and which option are four facts
    session: Session,
    clock: Clock,
    questions: Questions,
    *,
    parent_id: int,
    set_id: int,
    position: int,
    option: int,
) -> None:
    """Answer a question with an option as it was shown, counted from 1; the last one finishes.

    The first answer stays: sending it again changes nothing. Locks the set. Raises NotFound for
    another family's set, QuestionGone, NoSuchOption, AlreadyAnswered for another choice, and
    SetExpired a day after the beginning.
    """
    quiz = session.scalar(
        select(QuizSet)
        .where(QuizSet.id == set_id, QuizSet.parent_id == parent_id)
        .with_for_update()
    )
    row = None if quiz is None else session.get(QuizAnswer, (set_id, position))
    if quiz is None or row is None:
        raise NotFound
    question = questions.get(row.question_id)
    if question is None:
        raise rules.QuestionGone
    chosen = _in_content(set_id, question, option)
    if row.chosen is not None:
        if row.chosen != chosen:
            raise rules.AlreadyAnswered
        return
    now = clock.now()
    if rules.state_of(quiz.begun_at, quiz.finished_at, now) is not SetState.OPEN:
        raise rules.SetExpired
    row.chosen, row.correct, row.answered_at = chosen, chosen == question.answer, now
    session.flush()
    if not _unanswered(session, questions, set_id):
        quiz.finished_at = now


def _in_content(set_id: int, question: Question, option: int) -> int:
    """The number that a shown option has in the content. Raises NoSuchOption."""
    order = rules.shown_order(set_id, question.id, len(question.options))
    if not 1 <= option <= len(order):
        raise rules.NoSuchOption
    return order[option - 1]


def _unanswered(session: Session, questions: Questions, set_id: int) -> bool:
    """Whether a question is left that can still be answered: one that is gone cannot."""
    left = session.scalars(
        select(QuizAnswer.question_id).where(
            QuizAnswer.set_id == set_id, QuizAnswer.chosen.is_(None)
        )
    )
    return any(questions.get(question) is not None for question in left)
