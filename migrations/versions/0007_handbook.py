"""What a family marks as done.

New table only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handbook_entries",
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_handbook_entries_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["parents.id"],
            name=op.f("fk_handbook_entries_recorded_by_parents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("child_id", "item_id", name=op.f("pk_handbook_entries")),
    )


def downgrade() -> None:
    op.drop_table("handbook_entries")
