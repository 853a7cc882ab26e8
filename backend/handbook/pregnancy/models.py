"""What is kept of a pregnancy. Why one ended has no column: nobody is asked."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.handbook.pregnancy.dating import Method
from backend.kernel.db import Base, enum_column


class State(StrEnum):
    OPEN = "open"
    BORN = "born"  # the family said so; a due date never does
    ENDED = "ended"


class EntryKind(StrEnum):
    CHECKUP = "checkup"
    WEIGHT = "weight"
    MOVEMENTS = "movements"


class Pregnancy(Base):
    """One pregnancy of one parent. The due date is plain: planning is SQL on it.

    Nothing is planned for days before `plans_from`.
    """

    __tablename__ = "pregnancies"
    __table_args__ = (
        CheckConstraint("due_date BETWEEN DATE '2000-01-01' AND DATE '2200-01-01'", "due_date"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", "closed_with_a_time"),
        Index(
            "uq_pregnancies_open",
            "parent_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_pregnancies_due_date_open", "due_date", postgresql_where=text("state = 'open'")),
        Index(None, "parent_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id", ondelete="CASCADE"))
    due_date: Mapped[date]
    dated_by: Mapped[Method] = mapped_column(enum_column(Method))
    multiple: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[State] = mapped_column(enum_column(State))
    plans_from: Mapped[date]
    created_at: Mapped[datetime]
    dated_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class PregnancyEntry(Base):
    """What the family wrote down. Weights and counts are sealed: they are about a body.

    `key` says which one it is: the check-up's id, the day of a weight, the start of a count.
    """

    __tablename__ = "pregnancy_entries"
    __table_args__ = (
        CheckConstraint("(kind = 'checkup') = (value_sealed IS NULL)", "others_have_a_value"),
        UniqueConstraint("pregnancy_id", "kind", "key"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    pregnancy_id: Mapped[int] = mapped_column(ForeignKey("pregnancies.id", ondelete="CASCADE"))
    kind: Mapped[EntryKind] = mapped_column(enum_column(EntryKind))
    key: Mapped[str] = mapped_column(Text)
    day: Mapped[date]
    value_sealed: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime]
