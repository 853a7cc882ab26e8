"""What a family keeps in the handbook."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class HandbookEntry(Base):
    """That an item is done, as the family says it. The paper book and the clinic decide."""

    __tablename__ = "handbook_entries"

    child_id: Mapped[int] = mapped_column(
        ForeignKey("children.id", ondelete="CASCADE"), primary_key=True
    )
    item_id: Mapped[str] = mapped_column(Text, primary_key=True)  # "vaccine:hepb-1", "mother:pnc-1"
    done_on: Mapped[date]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))
    recorded_at: Mapped[datetime]
    place_sealed: Mapped[str | None] = mapped_column(Text)
    batch_sealed: Mapped[str | None] = mapped_column(Text)


class VaccineFacts(Base):
    """What a family said once and the vaccination programme asks; all of it sealed, all optional.

    None: nobody said. `immunoglobulin_sealed` holds days, as a JSON list.
    """

    __tablename__ = "vaccine_facts"

    child_id: Mapped[int] = mapped_column(
        ForeignKey("children.id", ondelete="CASCADE"), primary_key=True
    )
    mother_hbsag_sealed: Mapped[str | None] = mapped_column(Text)
    birth_weight_sealed: Mapped[str | None] = mapped_column(Text)
    had_varicella_sealed: Mapped[str | None] = mapped_column(Text)
    immunoglobulin_sealed: Mapped[str | None] = mapped_column(Text)
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))
    changed_at: Mapped[datetime]


class ItemDate(Base):
    """When an item of one child is due, where its birth date alone does not say so.

    Written whenever something is recorded that moves the plan: a late dose, immunoglobulin, a
    choice of product. `due_on` None: the item is not wanted of this child (closed, or another
    product was chosen). No row: the day follows from the birth date.
    """

    __tablename__ = "item_dates"

    child_id: Mapped[int] = mapped_column(
        ForeignKey("children.id", ondelete="CASCADE"), primary_key=True
    )
    item_id: Mapped[str] = mapped_column(Text, primary_key=True)
    due_on: Mapped[date | None] = mapped_column(index=True)


class ItemBit(Base):
    """Which bit of a child's words a dose or a check-up is; given at its first record, for good.

    63 of each kind. What comes later has none: it is recorded like any other and cannot be asked
    for by an audience.
    """

    __tablename__ = "item_bits"
    __table_args__ = (
        UniqueConstraint("kind", "bit"),
        CheckConstraint("kind IN ('vaccine', 'checkup')", "kind"),
        CheckConstraint("bit BETWEEN 0 AND 62", "bit"),
    )

    item_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    bit: Mapped[int] = mapped_column(SmallInteger)
