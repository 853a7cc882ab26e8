"""Which template of which account says each of our messages.

Until now one list of ids in the environment, of the mini-program alone; a 公众号 has templates of
its own, with other fields. A new table: locks nothing.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "wechat_templates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", moment, nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("checked_at", moment, nullable=True),
        sa.Column("trouble", sa.String(40), nullable=True),
        sa.Column("retired_at", moment, nullable=True),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_wechat_templates_{name}"))
            for name, rule in {
                "templatekind_known": "kind IN ('once', 'long', 'message')",
                "templatetrouble_known": "trouble IN ('gone', 'changed')",
                "template_named": "char_length(template_id) BETWEEN 1 AND 64",
                "named": "name <> '' AND title <> ''",
                "fields_listed": "jsonb_typeof(fields) = 'array' AND fields <> '[]'::jsonb",
                "retired_after_saving": "retired_at >= saved_at",
                "trouble_was_found": "trouble IS NULL OR checked_at IS NOT NULL",
            }.items()
        ),
        sa.ForeignKeyConstraint(
            ["appid"],
            ["wechat_accounts.appid"],
            name=op.f("fk_wechat_templates_appid_wechat_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_templates")),
    )
    op.create_index(
        op.f("ix_wechat_templates_appid_template_id"), "wechat_templates", ["appid", "template_id"]
    )
    op.create_index(
        "uq_wechat_templates_live",
        "wechat_templates",
        ["appid", "name"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("wechat_templates")
