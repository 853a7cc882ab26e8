"""Which signs are asked at an age, and where the answers lead."""

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.handbook.screening import (
    Answer,
    Answers,
    Basis,
    Fit,
    ScreeningIncomplete,
    ScreeningTooEarly,
    Visited,
    check_answers,
    check_reached,
    fit,
    needs_attention,
    outcome,
)
from backend.handbook.screening_file import Outcome, check_screenings, load_screenings
from backend.kernel.ages import add_months
from backend.kernel.clock import CITY

CONTENT = Path(__file__).parents[2] / "content"
PROGRAMME = load_screenings(CONTENT)
BIRTH = date(2026, 1, 31)
YES, NO, UNSURE = Answer.YES, Answer.NO, Answer.UNSURE


def asked(found: Fit) -> str | None:
    return None if found.screening is None else found.screening.id


def test_each_of_the_eleven_ages_has_its_check_up_and_four_signs() -> None:
    assert [(one.id, one.group.age_months) for one in PROGRAMME.screenings] == [
        ("m3", 3),
        ("m6", 6),
        ("m8", 8),
        ("m12", 12),
        ("m18", 18),
        ("m24", 24),
        ("m30", 30),
        ("m36", 36),
        ("y4", 48),
        ("y5", 60),
        ("y6", 72),
    ]
    assert {len(one.group.items) for one in PROGRAMME.screenings} == {4}


@pytest.mark.parametrize(
    ("months", "days", "visit"),
    [
        (3, -1, None),
        (3, 0, "m3"),
        (6, -1, "m3"),
        (6, 0, "m6"),
        (11, 0, "m8"),
        (12, 0, "m12"),
        (24, -1, "m18"),
        (24, 0, "m24"),
        (84, -1, "y6"),
        (84, 0, None),
    ],
)
def test_the_last_age_that_is_reached_is_asked(months: int, days: int, visit: str | None) -> None:
    found = fit(PROGRAMME, BIRTH, 39, add_months(BIRTH, months) + timedelta(days=days))

    assert asked(found) == visit
    assert (found.basis, found.corrected_months, found.by_actual) == (Basis.ACTUAL, None, None)


def test_a_child_born_early_is_asked_by_its_corrected_age_and_both_are_named() -> None:
    found = fit(PROGRAMME, BIRTH, 32, add_months(BIRTH, 6))  # eight weeks early

    assert (found.basis, found.actual_months, found.corrected_months) == (Basis.CORRECTED, 6, 4)
    assert asked(found) == "m3"
    assert found.by_actual is not None
    assert found.by_actual.id == "m6"


def test_where_both_ages_ask_the_same_nothing_is_named_twice() -> None:
    found = fit(PROGRAMME, BIRTH, 36, add_months(BIRTH, 10))

    assert (asked(found), found.by_actual) == ("m8", None)


def test_before_its_term_a_child_born_early_is_asked_nothing() -> None:
    found = fit(PROGRAMME, BIRTH, 24, add_months(BIRTH, 3))  # term comes sixteen weeks after birth

    assert (asked(found), found.corrected_months) == (None, 0)
    assert found.by_actual is not None
    assert found.by_actual.id == "m3"


@pytest.mark.parametrize(("weeks", "basis"), [(36, Basis.CORRECTED), (37, Basis.ACTUAL)])
def test_early_means_before_37_weeks(weeks: int, basis: Basis) -> None:
    assert fit(PROGRAMME, BIRTH, weeks, add_months(BIRTH, 8)).basis is basis


def test_from_two_years_on_the_actual_age_counts() -> None:
    day_before = add_months(BIRTH, 24) - timedelta(days=1)

    assert fit(PROGRAMME, BIRTH, 30, day_before).basis is Basis.CORRECTED
    assert asked(fit(PROGRAMME, BIRTH, 30, add_months(BIRTH, 24))) == "m24"


@given(
    birth=st.dates(date(2019, 1, 1), date(2026, 1, 1)),
    age=st.integers(0, 2600),
    weeks=st.none() | st.integers(20, 44),
)
def test_a_corrected_age_never_asks_more_than_the_actual_one(
    birth: date, age: int, weeks: int | None
) -> None:
    found = fit(PROGRAMME, birth, weeks, birth + timedelta(days=age))
    chosen = found.screening

    if chosen is not None:
        assert chosen.group.applies_from_months <= found.actual_months
    if found.by_actual is not None:
        assert found.basis is Basis.CORRECTED


