"""When a permission was given or taken back, by WeChat's clock.

Pushes come late, and not in their order. Without their own time a yes that is handled after a
later no brought the permission to life again, and a yes that came after its message had gone out
was counted a second time. Rows from before have none and are read by `at`, as until now. Takes a
lock on the ledger while its rows are read once; none is rewritten.
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "subscription_ledger", sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True)
    )
    # The column is empty, so the look at its rows is short.
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "ALTER TABLE subscription_ledger"
        " ADD CONSTRAINT ck_subscription_ledger_happened_to_a_permission"
        " CHECK (happened_at IS NULL OR reason IN ('reported', 'popup', 'refused'))"
    )


def downgrade() -> None:
    op.drop_constraint(
        op.f("ck_subscription_ledger_happened_to_a_permission"), "subscription_ledger"
    )
    op.drop_column("subscription_ledger", "happened_at")
