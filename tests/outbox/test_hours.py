"""Nothing rings at night."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.clock import CITY, city_time
from backend.outbox.hours import is_quiet, next_send_time

YEARS = st.timedeltas(timedelta(0), timedelta(days=7300))
INSTANTS = YEARS.map(lambda since: datetime(2020, 1, 1, tzinfo=UTC) + since)
DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))
BORDERS = st.sampled_from([time(20, 59, 59), time(21), time(7, 59, 59), time(8), time(0)])


def city(hour: int, minute: int = 0, second: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=CITY)


@pytest.mark.parametrize(
    ("instant", "sends_at"),
    [
        (city(20, 59, 59), city(20, 59, 59)),
        (city(21), city(8, day=24)),
        (city(23, 59, 59), city(8, day=24)),
        (city(0), city(8)),
        (city(7, 59, 59), city(8)),
        (city(8), city(8)),
    ],
)
def test_the_borders_of_the_night(instant: datetime, sends_at: datetime) -> None:
    assert next_send_time(instant) == sends_at


def test_the_night_is_the_citys_whatever_the_offset_of_the_instant() -> None:
    assert next_send_time(datetime(2026, 11, 23, 13, 0, tzinfo=UTC)) == city(8, day=24)
    assert not is_quiet(datetime(2026, 11, 23, 0, 0, tzinfo=UTC))


@given(INSTANTS)
def test_a_send_time_is_never_quiet_never_earlier_and_at_most_eleven_hours_off(
    instant: datetime,
) -> None:
    sends_at = next_send_time(instant)

    assert not is_quiet(sends_at)
    assert timedelta(0) <= sends_at - instant <= timedelta(hours=11)
    assert next_send_time(sends_at) == sends_at


@given(DAYS, BORDERS, st.timedeltas(timedelta(seconds=-1), timedelta(seconds=1)))
def test_around_the_borders_only_the_hours_decide(day: date, border: time, step: timedelta) -> None:
    instant = datetime.combine(day, border, CITY).astimezone(UTC) + step
    hour = city_time(instant).hour

    assert is_quiet(instant) == (hour >= 21 or hour < 8)
