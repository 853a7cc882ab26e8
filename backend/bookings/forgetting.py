"""What a family wrote around its sessions goes with it; that a session took place stays."""

from collections.abc import Collection

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from backend.bookings.attendance_models import Appeal, CheckIn, Rating, RatingCheck
from backend.bookings.models import Booking

FORGOTTEN = ""  # sealed words are never empty, so this opens to nothing


def forget_words(
    session: Session, child_ids: Collection[int], *, parent_id: int | None = None
) -> None:
    """Delete the words of appeals and ratings of these children, and who wrote them.

    With `parent_id` only what that guardian wrote. Stars, decisions, check-ins and the numbers of
    signed sheets stay for the accounts and belong to nobody.
    """
    theirs = select(Booking.id).where(Booking.child_id.in_(child_ids))
    _forget(session, theirs, parent_id)


def _forget(session: Session, theirs: Select[int], parent_id: int | None) -> None:
    appeals = update(Appeal).where(Appeal.booking_id.in_(theirs))
    ratings = update(Rating).where(Rating.booking_id.in_(theirs))
    came = update(CheckIn).where(CheckIn.booking_id.in_(theirs))
    if parent_id is not None:
        appeals = appeals.where(Appeal.parent_id == parent_id)
        ratings = ratings.where(Rating.parent_id == parent_id)
        came = came.where(CheckIn.confirmed_by == parent_id)
    for statement in (
        appeals.values(words_sealed=FORGOTTEN, parent_id=None),
        ratings.values(words_sealed=None, parent_id=None, check_state=RatingCheck.PASSED),
        came.values(confirmed_by=None),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})
