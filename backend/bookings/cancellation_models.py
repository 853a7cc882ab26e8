"""What one act of cancelling whole sessions ended: all that an undo has to bring back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.bookings import models as models  # tables that these refer to
from backend.centres.models import SlotState
from backend.kernel.db import Base, enum_column


class SlotCancellation(Base):
    """One act: a session, or many of a pattern. It is undone once, as a whole."""

    __tablename__ = "slot_cancellations"
    __table_args__ = (CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", "undone"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(Text)


class CancelledSlot(Base):
    """A session of it, and whether families could still book it before."""

    __tablename__ = "cancelled_slots"
    __table_args__ = (CheckConstraint("state_before <> 'cancelled'", "stood"),)

    cancellation_id: Mapped[int] = mapped_column(
        ForeignKey("slot_cancellations.id", ondelete="CASCADE"), primary_key=True
    )
    slot_id: Mapped[int] = mapped_column(
        ForeignKey("slots.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    state_before: Mapped[SlotState] = mapped_column(enum_column(SlotState))


class CancelledBooking(Base):
    """The log row with which it ended a booking: what the booking was before stands there.

    While that row is the booking's last one, nothing has happened to the booking since.
    """

    __tablename__ = "cancelled_bookings"

    change_id: Mapped[int] = mapped_column(
        ForeignKey("booking_log.id", ondelete="CASCADE"), primary_key=True
    )
    cancellation_id: Mapped[int] = mapped_column(
        ForeignKey("slot_cancellations.id", ondelete="CASCADE"), index=True
    )
