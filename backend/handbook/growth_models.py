"""What a family measured, as it is kept."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class GrowthEntry(Base):
    """One measurement of a child on a day. Weight, length and head are sealed together.

    They tell of health, and no query compares them; so their limits are rules (`growth_rules`)
    and no CHECKs. The day is plain, for the one rule that the database keeps: one a day.
    """

    __tablename__ = "measurements"

    child_id: Mapped[int] = mapped_column(
        ForeignKey("children.id", ondelete="CASCADE"), primary_key=True
    )
    measured_on: Mapped[date] = mapped_column(primary_key=True)
    values_sealed: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))
    recorded_at: Mapped[datetime]
