"""Six stay six, whatever two registrations have booked."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.bookings.merging import Held, Plan, plan_merge
from backend.bookings.models import BookingState
from backend.bookings.rules import OPEN_STATES, PLACE_STATES
from tests.factories import MORNING

S = BookingState


@st.composite
def registrations(draw: st.DrawFn) -> list[Held]:
    """Two children as the database allows them: six numbers a year, a slot once each."""
    held: list[Held] = []
    for incoming in (False, True):
        numbers = {2026: list(range(1, 7)), 2027: list(range(1, 7))}
        slots = draw(st.lists(st.integers(1, 20), unique=True, max_size=12))
        for slot in slots:
            year = 2026 if slot <= 14 else 2027
            state = draw(st.sampled_from(S))
            needs = state in PLACE_STATES
            if needs and not numbers[year]:
                continue
            keeps = needs or (state is S.CANCELLED_BY_FAMILY and draw(st.booleans()))
            number = numbers[year].pop(0) if keeps and numbers[year] else None
            asked = MORNING + timedelta(minutes=draw(st.integers(0, 500)))
            held.append(Held(len(held) + 1, incoming, slot, state, year, number, asked))
    return held


def numbers_of(plan: Plan, held: list[Held], year: int) -> list[int]:
    return [
        number
        for one in held
        if one.quota_year == year and (number := plan.numbers.get(one.id)) is not None
    ]


@given(held=registrations())
def test_no_year_keeps_more_than_six_and_no_number_twice(held: list[Held]) -> None:
    plan = plan_merge(held)

    for year in (2026, 2027):
        numbers = numbers_of(plan, held, year)
        assert len(numbers) == len(set(numbers)) <= 6
        assert set(numbers) <= set(range(1, 7))


@given(held=registrations())
def test_what_is_cancelled_was_open_and_what_stays_behind_was_over(held: list[Held]) -> None:
    plan = plan_merge(held)

    for one in held:
        if one.id in plan.cancel:
            assert one.state in OPEN_STATES
        if one.id in plan.stay:
            assert one.incoming
            assert one.state in PLACE_STATES - OPEN_STATES
    assert set(plan.numbers) | plan.cancel | plan.stay == {one.id for one in held}


@given(held=registrations())
def test_a_child_holds_a_slot_once_afterwards(held: list[Held]) -> None:
    plan = plan_merge(held)

    places = Counter(
        one.slot_id
        for one in held
        if one.state in PLACE_STATES and one.id not in plan.cancel | plan.stay
    )
    assert all(count == 1 for count in places.values())


@given(held=registrations())
def test_an_open_booking_that_is_not_cancelled_has_a_number(held: list[Held]) -> None:
    plan = plan_merge(held)

    for one in held:
        if one.state in OPEN_STATES and one.id not in plan.cancel:
            assert plan.numbers[one.id] is not None


@given(held=registrations())
def test_who_stays_keeps_his_own_number(held: list[Held]) -> None:
    plan = plan_merge(held)

    for one in held:
        if not one.incoming and plan.numbers.get(one.id) is not None:
            assert plan.numbers[one.id] == one.quota_number


@given(held=registrations())
def test_nothing_is_cancelled_or_lost_while_six_are_enough(held: list[Held]) -> None:
    plan = plan_merge(held)
    slots = Counter(one.slot_id for one in held if one.state in PLACE_STATES)

    for one in held:
        same_year = [
            other for other in held
            if other.quota_year == one.quota_year and other.quota_number is not None
        ]  # fmt: skip
        if slots[one.slot_id] < 2 and len(same_year) <= 6:
            assert one.id not in plan.cancel | plan.stay
            assert (plan.numbers[one.id] is None) == (one.quota_number is None)


def test_the_open_booking_asked_for_last_gives_way_whoever_made_it() -> None:
    minutes = iter(range(99))
    held = [
        Held(n, n > 4, n, S.REQUESTED, 2026, n if n <= 4 else n - 4, MORNING - timedelta(minutes=m))
        for n, m in zip(range(1, 9), minutes, strict=False)
    ]  # 1 to 4 stay, 5 to 8 come; 8 was asked for first, 1 last

    assert plan_merge(held).cancel == {1, 2}


def test_a_visit_counts_before_a_plan() -> None:
    attended = [Held(n, True, n, S.ATTENDED, 2026, n, MORNING) for n in range(1, 7)]
    planned = Held(7, False, 7, S.CONFIRMED, 2026, 1, MORNING - timedelta(days=9))

    plan = plan_merge([planned, *attended])

    assert plan.cancel == {7}
    assert sorted(numbers_of(plan, attended, 2026)) == [1, 2, 3, 4, 5, 6]


def test_visits_beyond_six_stay_visits_without_a_number() -> None:
    held = [
        Held(n, n > 5, n, S.ATTENDED, 2026, n if n <= 5 else n - 5, MORNING + timedelta(days=n))
        for n in range(1, 9)
    ]

    plan = plan_merge(held)

    assert not plan.cancel
    assert [plan.numbers[n] for n in range(1, 9)] == [1, 2, 3, 4, 5, 6, None, None]


def test_of_two_bookings_of_one_slot_the_open_one_is_cancelled() -> None:
    kept = Held(1, False, 9, S.REQUESTED, 2026, 1, MORNING)

    assert plan_merge([kept, Held(2, True, 9, S.CONFIRMED, 2026, 1, MORNING)]).cancel == {2}
    assert plan_merge([kept, Held(2, True, 9, S.ATTENDED, 2026, 1, MORNING)]).cancel == {1}
