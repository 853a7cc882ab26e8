"""The secret address under which a calendar program reads a centre's sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class CentreFeed(Base):
    """One address a centre. Only the hash is kept, so a stolen table opens no calendar."""

    __tablename__ = "centre_feeds"

    centre_id: Mapped[int] = mapped_column(
        ForeignKey("centres.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)
