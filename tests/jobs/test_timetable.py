from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.jobs.timetable import NOMINAL, latest_nominal, longest_gap
from backend.kernel.clock import CITY

BOUNDS = (datetime(2025, 1, 1), datetime(2035, 1, 1))  # noqa: DTZ001  # hypothesis adds the zone
INSTANTS = st.datetimes(*BOUNDS, timezones=st.just(UTC))


def test_at_one_in_the_night_the_handbook_of_the_new_day_is_planned() -> None:
    night = datetime(2026, 11, 24, 1, tzinfo=CITY)

    assert latest_nominal("plan_handbook", night) == night
    assert latest_nominal("plan_handbook", night - timedelta(seconds=1)) == night - timedelta(
        days=1
    )


def test_on_the_first_of_a_month_the_statements_of_the_last_one_are_drawn_up() -> None:
    first = datetime(2026, 12, 1, 2, 30, tzinfo=CITY)

    assert latest_nominal("draw_up_statements", first) == first
    assert latest_nominal("draw_up_statements", first + timedelta(days=30)) == first
    assert latest_nominal("draw_up_statements", first - timedelta(seconds=1)) == datetime(
        2026, 11, 1, 2, 30, tzinfo=CITY
    )


@pytest.mark.parametrize("task", NOMINAL)
@given(now=INSTANTS)
def test_a_nominal_time_is_past_and_no_later_one_is(task: str, now: datetime) -> None:
    nominal = latest_nominal(task, now)

    assert nominal <= now < nominal + longest_gap(task)
    assert latest_nominal(task, nominal) == nominal
