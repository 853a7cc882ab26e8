"""Pauses and quotas of sending, and the way that a message is on.

New tables, and new columns with defaults: every message that stands is on its first way. Takes
a short lock on messages; the indexes hold open messages alone, so they are built in a moment.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "messages", sa.Column("channel", sa.String(40), server_default="subscribe", nullable=False)
    )
    op.add_column("messages", sa.Column("account", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "messages",
        sa.Column("uncounted_attempts", sa.SmallInteger(), server_default="0", nullable=False),
    )
    op.add_column("messages", sa.Column("wechat_id", sa.BigInteger(), nullable=True))
    # The columns are new and alike: the checks read each row once, while nobody writes.
    for name, rule in (
        ("ck_messages_channel_known", "channel IN ('subscribe', 'service')"),
        ("ck_messages_account_of_channel", "(channel = 'service') = (account <> '')"),
        (
            "ck_messages_uncounted_attempts_among_attempts",
            "uncounted_attempts BETWEEN 0 AND attempts",
        ),
    ):
        op.execute(
            "-- squawk-ignore constraint-missing-not-valid\n"
            f"ALTER TABLE messages ADD CONSTRAINT {name} CHECK ({rule})"
        )
    op.create_index(
        "ix_messages_lane",
        "messages",
        ["account", "template", "due_at", "id"],
        postgresql_where=sa.text("state IN ('waiting', 'claimed')"),
    )
    op.create_index(
        "ix_messages_sending",
        "messages",
        ["not_before"],
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_messages_wechat_id",
        "messages",
        ["account", "wechat_id"],
        postgresql_where=sa.text("wechat_id IS NOT NULL"),
    )
    _quotas()
    _pauses()


def _quotas() -> None:
    op.create_table(
        "send_quotas",
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("span", sa.String(40), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("span IN ('day', 'minute')", name=op.f("ck_send_quotas_span_known")),
        sa.CheckConstraint("used >= 0", name=op.f("ck_send_quotas_used_not_negative")),
        sa.PrimaryKeyConstraint("appid", "template", "span", name=op.f("pk_send_quotas")),
    )


def _pauses() -> None:
    op.create_table(
        "sending_pauses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("errcode", sa.Integer(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('operator', 'config', 'minute_rate', 'day_quota', 'token', 'outage')",
            name=op.f("ck_sending_pauses_pausereason_known"),
        ),
        sa.CheckConstraint("until > since", name=op.f("ck_sending_pauses_runs_forward")),
        sa.CheckConstraint("ended_at >= since", name=op.f("ck_sending_pauses_ends_after_it_began")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)",
            name=op.f("ck_sending_pauses_ended_by_somebody"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_pauses")),
    )
    op.create_index(
        "uq_sending_pauses_open",
        "sending_pauses",
        ["appid", "template"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("sending_pauses")
    op.drop_table("send_quotas")
    for index in ("ix_messages_wechat_id", "ix_messages_sending", "ix_messages_lane"):
        op.drop_index(index, "messages")
    for column in ("wechat_id", "uncounted_attempts", "account", "channel"):
        op.drop_column("messages", column)
