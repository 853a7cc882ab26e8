"""One message to many families: what it says, whom it is for, who wrote and who approved it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column


class CampaignState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"  # waits for a second person
    APPROVED = "approved"  # waits for its hour
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Campaign(Base):
    """`town_code` None: the city's own. `author_id`: whoever wrote or changed it last.

    Families are told in the order of their parents' ids: those up to `cursor_id` have been
    looked at, the last one to look at is `last_id`, the newest when it began. `expected`:
    families when it was submitted. `note`: why it was sent back, paused or cancelled.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("char_length(headline) BETWEEN 1 AND 20", "headline_fits_wechat"),
        CheckConstraint("char_length(sentence) BETWEEN 1 AND 120", "sentence_is_short"),
        CheckConstraint("jsonb_typeof(audience) = 'object' AND audience ? 'version'", "audience"),
        CheckConstraint(
            "EXTRACT(HOUR FROM planned_at AT TIME ZONE 'Asia/Shanghai') BETWEEN 8 AND 20",
            "planned_by_day",
        ),
        CheckConstraint(
            "approved_by <> author_id AND approved_by <> submitted_by", "approved_by_another"
        ),
        CheckConstraint(
            "state NOT IN ('approved', 'running', 'paused', 'finished')"
            " OR (approved_by IS NOT NULL AND submitted_by IS NOT NULL)",
            "nothing_runs_unapproved",
        ),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", "approved_with_a_time"),
        CheckConstraint(
            "state NOT IN ('running', 'finished')"
            " OR (last_id IS NOT NULL AND started_at IS NOT NULL)",
            "begun",
        ),
        CheckConstraint("cursor_id BETWEEN 0 AND last_id", "cursor_within"),
        CheckConstraint("put_count >= 0 AND expected >= 0", "counts_not_negative"),
        Index(
            "ix_campaigns_to_run",
            "planned_at",
            postgresql_where=text("state IN ('approved', 'running')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    town_code: Mapped[str | None] = mapped_column(Text)
    state: Mapped[CampaignState] = mapped_column(enum_column(CampaignState))
    headline: Mapped[str] = mapped_column(Text)
    sentence: Mapped[str] = mapped_column(Text)
    guide_slug: Mapped[str] = mapped_column(Text)
    audience: Mapped[dict[str, Any]] = mapped_column(JSONB)  # audience.Audience
    urgent: Mapped[bool] = mapped_column(Boolean)
    planned_at: Mapped[datetime]
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    approved_at: Mapped[datetime | None]
    expected: Mapped[int | None]
    cursor_id: Mapped[int] = mapped_column(BigInteger, server_default="0")
    last_id: Mapped[int | None] = mapped_column(BigInteger)
    put_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    note: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
