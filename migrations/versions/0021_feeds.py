"""The secret address of a centre's calendar feed. Only its hash is kept.

New table only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "centre_feeds",
        sa.Column("centre_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"],
            ["centres.id"],
            name=op.f("fk_centre_feeds_centre_id_centres"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("centre_id", name=op.f("pk_centre_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_centre_feeds_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("centre_feeds")
