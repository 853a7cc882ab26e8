from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.ages import add_months, age_days, age_months, age_text

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


def test_months_are_aligned_to_the_end_of_a_shorter_month() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2028, 1, 31), 1) == date(2028, 2, 29)
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)


def test_a_child_of_the_leap_day_is_a_year_old_on_the_last_of_february() -> None:
    assert age_months(date(2028, 2, 29), date(2029, 2, 27)) == 11
    assert age_months(date(2028, 2, 29), date(2029, 2, 28)) == 12


@given(birth=DAYS, months=st.integers(0, 84))
def test_a_month_is_completed_on_its_day_and_not_before(birth: date, months: int) -> None:
    day = add_months(birth, months)

    assert age_months(birth, day) == months
    assert age_months(birth, day - timedelta(days=1)) == months - 1


@given(birth=DAYS, days=st.integers(0, 2600))
def test_ages_never_fall(birth: date, days: int) -> None:
    on = birth + timedelta(days=days)

    assert age_days(birth, on) == days
    assert age_months(birth, on) <= age_months(birth, on + timedelta(days=1))


@pytest.mark.parametrize(
    ("birth", "said"),
    [
        (date(2026, 11, 24), "未出生"),
        (date(2026, 11, 23), "出生第1天"),
        (date(2026, 10, 24), "出生第31天"),
        (date(2026, 10, 23), "1月龄"),
        (date(2026, 4, 11), "7月龄又12天"),
        (date(2024, 11, 23), "2岁"),
        (date(2024, 8, 20), "2岁3个月"),
    ],
)
def test_an_age_is_said_as_families_say_it(birth: date, said: str) -> None:
    assert age_text(birth, date(2026, 11, 23)) == said
