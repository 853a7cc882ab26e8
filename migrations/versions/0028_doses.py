"""Where a dose was given and from which batch, and what a family says once of a child.

New columns that may be empty and a new table; nothing that stands is changed. All of it is sealed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("handbook_entries", sa.Column("place_sealed", sa.Text(), nullable=True))
    op.add_column("handbook_entries", sa.Column("batch_sealed", sa.Text(), nullable=True))
    op.create_table(
        "vaccine_facts",
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("mother_hbsag_sealed", sa.Text(), nullable=True),
        sa.Column("birth_weight_sealed", sa.Text(), nullable=True),
        sa.Column("had_varicella_sealed", sa.Text(), nullable=True),
        sa.Column("immunoglobulin_sealed", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_vaccine_facts_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"],
            ["parents.id"],
            name=op.f("fk_vaccine_facts_changed_by_parents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("child_id", name=op.f("pk_vaccine_facts")),
    )


def downgrade() -> None:
    op.drop_table("vaccine_facts")
    op.drop_column("handbook_entries", "batch_sealed")
    op.drop_column("handbook_entries", "place_sealed")
