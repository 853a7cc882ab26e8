"""What a family may see and do around one session: pass, attendance, appeal, rating."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.bookings import appeals, passes, ratings
from backend.bookings.attendance_models import Appeal, AppealState, BookingPause, CheckIn, Rating
from backend.bookings.models import Booking, BookingState
from backend.bookings.policies import policy_at
from backend.bookings.ratings import CHANGED_WITHIN
from backend.kernel.errors import DomainError
from backend.kernel.privacy import Vault


@dataclass(frozen=True)
class Visit:
    """One session of a family, as its own page shows it.

    `pass_from`: from when a pass may be shown, None when there is none to show.
    `reconfirm_until`: until when the family should say again that it comes; None: not asked.
    `number_given_back`: of a missed session, whether it was a warning.
    """

    state: BookingState
    pass_from: datetime | None
    reconfirm_until: datetime | None
    reconfirmed_at: datetime | None
    checked_in_at: datetime | None
    confirmed_at: datetime | None
    may_confirm: bool
    number_given_back: bool
    paused_until: datetime | None
    may_appeal: bool
    appeal_words: str | None
    appeal_state: AppealState | None
    appeal_answer: str | None
    may_rate: bool
    stars: int | None
    words: str | None


def visit_of(
    session: Session, vault: Vault, now: datetime, *, parent_id: int, booking: Booking
) -> Visit:
    """Everything about a booking that the caller has found to be this parent's."""
    state, slot = booking.state, booking.slot
    confirmed = state is BookingState.CONFIRMED and now < slot.ends_at
    came = session.get(CheckIn, booking.id, populate_existing=True)
    appeal = session.get(Appeal, booking.id, populate_existing=True)
    rating = session.get(Rating, booking.id, populate_existing=True)
    own = rating is not None and rating.parent_id == parent_id
    return Visit(
        state=state,
        pass_from=slot.starts_at - passes.USABLE_BEFORE if confirmed else None,
        reconfirm_until=_reconfirm_until(session, booking, now),
        reconfirmed_at=booking.reconfirmed_at,
        checked_in_at=came.scanned_at if came else None,
        confirmed_at=came.confirmed_at if came else None,
        may_confirm=came is not None and came.confirmed_at is None,
        number_given_back=state is BookingState.MISSED and booking.quota_number is None,
        paused_until=_paused_until(session, booking.id, now),
        may_appeal=appeal is None and _may_appeal(session, booking, now),
        appeal_words=vault.open(appeal.words_sealed, appeals.WORDS)
        if appeal is not None and appeal.parent_id == parent_id
        else None,
        appeal_state=appeal.state if appeal else None,
        appeal_answer=appeal.answer if appeal else None,
        may_rate=_may_rate(booking, rating, parent_id, now),
        stars=rating.stars if rating else None,
        words=_words(vault, rating) if own else None,
    )


def _reconfirm_until(session: Session, booking: Booking, now: datetime) -> datetime | None:
    hours = policy_at(session, now).reconfirm_hours
    open_ = booking.state is BookingState.CONFIRMED and booking.reconfirmed_at is None
    if hours is None or not open_:
        return None
    until = booking.slot.starts_at - timedelta(hours=hours)
    return until if now < until else None


def _paused_until(session: Session, booking_id: int, now: datetime) -> datetime | None:
    return session.scalar(
        select(BookingPause.until_at).where(
            BookingPause.booking_id == booking_id,
            BookingPause.lifted_at.is_(None),
            BookingPause.until_at > now,
        )
    )


def _may_appeal(session: Session, booking: Booking, now: datetime) -> bool:
    marked = appeals.marked_at(session, booking)
    return _allowed(lambda: appeals.check_may_appeal(booking.state, marked, now))


def _may_rate(booking: Booking, rating: Rating | None, parent_id: int, now: datetime) -> bool:
    changeable = rating is None or (
        rating.parent_id == parent_id and now <= rating.rated_at + CHANGED_WITHIN
    )
    return changeable and _allowed(
        lambda: ratings.check_may_rate(booking.state, booking.slot.ends_at, now)
    )


def _allowed(check: Callable[[], None]) -> bool:
    try:
        check()
    except DomainError:
        return False
    return True


def _words(vault: Vault, rating: Rating | None) -> str | None:
    if rating is None or rating.words_sealed is None:
        return None
    return vault.open(rating.words_sealed, ratings.WORDS)
