"""What a person found when he looked at a sign: only ever added, the newest word counts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Identity, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column


class SignKind(StrEnum):
    """What is looked for. Public: it stands in addresses."""

    ONE_PHONE = "one_phone"
    LIST_IN_SECONDS = "list_in_seconds"
    TEACHER_IN_TWO_PLACES = "teacher_in_two_places"
    ROOM_TOO_FULL = "room_too_full"
    MOSTLY_UNCONFIRMED = "mostly_unconfirmed"
    CHILD_IN_TWO_CENTRES = "child_in_two_centres"
    NOBODY_TAUGHT = "nobody_taught"
    MOSTLY_PAPER = "mostly_paper"


class SignVerdict(StrEnum):
    CONFIRMED = "confirmed"  # it is as it looks; the note says what follows
    HARMLESS = "harmless"
    REOPENED = "reopened"  # the word before this one is taken back


class SignCheck(Base):
    """One word of one person about one sign of a month (by its first day).

    `subject` names what the sign is about: `slot:7`, `centre:3`, `parent:12`,
    `child:5@2026-11-06`. `number` counts the words about it, so of two people one is told.
    """

    __tablename__ = "sign_checks"
    __table_args__ = (
        CheckConstraint("EXTRACT(DAY FROM month) = 1", "month_by_first_day"),
        CheckConstraint("number >= 1", "number_from_one"),
        CheckConstraint("note <> '' OR verdict = 'reopened'", "said_why"),
        UniqueConstraint("month", "kind", "subject", "number"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    month: Mapped[date]
    kind: Mapped[SignKind] = mapped_column(enum_column(SignKind))
    subject: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(Integer)
    verdict: Mapped[SignVerdict] = mapped_column(enum_column(SignVerdict))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)
