"""知晓率: what counts, for which town and month, and what is kept back."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.knowledge.models import QuizSet
from backend.knowledge.questions import Questions
from backend.people.models import Role
from backend.people.scopes import Scope
from backend.rights.deletion import delete_parent
from backend.statistics import formulas
from backend.statistics.export import BOM, csv_bytes
from backend.statistics.knowledge import (
    Sample,
    Span,
    knowledge_by_town,
    most_missed,
    total,
    year_until,
)
from tests.factories import MORNING, TOWN, make_parent
from tests.knowledge.writing import (
    answer,
    answer_all,
    answers,
    begin,
    entry,
    read_quiz,
    set_town,
    write_quiz,
)

Sessions = sessionmaker[Session]
CITY = Scope(Role.CITY, None, None)
NOVEMBER = Span(date(2026, 11, 1), date(2026, 11, 1))
OTHER_TOWN = "320281100"

part_and_whole = st.integers(1, 10**6).flatmap(
    lambda whole: st.tuples(st.integers(0, whole), st.just(whole))
)


@given(part_and_whole)
def test_a_rate_is_a_share_of_a_hundred_and_never_too_high(pair: tuple[int, int]) -> None:
    correct, asked = pair

    rate = formulas.knowledge_rate(correct, asked)

    assert 0 <= rate <= 100
    assert rate * asked <= 100 * correct < (rate + Decimal("0.1")) * asked
    assert (rate == 100) == (correct == asked)


@given(part_and_whole)
def test_what_is_shown_as_the_target_has_reached_it(pair: tuple[int, int]) -> None:
    correct, asked = pair

    shown = formulas.knowledge_rate(correct, asked) >= formulas.KNOWLEDGE_TARGET

    assert shown == (100 * correct >= 95 * asked)


@given(part_and_whole)
def test_one_more_right_answer_never_lowers_the_rate(pair: tuple[int, int]) -> None:
    correct, asked = pair

    assert formulas.knowledge_rate(correct, asked + 1) <= formulas.knowledge_rate(
        correct + 1, asked + 1
    )


@pytest.mark.parametrize("pair", [(0, 0), (2, 1), (-1, 3)])
def test_what_is_no_share_is_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no share"):
        formulas.knowledge_rate(*pair)


def test_a_rate_has_one_digit_after_the_point() -> None:
    assert [str(formulas.knowledge_rate(part, 700)) for part in (0, 67, 665, 700)] == [
        "0.0",
        "9.5",
        "95.0",
        "100.0",
    ]


@given(families=st.integers(0, 30))
def test_fewer_than_ten_families_have_no_rate(families: int) -> None:
    sample = Sample(correct=9 * families, asked=10 * families, families=families)

    assert (sample.rate is None) == (families < 10)


def family(
    sessions: Sessions, clock: FixedClock, questions: Questions, town: str | None, wrong: int = 0
) -> int:
    """A family whose sampled set is finished; the parent."""
    parent = make_parent(sessions)
    set_town(sessions, answer_all(sessions, clock, questions, parent, wrong=wrong), town)
    return parent


def test_finished_samples_count_by_town_and_month(
    sessions: Sessions, clock: FixedClock, questions: Questions
) -> None:
    family(sessions, clock, questions, TOWN, wrong=4)
    family(sessions, clock, questions, TOWN)
    family(sessions, clock, questions, OTHER_TOWN, wrong=1)
    family(sessions, clock, questions, None)
    clock.set(MORNING.replace(month=12))
    family(sessions, clock, questions, TOWN)

    with sessions() as session:
        cells = knowledge_by_town(session, CITY, year_until(date(2026, 12, 1)))

    november, december = date(2026, 11, 1), date(2026, 12, 1)
    assert {(cell.town_code, cell.month): cell.sample for cell in cells} == {
        (TOWN, november): Sample(16, 20, 2),
        (OTHER_TOWN, november): Sample(9, 10, 1),
        (None, november): Sample(10, 10, 1),
        (TOWN, december): Sample(10, 10, 1),
    }
    assert total(cell.sample for cell in cells) == Sample(45, 50, 5)


def test_what_is_unfinished_or_no_sample_counts_for_nothing(
    sessions: Sessions, clock: FixedClock, questions: Questions
) -> None:
    unfinished = make_parent(sessions)
    answer(sessions, clock, questions, unfinished, begin(sessions, clock, questions, unfinished), 1)
    keen = make_parent(sessions)
    answer_all(sessions, clock, questions, keen, wrong=10)
    answer_all(sessions, clock, questions, keen)

    with sessions() as session:
        (cell,) = knowledge_by_town(session, CITY, NOVEMBER)

    assert cell.sample == Sample(0, 10, 1)


def test_a_set_counts_for_the_month_in_which_it_began(
    sessions: Sessions, clock: FixedClock, questions: Questions
) -> None:
    parent = make_parent(sessions)
    clock.set(MORNING.replace(day=30, hour=23))
    begin(sessions, clock, questions, parent)
    clock.advance(timedelta(hours=2))
    answer_all(sessions, clock, questions, parent)

    with sessions() as session:
        (cell,) = knowledge_by_town(session, CITY, year_until(date(2026, 12, 1)))

    assert cell.month == date(2026, 11, 1)


def test_what_a_closed_account_knew_still_counts_for_its_town(
    sessions: Sessions, clock: FixedClock, questions: Questions
) -> None:
    parent = family(sessions, clock, questions, TOWN, wrong=2)
    with sessions.begin() as session:
        delete_parent(session, clock, parent_id=parent)

    with sessions() as session:
        (cell,) = knowledge_by_town(session, CITY, NOVEMBER)
        named = session.query(QuizSet).where(QuizSet.parent_id.is_not(None)).count()

    assert (cell.town_code, cell.sample, named) == (TOWN, Sample(8, 10, 1), 0)


def test_each_looks_where_it_may(
    sessions: Sessions, clock: FixedClock, questions: Questions
) -> None:
    for town in (TOWN, OTHER_TOWN, None):
        family(sessions, clock, questions, town, wrong=1)

    def towns(scope: Scope, span: Span = NOVEMBER) -> set[str | None]:
        with sessions() as session:
            return {cell.town_code for cell in knowledge_by_town(session, scope, span)}

    of_town = Scope(Role.TOWN, frozenset({1}), TOWN)
    assert towns(CITY) == {TOWN, OTHER_TOWN, None}
    assert towns(CITY, Span(NOVEMBER.first, NOVEMBER.last, OTHER_TOWN)) == {OTHER_TOWN}
    assert towns(of_town) == {TOWN}
    assert towns(of_town, Span(NOVEMBER.first, NOVEMBER.last, OTHER_TOWN)) == set()
    assert towns(Scope(Role.CLERK, frozenset({1}), None)) == set()
    assert towns(Scope(Role.REVIEWER, frozenset(), None)) == set()


def test_the_question_that_most_got_wrong_comes_first(
    sessions: Sessions, clock: FixedClock, quiz_root: Path
) -> None:
    write_quiz(quiz_root, *(entry(number) for number in range(1, 11)))  # all are always asked
    questions = read_quiz(quiz_root)
    wrong = {"q6-05": 10, "q6-02": 3}
    for family_number in range(10):
        parent = make_parent(sessions)
        quiz = begin(sessions, clock, questions, parent)
        for one in answers(sessions, quiz):
            right = family_number >= wrong.get(one.question_id, 0)
            answer(sessions, clock, questions, parent, quiz, one.position, right=right)

    with sessions() as session:
        missed = most_missed(session, CITY, NOVEMBER)

    assert [(one.question_id, one.wrong, one.asked, one.share) for one in missed] == [
        ("q6-05", 10, 10, Decimal(100)),
        ("q6-02", 3, 10, Decimal(30)),
    ]


def test_a_question_of_few_families_is_not_named(
    sessions: Sessions, clock: FixedClock, questions: Questions
) -> None:
    family(sessions, clock, questions, TOWN, wrong=10)

    with sessions() as session:
        assert most_missed(session, CITY, NOVEMBER) == []


def test_a_year_has_twelve_months_whatever_it_ends_with() -> None:
    months = year_until(date(2026, 2, 1)).months

    assert (len(months), months[0], months[-1]) == (12, date(2025, 3, 1), date(2026, 2, 1))


def test_excel_opens_the_table_as_it_is() -> None:
    written = csv_bytes(("街镇", "率"), [("澄江街道", Decimal("95.0")), ("=1+1", None), ("a,b", 3)])

    assert written.decode() == f'{BOM}街镇,率\r\n澄江街道,95.0\r\n\'=1+1,\r\n"a,b",3\r\n'
    assert written[:3] == b"\xef\xbb\xbf"
