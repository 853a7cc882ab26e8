"""What a parent keeps of the library: favourites, and what was read.

New table only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guide_marks",
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("favourite_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "favourite_since IS NOT NULL OR read_at IS NOT NULL",
            name=op.f("ck_guide_marks_says_something"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["parents.id"],
            name=op.f("fk_guide_marks_parent_id_parents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("parent_id", "slug", name=op.f("pk_guide_marks")),
    )


def downgrade() -> None:
    op.drop_table("guide_marks")
