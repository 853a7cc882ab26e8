"""The code on the paper that a family without a phone takes home. Pure: no clock, no database.

A pass lives for minutes because a screen can ask for the next one; paper cannot. So a slip's code
is signed, with a key of its own, over the booking, the child and the start of the session, and is
good from an hour before that start until the end. Nothing of it is kept: when the session moves
or the child changes the signature does not fit any more, and a booking that does not stand is
refused whatever its paper says.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from backend.bookings.models import BookingState
from backend.bookings.passes import (
    CLOCK_SKEW,
    SIGNATURE_BYTES,
    USABLE_BEFORE,
    Holder,
    Passes,
    PassInvalid,
    PassNotUsable,
    letters_of,
    short_form,
)
from backend.bookings.rules import STATE_TITLES, moment

PREFIX = "CY2."
SHAPE = re.compile(r"CY2\.([1-9][0-9]{0,17})\.([A-Z2-7]{26})", re.ASCII)
PURPOSE = b"booking-slip-1"
GOOD_STATES = frozenset({BookingState.CONFIRMED, BookingState.ATTENDED})


@dataclass(frozen=True)
class Slip:
    code: str  # for the QR code
    short_code: str


@dataclass(frozen=True)
class PresentedSlip:
    """What a code says of itself. Nothing of it is true before `check`."""

    booking_id: int
    signature: str


@dataclass(frozen=True)
class Seat(Holder):
    """Whose slip it may be, and when its session is, as the database knows it now."""

    starts_at: datetime
    ends_at: datetime

    def expected(self, at: datetime) -> bool:
        """From an hour before the start until the end, by a clock that may be a little wrong."""
        return self.starts_at - USABLE_BEFORE - CLOCK_SKEW <= at <= self.ends_at + CLOCK_SKEW


class Slips:
    """Makes and checks slips with a key made of the application's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), PURPOSE, hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "Slips(…)"

    def issue(self, seat: Seat) -> Slip:
        """The same for a seat whenever it is printed."""
        return Slip(f"{PREFIX}{seat.booking_id}.{self._long(seat)}", self._short(seat))

    def check(
        self, presented: PresentedSlip, seat: Seat, state: BookingState, at: datetime
    ) -> None:
        """Raises PassInvalid unless we made it for this seat, PassNotUsable at another time.

        Also where the booking does not stand: cancelled, or not confirmed yet.
        """
        fits = hmac.compare_digest(self._long(seat), presented.signature)
        if presented.booking_id != seat.booking_id or not fits:
            raise PassInvalid("预约单不对，或活动改过时间，请在名单里核对")
        if state not in GOOD_STATES:
            raise PassNotUsable(f"当前状态：{STATE_TITLES[state]}")
        if not seat.expected(at):
            opens = moment(seat.starts_at - USABLE_BEFORE)
            raise PassNotUsable(f"预约单 {opens} 至 {moment(seat.ends_at)} 可以签到")

    def matching(self, typed: str, seats: Iterable[Seat], at: datetime) -> set[int]:
        """The bookings whose slip has these eight letters, among those that may come now."""
        return {
            seat.booking_id
            for seat in seats
            if seat.expected(at) and hmac.compare_digest(self._short(seat), typed)
        }

    def _sign(self, seat: Seat) -> bytes:
        start = int(seat.starts_at.timestamp())
        message = f"{seat.booking_id}\x1f{seat.child_id}\x1f{start}"
        return hmac.new(self._key, message.encode(), hashlib.sha256).digest()

    def _long(self, seat: Seat) -> str:
        return base64.b32encode(self._sign(seat)[:SIGNATURE_BYTES]).decode().rstrip("=")

    def _short(self, seat: Seat) -> str:
        return letters_of(self._sign(seat)[SIGNATURE_BYTES:])


@dataclass(frozen=True)
class DoorCodes:
    """Both kinds of code that a desk can read."""

    passes: Passes
    slips: Slips

    def typed(self, typed: str, seats: Iterable[Seat], at: datetime) -> int:
        """The booking of eight typed letters, whether from a screen or from a slip.

        Raises PassInvalid for nobody's, and for those that would be two people's.
        """
        wanted, expected = short_form(typed), list(seats)
        found = self.passes.matching(wanted, expected, at)
        found |= self.slips.matching(wanted, expected, at)
        if len(found) != 1:
            raise PassInvalid("请核对 8 位签到码，或在名单里点“签到”")
        return found.pop()


def read(code: str) -> PresentedSlip | None:
    """What a scanned code says; None for one that is no slip's."""
    found = SHAPE.fullmatch(code.strip())
    return None if found is None else PresentedSlip(int(found[1]), found[2])
