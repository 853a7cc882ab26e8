"""What a family copies from the papers of check-ups and screenings, and answers at home.

All of it tells of health, so each row is one sealed JSON text; SQL has only to find and to
delete it.
"""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.handbook.screening_file import NewbornTest
from backend.kernel.db import Base, enum_column


class SealedNote:
    """What the four tables share. `purpose`: the vault's, one a table."""

    purpose: ClassVar[str]

    child_id: Mapped[int] = mapped_column(
        ForeignKey("children.id", ondelete="CASCADE"),
        primary_key=True,
        sort_order=-1,  # first in the key: notes are found by child
    )
    note_sealed: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))
    recorded_at: Mapped[datetime]


class CheckupNote(SealedNote, Base):
    """What a check-up found. Its day is that of the handbook's entry, `checkup:<visit_id>`."""

    __tablename__ = "checkup_notes"
    purpose = "checkup-note"

    visit_id: Mapped[str] = mapped_column(Text, primary_key=True)  # "m3", of checkups.yaml


class ScreeningNote(SealedNote, Base):
    """The answers about the warning signs of one check-up age.

    `recorded_at` is the moment of the answers; noting a talk with the clinic leaves it alone.
    """

    __tablename__ = "screening_notes"
    purpose = "screening-note"

    visit_id: Mapped[str] = mapped_column(Text, primary_key=True)


class NewbornNote(SealedNote, Base):
    """The result of one newborn screening, as its paper says it."""

    __tablename__ = "newborn_notes"
    purpose = "newborn-note"

    test: Mapped[NewbornTest] = mapped_column(enum_column(NewbornTest), primary_key=True)


class FamilyDoctorNote(SealedNote, Base):
    """With which team the family has signed up."""

    __tablename__ = "family_doctor_notes"
    purpose = "family-doctor-note"
