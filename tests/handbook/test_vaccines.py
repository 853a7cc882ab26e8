"""The vaccine engine: what is open, by an example for each rule."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from backend.handbook.vaccines import (
    ChildFacts,
    Mother,
    Status,
    WrongFacts,
    forecast,
)
from tests.handbook.vaccine_answers import BIRTH, PROGRAMME, ask, day, state


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


def test_a_newborn_sees_every_age_of_the_programme() -> None:
    """Months from which, and before which, written from the official table."""
    table: dict[str, tuple[int, int | None]] = {
        "hepb-2": (1, None),
        "hepb-3": (6, 12),
        "bcg-1": (0, 3),
        "polio-1": (2, None),
        "polio-2": (3, None),
        "polio-3": (4, 12),
        "polio-4": (48, 60),
        "dtap-1": (2, None),
        "dtap-2": (4, None),
        "dtap-3": (6, 12),
        "dtap-4": (18, 24),
        "dtap-5": (72, 84),
        "mpsva-1": (6, 12),
        "mpsva-2": (9, 24),
        "mpsvac-1": (36, 48),
        "mpsvac-2": (72, 84),
        "mmr-1": (8, 12),
        "mmr-2": (18, 24),
        "jel-1": (8, 12),
        "jel-2": (24, 36),
        "hepal-1": (18, 24),
        "varv-1": (12, None),
        "varv-2": (48, None),
    }
    answers = ask(BIRTH)

    for dose, (months, before) in table.items():
        assert answers[dose].earliest == day(months), dose
        assert answers[dose].recommended_by == (day(before, -1) if before else None), dose


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


def test_bcg_after_three_months_asks_for_a_test_first() -> None:
    assert "结核菌素" in ask(day(3))["bcg-1"].reason
    assert "结核菌素" not in ask(day(3, -1))["bcg-1"].reason


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
    ("given", "dose", "earliest"),
    [
        ({"hepb-1": day(1)}, "hepb-2", day(1, 28)),
        ({"hepb-1": BIRTH, "hepb-2": day(2)}, "hepb-3", day(2, 28)),
        ({"hepb-1": BIRTH, "hepb-2": day(1), "hepb-3": day(6)}, "hepb-4", day(6, 60)),
    ],
)
def test_four_doses_have_their_intervals(
    given: Mapping[str, date], dose: str, earliest: date
) -> None:
    on = max(given.values())
    answers = ask(on, given=given, mother=Mother.POSITIVE, birth_grams=1)

    assert answers[dose].earliest == earliest


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
        (date(9901, 1, 1), {}, "太远"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    on: date, facts: dict[str, Any], says: str
) -> None:
    with pytest.raises(WrongFacts, match=says):
        ask(on, **facts)


def test_the_calendar_suffices_for_the_last_day_that_is_not_refused() -> None:
    last = date(9900, 12, 31)

    assert ask(last, birth=last, girl=True)["hpv-1"].earliest == day(156, birth=last)
