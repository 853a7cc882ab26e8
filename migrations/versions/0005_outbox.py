"""What has to be said, and what WeChat lets us say.

The key makes a message once; a balance cannot go below zero. New tables only.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscription_balances",
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "balance >= 0", name=op.f("ck_subscription_balances_balance_not_negative")
        ),
        sa.PrimaryKeyConstraint(
            "appid", "openid", "template_id", name=op.f("pk_subscription_balances")
        ),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=True),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "claimed",
                "sending",
                "sent",
                "failed",
                "unknown",
                "in_app",
                name="messagestate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("errcode", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_messages_attempts_not_negative")),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_messages_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["parents.id"],
            name=op.f("fk_messages_parent_id_parents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_messages_key")),
    )
    op.create_index(op.f("ix_messages_child_id"), "messages", ["child_id"], unique=False)
    op.create_index(op.f("ix_messages_parent_id_id"), "messages", ["parent_id", "id"], unique=False)
    op.create_index(
        "ix_messages_to_send",
        "messages",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'claimed', 'sending')"),
    )
    op.create_table(
        "subscription_ledger",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "reported",
                "popup",
                "sent",
                "refused",
                "returned",
                name="ledgerreason_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_subscription_ledger_message_id_messages"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_ledger")),
    )
    op.create_index(
        op.f("ix_subscription_ledger_appid_openid_template_id_id"),
        "subscription_ledger",
        ["appid", "openid", "template_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_subscription_ledger_open_report",
        "subscription_ledger",
        ["appid", "openid", "template_id"],
        unique=True,
        postgresql_where=sa.text("reason = 'reported' AND NOT confirmed"),
    )


def downgrade() -> None:
    op.drop_table("subscription_ledger")
    op.drop_table("messages")
    op.drop_table("subscription_balances")
