"""Who may read whose handbook until when."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column


class ReadPurpose(StrEnum):
    """What a handbook is read for. No free words: they would tell of health."""

    FOLLOW_UP = "follow_up"
    REFERRAL = "referral"
    FAMILY_ASKED = "family_asked"
    DATA_CHECK = "data_check"


class GrantState(StrEnum):
    """As it is kept. What has run out is told by `rules.standing`, without a write."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # before it was decided: by who asked, by the family, by time
    ENDED = "ended"  # after it was granted


class HandbookGrant(Base):
    """One request of one member of staff for one child, and what became of it.

    Each look is a line of the audit log that names the grant. `closed_by` is an actor: staff, a
    parent, the system.
    """

    __tablename__ = "handbook_grants"
    __table_args__ = (
        CheckConstraint("hours BETWEEN 1 AND 168", "hours_range"),
        CheckConstraint("decided_by <> staff_id", "not_by_oneself"),
        CheckConstraint(
            "(state IN ('asked', 'withdrawn')) = (decided_at IS NULL)"
            " AND (decided_at IS NULL) = (decided_by IS NULL)",
            "decided_by_somebody",
        ),
        CheckConstraint("(state IN ('granted', 'ended')) = (ends_at IS NOT NULL)", "granted_until"),
        CheckConstraint(
            "ends_at > decided_at AND ends_at <= decided_at + INTERVAL '7 days'",
            "seven_days_at_most",
        ),
        CheckConstraint("state <> 'refused' OR reason <> ''", "refusal_says_why"),
        CheckConstraint(
            "(state IN ('withdrawn', 'ended')) = (closed_at IS NOT NULL)"
            " AND (closed_at IS NULL) = (closed_by IS NULL)",
            "closed_by_somebody",
        ),
        Index(
            "uq_handbook_grants_open",
            "staff_id",
            "child_id",
            unique=True,
            postgresql_where=text("state IN ('asked', 'granted')"),
        ),
        Index(None, "child_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("children.id", ondelete="CASCADE"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    purpose: Mapped[ReadPurpose] = mapped_column(enum_column(ReadPurpose))
    hours: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[GrantState] = mapped_column(enum_column(GrantState))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    reason: Mapped[str] = mapped_column(Text)
    ends_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(Text)
