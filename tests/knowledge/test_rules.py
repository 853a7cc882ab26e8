"""Ages, draws and months of the knowledge check."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.knowledge import rules
from backend.knowledge.rules import Band, SetState
from tests.factories import MORNING

IDS = [f"q-{number}" for number in range(14)]


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, Band.TO_3_MONTHS),
        (28, Band.TO_3_MONTHS),
        (121, Band.TO_3_MONTHS),
        (122, Band.TO_6_MONTHS),
        (167, Band.TO_6_MONTHS),
        (168, Band.TO_1_YEAR),
        (364, Band.TO_1_YEAR),
        (365, Band.TO_2_YEARS),
        (730, Band.TO_3_YEARS),
        (1096, Band.TO_6_YEARS),
        (9999, Band.TO_6_YEARS),
        (-3, Band.TO_3_MONTHS),
    ],
)
def test_a_child_is_asked_about_its_own_age(age: int, band: Band) -> None:
    assert rules.band_of(age) is band


def test_every_band_has_a_title() -> None:
    assert set(rules.BAND_TITLES) == set(rules.FIRST_DAYS) == set(Band)


@given(seed=st.integers(), count=st.integers(10, 14))
def test_a_set_has_ten_different_questions_of_the_band(seed: int, count: int) -> None:
    chosen = rules.choose(IDS[:count], {}, Random(seed))

    assert len(chosen) == len(set(chosen)) == 10
    assert set(chosen) <= set(IDS[:count])


@given(seed=st.integers(), answered=st.sets(st.sampled_from(IDS)))
def test_what_was_never_asked_comes_first_and_then_what_was_longest_ago(
    seed: int, answered: set[str]
) -> None:
    when = {one: MORNING + timedelta(hours=IDS.index(one)) for one in answered}

    chosen = set(rules.choose(IDS, when, Random(seed)))

    never = set(IDS) - answered
    assert never <= chosen or chosen <= never
    left_out = {when[one] for one in answered - chosen}
    assert all(when[one] <= oldest for one in chosen & answered for oldest in left_out)


def test_the_same_set_draws_the_same_questions_whatever_the_order_of_the_files() -> None:
    assert rules.choose(IDS, {}, Random(7)) == rules.choose(IDS[::-1], {}, Random(7))
    assert rules.choose(IDS, {}, Random(7)) != rules.choose(IDS, {}, Random(8))


def test_nine_questions_are_not_a_set() -> None:
    with pytest.raises(rules.QuizEmpty):
        rules.choose(IDS[:9], {}, Random(1))


def test_options_stand_in_an_order_of_their_own_in_each_set() -> None:
    orders = {tuple(rules.shown_order(number, "q-1", 3)) for number in range(200)}

    assert len(orders) == 6
    assert rules.shown_order(5, "q-1", 3) == rules.shown_order(5, "q-1", 3)


def test_only_the_first_set_of_a_month_is_a_sample() -> None:
    assert [rules.is_sample(before) for before in (0, 1, 5)] == [True, False, False]


def test_the_month_is_the_citys() -> None:
    late = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)  # 00:30 on 1 December in Jiangyin

    assert rules.month_of(late).isoformat() == "2026-12-01"


def test_a_set_is_open_for_a_day() -> None:
    day = timedelta(hours=24)
    second = timedelta(seconds=1)

    assert rules.state_of(MORNING, None, MORNING + day - second) is SetState.OPEN
    assert rules.state_of(MORNING, None, MORNING + day) is SetState.EXPIRED
    assert rules.state_of(MORNING, MORNING, MORNING + day) is SetState.FINISHED
