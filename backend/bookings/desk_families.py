"""The families that a centre knows: who has booked there in a year, and how it went."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.bookings.models import Booking, BookingState
from backend.bookings.rules import OPEN_STATES
from backend.centres.models import Slot
from backend.kernel.ages import age_months
from backend.kernel.clock import city_date, city_midnight
from backend.people.models import Child, Departure

MOST_FAMILIES = 5000  # of one search; a centre has some hundreds a year


@dataclass(frozen=True)
class DeskFamily:
    """A child at the centres of a desk, in one year. The face masks the name after opening it."""

    child_id: int
    child_name_sealed: str
    age_months: int
    attended: int
    missed: int
    coming: int  # open bookings of sessions that are still ahead
    next_at: datetime | None
    booking_ids: frozenset[int]
    departure: Departure | None

    @property
    def last_booking(self) -> int:
        return max(self.booking_ids)


def known_families(
    session: Session, centre_ids: Collection[int], *, now: datetime
) -> list[DeskFamily]:
    """Children with a session this year or still to come, who come next or came last first.

    The year is the calendar's, also where the six are counted from birthday to birthday, and in
    December it goes on into January: who asks then asks for a session of the next year.
    """
    today = city_date(now)
    ahead = Booking.state.in_(OPEN_STATES) & (Slot.starts_at > now)
    next_at = func.min(Slot.starts_at).filter(ahead)
    query = (
        select(
            Child.id,
            Child.name_sealed,
            Child.birth_date,
            Child.departure,
            func.count().filter(Booking.state == BookingState.ATTENDED).label("attended"),
            func.count().filter(Booking.state == BookingState.MISSED).label("missed"),
            func.count().filter(ahead).label("coming"),
            next_at.label("next_at"),
            func.array_agg(Booking.id).label("booking_ids"),
        )
        .join(Booking, Booking.child_id == Child.id)
        .join(Booking.slot)
        .where(
            Slot.centre_id.in_(centre_ids),
            Slot.starts_at >= city_midnight(date(today.year, 1, 1)),
            Child.deleted_at.is_(None),
        )
        .group_by(Child.id)
        .order_by(next_at.asc().nulls_last(), func.max(Slot.starts_at).desc(), Child.id)
        .limit(MOST_FAMILIES)
    )
    return [
        DeskFamily(
            child_id=row.id,
            child_name_sealed=row.name_sealed,
            age_months=age_months(row.birth_date, today),
            attended=row.attended,
            missed=row.missed,
            coming=row.coming,
            next_at=row.next_at,
            booking_ids=frozenset(row.booking_ids),
            departure=row.departure,
        )
        for row in session.execute(query)
    ]
