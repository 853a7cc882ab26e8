"""The code by which a family shows at the door that it is expected. Pure: no clock, no database.

A code names its booking and a window of ten minutes and is signed over both and the child; it is
good in its window and the next one, so a screen that was just opened lasts ten minutes at least.
The typed code is the same signature in eight letters that nobody confuses. A phone or a desk may
be up to CLOCK_SKEW wrong.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.bookings.models import BookingState
from backend.bookings.rules import STATE_TITLES, moment
from backend.kernel.errors import Conflict

WINDOW = timedelta(minutes=10)
CLOCK_SKEW = timedelta(minutes=2)
USABLE_BEFORE = timedelta(minutes=60)  # so long before the start; until the end
LETTERS = "34679ACDEFGHJKMNPQRTUWXY"  # without 0O 1IL 2Z 5S 8B UV: 24 of them
SHORT_LENGTH = 8  # 24⁸ ≈ 1.1·10¹¹, guessed only by signed-in staff
SIGNATURE_BYTES = 16
SHAPE = re.compile(r"CY1\.([1-9][0-9]{0,17})\.([1-9][0-9]{0,9})\.([A-Z2-7]{26})", re.ASCII)
PURPOSE = b"booking-pass-1"


class PassInvalid(Conflict):
    code = "pass_invalid"
    message = "签到码无效或已过期，请家长刷新后再出示"


class PassNotUsable(Conflict):
    code = "pass_not_usable"
    message = "这个预约现在没有签到码"


@dataclass(frozen=True)
class Pass:
    code: str  # for the QR code: only letters that its compact mode knows
    short_code: str
    expires_at: datetime


@dataclass(frozen=True)
class Presented:
    """What a code says of itself. Nothing of it is true before `check`."""

    booking_id: int
    window: int
    signature: str


@dataclass(frozen=True)
class Holder:
    """Whose pass it may be: a booking of a child, as the database knows it."""

    booking_id: int
    child_id: int


class Passes:
    """Makes and checks passes with a key made of the application's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), PURPOSE, hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "Passes(…)"

    def issue(self, holder: Holder, ends_at: datetime, now: datetime) -> Pass:
        """The pass of this window. It expires after the next one, or when the session ends."""
        window = _window(now)
        signature = base64.b32encode(self._sign(holder, window)[:SIGNATURE_BYTES]).decode()
        return Pass(
            code=f"CY1.{holder.booking_id}.{window}.{signature.rstrip('=')}",
            short_code=self._short(holder, window),
            expires_at=min(_begin(window + 2), ends_at),
        )

    def check(self, presented: Presented, holder: Holder, at: datetime) -> None:
        """Raises PassInvalid unless we made this code for the holder and `at` is in its time."""
        signature = base64.b32encode(self._sign(holder, presented.window)[:SIGNATURE_BYTES])
        ours = signature.decode().rstrip("=")
        if presented.booking_id != holder.booking_id or not hmac.compare_digest(
            ours, presented.signature
        ):
            raise PassInvalid("不是这个预约的签到码")
        if presented.window not in _good_windows(at):
            raise PassInvalid(f"出示时间：{moment(_begin(presented.window))}")

    def matching(self, typed: str, holders: Iterable[Holder], at: datetime) -> set[int]:
        """The bookings whose pass has these eight letters at that time."""
        return {
            holder.booking_id
            for holder in holders
            if any(
                hmac.compare_digest(self._short(holder, window), typed)
                for window in _good_windows(at)
            )
        }

    def _sign(self, holder: Holder, window: int) -> bytes:
        message = f"{holder.booking_id}\x1f{holder.child_id}\x1f{window}"
        return hmac.new(self._key, message.encode(), hashlib.sha256).digest()

    def _short(self, holder: Holder, window: int) -> str:
        # The half of the signature that the long code does not show.
        return letters_of(self._sign(holder, window)[SIGNATURE_BYTES:])


def read(code: str) -> Presented:
    """What a scanned code says. Raises PassInvalid for anything that is not in our form."""
    found = SHAPE.fullmatch(code.strip())
    if found is None:
        raise PassInvalid("这不是澄育的签到码")
    return Presented(int(found[1]), int(found[2]), found[3])


def letters_of(signature: bytes) -> str:
    """Eight letters of a signature, for people to type."""
    number, letters = int.from_bytes(signature, "big"), []
    for _ in range(SHORT_LENGTH):
        number, place = divmod(number, len(LETTERS))
        letters.append(LETTERS[place])
    return "".join(letters)


def short_form(typed: str) -> str:
    """A typed code as we write it. Raises PassInvalid for one that cannot be ours."""
    letters = "".join(c for c in typed.upper() if not c.isspace() and c != "-")
    if len(letters) != SHORT_LENGTH or any(c not in LETTERS for c in letters):
        raise PassInvalid("签到码是 8 位字母和数字")
    return letters


def check_usable(
    state: BookingState, starts_at: datetime, ends_at: datetime, now: datetime
) -> None:
    """A pass is shown of a confirmed booking, from an hour before the start until the end.

    Raises PassNotUsable, which says what is missing.
    """
    if state is not BookingState.CONFIRMED:
        raise PassNotUsable(f"当前状态：{STATE_TITLES[state]}；确认后、到场前才有签到码")
    if now < starts_at - USABLE_BEFORE:
        raise PassNotUsable(f"{moment(starts_at - USABLE_BEFORE)} 起可以出示")
    if now >= ends_at:
        raise PassNotUsable("活动已经结束，请联系中心")


def _window(at: datetime) -> int:
    return int(at.timestamp()) // int(WINDOW.total_seconds())


def _begin(window: int) -> datetime:
    return datetime.fromtimestamp(window * int(WINDOW.total_seconds()), UTC)


def _good_windows(at: datetime) -> range:
    """Windows whose codes are good at a time that may be CLOCK_SKEW wrong."""
    return range(_window(at - CLOCK_SKEW) - 1, _window(at + CLOCK_SKEW) + 1)
