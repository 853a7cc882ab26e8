from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bookings import rules
from backend.bookings.models import HOLDS_A_PLACE, BookingState
from backend.bookings.rules import Policy
from backend.centres.models import SlotState
from backend.kernel.ages import add_months
from backend.kernel.clock import CITY
from backend.kernel.errors import Invalid

POLICY = Policy()
START = datetime(2026, 12, 1, 9, 30, tzinfo=CITY)
SECOND = timedelta(seconds=1)
BIRTH = date(2026, 1, 31)
births = st.dates(date(2020, 1, 1), date(2027, 12, 31))


@given(used=st.sets(st.integers(1, 6), max_size=5))
def test_next_number_is_the_lowest_free_one(used: set[int | None]) -> None:
    number = rules.next_quota_number(used)

    assert number not in used
    assert all(smaller in used for smaller in range(1, number))


def test_a_seventh_number_is_refused() -> None:
    with pytest.raises(rules.QuotaUsedUp):
        rules.next_quota_number([1, 2, 3, 4, 5, 6, None])


def test_a_given_back_session_can_be_used_again() -> None:
    assert rules.next_quota_number([1, 2, None, 4, 5, 6]) == 3


def test_the_plan_gives_six_sessions_and_serves_children_under_three() -> None:
    assert rules.FREE_SESSIONS_PER_YEAR == 6
    assert Policy() == Policy(14, 120, 24, 36)


def test_a_session_on_new_years_day_counts_for_the_new_year_in_the_city() -> None:
    starts_at = datetime(2026, 12, 31, 17, tzinfo=UTC)  # 01:00 on 1 January in the city

    assert rules.quota_year(POLICY, starts_at, date(2026, 2, 1)) == 2027


def test_booking_opens_fourteen_days_before_to_the_second() -> None:
    rules.check_open(POLICY, START, START - timedelta(days=14))
    with pytest.raises(rules.NotOpenYet) as refusal:
        rules.check_open(POLICY, START, START - timedelta(days=14) - SECOND)
    assert refusal.value.detail == "11月17日 09:30 起可以预约"


def test_booking_closes_two_hours_before_to_the_second() -> None:
    rules.check_open(POLICY, START, START - timedelta(minutes=120) - SECOND)
    with pytest.raises(rules.SlotClosed) as refusal:
        rules.check_open(POLICY, START, START - timedelta(minutes=120))
    assert refusal.value.detail == "开始前 2 小时停止预约"


def test_another_policy_of_the_city_moves_both_ends() -> None:
    policy = Policy(opens_days=1, closes_minutes=45)

    rules.check_open(policy, START, START - timedelta(minutes=46))
    with pytest.raises(rules.NotOpenYet):
        rules.check_open(policy, START, START - timedelta(days=2))
    with pytest.raises(rules.SlotClosed, match="slot_closed") as refusal:
        rules.check_open(policy, START, START - timedelta(minutes=44))
    assert refusal.value.detail == "开始前 45 分钟停止预约"


@given(minutes=st.integers(-3000, 40_000))
def test_a_slot_is_either_not_open_yet_open_or_closed(minutes: int) -> None:
    now = START - timedelta(minutes=minutes)
    try:
        rules.check_open(POLICY, START, now)
    except rules.NotOpenYet:
        assert minutes > 14 * 24 * 60
    except rules.SlotClosed:
        assert minutes <= 120
    else:
        assert 120 < minutes <= 14 * 24 * 60


def test_a_slot_that_the_centre_closed_is_refused() -> None:
    rules.check_offered(SlotState.OPEN)
    with pytest.raises(rules.SlotClosed, match="slot_closed"):
        rules.check_offered(SlotState.CLOSED)
    with pytest.raises(rules.SlotCancelled, match="slot_cancelled"):
        rules.check_offered(SlotState.CANCELLED)


@given(capacity=st.integers(1, 500), taken=st.integers(0, 500))
def test_a_place_is_there_exactly_while_fewer_are_taken(capacity: int, taken: int) -> None:
    try:
        rules.check_capacity(taken, capacity)
    except rules.SlotFull:
        assert taken >= capacity
    else:
        assert taken < capacity


@given(birth=births, months=st.integers(0, 40), low=st.integers(0, 35), width=st.integers(1, 36))
def test_the_age_range_includes_its_first_month_and_excludes_its_last(
    birth: date, months: int, low: int, width: int
) -> None:
    day = add_months(birth, months)
    high = low + width
    try:
        rules.check_age(POLICY, birth, day, from_months=low, to_months=high)
    except rules.TooYoung:
        assert months < low
    except rules.TooOld:
        assert months >= min(high, 36)
    else:
        assert low <= months < min(high, 36)


