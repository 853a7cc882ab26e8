"""Six free sessions a year: one row a booking, one row a change of its state."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.centres.models import Slot
from backend.kernel.db import Base, enum_column
from backend.people.models import Child


class BookingState(StrEnum):
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    ATTENDED = "attended"
    MISSED = "missed"
    CANCELLED_BY_FAMILY = "cancelled_by_family"
    CANCELLED_BY_CENTRE = "cancelled_by_centre"


HOLDS_A_PLACE = "state IN ('requested', 'confirmed', 'attended', 'missed')"


class Booking(Base):
    """One child's place in one slot.

    `quota_number` says which of the year's six free sessions this is. Giving a session back
    sets it to NULL, and NULLs never clash in the unique constraint.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint("quota_number BETWEEN 1 AND 6", "quota_number_range"),
        UniqueConstraint("child_id", "quota_year", "quota_number"),
        Index(
            "uq_bookings_place",
            "child_id",
            "slot_id",
            unique=True,
            postgresql_where=text(HOLDS_A_PLACE),
        ),
        Index(None, "slot_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("children.id", ondelete="RESTRICT"))
    slot_id: Mapped[int] = mapped_column(ForeignKey("slots.id", ondelete="RESTRICT"))
    booked_by: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))
    state: Mapped[BookingState] = mapped_column(enum_column(BookingState))
    quota_year: Mapped[int] = mapped_column(SmallInteger)
    quota_number: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str | None] = mapped_column(
        Text
    )  # of a decline or a cancellation, for the family
    requested_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    reconfirmed_at: Mapped[datetime | None]
    on_behalf_of_by: Mapped[int | None] = mapped_column(
        ForeignKey("staff.id", ondelete="SET NULL")
    )  # the community worker who booked for a family without a smartphone

    slot: Mapped[Slot] = relationship(lazy="raise")
    child: Mapped[Child] = relationship(lazy="raise")


class BookingChange(Base):
    """Who moved a booking from which state to which, when and why. Only ever added."""

    __tablename__ = "booking_log"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    booking_id: Mapped[int] = mapped_column(
        ForeignKey("bookings.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)  # "parent:1", "staff:7", "system"
    before: Mapped[BookingState | None] = mapped_column(enum_column(BookingState, "before"))
    after: Mapped[BookingState] = mapped_column(enum_column(BookingState, "after"))
    quota_before: Mapped[int | None] = mapped_column(SmallInteger)
    quota_after: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str | None] = mapped_column(Text)


class YearKind(StrEnum):
    """From when to when the six sessions of a year count."""

    CALENDAR = "calendar"
    BIRTHDAY = "birthday"


class BookingPolicy(Base):
    """The city's rules for booking from a moment on. Rows are added, never edited."""

    __tablename__ = "booking_policies"
    __table_args__ = (
        CheckConstraint("opens_days >= 0 AND closes_minutes >= 0", "sensible"),
        CheckConstraint(
            "max_open >= 1 AND warn_months >= 0 AND pause_after >= 1 AND pause_within_days >= 1"
            " AND pause_days >= 0 AND offer_minutes >= 5 AND no_offer_hours >= 0"
            " AND held_until_hours >= 0 AND reconfirm_hours > 0",
            "sensible_more",
        ),
    )

    effective_from: Mapped[datetime] = mapped_column(primary_key=True)
    opens_days: Mapped[int] = mapped_column(SmallInteger)  # bookable this many days before
    closes_minutes: Mapped[int] = mapped_column(SmallInteger)  # until so long before the start
    free_cancel_hours: Mapped[int] = mapped_column(SmallInteger)
    eligible_under_months: Mapped[int] = mapped_column(SmallInteger)
    max_open: Mapped[int] = mapped_column(SmallInteger, server_default="2")
    warn_months: Mapped[int] = mapped_column(SmallInteger, server_default="12")
    pause_after: Mapped[int] = mapped_column(SmallInteger, server_default="2")
    pause_within_days: Mapped[int] = mapped_column(SmallInteger, server_default="90")
    pause_days: Mapped[int] = mapped_column(SmallInteger, server_default="30")
    offer_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="120")
    no_offer_hours: Mapped[int] = mapped_column(SmallInteger, server_default="12")
    held_until_hours: Mapped[int] = mapped_column(SmallInteger, server_default="48")
    reconfirm_hours: Mapped[int | None] = mapped_column(SmallInteger)  # None: not asked for
    year_kind: Mapped[YearKind] = mapped_column(
        enum_column(YearKind), server_default=YearKind.CALENDAR.value
    )
    note: Mapped[str] = mapped_column(Text, server_default="")
    created_by: Mapped[str] = mapped_column(Text)


class TownRule(Base):
    """What a town decides for itself, from a moment on. Rows are added, never edited."""

    __tablename__ = "town_rules"

    town_code: Mapped[str] = mapped_column(Text, primary_key=True)
    effective_from: Mapped[datetime] = mapped_column(primary_key=True)
    serves_other_towns: Mapped[bool] = mapped_column(Boolean)
    created_by: Mapped[str] = mapped_column(Text)
