"""The diary, the home checks, and the photos that nobody needs any more."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class DiaryEntry(Base):
    """One day of a child: a note, a photo, or both.

    `photo_key` names a file of the photo store. However a row or its key goes, a trigger puts
    the key on the list `dropped_photos`, from which a task deletes the file. `removed_at`: the
    family deleted the entry and may still take that back.
    """

    __tablename__ = "diary_entries"
    __table_args__ = (
        UniqueConstraint("child_id", "day"),
        UniqueConstraint("photo_key"),
        CheckConstraint("num_nonnulls(note_sealed, photo_key) >= 1", "says_something"),
        CheckConstraint("version >= 1", "version_from_one"),
        Index(None, "removed_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("children.id", ondelete="CASCADE"))
    day: Mapped[date]
    note_sealed: Mapped[str | None] = mapped_column(Text)
    photo_key: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)  # one more with each change: what was seen?
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))
    recorded_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class DroppedPhoto(Base):
    """The key of a photo whose row is gone; its file goes next. Written by the trigger alone."""

    __tablename__ = "dropped_photos"

    photo_key: Mapped[str] = mapped_column(Text, primary_key=True)


class HomeCheck(Base):
    """What a family found when it went through its home on a day; the answers are sealed."""

    __tablename__ = "home_checks"

    child_id: Mapped[int] = mapped_column(
        ForeignKey("children.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    answers_sealed: Mapped[str] = mapped_column(Text)
    list_version: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))
    recorded_at: Mapped[datetime]
