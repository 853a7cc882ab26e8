"""A slip's code is good for one booking, at the hour of its session, and while that stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bookings import passes, slips
from backend.bookings.models import BookingState
from backend.bookings.passes import (
    CLOCK_SKEW,
    LETTERS,
    USABLE_BEFORE,
    Passes,
    PassInvalid,
    PassNotUsable,
)
from backend.bookings.slips import DoorCodes, Seat, Slips

SECRET = "s" * 32
OURS, THEIRS = Slips(SECRET), Slips("t" * 32)
CODES = DoorCodes(Passes(SECRET), OURS)
START = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEAT = Seat(12, 34, START, START + HOUR)

seats = st.builds(
    lambda booking, child, hours: Seat(
        booking, child, START + hours * HOUR, START + (hours + 1) * HOUR
    ),
    st.integers(1, 10**15),
    st.integers(1, 10**15),
    st.integers(0, 9000),
)


def good(code: str, seat: Seat, at: datetime, state: BookingState = BookingState.CONFIRMED) -> None:
    presented = slips.read(code)
    assert presented is not None
    OURS.check(presented, seat, state, at)


@given(seat=seats, minutes=st.integers(-60, 60))
def test_a_slip_is_good_from_an_hour_before_until_the_end(seat: Seat, minutes: int) -> None:
    made, at = OURS.issue(seat), seat.starts_at + timedelta(minutes=minutes)

    good(made.code, seat, at)
    assert CODES.typed(f" {made.short_code[:4].lower()} {made.short_code[4:]}", [seat], at) == (
        seat.booking_id
    )
    assert OURS.issue(seat) == made
    assert set(made.short_code) <= set(LETTERS)


@pytest.mark.parametrize(
    "at",
    [
        START - USABLE_BEFORE - CLOCK_SKEW - timedelta(seconds=1),
        START + HOUR + CLOCK_SKEW + timedelta(seconds=1),
        START - timedelta(days=1),
        START + timedelta(days=1),
    ],
)
def test_on_another_day_or_at_another_hour_it_is_refused(at: datetime) -> None:
    made = OURS.issue(SEAT)

    with pytest.raises(PassNotUsable) as refused:
        good(made.code, SEAT, at)
    assert refused.value.detail == "预约单 11月26日 09:00 至 11月26日 11:00 可以签到"
    with pytest.raises(PassInvalid):
        CODES.typed(made.short_code, [SEAT], at)


@given(seat=seats, other=seats)
def test_a_slip_of_another_booking_child_time_or_city_is_refused(seat: Seat, other: Seat) -> None:
    made = OURS.issue(seat)
    presented = slips.read(made.code)
    assert presented is not None
    strangers = (
        replace(seat, booking_id=other.booking_id),
        replace(seat, child_id=other.child_id),
        replace(seat, starts_at=other.starts_at, ends_at=other.ends_at),  # it was moved
    )
    for stranger in strangers:
        if stranger != seat:
            with pytest.raises(PassInvalid):
                good(made.code, stranger, stranger.starts_at)
            with pytest.raises(PassInvalid):
                CODES.typed(made.short_code, [stranger], stranger.starts_at)
    with pytest.raises(PassInvalid):
        THEIRS.check(presented, seat, BookingState.CONFIRMED, seat.starts_at)


@given(seat=seats, place=st.integers(0, 24), letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_one_changed_letter_makes_a_forgery(seat: Seat, place: int, letter: str) -> None:
    code = OURS.issue(seat).code
    place += len(code) - 26  # in the signature; its very last letter carries only some bits
    forged = code[:place] + letter + code[place + 1 :]

    if forged != code:
        with pytest.raises(PassInvalid):
            good(forged, seat, seat.starts_at)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (BookingState.REQUESTED, "待确认"),
        (BookingState.CANCELLED_BY_CENTRE, "中心已取消"),
        (BookingState.CANCELLED_BY_FAMILY, "家庭已取消"),
        (BookingState.MISSED, "未到场"),
    ],
)
def test_the_paper_of_a_booking_that_does_not_stand_opens_no_door(
    state: BookingState, said: str
) -> None:
    with pytest.raises(PassNotUsable, match="pass_not_usable") as refused:
        good(OURS.issue(SEAT).code, SEAT, START, state)
    assert said in str(refused.value.detail)


def test_a_slip_is_no_pass_and_a_pass_is_no_slip() -> None:
    made = OURS.issue(SEAT)
    pass_ = CODES.passes.issue(SEAT, SEAT.ends_at, START)

    assert slips.read(pass_.code) is None
    with pytest.raises(PassInvalid):
        passes.read(made.code)
    assert made.short_code != pass_.short_code
    assert made.code.rpartition(".")[2] != pass_.code.rpartition(".")[2]
    assert "34" not in made.code.split(".")
    assert SECRET not in repr(OURS)


@given(text=st.text(max_size=60))
def test_what_is_not_in_our_form_is_no_slip(text: str) -> None:
    assert slips.read(text) is None
