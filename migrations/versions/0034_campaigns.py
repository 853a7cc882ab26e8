"""Campaigns: one message to many families, approved by a second person.

A new table, and an index that finds the messages of one campaign: it holds those of campaigns
alone, of which there is none yet. Builds in the time of one look at all messages.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "approved",
                "running",
                "paused",
                "finished",
                "cancelled",
                name="campaignstate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("guide_slug", sa.Text(), nullable=False),
        sa.Column("audience", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("submitted_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("cursor_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=True),
        sa.Column("put_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_campaigns_{name}"))
            for name, rule in CHECKS.items()
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["staff.id"],
                name=op.f(f"fk_campaigns_{column}_staff"),
                ondelete="RESTRICT",
            )
            for column in ("author_id", "submitted_by", "approved_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index(
        "ix_campaigns_to_run",
        "campaigns",
        ["planned_at"],
        postgresql_where=sa.text("state IN ('approved', 'running')"),
    )
    op.create_index(
        "ix_messages_of_campaigns",
        "messages",
        ["key"],
        postgresql_ops={"key": "text_pattern_ops"},
        postgresql_where=sa.text("template = 'campaign'"),
    )


CHECKS = {
    "headline_fits_wechat": "char_length(headline) BETWEEN 1 AND 20",
    "sentence_is_short": "char_length(sentence) BETWEEN 1 AND 120",
    "audience": "jsonb_typeof(audience) = 'object' AND audience ? 'version'",
    "planned_by_day": (
        "EXTRACT(HOUR FROM planned_at AT TIME ZONE 'Asia/Shanghai') BETWEEN 8 AND 20"
    ),
    "approved_by_another": "approved_by <> author_id AND approved_by <> submitted_by",
    "nothing_runs_unapproved": (
        "state NOT IN ('approved', 'running', 'paused', 'finished')"
        " OR (approved_by IS NOT NULL AND submitted_by IS NOT NULL)"
    ),
    "approved_with_a_time": "(approved_by IS NULL) = (approved_at IS NULL)",
    "begun": (
        "state NOT IN ('running', 'finished') OR (last_id IS NOT NULL AND started_at IS NOT NULL)"
    ),
    "cursor_within": "cursor_id BETWEEN 0 AND last_id",
    "counts_not_negative": "put_count >= 0 AND expected >= 0",
}


def downgrade() -> None:
    op.drop_index("ix_messages_of_campaigns", table_name="messages")
    op.drop_table("campaigns")
