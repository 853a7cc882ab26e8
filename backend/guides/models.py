"""What a parent keeps of the library."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class GuideMark(Base):
    """A parent's favourite, or that a piece was read. Pieces are files, so only the slug."""

    __tablename__ = "guide_marks"
    __table_args__ = (
        CheckConstraint("favourite_since IS NOT NULL OR read_at IS NOT NULL", "says_something"),
    )

    parent_id: Mapped[int] = mapped_column(
        ForeignKey("parents.id", ondelete="CASCADE"), primary_key=True
    )
    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    favourite_since: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
