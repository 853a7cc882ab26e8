"""Three ways to a due date and the clinic's own; weeks and days; what is refused."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.handbook.pregnancy.dating import (
    EMBRYO_DAYS,
    Dating,
    DatingDayInFuture,
    DueDateOutOfRange,
    EmbryoAgeUnknown,
    Method,
    ScanAgeOutOfRange,
    day_of_week,
    due_date,
    gestation,
    weeks_at_birth,
)

TODAY = date(2026, 11, 23)
DAYS = st.integers(min_value=0, max_value=294)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@given(DAYS)
def test_a_last_period_so_many_days_ago_is_so_many_days_of_pregnancy(days: int) -> None:
    due = due_date(Dating(Method.LMP, ago(days)), TODAY)

    assert gestation(due, TODAY).total_days == days


@given(st.integers(28, 293), st.integers(0, 200))
def test_a_scan_says_its_own_age_on_its_own_day(age: int, before: int) -> None:
    dating = Dating(Method.ULTRASOUND, ago(before), scan_weeks=age // 7, scan_days=age % 7)
    if age + before > 294:
        with pytest.raises(DueDateOutOfRange):
            due_date(dating, TODAY)
        return

    found = gestation(due_date(dating, TODAY), ago(before))

    assert (found.weeks, found.days) == (age // 7, age % 7)


@given(st.integers(0, 200), st.sampled_from(EMBRYO_DAYS))
def test_a_transfer_counts_two_weeks_before_conception(before: int, embryo: int) -> None:
    due = due_date(Dating(Method.IVF, ago(before), embryo_days=embryo), TODAY)

    assert gestation(due, ago(before)).total_days == 14 + embryo


def test_the_worked_examples() -> None:
    # By hand: 266 − 5 days after 1 June; 280 days after 1 June; 280 − 84 days after 1 September.
    transfer = Dating(Method.IVF, date(2026, 6, 1), embryo_days=5)
    period = Dating(Method.LMP, date(2026, 6, 1))
    scan = Dating(Method.ULTRASOUND, date(2026, 9, 1), scan_weeks=12, scan_days=0)

    assert due_date(transfer, TODAY) == date(2027, 2, 17)
    assert due_date(period, TODAY) == date(2027, 3, 8)
    assert due_date(scan, TODAY) == date(2027, 3, 16)


def test_the_clinics_date_stands_as_it_is() -> None:
    assert due_date(Dating(Method.CLINIC, date(2027, 1, 15)), TODAY) == date(2027, 1, 15)


@given(st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.integers(4, 42))
def test_so_many_weeks_are_completed_on_their_day_and_not_before(due: date, week: int) -> None:
    day = day_of_week(due, week)

    assert (gestation(due, day).weeks, gestation(due, day).days) == (week, 0)
    assert gestation(due, day - timedelta(days=1)).weeks == week - 1


def test_the_due_date_is_day_0_of_week_40() -> None:
    due = date(2027, 3, 8)

    assert (gestation(due, due).weeks, gestation(due, due).days) == (40, 0)
    assert weeks_at_birth(due, due - timedelta(days=1)) == 39


@pytest.mark.parametrize("method", [Method.LMP, Method.ULTRASOUND, Method.IVF])
def test_what_has_not_happened_yet_dates_nothing(method: Method) -> None:
    tomorrow = TODAY + timedelta(days=1)

    with pytest.raises(DatingDayInFuture):
        due_date(Dating(method, tomorrow, scan_weeks=8, embryo_days=5), TODAY)


@pytest.mark.parametrize(("weeks", "days"), [(3, 6), (42, 0), (12, 7), (12, -1), (-1, 0)])
def test_a_scan_of_an_impossible_age_is_refused(weeks: int, days: int) -> None:
    with pytest.raises(ScanAgeOutOfRange):
        due_date(Dating(Method.ULTRASOUND, TODAY, scan_weeks=weeks, scan_days=days), TODAY)


@pytest.mark.parametrize("embryo", [0, 2, 4, 7])
def test_an_embryo_of_another_age_is_refused(embryo: int) -> None:
    with pytest.raises(EmbryoAgeUnknown):
        due_date(Dating(Method.IVF, TODAY, embryo_days=embryo), TODAY)


@pytest.mark.parametrize(
    "dating",
    [
        Dating(Method.LMP, TODAY - timedelta(days=295)),
        Dating(Method.CLINIC, TODAY + timedelta(days=281)),
        Dating(Method.CLINIC, TODAY - timedelta(days=15)),
        Dating(Method.CLINIC, date.max),
        Dating(Method.LMP, date.min),
    ],
)
def test_a_due_date_that_is_no_present_pregnancy_is_refused(dating: Dating) -> None:
    with pytest.raises(DueDateOutOfRange):
        due_date(dating, TODAY)
