"""Links by which a doctor sees one child for fifteen minutes.

New table only. Of the secret in a link its hash alone is kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "doctor_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "expires_at > created_at AND expires_at <= created_at + INTERVAL '15 minutes'",
            name=op.f("ck_doctor_links_fifteen_minutes_at_most"),
        ),
        sa.CheckConstraint(
            "revoked_at >= created_at", name=op.f("ck_doctor_links_revoked_after_it_was_made")
        ),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_doctor_links_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["parents.id"],
            name=op.f("fk_doctor_links_created_by_parents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doctor_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_doctor_links_token_hash")),
    )
    op.create_index(op.f("ix_doctor_links_child_id"), "doctor_links", ["child_id"])


def downgrade() -> None:
    op.drop_table("doctor_links")
