"""What a centre is made of: who runs it, its rooms and teachers, when it is closed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column


class Institution(Base):
    """A contracted institution that runs centres. A closed one stays as a row."""

    __tablename__ = "institutions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    filing_number: Mapped[str | None] = mapped_column(Text)  # 备案号
    phone_public: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ContractUnit(StrEnum):
    """What is paid for: each session of each child, or each session however many came."""

    SESSION = "session"  # 按人次
    FAMILY = "family"  # 按户：a child's sessions of a month once


class Contract(Base):
    """What a town buys of an institution, from the first to the last day, both included.

    Two contracts of one institution and town never overlap (exclusion constraint
    ex_contracts_one_at_a_time). Money in fen. `ceiling_fen`: of the whole term, None: no limit.
    """

    __tablename__ = "contracts"
    __table_args__ = (
        CheckConstraint(
            "price_fen > 0 AND (ceiling_fen IS NULL OR ceiling_fen >= price_fen)",
            "sensible_price",
        ),
        CheckConstraint("valid_until >= valid_from", "runs_forward"),
        ExcludeConstraint(
            (literal_column("int8range(institution_id, institution_id, '[]')"), "&&"),
            (literal_column("int4range(hashtext(town_code), hashtext(town_code), '[]')"), "&&"),
            (literal_column("daterange(valid_from, valid_until, '[]')"), "&&"),
            name="ex_contracts_one_at_a_time",
            using="gist",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id", ondelete="RESTRICT"))
    town_code: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    unit: Mapped[ContractUnit] = mapped_column(enum_column(ContractUnit))
    price_fen: Mapped[int] = mapped_column(Integer)
    ceiling_fen: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)


class Room(Base):
    """A room of a centre. `opening`: weekday (“0” is Monday) → [["09:00", "17:00"], …].

    An empty object: open whenever the centre says so.
    """

    __tablename__ = "rooms"
    __table_args__ = (
        CheckConstraint("capacity BETWEEN 1 AND 500", "capacity_range"),
        CheckConstraint("jsonb_typeof(opening) = 'object'", "opening_by_weekday"),
        UniqueConstraint("centre_id", "name"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(Text)
    capacity: Mapped[int] = mapped_column(SmallInteger)
    opening: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Teacher(Base):
    """Somebody who gives sessions. Families read `display_name` (王老师), never the whole name.

    `staff_id`: the account of a teacher who signs in, for home visits.
    """

    __tablename__ = "teachers"
    __table_args__ = (UniqueConstraint("institution_id", "display_name"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id", ondelete="RESTRICT"))
    display_name: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff.id", ondelete="SET NULL"), unique=True
    )
    created_at: Mapped[datetime]
    left_on: Mapped[date | None]


class TeacherCertificate(Base):
    """A certificate and its term, both days included. Nobody teaches without a valid one."""

    __tablename__ = "teacher_certificates"
    __table_args__ = (CheckConstraint("valid_until >= valid_from", "runs_forward"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    teacher_id: Mapped[int] = mapped_column(
        ForeignKey("teachers.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(Text)
    number_sealed: Mapped[str | None] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    created_at: Mapped[datetime]


class Closure(Base):
    """A time in which a centre, or one room of it, is closed."""

    __tablename__ = "closures"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", "runs_forward"),
        CheckConstraint("num_nonnulls(centre_id, room_id) = 1", "of_one_place"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    centre_id: Mapped[int | None] = mapped_column(
        ForeignKey("centres.id", ondelete="CASCADE"), index=True
    )
    room_id: Mapped[int | None] = mapped_column(
        ForeignKey("rooms.id", ondelete="CASCADE"), index=True
    )
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)


class DayKind(StrEnum):
    HOLIDAY = "holiday"
    WORKDAY = "workday"  # 调休：a weekend day on which people work


class CalendarDay(Base):
    """The city's own word about a day; it stands above what the calendar library says."""

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[DayKind] = mapped_column(enum_column(DayKind))
    name: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(Text)


class SlotSeries(Base):
    """A weekly pattern from which slots were written. `pattern`: see centres.series."""

    __tablename__ = "slot_series"
    __table_args__ = (CheckConstraint("last_day >= first_day", "runs_forward"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id", ondelete="RESTRICT"))
    pattern: Mapped[dict[str, Any]] = mapped_column(JSONB)
    first_day: Mapped[date]
    last_day: Mapped[date]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)
