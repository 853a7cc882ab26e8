"""A child that moved away or died: nothing is sent about it and nothing booked for it.

Two columns that are empty for nearly every child; takes a short lock on children.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("children", sa.Column("departure", sa.String(40), nullable=True))
    op.add_column("children", sa.Column("departed_at", sa.DateTime(timezone=True), nullable=True))
    # The columns are new and empty: the check reads each row once, while nobody writes.
    for name, rule in (
        ("ck_children_departure_known", "departure IN ('moved', 'died')"),
        ("ck_children_departure", "(departure IS NULL) = (departed_at IS NULL)"),
    ):
        op.execute(
            "-- squawk-ignore constraint-missing-not-valid\n"
            f"ALTER TABLE children ADD CONSTRAINT {name} CHECK ({rule})"
        )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_children_departure"), "children")
    op.drop_constraint(op.f("ck_children_departure_known"), "children")
    op.drop_column("children", "departed_at")
    op.drop_column("children", "departure")
