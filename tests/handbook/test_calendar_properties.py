"""Growth ages, doses, the timeline and due dates where calendars go wrong.

200 examples each in `make test`, many more in `make soak`.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.handbook.growth.ages import (
    CORRECTED_UNTIL_MONTHS,
    DUE_DAYS,
    TERM_DAYS,
    between,
    corrected_birth,
)
from backend.handbook.pregnancy.dating import Dating, Method, due_date, gestation
from backend.handbook.pregnancy.planner import cards_due, checkups_due
from backend.handbook.pregnancy.programme import load_programme
from backend.handbook.reminders import plan_of
from backend.handbook.schedule import load_schedule
from backend.handbook.timeline import timeline
from backend.handbook.vaccines import ChildFacts, DoseAnswer, Mother, Status, forecast, plan
from backend.kernel.ages import DAYS_PER_MONTH, add_months, age_months
from backend.kernel.clock import city_date
from tests.calendars import DAYS, INSTANTS, MACHINES, machine_in
from tests.conftest import ROOT
from tests.handbook.vaccine_answers import PROGRAMME
from tests.soak import at_full

pytestmark = pytest.mark.slow  # so that `make soak` takes them
EXAMPLES = settings(max_examples=at_full(200, 5_000))
FEW = settings(max_examples=at_full(40, 1_000))  # each walks through a whole life
SCHEDULE = load_schedule(ROOT / "content")
PREGNANCY = load_programme(ROOT / "content")
LIFE = st.integers(0, 7 * 366)
MOTHERS = st.none() | st.sampled_from(Mother)
SOONER = {  # the vaccines with a dose that may be caught up below its age
    dose.id
    for vaccine in PROGRAMME.vaccines
    if any(one.catch_up_from for one in vaccine.doses)
    for dose in vaccine.doses
}


# Ages by the growth standards


@EXAMPLES
@given(DAYS, LIFE)
def test_a_growth_age_is_completed_months_and_days_over_30_4375(birth: date, days: int) -> None:
    on = birth + timedelta(days=days)
    age, tomorrow = between(birth, on), between(birth, on + timedelta(days=1))
    whole = age_months(birth, on)

    assert age.days == days
    assert age.months == whole + (on - add_months(birth, whole)).days / DAYS_PER_MONTH
    assert whole <= age.months < whole + 1
    assert age.months < tomorrow.months
    assert between(birth - timedelta(days=1), on).months >= age.months


@EXAMPLES
@given(DAYS, st.integers(24 * 7, 43 * 7), LIFE)
def test_the_corrected_age_counts_from_the_due_date_until_24_months_of_life(
    birth: date, gestational: int, days: int
) -> None:
    on = birth + timedelta(days=days)
    due = corrected_birth(birth, on, gestational)
    early = gestational < TERM_DAYS

    assert (due is not None) is (early and on < add_months(birth, CORRECTED_UNTIL_MONTHS))
    if due is None:
        return
    assert (due - birth).days == DUE_DAYS - gestational > 0
    assert on < due or between(due, on).months < between(birth, on).months
    assert between(due, due).months == 0


# Doses


def days_of(answers: tuple[DoseAnswer, ...]) -> dict[str, date]:
    return {one.id: one.earliest for one in answers if one.earliest is not None}


@EXAMPLES
@given(DAYS, st.integers(1, 40), MOTHERS, st.sampled_from([None, 1500, 3000]))
def test_who_is_born_later_gets_no_dose_earlier(
    birth: date, later: int, mother: Mother | None, grams: int | None
) -> None:
    older = ChildFacts(birth, girl=True, mother=mother, birth_grams=grams)
    younger = replace(older, birth=birth + timedelta(days=later))

    for first, second in zip(plan(PROGRAMME, older), plan(PROGRAMME, younger), strict=True):
        assert first.status == second.status
        for name in ("earliest", "recommended_by"):
            one, other = getattr(first, name), getattr(second, name)
            assert (one is None) is (other is None)
            assert one is None or one <= other, (first, second)


@st.composite
def families(draw: st.DrawFn) -> tuple[ChildFacts, str, date]:
    """What was given in order, never too early, and one dose more with its day."""
    facts = ChildFacts(draw(DAYS), girl=draw(st.booleans()), mother=draw(MOTHERS), birth_grams=3000)
    for _ in range(draw(st.integers(0, 8))):
        facts = replace(facts, given={**facts.given, **dict([_next(draw, facts)])})
    return (facts, *_next(draw, facts))


def _next(draw: st.DrawFn, facts: ChildFacts) -> tuple[str, date]:
    """The first open dose of some vaccine, on its first day or later."""
    days = days_of(plan(PROGRAMME, facts))
    first = {
        dose.id.rpartition("-")[0]: dose.id
        for vaccine in PROGRAMME.vaccines
        for dose in reversed(vaccine.doses)
        if dose.id in days and dose.id not in facts.given
    }
    dose = draw(st.sampled_from(sorted(first.values())))
    return dose, days[dose] + timedelta(days=draw(st.integers(0, 60) | st.just(0)))


@FEW
@given(families())
def test_a_dose_on_its_first_day_changes_no_other_and_a_later_one_brings_none_forward(
    family: tuple[ChildFacts, str, date],
) -> None:
    """The plan counts an open dose as given on its first day. A live dose that was really given
    keeps other live ones off, also those whose first day was long before."""
    facts, dose, day = family
    before = days_of(plan(PROGRAMME, facts))
    after = days_of(plan(PROGRAMME, replace(facts, given={**facts.given, dose: day})))

    for other in after.keys() & before.keys() - {dose} - facts.given.keys():
        if day == before[dose] and dose not in PROGRAMME.injected_live:
            assert after[other] == before[other], (other, before[other], after[other])
        assert after[other] >= before[other], (other, before[other], after[other])


@EXAMPLES
@given(families(), st.integers(0, 2000))
def test_a_day_later_nothing_given_is_open_again_and_nothing_is_earlier(
    family: tuple[ChildFacts, str, date], days: int
) -> None:
    """But for what the rules say: a night ends two live doses on the same day, and without group A
    the age of the first dose of A+C falls from three years to two on the second birthday."""
    facts, _, _ = family
    on = max([facts.birth, *facts.given.values()]) + timedelta(days=days)
    today = forecast(PROGRAMME, facts, on)
    tomorrow = forecast(PROGRAMME, facts, on + timedelta(days=1))
    order = [Status.UPCOMING, Status.DUE, Status.OVERDUE, Status.CLOSED]
    live = PROGRAMME.injected_live
    second_birthday = on + timedelta(days=1) == add_months(facts.birth, 24)
    live_today = any(dose in live and day == on for dose, day in facts.given.items())

    for now, then in zip(today, tomorrow, strict=True):
        if now.status in (Status.GIVEN, Status.NOT_CHOSEN):
            assert then == now
            continue
        assert now.id not in facts.given
        if not (live_today and now.id in live):
            assert order.index(then.status) >= order.index(now.status)
        assert then.recommended_by == now.recommended_by
        if now.earliest is not None and then.earliest is not None:
            sooner = second_birthday and now.id in SOONER
            assert then.earliest >= now.earliest or sooner, (now, then)


# The timeline and what is told of it


@EXAMPLES
@given(DAYS, st.integers(1, 5))
def test_who_is_born_later_is_due_later_and_nothing_is_due_before_the_birth(
    birth: date, later: int
) -> None:
    second = birth + timedelta(days=later)
    older = {item.id: item for item in timeline(SCHEDULE, birth, birth, {})}

    for item in timeline(SCHEDULE, second, second, {}):
        before = older[item.id]
        for name in ("from_date", "due_date", "until_date"):
            one, other = getattr(before, name), getattr(item, name)
            assert (one is None) is (other is None)
            assert one is None or birth <= one <= other


@FEW
@given(DAYS)
def test_a_whole_life_tells_on_two_days_of_a_childs_week_and_never_before_birth(
    birth: date,
) -> None:
    days = [day for day, _ in plan_of(SCHEDULE, birth)]
    weeks = [(day - birth).days // 7 for day in days]

    assert days[0] >= birth
    assert days == sorted(set(days))
    assert all(weeks.count(week) <= 2 for week in set(weeks))


# Due dates


@EXAMPLES
@given(INSTANTS, st.integers(0, 293))
def test_a_due_date_is_280_days_on_whatever_february_has_and_today_is_the_citys(
    at: datetime, days: int
) -> None:
    """Between 00:00 and 08:00 in the city it is yesterday in Greenwich: a period that began
    today is no day of the future."""
    today = city_date(at)
    begun = today - timedelta(days=days)
    due = due_date(Dating(Method.LMP, begun), today)

    assert due - begun == timedelta(days=280)
    assert gestation(due, today).total_days == days
    assert gestation(due, today + timedelta(days=1)).total_days == days + 1
    assert due_date(Dating(Method.CLINIC, due), today) == due


@EXAMPLES
@given(DAYS)
def test_of_a_pregnancy_each_check_up_is_told_7_and_1_days_before_and_a_card_once_a_week(
    due: date,
) -> None:
    days = [due + timedelta(days=off) for off in range(-8, 8)]
    told = [
        (day, one.item_id, one.aim_date)
        for day in days
        for one in checkups_due(PREGNANCY, day)
        if one.due_date == due
    ]
    cards = [day for day in days for one in cards_due(PREGNANCY, day) if one.due_date == due]

    assert {(aim - day).days for day, _, aim in told} <= {7, 1}
    assert len(set(told)) == len(told)
    assert all(then - now == timedelta(days=7) for now, then in pairwise(cards))
    assert len(cards) in (2, 3)


@pytest.mark.parametrize("zone", MACHINES)
def test_the_zone_of_the_machine_moves_no_day_of_a_book(zone: str) -> None:
    birth, on = date(2028, 2, 29), date(2029, 2, 28)
    facts = ChildFacts(birth, {"hepb-1": birth})

    def everything() -> tuple[object, ...]:
        return (
            between(birth, on),
            forecast(PROGRAMME, facts, on),
            timeline(SCHEDULE, birth, on, {"vaccine:hepb-1": birth}),
            plan_of(SCHEDULE, birth),
            due_date(Dating(Method.LMP, on), on),
        )

    here = everything()
    with machine_in(zone):
        assert everything() == here
