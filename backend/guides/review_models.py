"""What was signed: texts as they were, and decisions about them. Rows are never changed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column


class Verdict(StrEnum):
    APPROVED = "approved"
    RETURNED = "returned"  # to the authors, with a note
    WITHDRAWN = "withdrawn"  # was approved, must not be shown any more


class ReviewedText(Base):
    """A text on which a decision was taken, with its figures filled in."""

    __tablename__ = "reviewed_texts"

    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    content_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime]


class ReviewDecision(Base):
    """What a named office decided about one version of a text. The latest one counts."""

    __tablename__ = "review_decisions"
    __table_args__ = (
        CheckConstraint("(verdict = 'approved') = (valid_until IS NOT NULL)", "approved_until"),
        CheckConstraint("verdict = 'approved' OR note <> ''", "refusal_says_why"),
        ForeignKeyConstraint(
            ["slug", "content_hash"],
            ["reviewed_texts.slug", "reviewed_texts.content_hash"],
            ondelete="RESTRICT",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(Text, index=True)
    content_hash: Mapped[str] = mapped_column(Text)
    verdict: Mapped[Verdict] = mapped_column(enum_column(Verdict))
    valid_until: Mapped[date | None]
    office: Mapped[str] = mapped_column(Text)
    reviewer: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    note: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime]
