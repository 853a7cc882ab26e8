"""The cost of a missed session over random histories, marked in any order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backend.bookings import no_shows
from backend.bookings.no_shows import Miss
from backend.bookings.rules import Policy
from backend.kernel.ages import add_months
from backend.kernel.clock import city_date

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
POLICY = Policy()

histories = st.lists(st.integers(0, 900), min_size=1, max_size=8, unique=True)
policies = st.builds(
    Policy,
    warn_months=st.integers(0, 24),
    pause_after=st.integers(1, 4),
    pause_within_days=st.integers(1, 200),
    pause_days=st.integers(0, 60),
)


def on(day: int) -> datetime:
    return START + timedelta(days=day)


def marked(policy: Policy, days: list[int]) -> list[Miss]:
    """A history as the centre marks it, in this order."""
    misses: list[Miss] = []
    for number, day in enumerate(days):
        warning = no_shows.is_warning(policy, on(day), misses)
        misses.append(Miss(number, on(day), warning))
    return misses


@given(policy=policies, days=histories)
def test_two_warnings_are_never_closer_than_the_months_of_the_policy(
    policy: Policy, days: list[int]
) -> None:
    warned = sorted(miss.starts_at for miss in marked(policy, days) if miss.forgiven)

    for earlier, later in pairwise(warned):
        assert city_date(later) >= add_months(city_date(earlier), policy.warn_months)


@given(days=histories)
def test_marked_in_order_the_first_is_a_warning_and_each_later_one_within_a_year_is_used(
    days: list[int],
) -> None:
    misses = marked(POLICY, sorted(days))

    assert misses[0].forgiven
    for before, miss in pairwise(misses):
        clean = city_date(miss.starts_at) >= add_months(city_date(before.starts_at), 12)
        assert miss.forgiven == clean


@given(days=histories)
def test_without_a_warning_every_missed_session_stays_used(days: list[int]) -> None:
    assert not any(one.forgiven for one in marked(replace(POLICY, warn_months=0), days))


@given(policy=policies, days=histories)
def test_a_pause_has_its_grounds_and_grounds_bring_a_pause(policy: Policy, days: list[int]) -> None:
    """Whatever the order: the last one marked completes the window or it does not."""
    *others, last = (Miss(number, on(day)) for number, day in enumerate(days))
    paused = no_shows.brings_pause(policy, last.starts_at, others)

    times = sorted(on(day) for day in days)
    span = timedelta(days=policy.pause_within_days)
    together = max(
        sum(first <= time < first + span for time in times)
        for first in times
        if first <= last.starts_at < first + span
    )
    assert paused == (policy.pause_days > 0 and together >= policy.pause_after)


@given(days=histories)
def test_one_miss_less_never_brings_a_pause(days: list[int]) -> None:
    *others, last = (Miss(number, on(day)) for number, day in enumerate(days))

    if others and not no_shows.brings_pause(POLICY, last.starts_at, others):
        assert not no_shows.brings_pause(POLICY, last.starts_at, others[1:])


def test_the_defaults_are_the_citys() -> None:
    first, second = Miss(1, on(0)), Miss(2, on(89))

    assert no_shows.is_warning(POLICY, first.starts_at, [])
    assert not no_shows.is_warning(POLICY, second.starts_at, [first])
    assert no_shows.brings_pause(POLICY, second.starts_at, [first])
    assert not no_shows.brings_pause(POLICY, on(90), [first])
    assert no_shows.pause_until(POLICY, START) == START + timedelta(days=30)