@given(answers=st.lists(st.sampled_from(Answer), min_size=1, max_size=4))
def test_one_sign_is_enough_for_the_clinic_and_nothing_is_counted(answers: list[Answer]) -> None:
    assert (outcome(answers) is Outcome.CLINIC) == (YES in answers)
    assert outcome(answers) is outcome(set(answers))


def test_without_a_sign_what_is_unsure_is_asked_at_the_check_up() -> None:
    assert outcome([NO, NO]) is Outcome.GO_ON
    assert outcome([NO, UNSURE]) is Outcome.ASK


def test_answers_are_whole_and_of_an_age_that_is_reached() -> None:
    m3 = PROGRAMME.screenings[0]
    whole = {sign.id: NO for sign in m3.group.items}

    check_answers(m3, whole)
    for wrong in ({}, {"w03-1": NO}, whole | {"w06-1": NO}):
        with pytest.raises(ScreeningIncomplete):
            check_answers(m3, wrong)
    check_reached(m3, BIRTH, add_months(BIRTH, 3))
    with pytest.raises(ScreeningTooEarly):
        check_reached(m3, BIRTH, add_months(BIRTH, 3) - timedelta(days=1))


MONDAY = datetime(2026, 11, 23, 10, tzinfo=CITY)


def answered(answer: Answer = YES, *, days: int = 0, talked: bool = False) -> Answers:
    at = MONDAY + timedelta(days=days)
    return Answers("m8", {"w08-1": answer}, at.date(), at, at.date() if talked else None)


def visited(days: int, *, recorded_hours: int) -> Visited:
    """Done so many days after the answers, recorded so many hours after them."""
    return Visited((MONDAY + timedelta(days=days)).date(), MONDAY + timedelta(hours=recorded_hours))


@pytest.mark.parametrize(
    ("visit", "still"),
    [
        (visited(0, recorded_hours=5), False),  # the same day, written down afterwards
        (visited(3, recorded_hours=80), False),
        (visited(0, recorded_hours=-1), True),  # the check-up came first, then the answers
        (visited(-2, recorded_hours=5), True),  # an older check-up, written down late
    ],
)
def test_a_sign_asks_for_attention_until_a_visit_is_recorded(visit: Visited, still: bool) -> None:
    assert (needs_attention([answered()], [visit]) is not None) == still


def test_a_talk_with_the_clinic_settles_it_and_no_sign_asks_for_nothing() -> None:
    assert needs_attention([answered(talked=True), answered(NO), answered(UNSURE)], []) is None
    newest = answered(days=9)
    assert needs_attention([newest, answered()], []) is newest


def test_what_is_from_memory_says_so() -> None:
    assert PROGRAMME.said(PROGRAMME.words.preterm).endswith("（未核对，以门诊和医生为准）")
    assert "72小时" in PROGRAMME.said(PROGRAMME.words.newborn.tests[2].lines[0])


def test_no_outcome_names_an_illness_or_a_score() -> None:
    for words in PROGRAMME.words.outcomes.values():
        text = "".join((words.title, words.text, *words.steps))
        assert not [word for word in ("孤独症", "异常", "迟缓", "确诊", "分数") if word in text]


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("handbook/screening.yaml", "until_months: 24", "until_months: 240", "handbook_invalid"),
        ("handbook/screening.yaml", "sources: [CHD2023]", "sources: [X1]", "source_unknown"),
        ("handbook/screening.yaml", "{heel-after}", "{heel-never}", "figure_unknown"),
        ("handbook/screening.yaml", "  ask:\n    title", "  ask2:\n    title", "handbook_invalid"),
        ("handbook/screening.yaml", "id: heart", "id: hearing", "screening_test"),
        ("handbook/screening.yaml", "guide: gudu", "guide: gone-", "dead_link"),
        ("facts/development.yaml", "- age_months: 3\n", "- age_months: 4\n", "screening_group"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_and_line(
    tmp_path: Path, name: str, old: str, new: str, code: str
) -> None:
    for folder in ("handbook", "facts", "guides"):
        shutil.copytree(CONTENT / folder, tmp_path / folder)
    file = tmp_path / name
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")

    (problem,) = check_screenings(tmp_path)

    assert (problem.file, problem.code) == (file, code)
    assert problem.line > 1
