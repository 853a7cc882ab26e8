"""What an institution is paid for: monthly statements, their lines, their history.

After acceptance the database refuses every change but the payment (triggers of migration 0019);
what was wrong comes as a correction in a later month.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column


class StatementState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    PAID = "paid"


class Statement(Base):
    """One month of one contract. `month`: its first day."""

    __tablename__ = "statements"
    __table_args__ = (
        CheckConstraint("EXTRACT(DAY FROM month) = 1", "month_by_first_day"),
        UniqueConstraint("contract_id", "month"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id", ondelete="RESTRICT"))
    month: Mapped[date]
    state: Mapped[StatementState] = mapped_column(enum_column(StatementState))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class LineKind(StrEnum):
    SESSION = "session"  # a session that is paid for
    DEDUCTION = "deduction"  # one that is not, and why
    CORRECTION = "correction"  # of an accepted month, with a note


class StatementLine(Base):
    """One figure of a statement and what it rests on. A booking is paid for once, ever.

    `reason`: of a deduction, a code of settlement.DEDUCTIONS; of a correction, the accepted
    statement that it puts right (“statement:12”); empty otherwise.
    """

    __tablename__ = "statement_lines"
    __table_args__ = (
        CheckConstraint(
            "(kind <> 'session'"
            " OR (amount_fen >= 0 AND booking_id IS NOT NULL AND reason = ''))"
            " AND (kind <> 'deduction'"
            " OR (amount_fen = 0 AND booking_id IS NOT NULL AND reason <> ''))"
            " AND (kind <> 'correction' OR (amount_fen <> 0 AND note <> ''))",
            "fits_kind",
        ),
        Index(
            "uq_statement_lines_paid_once",
            "booking_id",
            unique=True,
            postgresql_where=text("kind = 'session'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    statement_id: Mapped[int] = mapped_column(
        ForeignKey("statements.id", ondelete="RESTRICT"), index=True
    )
    kind: Mapped[LineKind] = mapped_column(enum_column(LineKind))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id", ondelete="RESTRICT"))
    amount_fen: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)


class StatementChange(Base):
    """Who moved a statement from which state to which. Only ever added."""

    __tablename__ = "statement_log"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    statement_id: Mapped[int] = mapped_column(
        ForeignKey("statements.id", ondelete="RESTRICT"), index=True
    )
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)
    before: Mapped[StatementState | None] = mapped_column(enum_column(StatementState, "before"))
    after: Mapped[StatementState] = mapped_column(enum_column(StatementState, "after"))
    note: Mapped[str] = mapped_column(Text)
