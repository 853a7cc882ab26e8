"""Find a message's ledger entries, and the operator's few messages, without reading all rows.

Giving a permission back and deleting a message look the ledger up by message; the list of
unknown and failed messages is a handful of millions. Locks both tables against writing while
it builds, which is short: this comes before the first release, when both are small.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_subscription_ledger_message_id"), "subscription_ledger", ["message_id"]
    )
    op.create_index(
        "ix_messages_trouble",
        "messages",
        ["id"],
        postgresql_where=sa.text("state IN ('unknown', 'failed')"),
    )


def downgrade() -> None:
    op.drop_index("ix_messages_trouble", table_name="messages")
    op.drop_index(op.f("ix_subscription_ledger_message_id"), table_name="subscription_ledger")
