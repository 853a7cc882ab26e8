"""A pass is good for one booking and a few minutes, whoever's clock is a little wrong."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bookings import passes
from backend.bookings.models import BookingState
from backend.bookings.passes import CLOCK_SKEW, LETTERS, WINDOW, Holder, Passes, PassInvalid
from backend.bookings.slips import DoorCodes, Seat, Slips

OURS = Passes("s" * 32)
THEIRS = Passes("t" * 32)
NOW = datetime(2026, 11, 26, 2, 3, 4, tzinfo=UTC)
FAR = NOW + timedelta(days=800)


def found_by(passes_: Passes, typed: str, holders: Iterable[Holder], at: datetime) -> int:
    """As a desk looks a typed code up; no slip of these is good for a year."""
    seats = [Seat(one.booking_id, one.child_id, FAR, FAR + WINDOW) for one in holders]
    return DoorCodes(passes_, Slips("s" * 32)).typed(typed, seats, at)


instants = st.integers(0, 365 * 24 * 3600).map(lambda second: NOW + timedelta(seconds=second))
holders = st.builds(Holder, st.integers(1, 10**15), st.integers(1, 10**15))
skews = st.timedeltas(min_value=-CLOCK_SKEW, max_value=CLOCK_SKEW)


@given(holder=holders, now=instants, age=st.timedeltas(timedelta(0), WINDOW), skew=skews)
def test_a_pass_is_good_for_ten_minutes_by_a_clock_two_minutes_wrong(
    holder: Holder, now: datetime, age: timedelta, skew: timedelta
) -> None:
    made = OURS.issue(holder, FAR, now)
    at = now + age + skew

    OURS.check(passes.read(made.code), holder, at)
    assert found_by(OURS, made.short_code, [holder], at) == holder.booking_id
    assert timedelta(0) < made.expires_at - now <= 2 * WINDOW
    assert made.expires_at - now >= WINDOW


@given(
    holder=holders,
    now=instants,
    off=st.timedeltas(CLOCK_SKEW + timedelta(seconds=1), timedelta(days=30)),
)
def test_an_old_pass_and_one_from_the_future_are_refused(
    holder: Holder, now: datetime, off: timedelta
) -> None:
    made = OURS.issue(holder, FAR, now)
    window_began = datetime.fromtimestamp(now.timestamp() // 600 * 600, UTC)

    for at in (made.expires_at + off, window_began - off):
        with pytest.raises(PassInvalid):
            OURS.check(passes.read(made.code), holder, at)
        with pytest.raises(PassInvalid):
            found_by(OURS, made.short_code, [holder], at)


@given(holder=holders, other=holders, now=instants)
def test_a_pass_of_another_booking_or_child_or_city_is_refused(
    holder: Holder, other: Holder, now: datetime
) -> None:
    made = OURS.issue(holder, FAR, now)
    presented = passes.read(made.code)

    with pytest.raises(PassInvalid):
        THEIRS.check(presented, holder, now)
    with pytest.raises(PassInvalid):
        found_by(THEIRS, made.short_code, [holder], now)
    for stranger in (
        Holder(other.booking_id, holder.child_id),
        Holder(holder.booking_id, other.child_id),
        other,
    ):
        if stranger != holder:
            with pytest.raises(PassInvalid):
                OURS.check(presented, stranger, now)


@given(
    holder=holders,
    now=instants,
    place=st.integers(0, 10**6),
    letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
)
def test_one_changed_letter_makes_a_forgery(
    holder: Holder, now: datetime, place: int, letter: str
) -> None:
    code = OURS.issue(holder, FAR, now).code
    place = len(code) - 1 - place % 25  # the very last one carries only some bits
    forged = code[: place - 1] + letter + code[place:]

    if forged != code:
        with pytest.raises(PassInvalid):
            OURS.check(passes.read(forged), holder, now)


@given(text=st.text(max_size=60))
def test_what_is_not_in_our_form_is_refused_kindly(text: str) -> None:
    with pytest.raises(PassInvalid):
        passes.read(text)


@given(holder=holders, now=instants)
def test_the_typed_code_has_no_look_alikes_and_may_be_written_as_people_do(
    holder: Holder, now: datetime
) -> None:
    short = OURS.issue(holder, FAR, now).short_code

    assert len(short) == 8
    assert set(short) <= set(LETTERS)
    assert not set("0O1IL2Z5S8BV") & set(LETTERS)
    assert found_by(OURS, f" {short[:4].lower()}-{short[4:]} ", [holder], now) == holder.booking_id


class Everybodys(Passes):
    """As if two families had the same eight letters."""

    def matching(self, typed: str, holders: Iterable[Holder], at: datetime) -> set[int]:
        return {holder.booking_id for holder in holders}


def test_a_typed_code_that_is_two_peoples_is_nobodys() -> None:
    with pytest.raises(PassInvalid):
        found_by(Everybodys("s" * 32), "34679ACD", [Holder(1, 1), Holder(2, 2)], NOW)


def test_a_pass_ends_with_the_session() -> None:
    ends_at = NOW + timedelta(minutes=3)

    assert OURS.issue(Holder(1, 1), ends_at, NOW).expires_at == ends_at


def test_neither_secret_nor_child_can_be_read_from_a_pass() -> None:
    made = OURS.issue(Holder(11, 777777), FAR, NOW)

    assert "777777" not in made.code
    assert "ssss" not in repr(OURS)


@pytest.mark.parametrize(
    ("state", "minutes", "usable"),
    [
        (BookingState.CONFIRMED, -61, False),
        (BookingState.CONFIRMED, -60, True),
        (BookingState.CONFIRMED, 59, True),
        (BookingState.CONFIRMED, 60, False),
        (BookingState.REQUESTED, 0, False),
        (BookingState.ATTENDED, 0, False),
        (BookingState.CANCELLED_BY_FAMILY, 0, False),
    ],
)
def test_a_pass_is_shown_from_an_hour_before_until_the_end(
    state: BookingState, minutes: int, usable: bool
) -> None:
    now = NOW + timedelta(minutes=minutes)

    if usable:
        passes.check_usable(state, NOW, NOW + timedelta(minutes=60), now)
    else:
        with pytest.raises(passes.PassNotUsable):
            passes.check_usable(state, NOW, NOW + timedelta(minutes=60), now)
