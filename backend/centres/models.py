"""Where and when: centres and their slots."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.centres import feed_models as feed_models  # one more table of centres
from backend.centres import place_models as place_models  # tables that these refer to
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
    CANCELLED = "cancelled"  # does not take place


class Centre(Base):
    """A 亲子活动中心 of a town or a zone, and the institution that runs it."""

    __tablename__ = "centres"
    __table_args__ = (
        CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL)"
            " AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            "place_on_earth",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    town_code: Mapped[str] = mapped_column(Text, index=True)
    address: Mapped[str] = mapped_column(Text)
    phone_public: Mapped[str | None] = mapped_column(Text)
    institution_id: Mapped[int | None] = mapped_column(
        ForeignKey("institutions.id", ondelete="RESTRICT")
    )
    village_code: Mapped[str | None] = mapped_column(Text)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(8, 5))  # GCJ-02, as WeChat's maps
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(8, 5))
    created_at: Mapped[datetime]


def _never_twice(column: str) -> ExcludeConstraint:
    """Nothing is in two sessions at once; int8range stands in for btree_gist."""
    busy = "tstzrange(COALESCE(busy_from, starts_at), COALESCE(busy_until, ends_at))"
    return ExcludeConstraint(
        (literal_column(f"int8range({column}, {column}, '[]')"), "&&"),
        (literal_column(busy), "&&"),
        name=f"ex_slots_{column}",
        using="gist",
        where=text(f"{column} IS NOT NULL AND state <> 'cancelled'"),
    )


class Slot(Base):
    """A session on offer.

    `taken` counts live bookings and open offers; the CHECK is the last line. A room and a
    teacher are never in two places: exclusion constraints ex_slots_room_id and
    ex_slots_teacher_id over `busy_from` to `busy_until` (the way to a home visit included; None:
    from start to end). `held_places` of the capacity are kept for families with priority until
    `held_until`.
    """

    __tablename__ = "slots"
    __table_args__ = (
        CheckConstraint("taken BETWEEN 0 AND capacity", "taken_within_capacity"),
        CheckConstraint("capacity BETWEEN 1 AND 500", "capacity_range"),
        CheckConstraint("ends_at > starts_at", "ends_after_start"),
        CheckConstraint(
            "age_from_months >= 0 AND age_to_months > age_from_months AND age_to_months <= 36",
            "age_range",
        ),
        CheckConstraint("busy_from <= starts_at AND busy_until >= ends_at", "busy_around"),
        CheckConstraint(
            "held_places BETWEEN 0 AND capacity AND (held_places = 0 OR held_until IS NOT NULL)",
            "held_within_capacity",
        ),
        Index(None, "centre_id", "starts_at"),
        Index(None, "starts_at"),
        _never_twice("room_id"),
        _never_twice("teacher_id"),
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
    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id", ondelete="RESTRICT"))
    teacher_id: Mapped[int | None] = mapped_column(ForeignKey("teachers.id", ondelete="RESTRICT"))
    series_id: Mapped[int | None] = mapped_column(
        ForeignKey("slot_series.id", ondelete="SET NULL"), index=True
    )
    busy_from: Mapped[datetime | None]
    busy_until: Mapped[datetime | None]
    held_places: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    held_until: Mapped[datetime | None]
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
