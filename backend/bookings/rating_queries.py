"""Ratings for the console: averages that tell of no single family, words that were let pass."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, true
from sqlalchemy.orm import Session

from backend.bookings.attendance_models import Rating, RatingCheck
from backend.bookings.models import Booking
from backend.centres.models import Centre, Slot
from backend.centres.place_models import Teacher

SHOWN_FROM = 5  # ratings; an average of fewer would tell what one family said
MOST_ROWS = 200


@dataclass(frozen=True)
class Average:
    """Of a centre or a teacher. `stars` is None below SHOWN_FROM ratings."""

    name: str
    count: int
    stars: float | None


@dataclass(frozen=True)
class RatingRow:
    """A rating whose words wait for a person. The words are sealed; nobody is named."""

    booking_id: int
    centre: str
    title: str
    starts_at: datetime
    stars: int
    words_sealed: str
    check_state: RatingCheck


def to_review(session: Session, centre_ids: Collection[int] | None) -> list[RatingRow]:
    return _rows(session, centre_ids, RatingCheck.REVIEW)


def shown_words(session: Session, centre_ids: Collection[int] | None) -> list[RatingRow]:
    """What families wrote and a check let pass, the newest session first."""
    return _rows(session, centre_ids, RatingCheck.PASSED)


def _rows(
    session: Session, centre_ids: Collection[int] | None, state: RatingCheck
) -> list[RatingRow]:
    rows = session.execute(
        select(
            Rating.booking_id,
            Centre.name,
            Slot.title,
            Slot.starts_at,
            Rating.stars,
            Rating.words_sealed,
            Rating.check_state,
        )
        .join(Booking, Booking.id == Rating.booking_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Centre, Centre.id == Slot.centre_id)
        .where(Rating.check_state == state, Rating.words_sealed.is_not(None), _of(centre_ids))
        .order_by(Slot.starts_at.desc(), Rating.booking_id)
        .limit(MOST_ROWS)
    )
    return [RatingRow(row[0], row[1], row[2], row[3], row[4], str(row[5]), row[6]) for row in rows]


def averages_by_centre(session: Session, centre_ids: Collection[int] | None) -> list[Average]:
    query = (
        select(Centre.name, func.count(), func.avg(Rating.stars))
        .join(Booking, Booking.id == Rating.booking_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Centre, Centre.id == Slot.centre_id)
        .where(_of(centre_ids))
        .group_by(Centre.id, Centre.name)
        .order_by(Centre.id)
    )
    return _averages(session.execute(query).all())


def averages_by_teacher(session: Session, centre_ids: Collection[int] | None) -> list[Average]:
    query = (
        select(Teacher.display_name, func.count(), func.avg(Rating.stars))
        .join(Booking, Booking.id == Rating.booking_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Teacher, Teacher.id == Slot.teacher_id)
        .where(_of(centre_ids))
        .group_by(Teacher.id, Teacher.display_name)
        .order_by(Teacher.id)
    )
    return _averages(session.execute(query).all())


def _averages(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Average]:
    return [
        Average(name, count, round(float(stars), 1) if count >= SHOWN_FROM else None)
        for name, count, stars in rows
    ]


def _of(centre_ids: Collection[int] | None) -> ColumnElement[bool]:
    return true() if centre_ids is None else Slot.centre_id.in_(centre_ids)
