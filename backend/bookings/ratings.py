"""One to five stars and a word about a session that was attended. Locks: child."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from backend.bookings.attendance import family_booking_locked
from backend.bookings.attendance_models import Rating, RatingCheck
from backend.bookings.models import Booking, BookingState
from backend.bookings.rules import STATE_TITLES, moment
from backend.centres.models import Slot
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.kernel.privacy import Vault

WORDS = "rating-words"  # the vault's purpose
WORDS_LENGTH = 300  # characters
RATED_WITHIN = timedelta(days=30)
CHANGED_WITHIN = timedelta(days=1)


class CannotRate(Conflict):
    code = "cannot_rate"
    message = "这个预约现在不能评价"


class AlreadyRated(Conflict):
    code = "already_rated"
    message = "这个预约已经评价过，一天以后不能再改"


class RatingDecided(Conflict):
    code = "rating_decided"
    message = "这条评价刚刚有人处理过"


def rate(
    session: Session,
    clock: Clock,
    vault: Vault,
    *,
    parent_id: int,
    booking_id: int,
    given: tuple[int, str],
) -> Rating:
    """`given`: stars and words ("" for none). Once, within 30 days; changed within a day.

    Locks the child. Raises NotFound, CannotRate, AlreadyRated or Invalid.
    """
    stars, words = given[0], _checked(given[1])
    booking = family_booking_locked(session, parent_id=parent_id, booking_id=booking_id)
    found = session.get(Rating, booking_id, populate_existing=True)
    now = clock.now()
    check_may_rate(booking.state, booking.slot.ends_at, now)
    if found is not None and (
        found.parent_id != parent_id or now > found.rated_at + CHANGED_WITHIN
    ):
        raise AlreadyRated
    if found is None:
        found = Rating(booking_id=booking_id, parent_id=parent_id, rated_at=now)
        session.add(found)
    found.stars = stars
    found.words_sealed = vault.seal(words, WORDS) if words else None
    found.check_state = RatingCheck.WAITING if words else RatingCheck.PASSED
    session.flush()
    return found


def check_may_rate(state: BookingState, ends_at: datetime, now: datetime) -> None:
    """Raises CannotRate before a session was attended, and more than 30 days after it."""
    if state is not BookingState.ATTENDED:
        raise CannotRate(f"当前状态：{STATE_TITLES[state]}；到场后才能评价")
    if now > ends_at + RATED_WITHIN:
        raise CannotRate(f"评价截止于 {moment(ends_at + RATED_WITHIN)}")


def _checked(words: str) -> str:
    words = words.strip()
    if len(words) > WORDS_LENGTH:
        raise Invalid(f"请不超过 {WORDS_LENGTH} 字")
    return words


def decide(
    session: Session, *, booking_id: int, show: bool, centre_ids: Collection[int] | None
) -> None:
    """A person's word on what WeChat was not sure of. Raises NotFound or RatingDecided."""
    found = session.scalar(
        select(Rating)
        .join(Booking, Booking.id == Rating.booking_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .where(
            Rating.booking_id == booking_id,
            true() if centre_ids is None else Slot.centre_id.in_(centre_ids),
        )
        .with_for_update(of=Rating)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    if found.check_state is not RatingCheck.REVIEW:
        raise RatingDecided
    found.check_state = RatingCheck.PASSED if show else RatingCheck.HIDDEN
    session.flush()
