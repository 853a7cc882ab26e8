"""The vaccine engine: each rule of the programme by an example, and what holds for every child."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from backend.handbook.vaccines import (
    ChildFacts,
    DoseAnswer,
    Mother,
    Status,
    WrongFacts,
    forecast,
    load_programme,
)
from backend.kernel.ages import add_months

PROGRAMME = load_programme(Path(__file__).parents[2] / "content")
BIRTH = date(2025, 1, 10)
ASK = "请接种门诊核对"


def day(months: int, days: int = 0, birth: date = BIRTH) -> date:
    """So many calendar months and days after birth."""
    return add_months(birth, months) + timedelta(days=days)


def ask(on: date, birth: date = BIRTH, **facts: Any) -> dict[str, DoseAnswer]:
    """Answers by dose."""
    return {dose.id: dose for dose in forecast(PROGRAMME, ChildFacts(birth, **facts), on)}


def state(answer: DoseAnswer) -> tuple[Status, date | None, date | None]:
    return answer.status, answer.earliest, answer.recommended_by


def test_every_dose_is_answered_in_the_order_of_the_file_and_names_rule_and_source() -> None:
    answers = forecast(PROGRAMME, ChildFacts(BIRTH), BIRTH)

    doses = [dose.id for vaccine in PROGRAMME.file.vaccines for dose in vaccine.doses]
    assert [answer.id for answer in answers] == doses
    assert all(answer.reason and answer.source for answer in answers)


def test_the_hpv_vaccine_is_listed_for_girls_alone_and_only_to_be_known() -> None:
    girl = ask(BIRTH, girl=True)

    assert [*girl][-2:] == ["hpv-1", "hpv-2"]
    assert state(girl["hpv-1"]) == (Status.UPCOMING, day(156), day(168, -1))
    assert state(girl["hpv-2"]) == (Status.UPCOMING, day(162), None)
    assert "只作介绍" in girl["hpv-1"].reason
    assert not {"hpv-1", "hpv-2"} & {*ask(BIRTH)}


@pytest.mark.parametrize(
    ("dose", "on", "expected"),
    [
        ("hepb-1", day(0, 1), (Status.DUE, BIRTH, day(0, 1))),
        ("hepb-1", day(0, 2), (Status.OVERDUE, BIRTH, day(0, 1))),
        ("dtap-1", day(2, -1), (Status.UPCOMING, day(2), None)),
        ("dtap-1", day(2), (Status.DUE, day(2), None)),
        ("mmr-1", day(12, -1), (Status.DUE, day(8), day(12, -1))),
        ("mmr-1", day(12), (Status.OVERDUE, day(8), day(12, -1))),
        ("bcg-1", day(48, -1), (Status.OVERDUE, BIRTH, day(3, -1))),
        ("bcg-1", day(48), (Status.CLOSED, None, day(3, -1))),
        ("mpsva-1", day(24, -1), (Status.OVERDUE, day(6), day(12, -1))),
        ("mpsva-2", day(21, -1), (Status.UPCOMING, day(24, -1), day(24, -1))),
        ("mpsva-2", day(21), (Status.CLOSED, None, day(24, -1))),
        ("mpsva-1", day(24), (Status.CLOSED, None, day(12, -1))),
        ("dtap-1", day(84, -1), (Status.DUE, day(2), None)),
        ("dtap-1", day(84), (Status.CLOSED, None, None)),
    ],
)
def test_a_dose_is_upcoming_due_overdue_and_closed_to_the_day(
    dose: str, on: date, expected: tuple[Status, date, date | None]
) -> None:
    assert state(ask(on)[dose]) == expected


def test_the_ends_of_months_are_aligned() -> None:
    birth = date(2026, 1, 31)

    answers = ask(birth, birth=birth)

    assert answers["hepb-2"].earliest == date(2026, 2, 28)
    assert answers["hepb-3"].recommended_by == date(2027, 1, 30)


@pytest.mark.parametrize(
    ("given", "dose", "earliest"),
    [
        ({"hepb-1": BIRTH, "hepb-2": day(5)}, "hepb-3", day(5, 60)),
        ({"dtap-1": day(2), "dtap-2": day(4), "dtap-3": day(14)}, "dtap-4", day(20)),
        ({"mmr-1": day(18, -20)}, "mmr-2", day(18, 8)),
        ({"mpsva-1": day(8)}, "mpsva-2", day(11)),
        ({"jei-1": day(8), "jei-2": day(8, 7), "jei-3": day(24)}, "jei-4", day(72)),
        ({"jei-1": day(8), "jei-2": day(8, 7), "jei-3": day(40)}, "jei-4", day(76)),
        ({"mpsva-1": day(6), "mpsva-2": day(23)}, "mpsvac-1", day(36)),
        ({"mpsva-1": day(6), "mpsva-2": day(25)}, "mpsvac-1", day(37)),
    ],
)
def test_an_interval_runs_from_the_day_of_the_dose_before(
    given: Mapping[str, date], dose: str, earliest: date
) -> None:
    assert ask(max(given.values()), given=given)[dose].earliest == earliest


def test_where_the_dose_before_is_open_the_interval_runs_from_when_it_can_be_given() -> None:
    answers = ask(day(10), given={})

    assert answers["polio-1"].earliest == day(2)
    assert answers["polio-2"].earliest == day(10, 28)
    assert answers["polio-3"].earliest == day(10, 56)
    assert answers["polio-4"].earliest == day(48)


def test_who_is_late_goes_on_and_does_not_begin_again() -> None:
    answers = ask(day(50), given={"polio-1": day(2), "polio-2": day(3)})

    assert state(answers["polio-3"]) == (Status.OVERDUE, day(4), day(12, -1))
    assert answers["polio-4"].earliest == day(50, 28)
    assert "不重来" in answers["polio-3"].reason


@pytest.mark.parametrize("dose", ["bcg-1", "jel-1", "varv-1"])
def test_injected_live_vaccines_are_28_days_apart_or_on_the_same_day(dose: str) -> None:
    given = {"mmr-1": day(13)}

    same_day, next_day = ask(day(13), given=given)[dose], ask(day(13, 1), given=given)[dose]

    assert same_day.earliest is not None
    assert same_day.earliest < day(13)
    assert next_day.earliest == day(13, 28)
    assert "28天" in next_day.reason


def test_the_same_day_is_possible_only_if_no_other_rule_forbids_it() -> None:
    given = {"mmr-1": day(13, -5), "jel-1": day(13)}

    varicella = ask(day(13), given=given)["varv-1"]

    assert varicella.earliest == day(13, 28)
    assert ask(day(12), given={"mmr-1": day(12)})["varv-1"].earliest == day(12)
    assert ask(day(11), given={"mmr-1": day(11)})["varv-1"].earliest == day(12)
    assert ask(day(11, 10), given={"mmr-1": day(11, 10)})["varv-1"].earliest == day(12, 7)


def test_what_is_swallowed_or_not_alive_waits_for_nothing() -> None:
    answers = ask(day(4), birth=BIRTH, given={"bcg-1": day(4), "polio-1": day(2)})

    assert answers["dtap-1"].earliest == day(2)
    assert answers["polio-2"].earliest == day(3)


def test_after_immunoglobulin_live_vaccines_wait_three_months_but_not_bcg() -> None:
    answers = ask(day(9), immunoglobulin=day(8))

    assert answers["mmr-1"].earliest == day(11)
    assert "免疫球蛋白" in answers["mmr-1"].reason
    assert answers["bcg-1"].earliest == BIRTH
    assert answers["jei-1"].status is Status.NOT_CHOSEN
    assert answers["polio-1"].earliest == day(2)


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


def test_bcg_after_three_months_asks_for_a_test_first() -> None:
    assert "结核菌素" in ask(day(3))["bcg-1"].reason
    assert "结核菌素" not in ask(day(3, -1))["bcg-1"].reason


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


@pytest.mark.parametrize("mother", [Mother.POSITIVE, Mother.UNKNOWN])
def test_a_small_newborn_of_an_infected_mother_has_four_doses(mother: Mother) -> None:
    answers = ask(BIRTH, mother=mother, birth_grams=1999)

    hepb = [answers[f"hepb-{number}"] for number in (1, 2, 3, 4)]
    assert [answer.earliest for answer in hepb] == [BIRTH, day(1), day(2), day(7)]
    assert [answer.recommended_by for answer in hepb] == [day(0, 1), None, None, None]
    assert all("4剂" in answer.reason for answer in hepb)
    assert "12小时内" in hepb[0].reason
    assert ("查抗原和抗体" in hepb[3].reason) is (mother is Mother.POSITIVE)


@pytest.mark.parametrize(
    ("mother", "grams", "soon"),
    [
        (Mother.POSITIVE, 2000, True),
        (Mother.UNKNOWN, None, True),
        (Mother.NEGATIVE, 1500, False),
        (None, 1500, False),
    ],
)
def test_other_newborns_have_three(mother: Mother | None, grams: int | None, soon: bool) -> None:
    answers = ask(BIRTH, mother=mother, birth_grams=grams)

    assert "hepb-4" not in answers
    assert ("12小时内" in answers["hepb-1"].reason) is soon
    assert ("查抗原和抗体" in answers["hepb-3"].reason) is (mother is Mother.POSITIVE)


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


def test_varicella_is_the_provinces_and_not_for_those_who_had_it() -> None:
    given = {"varv-1": day(12)}
    answers, had = ask(day(50), given=given), ask(day(50), given=given, had_varicella=True)

    assert answers["varv-2"].earliest == day(48)
    assert "江苏省项目，接种年龄未核对，以接种门诊为准" in answers["varv-2"].reason
    assert had["varv-1"].status is Status.GIVEN
    assert state(had["varv-2"]) == (Status.CLOSED, None, None)


@pytest.mark.parametrize(
    ("on", "facts", "says"),
    [
        (day(0, -1), {}, "早于出生日期"),
        (day(1), {"given": {"hepb-9": day(1)}}, "hepb-9"),
        (day(1), {"given": {"hepb-4": day(1)}}, "hepb-4"),
        (day(160), {"given": {"hpv-1": day(156)}}, "hpv-1"),
        (day(1), {"given": {"hepb-1": day(0, -1)}}, "早于出生日期"),
        (day(1), {"given": {"hepb-1": day(1, 1)}}, "晚于推算的日期"),
        (day(1), {"immunoglobulin": day(1, 1)}, "免疫球蛋白"),
        (day(9), {"given": {"dtap-1": day(5), "dtap-3": day(4)}}, "dtap-3"),
        (day(1), {"birth_grams": 0}, "出生体重"),
        (date(9999, 1, 1), {}, "太远"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    on: date, facts: dict[str, Any], says: str
) -> None:
    with pytest.raises(WrongFacts, match=says):
        ask(on, **facts)


BIRTHS = st.dates(date(2025, 1, 1), date(2028, 12, 31))


@st.composite
def children(draw: st.DrawFn) -> tuple[ChildFacts, date]:
    """A child on a day, with doses given in any disorder that is not refused."""
    birth = draw(BIRTHS)
    age = draw(st.integers(0, 7 * 366))
    given = {}
    for vaccine in PROGRAMME.file.vaccines:
        days = draw(st.lists(st.integers(0, age), max_size=len(vaccine.doses)))
        doses = draw(st.permutations(vaccine.doses))[: len(days)]
        for dose, after in zip(
            sorted(doses, key=lambda one: one.number), sorted(days), strict=True
        ):
            given[dose.id] = birth + timedelta(days=after)
    used = draw(st.none() | st.integers(0, age))
    facts = ChildFacts(
        birth,
        given,
        girl=draw(st.booleans()),
        immunoglobulin=None if used is None else birth + timedelta(days=used),
        mother=draw(st.none() | st.sampled_from(Mother)),
        had_varicella=draw(st.booleans()),
    )
    return facts, birth + timedelta(days=age)


@for_all(children())
def test_no_dose_is_possible_below_its_age_and_given_doses_stay_given(
    child: tuple[ChildFacts, date],
) -> None:
    facts, on = child
    ages = {dose.id: dose.months for vaccine in PROGRAMME.vaccines for dose in vaccine.doses}
    ages["mpsvac-1"] = 24  # for those who never had group A

    for answer in forecast(PROGRAMME, facts, on):
        assert (answer.status is Status.GIVEN) is (answer.id in facts.given)
        if answer.earliest is not None:
            assert answer.earliest >= day(ages[answer.id], birth=facts.birth)
        if answer.status is Status.UPCOMING and answer.earliest is not None:
            assert answer.earliest > on


@for_all(children(), st.integers(1, 2000))
def test_time_ends_no_delay_and_changes_nothing_that_was_given(
    child: tuple[ChildFacts, date], later: int
) -> None:
    facts, on = child
    now = forecast(PROGRAMME, facts, on)
    then = forecast(PROGRAMME, facts, on + timedelta(days=later))

    for before, after in zip(now, then, strict=True):
        if before.status is Status.OVERDUE:
            assert after.status in {Status.OVERDUE, Status.CLOSED}
        if before.status in {Status.GIVEN, Status.CLOSED, Status.NOT_CHOSEN}:
            assert after == before


@for_all(BIRTHS, st.integers(0, 4 * 366), st.lists(st.integers(1, 200), max_size=4), st.booleans())
def test_a_family_that_follows_the_answers_is_never_early_and_gets_to_the_end(
    birth: date, start: int, delays: list[int], small: bool
) -> None:
    given: dict[str, date] = {}
    on = birth + timedelta(days=start)
    mother = Mother.POSITIVE if small else None
    while True:
        facts = ChildFacts(birth, given, mother=mother, birth_grams=1500)
        answers = forecast(PROGRAMME, facts, on)
        assert not [one for one in answers if "打早了" in one.reason]
        first = next((one for one in answers if one.earliest and one.id not in given), None)
        if first is None:
            break
        assert first.earliest is not None
        on = max(on, first.earliest) + timedelta(days=delays.pop() if delays else 0)
        given = {**given, first.id: on}

    missing = {one.status for one in answers} - {Status.GIVEN}
    assert missing <= {Status.CLOSED, Status.NOT_CHOSEN}
