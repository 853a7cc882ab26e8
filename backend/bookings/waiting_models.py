"""Families that wait for a place in a slot, in the order in which they joined."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.centres.models import Slot
from backend.kernel.db import Base, enum_column
from backend.people.models import Child


class WaitingState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"  # a place is kept for it until `offer_until`
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    LEFT = "left"
    CLOSED = "closed"  # the session began, or was cancelled


IN_LINE = "state IN ('waiting', 'offered')"


class WaitingEntry(Base):
    """One child's place in the line for one slot. `slots.taken` counts an open offer."""

    __tablename__ = "waiting_entries"
    __table_args__ = (
        CheckConstraint(
            "state <> 'offered' OR (num_nulls(offered_at, offer_until) = 0"
            " AND offer_until > offered_at)",
            "offer_has_an_end",
        ),
        CheckConstraint("(state IN ('waiting', 'offered')) = (ended_at IS NULL)", "ended"),
        Index(
            "uq_waiting_entries_once",
            "child_id",
            "slot_id",
            unique=True,
            postgresql_where=text(IN_LINE),
        ),
        Index("ix_waiting_entries_queue", "slot_id", "id", postgresql_where=text(IN_LINE)),
        Index(
            "ix_waiting_entries_offers",
            "offer_until",
            postgresql_where=text("state = 'offered'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slots.id", ondelete="RESTRICT"))
    child_id: Mapped[int] = mapped_column(ForeignKey("children.id", ondelete="CASCADE"), index=True)
    joined_by: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))
    state: Mapped[WaitingState] = mapped_column(enum_column(WaitingState))
    joined_at: Mapped[datetime]
    offered_at: Mapped[datetime | None]
    offer_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id", ondelete="SET NULL"))

    slot: Mapped[Slot] = relationship(lazy="raise")
    child: Mapped[Child] = relationship(lazy="raise")
