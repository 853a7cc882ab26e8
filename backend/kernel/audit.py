"""Who saw or changed what. Rows are only ever added (a trigger refuses the rest).

未成年人网络保护条例 (2024) art. 36: access to minors' data by staff is approved and logged.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.kernel.clock import Clock
from backend.kernel.db import Base


class AuditEntry(Base):
    """One act of one actor: `staff:7` `child.read` `child:12`."""

    __tablename__ = "audit_log"
    __table_args__ = (Index(None, "subject", "id"), Index(None, "actor", "id"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)


def record(
    session: Session,
    clock: Clock,
    *,
    actor: str,
    action: str,
    subject: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add an entry in the caller's transaction. `detail` holds ids and states, never names."""
    session.add(
        AuditEntry(at=clock.now(), actor=actor, action=action, subject=subject, detail=detail or {})
    )
