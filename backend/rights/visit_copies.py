"""The part of a family's copy that is about its visits: check-ins, pauses, appeals, ratings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.bookings import appeals, ratings
from backend.bookings.attendance_models import (
    Appeal,
    BookingPause,
    CheckIn,
    PaperConfirmation,
    Rating,
)
from backend.bookings.models import Booking
from backend.centres.models import Slot
from backend.kernel.clock import city_time
from backend.kernel.privacy import Vault

Copy = dict[str, Any]


def visits_of(session: Session, vault: Vault, ids: Sequence[int], parent_id: int) -> list[Copy]:
    """What followed each session. Words appear for the guardian who wrote them."""
    rows = session.execute(
        select(Booking, Slot, CheckIn, PaperConfirmation, Appeal, Rating)
        .join(Slot, Slot.id == Booking.slot_id)
        .outerjoin(CheckIn, CheckIn.booking_id == Booking.id)
        .outerjoin(PaperConfirmation, PaperConfirmation.booking_id == Booking.id)
        .outerjoin(Appeal, Appeal.booking_id == Booking.id)
        .outerjoin(Rating, Rating.booking_id == Booking.id)
        .where(Booking.child_id.in_(ids))
        .order_by(Booking.id)
    )
    return [
        {
            "title": slot.title,
            "starts_at": _said(slot.starts_at),
            "reconfirmed_at": _said(booking.reconfirmed_at),
            "check_in": _check_in(came),
            "signed_on_paper": _paper(paper),
            "appeal": _appeal(vault, appeal, parent_id),
            "rating": _rating(vault, rating, parent_id),
        }
        for booking, slot, came, paper, appeal, rating in rows
    ]


def pauses_of(session: Session, ids: Sequence[int]) -> list[Copy]:
    rows = session.scalars(
        select(BookingPause).where(BookingPause.child_id.in_(ids)).order_by(BookingPause.id)
    )
    return [
        {
            "from_at": _said(one.from_at),
            "until_at": _said(one.until_at),
            "lifted_at": _said(one.lifted_at),
        }
        for one in rows
    ]


def _check_in(came: CheckIn | None) -> Copy | None:
    if came is None:
        return None
    return {
        "way": came.way.value,
        "scanned_at": _said(came.scanned_at),
        "synced_at": _said(came.synced_at),
        "confirmed_at": _said(came.confirmed_at),
    }


def _paper(paper: PaperConfirmation | None) -> Copy | None:
    if paper is None:
        return None
    return {
        "sheet": paper.sheet,
        "signed_on": paper.signed_on.isoformat(),
        "recorded_at": _said(paper.recorded_at),
    }


def _appeal(vault: Vault, appeal: Appeal | None, parent_id: int) -> Copy | None:
    if appeal is None:
        return None
    own = appeal.parent_id == parent_id
    return {
        "words": vault.open(appeal.words_sealed, appeals.WORDS) if own else None,
        "made_at": _said(appeal.made_at),
        "state": appeal.state.value,
        "answer": appeal.answer,
        "decided_at": _said(appeal.decided_at),
    }


def _rating(vault: Vault, rating: Rating | None, parent_id: int) -> Copy | None:
    if rating is None:
        return None
    sealed = rating.words_sealed if rating.parent_id == parent_id else None
    return {
        "stars": rating.stars,
        "words": None if sealed is None else vault.open(sealed, ratings.WORDS),
        "check": rating.check_state.value,
        "rated_at": _said(rating.rated_at),
    }


def _said(instant: datetime | None) -> str | None:
    return None if instant is None else city_time(instant).isoformat(timespec="seconds")
