"""Families with priority, and home addresses: optional, sealed, each under its own consent."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class PriorityGrant(Base):
    """A child's priority (残疾、孤独症、困境): asked by the family, granted by the town.

    Which of them it is stays sealed; a clerk sees 优先 and nothing else. `valid_until` is the
    last day. `ended_at`: withdrawn by the family, refused, or taken back.
    """

    __tablename__ = "priority_grants"
    __table_args__ = (
        CheckConstraint(
            "num_nonnulls(granted_at, granted_by, valid_until) IN (0, 3)", "granted_whole"
        ),
        Index(
            "uq_priority_grants_open",
            "child_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("children.id", ondelete="CASCADE"))
    kind_sealed: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    granted_at: Mapped[datetime | None]
    granted_by: Mapped[str | None] = mapped_column(Text)
    valid_until: Mapped[date | None]
    ended_at: Mapped[datetime | None]


class HomeAddress(Base):
    """Where a home visit goes. Shown to the assigned teacher, a day around the visit."""

    __tablename__ = "home_addresses"

    child_id: Mapped[int] = mapped_column(
        ForeignKey("children.id", ondelete="CASCADE"), primary_key=True
    )
    address_sealed: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
