"""Ages and days at the ends of months, on 29 February and at the city's midnight.

200 examples each in `make test`, 20,000 in `make soak`.
"""

import calendar
from datetime import UTC, date, datetime, timedelta, tzinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kernel.ages import add_months, age_days, age_months, age_text
from backend.kernel.clock import CITY, city_date, city_midnight, city_time
from tests.calendars import DAYS, INSTANTS, MACHINES, machine_in
from tests.soak import at_full

pytestmark = pytest.mark.slow  # so that `make soak` takes them
EXAMPLES = settings(max_examples=at_full(200, 20_000))
MONTHS = st.integers(0, 84)
ZONES: st.SearchStrategy[tzinfo] = st.sampled_from([UTC, CITY])


@EXAMPLES
@given(DAYS, MONTHS)
def test_months_end_on_the_same_day_or_on_the_last_of_a_shorter_month(
    birth: date, months: int
) -> None:
    day = add_months(birth, months)

    assert (day.year * 12 + day.month) - (birth.year * 12 + birth.month) == months
    assert day.day <= birth.day
    assert day.day == birth.day or day.day == calendar.monthrange(day.year, day.month)[1]


@EXAMPLES
@given(DAYS, DAYS, MONTHS)
def test_who_is_born_later_reaches_an_age_later_and_is_never_older(
    one: date, other: date, months: int
) -> None:
    older, younger = sorted([one, other])
    on = add_months(younger, months)

    assert add_months(older, months) <= on
    assert age_months(older, on) >= age_months(younger, on)
    assert age_days(older, on) >= age_days(younger, on)


@EXAMPLES
@given(DAYS, MONTHS, MONTHS)
def test_months_in_two_steps_lose_at_most_what_the_short_month_cut_off(
    birth: date, first: int, then: int
) -> None:
    in_two, at_once = add_months(add_months(birth, first), then), add_months(birth, first + then)

    assert timedelta(0) <= at_once - in_two <= timedelta(days=3)
    assert in_two == at_once or birth.day > 28


@EXAMPLES
@given(DAYS, st.integers(0, 7 * 366))
def test_completed_months_are_the_most_that_fit(birth: date, days: int) -> None:
    on = birth + timedelta(days=days)
    months = age_months(birth, on)

    assert add_months(birth, months) <= on < add_months(birth, months + 1)
    assert age_months(birth, on + timedelta(days=1)) - months in (0, 1)
    assert age_text(birth, on).startswith("出生第") is (months == 0)


@EXAMPLES
@given(DAYS)
def test_a_city_day_begins_at_its_midnight_in_every_zone_of_writing(day: date) -> None:
    midnight = city_midnight(day)
    before = midnight - timedelta(microseconds=1)

    assert (midnight.hour, midnight.date()) == (16, day - timedelta(days=1))
    for zone in (UTC, CITY):
        assert city_date(midnight.astimezone(zone)) == day
        assert city_date(before.astimezone(zone)) == day - timedelta(days=1)
    assert city_midnight(day + timedelta(days=1)) - midnight == timedelta(hours=24)


@EXAMPLES
@given(INSTANTS, st.integers(0, 2600), ZONES)
def test_an_age_turns_at_the_citys_midnight_and_at_no_other(
    at: datetime, days: int, zone: tzinfo
) -> None:
    """By seconds since 1970: what is 16:00 or later in Greenwich is tomorrow in the city."""
    day = city_date(at.astimezone(zone))
    birth = day - timedelta(days=days)
    since = int((at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1) + 8 * 3600)

    assert day == date(1970, 1, 1) + timedelta(days=since // 86_400)
    assert age_days(birth, day) == days
    assert city_time(at) == at


@pytest.mark.parametrize("zone", MACHINES)
def test_the_zone_of_the_machine_changes_no_day(zone: str) -> None:
    at = datetime(2028, 2, 28, 16, tzinfo=UTC)
    with machine_in(zone):
        days = [city_date(at), city_date(at - timedelta(microseconds=1))]
        midnight = city_midnight(date(2028, 2, 29))

    assert days == [date(2028, 2, 29), date(2028, 2, 28)]
    assert midnight == at
