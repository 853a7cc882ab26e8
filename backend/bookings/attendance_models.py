"""Who came, how it was known, and what follows when nobody came."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column


class CheckInWay(StrEnum):
    QR = "qr"
    TYPED = "typed"  # the short code under the QR code
    LIST = "list"  # ticked on the day's list


class CheckIn(Base):
    """That a family came. `scan_key` is made on the device: a scan is written once.

    `scanned_at`: the device's time, `synced_at`: ours; they differ in a hall without a network.
    `confirmed_at`: the guardian's own word on the phone.
    """

    __tablename__ = "check_ins"
    __table_args__ = (
        CheckConstraint("(confirmed_by IS NULL) OR (confirmed_at IS NOT NULL)", "confirmed_when"),
    )

    booking_id: Mapped[int] = mapped_column(
        ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True
    )
    way: Mapped[CheckInWay] = mapped_column(enum_column(CheckInWay))
    scan_key: Mapped[str] = mapped_column(Text, unique=True)
    scanned_at: Mapped[datetime]
    synced_at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))


class PaperConfirmation(Base):
    """The guardian's own word on paper: a signature that staff has seen, and on which sheet.

    For families without a phone that could say it. `recorded_at`: when staff wrote it down.
    """

    __tablename__ = "paper_confirmations"
    __table_args__ = (CheckConstraint("char_length(sheet) BETWEEN 1 AND 40", "sheet_named"),)

    booking_id: Mapped[int] = mapped_column(
        ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True
    )
    sheet: Mapped[str] = mapped_column(Text)
    signed_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))


class BookingPause(Base):
    """A time in which a child cannot be booked for, after too many missed sessions."""

    __tablename__ = "booking_pauses"
    __table_args__ = (
        CheckConstraint("until_at > from_at", "runs_forward"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", "lifted"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("children.id", ondelete="CASCADE"), index=True)
    booking_id: Mapped[int] = mapped_column(
        ForeignKey("bookings.id", ondelete="CASCADE"), unique=True
    )
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(Text)


class AppealState(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


class Appeal(Base):
    """A family's word against “missed”, and the centre's answer."""

    __tablename__ = "appeals"
    __table_args__ = (
        CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)"
            " AND (decided_at IS NULL) = (decided_by IS NULL)",
            "decided",
        ),
    )

    booking_id: Mapped[int] = mapped_column(
        ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True
    )
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))
    words_sealed: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    state: Mapped[AppealState] = mapped_column(enum_column(AppealState))
    answer: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(Text)


class RatingCheck(StrEnum):
    """What became of the words: WeChat's check first, a person where it is not sure."""

    WAITING = "waiting"
    PASSED = "passed"
    REVIEW = "review"
    HIDDEN = "hidden"


class Rating(Base):
    """One to five stars and a word about a session that was attended."""

    __tablename__ = "ratings"
    __table_args__ = (CheckConstraint("stars BETWEEN 1 AND 5", "stars_range"),)

    booking_id: Mapped[int] = mapped_column(
        ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True
    )
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))
    stars: Mapped[int] = mapped_column(SmallInteger)
    words_sealed: Mapped[str | None] = mapped_column(Text)
    check_state: Mapped[RatingCheck] = mapped_column(enum_column(RatingCheck))
    rated_at: Mapped[datetime]
