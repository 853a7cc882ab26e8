"""The timeline is a pure function: of the birth date, the day, and what is done."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.handbook.planner import births_reaching
from backend.handbook.schedule import Age, load_schedule
from backend.handbook.timeline import Item, Status, timeline

SCHEDULE = load_schedule(Path(__file__).parents[2] / "content")
BIRTHS = st.dates(date(2019, 1, 1), date(2028, 12, 31))
LATER = st.integers(0, 7 * 366)


def one(item_id: str, birth: date, on: date, done: dict[str, date] | None = None) -> Item:
    return next(item for item in timeline(SCHEDULE, birth, on, done or {}) if item.id == item_id)


@pytest.mark.parametrize(
    ("birth", "item_id", "due"),
    [
        (date(2026, 1, 31), "vaccine:hepb-2", date(2026, 2, 28)),
        (date(2028, 1, 31), "vaccine:hepb-2", date(2028, 2, 29)),
        (date(2028, 2, 29), "vaccine:varv-1", date(2029, 2, 28)),
        (date(2028, 2, 29), "vaccine:polio-4", date(2032, 2, 29)),
        (date(2026, 8, 31), "vaccine:dtap-3", date(2027, 2, 28)),
        (date(2026, 11, 16), "checkup:newborn-visit", date(2026, 11, 23)),
        (date(2026, 4, 10), "checkup:m6", date(2026, 10, 10)),
    ],
)
def test_due_dates_are_calendar_months_with_ends_of_months_aligned(
    birth: date, item_id: str, due: date
) -> None:
    assert one(item_id, birth, birth).due_date == due


@pytest.mark.parametrize(
    ("item_id", "on", "status"),
    [
        ("vaccine:hepb-3", date(2026, 10, 9), Status.UPCOMING),
        ("vaccine:hepb-3", date(2026, 10, 10), Status.DUE),
        ("vaccine:hepb-3", date(2027, 4, 9), Status.DUE),
        ("vaccine:hepb-3", date(2027, 4, 10), Status.OVERDUE),
        ("vaccine:bcg-1", date(2030, 4, 9), Status.OVERDUE),
        ("vaccine:bcg-1", date(2030, 4, 10), Status.PAST),  # 满4周岁不再补
        ("vaccine:mpsva-2", date(2028, 4, 10), Status.PAST),  # 满24月龄不再补A群
        ("vaccine:polio-1", date(2026, 7, 9), Status.DUE),
        ("vaccine:polio-1", date(2026, 7, 10), Status.OVERDUE),  # the second one may be given
        ("vaccine:varv-2", date(2033, 4, 9), Status.DUE),  # no latest age is named
        ("checkup:m6", date(2026, 11, 9), Status.DUE),
        ("checkup:m6", date(2026, 11, 10), Status.OVERDUE),
        ("checkup:m6", date(2026, 12, 10), Status.PAST),  # the next visit begins
        ("guide:man-liuyue-tian-fushi", date(2026, 12, 9), Status.DUE),
        ("guide:man-liuyue-tian-fushi", date(2026, 12, 10), Status.PAST),
    ],
)
def test_an_item_of_a_child_of_10_april_stands_so(item_id: str, on: date, status: Status) -> None:
    assert one(item_id, date(2026, 4, 10), on).status is status


def test_until_is_the_day_before_the_recommended_age_is_reached() -> None:
    birth = date(2026, 4, 10)

    assert one("vaccine:mmr-1", birth, birth).until_date == date(2027, 4, 9)
    assert one("vaccine:varv-1", birth, birth).until_date is None
    assert one("checkup:m1", birth, birth).until_date == date(2026, 5, 22)


def test_what_is_done_is_done_whatever_the_day() -> None:
    item = one(
        "vaccine:bcg-1",
        date(2026, 4, 10),
        date(2033, 1, 1),
        {"vaccine:bcg-1": date(2026, 4, 11), "vaccine:of-another-programme": date(2026, 5, 1)},
    )

    assert (item.status, item.done_on) == (Status.DONE, date(2026, 4, 11))


@given(birth=BIRTHS, days=LATER)
def test_time_only_moves_an_item_forward(birth: date, days: int) -> None:
    order = [Status.UPCOMING, Status.DUE, Status.OVERDUE, Status.PAST]
    on = birth + timedelta(days=days)
    today = {item.id: item for item in timeline(SCHEDULE, birth, on, {})}
    tomorrow = timeline(SCHEDULE, birth, on + timedelta(days=1), {})

    for item in tomorrow:
        assert order.index(item.status) >= order.index(today[item.id].status)
        assert item.from_date is not None
        assert item.due_date is not None
        assert item.from_date <= item.due_date
        assert item.until_date is None or item.due_date <= item.until_date


@given(birth=BIRTHS)
def test_the_order_is_by_due_date_and_nothing_is_twice(birth: date) -> None:
    items = timeline(SCHEDULE, birth, birth, {})

    days = [item.due_date for item in items if item.due_date is not None]
    assert days == sorted(days)
    assert len(days) == len(items)
    assert len({item.id for item in items}) == len(items) == len(SCHEDULE.rules)


@given(day=BIRTHS, months=st.integers(0, 84), days=st.integers(0, 42))
def test_births_reaching_is_the_inverse_of_reaching_an_age(
    day: date, months: int, days: int
) -> None:
    age = Age(months=months, days=days)
    around = age.months * 30 + age.days
    candidates = [day - timedelta(days=around + shift) for shift in range(-10, 60)]

    found = list(births_reaching(age, day))

    assert found == sorted(birth for birth in candidates if age.on(birth) == day)
    assert len(found) <= 4
