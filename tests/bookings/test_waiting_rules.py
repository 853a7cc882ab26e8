"""When a place is offered and until when, without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bookings import waiting_rules as wr
from backend.bookings.rules import Policy, closes_at
from backend.bookings.waiting_models import WaitingState
from backend.outbox.hours import is_quiet
from tests.bookings.family import in_city

INSTANTS = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
    datetime(2027, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
POLICIES = st.builds(
    Policy,
    closes_minutes=st.integers(0, 600),
    offer_minutes=st.integers(5, 600),
    no_offer_hours=st.integers(0, 72),
)
AHEAD = st.timedeltas(timedelta(0), timedelta(days=20))


@given(policy=POLICIES, now=INSTANTS, ahead=AHEAD)
def test_an_offer_is_made_in_time_and_ends_before_booking_closes(
    policy: Policy, now: datetime, ahead: timedelta
) -> None:
    starts_at = now + ahead
    if not wr.line_counts(policy, starts_at, now):
        return

    until = wr.offer_until(policy, starts_at, now)

    assert now < until <= closes_at(policy, starts_at)
    assert starts_at - now > timedelta(hours=policy.no_offer_hours)


@given(policy=POLICIES, now=INSTANTS)
def test_a_family_that_may_be_told_has_all_its_minutes(policy: Policy, now: datetime) -> None:
    until = wr.offer_until(policy, now + timedelta(days=30), now)

    least = timedelta(minutes=policy.offer_minutes)
    if is_quiet(now):
        assert until - now > least
    else:
        assert until - now == least


def test_the_last_offer_is_made_just_before_twelve_hours() -> None:
    starts_at = in_city(2026, 11, 26, 22)
    edge = in_city(2026, 11, 26, 10)

    assert wr.line_counts(Policy(), starts_at, edge - timedelta(microseconds=1))
    assert not wr.line_counts(Policy(), starts_at, edge)
    with pytest.raises(wr.WaitingClosed) as refused:
        wr.check_may_wait(Policy(), starts_at, edge)
    assert refused.value.detail == "11月26日 10:00 起不再递补，有人取消时可以直接预约"


@pytest.mark.parametrize("state", [s for s in WaitingState if s not in wr.IN_LINE])
def test_what_is_over_cannot_be_accepted(state: WaitingState) -> None:
    with pytest.raises(wr.OfferGone) as refused:
        wr.check_offer(state, in_city(2026, 11, 26), in_city(2026, 11, 25))
    assert wr.STATE_TITLES[state] in str(refused.value.detail)


def test_an_offer_ends_at_its_moment() -> None:
    until = in_city(2026, 11, 26)

    wr.check_offer(WaitingState.OFFERED, until, until - timedelta(microseconds=1))
    with pytest.raises(wr.OfferGone):
        wr.check_offer(WaitingState.OFFERED, until, until)
    with pytest.raises(wr.NotOffered):
        wr.check_offer(WaitingState.WAITING, None, until)


def test_a_child_stands_in_a_line_once_and_in_three_at_most() -> None:
    wr.check_lines({1, 2}, 3)
    with pytest.raises(wr.AlreadyWaiting):
        wr.check_lines({1, 2, 3}, 3)
    with pytest.raises(wr.TooManyLines):
        wr.check_lines({1, 2, 4}, 3)
