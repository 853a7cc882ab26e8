"""Two taps at once are one set, and one sample; without the guards they would be two."""

from collections.abc import Callable
from datetime import date
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.knowledge import rules, service
from backend.knowledge.models import QuizSet
from backend.knowledge.questions import Questions
from backend.rights.deletion import delete_parent
from tests.concurrency.racing import at_once, kinds
from tests.factories import MORNING, make_parent
from tests.knowledge.writing import BAND, begin, view

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]
TAPS = 8
MONTH = date(2026, 11, 1)
INDEX = "uq_quiz_sets_sample_of_month"


def samples(sessions: Sessions, parent: int) -> int:
    with sessions() as session:
        query = select(func.count()).where(QuizSet.parent_id == parent, QuizSet.sampled)
        return session.scalars(query).one()


def test_eight_taps_at_once_begin_one_set(
    committed: Sessions, clock: FixedClock, questions: Questions
) -> None:
    for _ in range(3):
        parent = make_parent(committed)

        sets, refused = at_once(partial(begin, committed, clock, questions), [parent] * TAPS)

        assert refused == []
        assert len(set(sets)) == 1
        assert samples(committed, parent) == 1


def test_of_two_answers_at_once_one_stays_and_the_other_is_told(
    committed: Sessions, clock: FixedClock, questions: Questions
) -> None:
    parent = make_parent(committed)
    quiz = begin(committed, clock, questions, parent)

    def choose(option: int) -> int:
        with committed.begin() as session:
            service.answer(
                session, clock, questions, parent_id=parent, set_id=quiz, position=1, option=option
            )
        return option

    kept, refused = at_once(choose, [1, 2, 3])

    assert kinds(refused) == {rules.AlreadyAnswered}
    solution = view(committed, clock, questions, parent, quiz).questions[0].solution
    assert solution is not None
    assert [solution.chosen] == kept


def test_ten_answers_at_once_finish_the_set(
    committed: Sessions, clock: FixedClock, questions: Questions
) -> None:
    parent = make_parent(committed)
    quiz = begin(committed, clock, questions, parent)

    def first_option(position: int) -> None:
        with committed.begin() as session:
            service.answer(
                session,
                clock,
                questions,
                parent_id=parent,
                set_id=quiz,
                position=position,
                option=1,
            )

    assert at_once(first_option, range(1, 11))[1] == []
    with committed() as session:
        assert session.get_one(QuizSet, quiz).finished_at is not None


def test_a_set_begun_while_the_account_is_closed_has_no_name_either(
    committed: Sessions, clock: FixedClock, questions: Questions
) -> None:
    for _ in range(5):
        parent = make_parent(committed)

        def close(parent: int = parent) -> None:
            with committed.begin() as session:
                delete_parent(session, clock, parent_id=parent)

        def tap(parent: int = parent) -> None:
            begin(committed, clock, questions, parent)

        acts: list[Callable[[], None]] = [close, tap, tap]
        at_once(lambda act: act(), acts)

        with committed() as session:
            named = select(QuizSet.id).where(QuizSet.parent_id == parent)
            assert session.scalars(named).all() == []


def look_then_insert(sessions: Sessions, everybody_has_looked: Barrier, parent: int) -> None:
    """What one writes without thinking: no lock between looking and inserting."""
    with sessions.begin() as session:
        before = session.scalar(
            select(func.count()).where(QuizSet.parent_id == parent, QuizSet.month == MONTH)
        )
        everybody_has_looked.wait(timeout=30)
        session.add(
            QuizSet(
                parent_id=parent,
                band=BAND,
                month=MONTH,
                sampled=rules.is_sample(before or 0),
                begun_at=MORNING,
            )
        )


def test_without_lock_and_index_a_family_counts_twice(committed: Sessions) -> None:
    parent = make_parent(committed)
    with committed.begin() as session:
        session.execute(text(f"DROP INDEX {INDEX}"))
    looked = Barrier(2)

    _, refused = at_once(lambda _: look_then_insert(committed, looked, parent), range(2))

    assert refused == []
    assert samples(committed, parent) == 2


def test_the_index_alone_lets_a_family_count_once(committed: Sessions) -> None:
    parent = make_parent(committed)
    looked = Barrier(2)

    _, refused = at_once(lambda _: look_then_insert(committed, looked, parent), range(2))

    assert kinds(refused) == {IntegrityError}
    assert samples(committed, parent) == 1


def test_without_the_index_the_lock_alone_lets_a_family_count_once(
    committed: Sessions, clock: FixedClock, questions: Questions
) -> None:
    parent = make_parent(committed)
    with committed.begin() as session:
        session.execute(text(f"DROP INDEX {INDEX}"))

    at_once(partial(begin, committed, clock, questions), [parent] * TAPS)

    assert samples(committed, parent) == 1
