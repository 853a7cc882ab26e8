"""When a family is told what: a pure function, equal to one that goes day by day."""

from datetime import date, timedelta
from itertools import product
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.handbook.planner import births_near, told_to
from backend.handbook.reminders import Due, Say, dues_of, plan_of, told_on, week_plan
from backend.handbook.schedule import Kind, load_schedule
from tests.handbook.reminder_oracle import life, week_of, worth

SCHEDULE = load_schedule(Path(__file__).parents[2] / "content")
BIRTH = date(2026, 5, 30)
BIRTHS = st.dates(date(2019, 1, 1), date(2028, 12, 31))
ITEMS = [rule.id for rule in SCHEDULE.rules]


def plan(birth: date = BIRTH) -> dict[date, set[tuple[str, str]]]:
    return {
        day: {(one.due.rule.id, one.say.value) for one in told}
        for day, told in plan_of(SCHEDULE, birth)
    }


def days_of(item_id: str) -> dict[date, str]:
    return {day: say for day, told in plan().items() for item, say in told if item == item_id}


def test_what_is_due_at_six_months_is_told_a_week_and_a_day_before_and_once_after() -> None:
    six_months = {"vaccine:hepb-3", "vaccine:dtap-3", "vaccine:mpsva-1", "checkup:m6"}
    told = plan()

    assert told[date(2026, 11, 23)] == {(item, "ahead") for item in six_months}
    assert {(item, "eve") for item in six_months} <= told[date(2026, 11, 29)]
    assert told[date(2026, 12, 14)] == {(item, "open") for item in six_months}


def test_tasks_of_one_week_are_one_group_with_the_first_day_as_its_anchor() -> None:
    """The check-up of day 28 and the dose of one month, here day 31, are told together."""
    told = plan(date(2026, 1, 1))

    assert told[date(2026, 1, 22)] >= {("checkup:m1", "ahead"), ("vaccine:hepb-2", "ahead")}


def test_a_card_comes_on_its_own_day_or_with_a_reminder_of_that_week() -> None:
    assert days_of("guide:guomin-bu-duo-bu-ji") == {date(2026, 10, 30): "card"}
    (six_months,) = days_of("guide:man-liuyue-tian-fushi")
    assert ("vaccine:hepb-3", "eve") in plan()[six_months]


def test_what_was_due_at_birth_is_told_only_when_it_stays_open() -> None:
    assert days_of("vaccine:bcg-1") == {BIRTH + timedelta(days=14): "open"}


def test_after_the_reminder_of_what_is_open_there_is_silence() -> None:
    said = [(item, say) for told in plan().values() for item, say in told]

    assert len(said) == len(set(said))


def test_a_week_tells_on_two_days_at_most_and_never_moves_the_day_before() -> None:
    for back, here, following in product([None, *range(7)], repeat=3):
        plan = week_plan(back, here, following)

        assert len(plan.days) <= 2
        assert plan.eve == (here - 1 if here else None)
        assert plan.next_eve == (6 if following == 0 else None)
        assert (plan.open is None) == (back is None)
        assert plan.open is None or plan.days != (plan.open, plan.eve) or plan.open == plan.ahead
        assert (plan.ahead is None) == (following is None)


@settings(max_examples=25)
@given(birth=BIRTHS)
def test_the_programme_never_tells_a_family_three_times_in_seven_days(birth: date) -> None:
    days = [day for day, _ in plan_of(SCHEDULE, birth)]

    pairs = zip(days, days[2:], strict=False)
    assert all(third - first >= timedelta(days=7) for first, third in pairs)


moved_days = st.dictionaries(
    st.sampled_from(ITEMS), st.one_of(st.none(), st.integers(0, 2300)), max_size=12
)


@settings(max_examples=25)
@given(birth=BIRTHS, moved=moved_days)
def test_the_plan_of_a_life_equals_the_one_said_day_by_day(
    birth: date, moved: dict[str, int | None]
) -> None:
    own = {
        item: None if day is None else birth + timedelta(days=day) for item, day in moved.items()
    }
    dues = dues_of(SCHEDULE, birth, own)
    days = {due.on + timedelta(days=off) for due in dues for off in range(-8, 22)}
    ours = {
        day: {(one.due.rule.id, one.say.value) for one in told_on(birth, day, dues)}
        for day in sorted(days)
    }

    assert {day: told for day, told in ours.items() if told} == life(SCHEDULE, birth, own)


@settings(max_examples=25)
@given(birth=BIRTHS, moved=moved_days)
def test_whatever_is_moved_a_week_has_two_days_at_most_and_nothing_is_lost(
    birth: date, moved: dict[str, int | None]
) -> None:
    own = {
        item: None if day is None else birth + timedelta(days=day) for item, day in moved.items()
    }
    told = life(SCHEDULE, birth, own)
    weeks = [week_of(birth, day) for day in told]

    assert all(weeks.count(week) <= 2 for week in weeks)
    for due in dues_of(SCHEDULE, birth, own):
        said = {say for tellings in told.values() for item, say in tellings if item == due.rule.id}
        assert said >= ({"card"} if due.rule.kind is Kind.GUIDE else {"open"})


@settings(max_examples=25)
@given(birth=BIRTHS, days=st.integers(0, 7 * 366))
def test_the_planner_finds_a_birth_date_exactly_on_the_days_of_its_plan(
    birth: date, days: int
) -> None:
    day = birth + timedelta(days=days)

    found = {
        (told.due.rule.id, told.say.value)
        for born, told in told_to(births_near(SCHEDULE, day), day, day)
        if born == birth
    }

    whole = life(SCHEDULE, birth, {}).get(day, set())
    assert found == worth(SCHEDULE, birth, {}, whole, day)


def test_nothing_is_told_before_the_birth() -> None:
    rule = SCHEDULE.rules[0]

    assert told_on(BIRTH, BIRTH - timedelta(days=1), [Due(rule, BIRTH)]) == []
    assert Say("open") is Say.OPEN
