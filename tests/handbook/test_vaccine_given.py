"""What was given: too early, by a former programme, with a gap, of two products."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from backend.handbook.vaccines import (
    Status,
)
from tests.handbook.vaccine_answers import ASK, BIRTH, ask, day, state


def test_the_other_product_of_a_group_has_its_ages_too() -> None:
    table = {"jei-1": (8, None), "jei-2": (8, 12), "jei-3": (24, 36), "jei-4": (72, 84)}
    given = {"jei-1": day(7), "jei-2": day(7, 8), "hepai-1": day(17)}  # early: judged by age
    answers = ask(day(17), given=given)

    assert answers["jei-1"].earliest == day(8)
    assert answers["jei-2"].earliest == day(8)
    assert answers["hepai-1"].earliest == day(18)
    for dose, (_, before) in table.items():
        assert answers[dose].recommended_by == (day(before, -1) if before else None)
    assert answers["hepai-1"].recommended_by == day(24, -1)
    assert answers["hepai-2"].recommended_by == day(36, -1)
    chosen = ask(day(18), given={"jei-1": day(8), "jei-2": day(8, 7), "hepai-1": day(18)})
    assert chosen["jei-3"].earliest == chosen["hepai-2"].earliest == day(24)
    late = {"jei-1": day(23), "jei-2": day(23, 20), "hepai-1": day(20)}
    assert ask(day(24), given=late)["jei-3"].earliest == day(23, 20) + timedelta(days=31)
    assert ask(day(24), given=late)["hepai-2"].earliest == day(26)


@pytest.mark.parametrize(
    ("used", "early", "asked"),
    [
        (day(9), True, True),  # on the same day
        (day(6), False, False),
        (day(6, 1), True, True),
        (day(9, 14), False, True),
        (day(9, 15), False, False),
    ],
)
def test_immunoglobulin_around_a_given_live_dose(used: date, early: bool, asked: bool) -> None:
    answers = ask(day(10), given={"mmr-1": day(9), "bcg-1": day(9)}, immunoglobulin=used)

    assert ("打早了" in answers["mmr-1"].reason) is early
    assert (ASK in answers["mmr-1"].reason) is asked
    assert answers["mmr-1"].status is Status.GIVEN
    assert (answers["mmr-2"].earliest is None) is early
    assert ("打后不久" in answers["mmr-1"].reason) is (asked and not early)
    assert ASK not in answers["bcg-1"].reason


@pytest.mark.parametrize(
    ("given", "early", "open_dose"),
    [
        ({"hepb-1": BIRTH, "hepb-2": day(1, -4)}, "hepb-2", "hepb-3"),
        ({"hepb-1": day(1), "hepb-2": day(1, 27)}, "hepb-2", "hepb-3"),
        ({"hepb-1": day(1), "hepb-2": day(1)}, "hepb-2", "hepb-3"),
        ({"mmr-1": day(8), "jel-1": day(8, 27)}, "jel-1", "jel-2"),
        ({"varv-1": day(12, -1)}, "varv-1", "varv-2"),
    ],
)
def test_a_dose_given_too_early_stays_given_and_nothing_is_computed_after_it(
    given: Mapping[str, date], early: str, open_dose: str
) -> None:
    answers = ask(day(14), given=given)

    assert answers[early].status is Status.GIVEN
    assert "打早了" in answers[early].reason
    assert ASK in answers[early].reason
    assert answers[open_dose].earliest is None
    assert ASK in answers[open_dose].reason


def test_how_early_a_dose_was_can_be_seen_and_the_rest_goes_by_age() -> None:
    given = {"dtap-1": day(2, -3)}

    before, after, late = (ask(on, given=given) for on in (day(3), day(6), day(12)))

    assert before["dtap-1"].earliest == day(2)
    assert before["dtap-3"].status is Status.UPCOMING
    assert after["dtap-3"].status is Status.DUE
    assert late["dtap-3"].status is Status.OVERDUE
    assert {late[f"dtap-{number}"].earliest for number in (2, 3, 4, 5)} == {None}


def test_a_gap_in_a_series_is_a_question_for_the_clinic() -> None:
    answers = ask(day(8), given={"dtap-1": day(2), "dtap-3": day(6)})

    for dose in ("dtap-2", "dtap-4", "dtap-5"):
        assert answers[dose].earliest is None
        assert ASK in answers[dose].reason
    assert answers["dtap-3"].status is Status.GIVEN


@pytest.mark.parametrize(
    ("birth", "months", "early"),
    [
        (date(2024, 7, 31), 5, False),  # given on the last day of the old programme
        (date(2024, 8, 1), 5, True),
        (date(2025, 3, 1), 6, False),
    ],
)
def test_a_dose_is_judged_by_the_programme_of_its_day(
    birth: date, months: int, early: bool
) -> None:
    given = {f"dtap-{number}": day(months - 3 + number, birth=birth) for number in (1, 2, 3)}
    if early:  # by the old programme until the last one
        assert given["dtap-3"] == date(2025, 1, 1)

    answers = ask(given["dtap-3"], birth=birth, given=given)

    assert ("打早了" in answers["dtap-3"].reason) is early
    expected = None if early else day(18, birth=birth)
    assert answers["dtap-4"].earliest == expected


def test_the_ages_of_the_old_programme() -> None:
    birth = date(2020, 1, 10)
    ages = {1: 3, 2: 4, 3: 5, 4: 18}
    given = {f"dtap-{number}": day(months, birth=birth) for number, months in ages.items()}

    answers = ask(date(2026, 1, 1), birth=birth, given=given)

    for number, months in ages.items():
        assert answers[f"dtap-{number}"].earliest == day(months, birth=birth)
        assert "3、4、5、18月龄" in answers[f"dtap-{number}"].reason
    assert answers["dtap-5"].earliest == day(72, birth=birth)


def test_the_old_programme_asks_three_months_and_says_nothing_of_a_fifth_dose() -> None:
    birth = date(2018, 1, 10)
    given = {"dtap-1": day(2, birth=birth), "dtap-5": day(72, birth=birth)}

    answers = ask(date(2024, 12, 31), birth=birth, given=given)

    assert answers["dtap-1"].earliest == day(3, birth=birth)
    assert "打早了" in answers["dtap-1"].reason
    assert answers["dtap-5"].earliest is None
    assert ASK in answers["dtap-5"].reason


def test_four_doses_of_polio_before_the_fourth_birthday_need_no_drops() -> None:
    given = {"polio-1": day(2), "polio-2": day(3), "polio-3": day(4), "polio-4": day(18)}

    answer = ask(day(49), given=given)["polio-4"]

    assert answer.status is Status.GIVEN
    assert "四剂含IPV成分满4周岁不再口服" in answer.reason
    assert ASK in answer.reason


@pytest.mark.parametrize(
    ("on", "given", "earliest"),
    [
        (day(24, -1), {}, day(36)),
        (day(24), {}, day(24)),
        (day(30), {"mpsva-1": day(6)}, day(36)),
    ],
)
def test_who_never_had_group_a_may_have_ac_from_two(
    on: date, given: Mapping[str, date], earliest: date
) -> None:
    answer = ask(on, given=given)["mpsvac-1"]

    assert answer.earliest == earliest
    assert ("尽早打" in answer.reason) is (earliest == day(24))
    assert "打早了" not in ask(day(40), given={"mpsvac-1": day(24)})["mpsvac-1"].reason


def test_more_than_ten_days_between_the_first_two_inactivated_doses_ask_the_clinic() -> None:
    within, beyond = (ask(day(8, n), given={"jei-1": day(8)})["jei-2"] for n in (10, 11))
    late = ask(day(9), given={"jei-1": day(8), "jei-2": day(8, 11)})["jei-2"]

    assert state(within) == state(beyond) == (Status.DUE, day(8, 7), day(12, -1))
    assert ASK not in within.reason
    assert ASK in beyond.reason
    assert late.status is Status.GIVEN
    assert ASK in late.reason
    assert "打早了" not in late.reason


def test_of_two_products_the_one_that_was_given_is_chosen() -> None:
    default, chosen = ask(day(9)), ask(day(9), given={"jei-1": day(8)})

    assert default["jel-1"].status is Status.DUE
    assert state(default["jei-1"]) == (Status.NOT_CHOSEN, None, None)
    assert state(chosen["jel-1"]) == (Status.NOT_CHOSEN, None, None)
    assert chosen["jei-2"].earliest == day(8, 7)
    assert chosen["hepal-1"].status is Status.UPCOMING


def test_both_products_given_is_a_question_for_the_clinic() -> None:
    answers = ask(day(26), given={"jel-1": day(8), "jei-1": day(9)})

    assert answers["jel-1"].status is answers["jei-1"].status is Status.GIVEN
    for dose, status in (("jel-2", Status.DUE), ("jei-2", Status.OVERDUE)):
        assert answers[dose].status is status
        assert answers[dose].earliest is None
        assert ASK in answers[dose].reason


def test_an_interval_from_memory_is_said_and_not_counted() -> None:
    given = {"hepb-1": day(4), "hepb-2": day(5)}
    late = ask(day(7), given=given)["hepb-3"]
    kept = ask(day(7), given={"hepb-1": day(2), "hepb-2": day(3)})["hepb-3"]

    assert late.earliest == day(5, 60)
    assert "4个月" in late.reason
    assert "未核对" in late.reason
    assert "4个月" not in kept.reason
    done = ask(day(8), given={**given, "hepb-3": day(8, -1)})["hepb-3"]
    assert "4个月" in done.reason
    assert "打早了" not in done.reason
