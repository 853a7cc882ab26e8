from datetime import UTC, date, datetime, timedelta

import pytest

from backend.kernel.clock import (
    CITY,
    FixedClock,
    RunningClock,
    SystemClock,
    city_date,
    city_midnight,
    clock_from,
)


def test_the_citys_day_begins_eight_hours_before_that_of_greenwich() -> None:
    assert city_date(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)) == date(2026, 12, 31)
    assert city_date(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == date(2027, 1, 1)


def test_midnight_of_a_city_day_is_an_instant() -> None:
    assert city_midnight(date(2027, 1, 1)) == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_two_running_clocks_with_one_setting_agree() -> None:
    first = clock_from("2026-11-23T10:00:00+08:00")
    assert isinstance(first, RunningClock)
    second = clock_from(first.setting)

    assert abs(first.now() - second.now()) < timedelta(seconds=1)
    assert abs(first.now() - datetime(2026, 11, 23, 10, tzinfo=CITY)) < timedelta(seconds=5)


def test_a_running_clock_runs() -> None:
    clock = RunningClock(datetime(2026, 1, 1, tzinfo=UTC), anchor=0.0)

    assert clock.now() > datetime(2080, 1, 1, tzinfo=UTC)


def test_system_means_the_real_time() -> None:
    assert isinstance(clock_from("system"), SystemClock)


@pytest.mark.parametrize("setting", ["", "tomorrow", "2026-11-23T10:00:00", "2026-11-23@x"])
def test_a_clock_that_cannot_be_read_is_refused(setting: str) -> None:
    with pytest.raises(ValueError):
        clock_from(setting)


def test_a_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(datetime(2026, 11, 23, 10, tzinfo=CITY))
    before = clock.now()
    clock.advance(timedelta(hours=1))

    assert clock.now() - before == timedelta(hours=1)
