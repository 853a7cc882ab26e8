"""Where and when: centres and their slots."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.kernel.db import Base, enum_column


class SlotKind(StrEnum):
    """The four kinds of guidance of the city plan of 2021-12-08."""

    HOME_VISIT = "home_visit"  # 入户指导
    ACTIVITY = "activity"  # 亲子活动
    CLASS = "class"  # 家长课堂
    CONSULTATION = "consultation"  # 专家咨询


KIND_TITLES = {
    SlotKind.HOME_VISIT: "入户指导",
    SlotKind.ACTIVITY: "亲子活动",
    SlotKind.CLASS: "家长课堂",
    SlotKind.CONSULTATION: "专家咨询",
}


class SlotState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"  # no new bookings; those made stay


class Centre(Base):
    """A 亲子活动中心 of a town or a zone."""

    __tablename__ = "centres"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    town_code: Mapped[str] = mapped_column(Text, index=True)
    address: Mapped[str] = mapped_column(Text)
    phone_public: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class Slot(Base):
    """A session on offer. `taken` counts live bookings; the CHECK is the last line."""

    __tablename__ = "slots"
    __table_args__ = (
        CheckConstraint("taken BETWEEN 0 AND capacity", "taken_within_capacity"),
        CheckConstraint("capacity BETWEEN 1 AND 500", "capacity_range"),
        CheckConstraint("ends_at > starts_at", "ends_after_start"),
        CheckConstraint(
            "age_from_months >= 0 AND age_to_months > age_from_months AND age_to_months <= 36",
            "age_range",
        ),
        Index(None, "centre_id", "starts_at"),
        Index(None, "starts_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id", ondelete="RESTRICT"))
    kind: Mapped[SlotKind] = mapped_column(enum_column(SlotKind))
    title: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    age_from_months: Mapped[int] = mapped_column(SmallInteger)
    age_to_months: Mapped[int] = mapped_column(SmallInteger)  # exclusive; the plan serves under 36
    capacity: Mapped[int] = mapped_column(SmallInteger)
    taken: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    state: Mapped[SlotState] = mapped_column(
        enum_column(SlotState), server_default=SlotState.OPEN.value
    )
    created_at: Mapped[datetime]

    centre: Mapped[Centre] = relationship(lazy="raise")


class NursingRoom(Base):
    """A nursing room (母婴室) open to the public, as staff last saw it.

    `facilities`: a list of ids of `nursing_rooms.FACILITIES`. A closed one stays as a row.
    """

    __tablename__ = "nursing_rooms"
    __table_args__ = (
        CheckConstraint("jsonb_typeof(facilities) = 'array'", "facilities_list"),
        UniqueConstraint("town_code", "name", "spot"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    town_code: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    spot: Mapped[str] = mapped_column(Text)  # where in the building: floor, beside what
    opening_hours: Mapped[str] = mapped_column(Text)
    facilities: Mapped[list[str]] = mapped_column(JSONB)
    phone_public: Mapped[str | None] = mapped_column(Text)
    checked_on: Mapped[date]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
