"""A parent's sets: begun, gone on with, answered once, and counted honestly."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.knowledge import queries, rules, service
from backend.knowledge.questions import Questions
from backend.knowledge.rules import Band, SetState
from backend.people.models import Parent
from tests.factories import MORNING, TOWN, make_parent
from tests.knowledge.writing import (
    BAND,
    RIGHT,
    answer,
    answer_all,
    answers,
    begin,
    entry,
    read_quiz,
    row,
    view,
    write_quiz,
)

Sessions = sessionmaker[Session]
DAY = timedelta(hours=24)


@pytest.fixture
def parent(sessions: Sessions) -> int:
    return make_parent(sessions)


def test_the_first_set_of_a_month_is_the_sample_and_the_next_is_not(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    first = begin(sessions, clock, questions, parent, town=TOWN)
    clock.advance(DAY)
    second = begin(sessions, clock, questions, parent, town=TOWN)
    clock.set(MORNING.replace(month=12))
    third = begin(sessions, clock, questions, parent, town=TOWN)

    assert [row(sessions, one).sampled for one in (first, second, third)] == [True, False, True]
    assert row(sessions, first).month.isoformat() == "2026-11-01"
    assert row(sessions, first).town_code == TOWN


def test_a_set_is_gone_on_with_for_a_day(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    quiz = begin(sessions, clock, questions, parent)
    answer(sessions, clock, questions, parent, quiz, 1)
    clock.advance(DAY - timedelta(seconds=1))

    assert begin(sessions, clock, questions, parent) == quiz

    clock.advance(timedelta(seconds=1))
    assert begin(sessions, clock, questions, parent) != quiz


def test_another_band_is_another_set(
    sessions: Sessions, clock: FixedClock, quiz_root: Path, parent: int
) -> None:
    later = [entry(number, id=f"q1-{number}") for number in range(1, 11)]
    write_quiz(quiz_root, *later, band=Band.TO_2_YEARS)
    questions = read_quiz(quiz_root)

    first = begin(sessions, clock, questions, parent)
    other = begin(sessions, clock, questions, parent, band=Band.TO_2_YEARS)

    assert other != first
    assert not row(sessions, other).sampled
    assert begin(sessions, clock, questions, parent) == first


def test_a_finished_set_is_not_gone_on_with_and_the_next_asks_what_was_left(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    first = answer_all(sessions, clock, questions, parent)
    second = begin(sessions, clock, questions, parent)

    assert row(sessions, first).finished_at == clock.now()
    before, now = ({one.question_id for one in answers(sessions, quiz)} for quiz in (first, second))
    assert second != first
    assert len(now - before) == 2  # all that the first left of twelve


def test_the_answer_is_told_only_after_the_question_was_answered(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    quiz = begin(sessions, clock, questions, parent)
    option = answer(sessions, clock, questions, parent, quiz, 3, right=False)

    shown = view(sessions, clock, questions, parent, quiz)

    told = [one for one in shown.questions if one.solution is not None]
    assert [one.position for one in told] == [3]
    (one,) = told
    assert one.solution is not None
    assert (one.solution.chosen, one.solution.correct) == (option, False)
    assert one.options[one.solution.right - 1] == RIGHT
    assert (shown.summary.answered, shown.summary.correct, shown.summary.asked) == (1, 0, 10)


def test_the_tenth_answer_finishes_the_set_with_its_result(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    quiz = answer_all(sessions, clock, questions, parent, wrong=3)

    summary = view(sessions, clock, questions, parent, quiz).summary

    assert (summary.state, summary.correct, summary.answered) == (SetState.FINISHED, 7, 10)


def test_the_first_answer_stays(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    quiz = begin(sessions, clock, questions, parent)
    answer(sessions, clock, questions, parent, quiz, 1, right=False)
    clock.advance(timedelta(minutes=1))
    answer(sessions, clock, questions, parent, quiz, 1, right=False)

    with pytest.raises(rules.AlreadyAnswered):
        answer(sessions, clock, questions, parent, quiz, 1, right=True)

    kept = answers(sessions, quiz)[0]
    assert (kept.correct, kept.answered_at) == (False, MORNING)


def test_the_first_answer_can_be_repeated_after_the_end(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    quiz = answer_all(sessions, clock, questions, parent)
    finished = row(sessions, quiz).finished_at
    clock.advance(2 * DAY)

    answer(sessions, clock, questions, parent, quiz, 10)

    assert row(sessions, quiz).finished_at == finished


def test_a_set_left_for_a_day_is_not_finished_any_more(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    quiz = begin(sessions, clock, questions, parent)
    clock.advance(DAY)

    with pytest.raises(rules.SetExpired):
        answer(sessions, clock, questions, parent, quiz, 1)
    assert view(sessions, clock, questions, parent, quiz).summary.state is SetState.EXPIRED


def test_an_option_that_is_not_there_is_refused(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    quiz = begin(sessions, clock, questions, parent)

    for option in (0, 4):
        with pytest.raises(rules.NoSuchOption), sessions.begin() as session:
            service.answer(
                session,
                clock,
                questions,
                parent_id=parent,
                set_id=quiz,
                position=1,
                option=option,
            )


def test_another_parents_set_is_not_found(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    quiz = begin(sessions, clock, questions, parent)
    stranger = make_parent(sessions)

    with pytest.raises(NotFound):
        view(sessions, clock, questions, stranger, quiz)
    with pytest.raises(NotFound), sessions.begin() as session:
        service.answer(
            session, clock, questions, parent_id=stranger, set_id=quiz, position=1, option=1
        )


def test_a_closed_account_begins_nothing(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    with sessions.begin() as session:
        session.execute(update(Parent).where(Parent.id == parent).values(deleted_at=MORNING))

    with pytest.raises(NotFound):
        begin(sessions, clock, questions, parent)


def test_a_band_with_nine_questions_begins_nothing(
    sessions: Sessions, clock: FixedClock, quiz_root: Path, parent: int
) -> None:
    write_quiz(quiz_root, *(entry(number) for number in range(9)))

    with pytest.raises(rules.QuizEmpty):
        begin(sessions, clock, read_quiz(quiz_root), parent)
    with sessions() as session:
        assert queries.sets_of_parent(session, clock, parent_id=parent).items == []


def without(root: Path, sessions: Sessions, quiz: int, positions: set[int]) -> Questions:
    """The content after the questions at these positions of a set were taken back."""
    rows = answers(sessions, quiz)
    gone = {one.question_id for one in rows if one.position in positions}
    kept = [entry(number) for number in range(1, 13)]
    write_quiz(root, *(one for one in kept if one["id"] not in gone))
    return read_quiz(root)


def test_questions_that_were_taken_back_are_skipped_and_said_to_be(
    sessions: Sessions, clock: FixedClock, quiz_root: Path, questions: Questions, parent: int
) -> None:
    quiz = begin(sessions, clock, questions, parent)
    fewer = without(quiz_root, sessions, quiz, {2, 10})

    with pytest.raises(rules.QuestionGone), sessions.begin() as session:
        service.answer(session, clock, fewer, parent_id=parent, set_id=quiz, position=2, option=1)
    for position in (1, 3, 4, 5, 6, 7, 8, 9):
        answer(sessions, clock, fewer, parent, quiz, position)

    shown = view(sessions, clock, fewer, parent, quiz)
    assert (shown.summary.state, shown.summary.answered) == (SetState.FINISHED, 8)
    assert (shown.withdrawn, len(shown.questions)) == (2, 8)


def test_a_set_whose_last_questions_were_taken_back_is_over(
    sessions: Sessions, clock: FixedClock, quiz_root: Path, questions: Questions, parent: int
) -> None:
    quiz = begin(sessions, clock, questions, parent)
    for position in range(1, 9):
        answer(sessions, clock, questions, parent, quiz, position)
    fewer = without(quiz_root, sessions, quiz, {9, 10})

    assert view(sessions, clock, fewer, parent, quiz).summary.state is SetState.FINISHED
    assert begin(sessions, clock, fewer, parent) != quiz
    assert row(sessions, quiz).finished_at == clock.now()


def test_an_option_that_is_gone_leaves_the_verdict(
    sessions: Sessions, clock: FixedClock, quiz_root: Path, questions: Questions, parent: int
) -> None:
    quiz = answer_all(sessions, clock, questions, parent, wrong=10)
    shorter = [entry(n, options=["果汁", RIGHT], answer=2) for n in range(1, 13)]
    write_quiz(quiz_root, *shorter)

    shown = view(sessions, clock, read_quiz(quiz_root), parent, quiz)

    assert shown.summary.correct == 0
    assert all(
        one.options[one.solution.right - 1] == RIGHT for one in shown.questions if one.solution
    )


def test_the_history_has_pages_the_latest_first(
    sessions: Sessions, clock: FixedClock, questions: Questions, parent: int
) -> None:
    sets = [answer_all(sessions, clock, questions, parent, wrong=wrong) for wrong in range(3)]
    begin(sessions, clock, questions, make_parent(sessions))

    with sessions() as session:
        first = queries.sets_of_parent(session, clock, parent_id=parent, limit=2)
        rest = queries.sets_of_parent(session, clock, parent_id=parent, limit=2, after=first.next)

    assert [one.id for one in (*first.items, *rest.items)] == sets[::-1]
    assert [one.correct for one in first.items] == [8, 9]
    assert rest.next is None
    assert {one.band for one in first.items} == {BAND}
