"""The day on which an item of one child is due, where its birth date alone does not say so.

New table only. Most children have no row: their whole plan follows from the birth date.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_dates",
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_item_dates_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("child_id", "item_id", name=op.f("pk_item_dates")),
    )
    op.create_index(op.f("ix_item_dates_due_on"), "item_dates", ["due_on"])


def downgrade() -> None:
    op.drop_table("item_dates")
