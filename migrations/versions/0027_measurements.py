"""What a child measured on a day, for the growth curves.

New table only. The values are sealed as one text: they tell of health, and no query has to
compare them. The day stays plain: one measurement a day is the rule of the primary key.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measurements",
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("values_sealed", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_measurements_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["parents.id"],
            name=op.f("fk_measurements_recorded_by_parents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("child_id", "measured_on", name=op.f("pk_measurements")),
    )


def downgrade() -> None:
    op.drop_table("measurements")
