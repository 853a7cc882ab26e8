"""Sets of ten questions, and what was answered."""

from __future__ import annotations

from datetime import date, datetime

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
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class QuizSet(Base):
    """Ten questions that a family was asked.

    `sampled`: the family's first set of the city's month, which counts for the rate; the partial
    unique index lets no second one count. `parent_id` is forgotten with the account, `town_code`
    stays. `month`: its first day.
    """

    __tablename__ = "quiz_sets"
    __table_args__ = (
        CheckConstraint("EXTRACT(DAY FROM month) = 1", "month_by_first_day"),
        Index(
            "uq_quiz_sets_sample_of_month",
            "parent_id",
            "month",
            unique=True,
            postgresql_where=text("sampled"),
        ),
        Index(
            "ix_quiz_sets_sample",
            "month",
            "town_code",
            postgresql_where=text("sampled AND finished_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("parents.id", ondelete="SET NULL"), index=True
    )
    town_code: Mapped[str | None] = mapped_column(Text)
    band: Mapped[str] = mapped_column(Text)
    month: Mapped[date]
    sampled: Mapped[bool] = mapped_column(Boolean)
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class QuizAnswer(Base):
    """One question of a set, and the option that was chosen, counted from 1."""

    __tablename__ = "quiz_answers"
    __table_args__ = (
        CheckConstraint("position BETWEEN 1 AND 10", "ten_a_set"),
        CheckConstraint("num_nonnulls(chosen, correct, answered_at) IN (0, 3)", "answered_whole"),
        UniqueConstraint("set_id", "question_id"),
    )

    set_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_sets.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    question_id: Mapped[str] = mapped_column(Text)
    chosen: Mapped[int | None] = mapped_column(SmallInteger)
    correct: Mapped[bool | None] = mapped_column(Boolean)
    answered_at: Mapped[datetime | None]