def test_the_day_before_the_third_birthday_still_counts() -> None:
    rules.check_age(POLICY, date(2024, 3, 1), date(2027, 2, 28), from_months=0, to_months=36)
    with pytest.raises(rules.TooOld):
        rules.check_age(POLICY, date(2024, 3, 1), date(2027, 3, 1), from_months=0, to_months=36)


def test_a_child_born_on_the_31st_completes_a_month_on_its_last_day() -> None:
    rules.check_age(POLICY, BIRTH, date(2026, 2, 28), from_months=1, to_months=2)
    with pytest.raises(rules.TooYoung):
        rules.check_age(POLICY, BIRTH, date(2026, 2, 27), from_months=1, to_months=2)


def test_the_day_before_birth_is_too_young_for_everything() -> None:
    with pytest.raises(rules.TooYoung):
        rules.check_age(POLICY, BIRTH, date(2026, 1, 30), from_months=0, to_months=36)


def test_only_children_cared_for_at_home_are_served() -> None:
    rules.check_home_cared(True)
    with pytest.raises(rules.NotHomeCared):
        rules.check_home_cared(False)


def test_a_session_is_given_back_up_to_24_hours_before() -> None:
    assert not rules.cancel_keeps_number(POLICY, START, START - timedelta(hours=24))
    assert rules.cancel_keeps_number(POLICY, START, START - timedelta(hours=24) + SECOND)


@pytest.mark.parametrize("state", list(BookingState))
def test_a_family_cancels_only_what_is_open(state: BookingState) -> None:
    before = START - timedelta(days=2)
    if state in rules.OPEN_STATES:
        rules.check_cancel(state, START, before)
        assert rules.may_cancel(state, START, before)
    else:
        assert not rules.may_cancel(state, START, before)
        with pytest.raises(rules.CannotCancel):
            rules.check_cancel(state, START, before)


def test_nothing_is_cancelled_once_it_has_begun() -> None:
    assert not rules.may_cancel(BookingState.CONFIRMED, START, START)
    with pytest.raises(rules.CannotCancel):
        rules.check_cancel(BookingState.CONFIRMED, START, START)


def test_attendance_is_known_from_the_start_on() -> None:
    rules.check_started(START, START)
    with pytest.raises(rules.NotStartedYet):
        rules.check_started(START, START - SECOND)


@pytest.mark.parametrize("reason", ["", "  \n ", "字" * 201])
def test_a_refusal_needs_a_readable_reason(reason: str) -> None:
    with pytest.raises(Invalid):
        rules.check_reason(reason)


def test_a_reason_loses_its_surrounding_blanks() -> None:
    assert rules.check_reason("  老师生病 ") == "老师生病"


def test_what_is_over_has_no_next_state_and_every_state_has_a_title() -> None:
    assert set(rules.NEXT_STATES) == set(rules.STATE_TITLES) == set(BookingState)
    for state in set(BookingState) - rules.OPEN_STATES:
        assert rules.NEXT_STATES[state] == frozenset()


def test_attendance_comes_only_after_confirmation() -> None:
    for after in (BookingState.ATTENDED, BookingState.MISSED):
        assert [s for s in BookingState if after in rules.NEXT_STATES[s]] == [
            BookingState.CONFIRMED
        ]


def test_the_database_and_the_rules_agree_on_who_holds_a_place() -> None:
    states = {word.strip("'") for word in HOLDS_A_PLACE.split("(")[1].rstrip(")").split(", ")}

    assert states == {state.value for state in rules.PLACE_STATES}


@given(
    before=st.sampled_from(BookingState),
    after=st.sampled_from(BookingState),
    minutes=st.integers(0, 60),
)
def test_a_step_is_undone_only_within_ten_minutes_and_only_once(
    before: BookingState, after: BookingState, minutes: int
) -> None:
    try:
        rules.check_undo(before, after, timedelta(minutes=minutes))
    except rules.CannotUndo:
        assert minutes > 10 or after not in rules.NEXT_STATES[before]
    else:
        assert minutes <= 10
        with pytest.raises(rules.CannotUndo):  # its undo, the other way round
            rules.check_undo(after, before, timedelta(minutes=minutes))
