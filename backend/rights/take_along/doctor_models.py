"""Links by which a doctor sees one child."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base


class DoctorLink(Base):
    """One link. Only the hash of its token is kept, so a stolen table opens no child.

    Each look is a line of the audit log, written by `doctor-link:<id>`.
    """

    __tablename__ = "doctor_links"
    __table_args__ = (
        CheckConstraint(
            "expires_at > created_at AND expires_at <= created_at + INTERVAL '15 minutes'",
            "fifteen_minutes_at_most",
        ),
        CheckConstraint("revoked_at >= created_at", "revoked_after_it_was_made"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("children.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[int] = mapped_column(ForeignKey("parents.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
