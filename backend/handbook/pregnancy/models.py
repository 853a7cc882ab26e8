"""What is kept of a pregnancy. Why one ended has no column: nobody is asked."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.handbook.pregnancy.dating import Method
from backend.kernel.db import Base, enum_column
from backend.people.models import Relation


class State(StrEnum):
    OPEN = "open"
    BORN = "born"  # the family said so; a due date never does
    ENDED = "ended"


class EntryKind(StrEnum):
    CHECKUP = "checkup"
    WEIGHT = "weight"
    MOVEMENTS = "movements"


class Pregnancy(Base):
    """One pregnancy, of whoever opened it and perhaps a partner.

    The due date is plain: planning is SQL on it.

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
        UniqueConstraint("id", "state"),  # what its parents' rows refer to
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


class PregnancyParent(Base):
    """Who sees a pregnancy: the one who opened it, and at most one partner.

    `state` is that of the pregnancy, kept by the database (ON UPDATE CASCADE), so that an index
    can say that nobody has two open ones, in whichever part. Written by statements, never as an
    object: it would not see the state change.
    """

    __tablename__ = "pregnancy_parents"
    __table_args__ = (
        CheckConstraint("opener OR relation IS NOT NULL", "partner_said_who"),
        ForeignKeyConstraint(
            ["pregnancy_id", "state"],
            ["pregnancies.id", "pregnancies.state"],
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        UniqueConstraint("pregnancy_id", "opener"),
        Index(
            "uq_pregnancy_parents_open",
            "parent_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index(None, "parent_id"),
    )

    pregnancy_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    parent_id: Mapped[int] = mapped_column(
        ForeignKey("parents.id", ondelete="CASCADE"), primary_key=True
    )
    opener: Mapped[bool] = mapped_column(Boolean)
    relation: Mapped[Relation | None] = mapped_column(enum_column(Relation))
    state: Mapped[State] = mapped_column(enum_column(State))
    since: Mapped[datetime]


class PregnancyInvitation(Base):
    """A code of eight letters by which the partner joins; once, within a day."""

    __tablename__ = "pregnancy_invitations"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    pregnancy_id: Mapped[int] = mapped_column(
        ForeignKey("pregnancies.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


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
