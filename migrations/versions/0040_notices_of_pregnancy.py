"""The city's notices to expecting families are messages of campaigns too.

Their template is their own, so the index by which a campaign's messages are found, taken back and
counted gets it besides. Writes to messages wait while it is built anew: it holds the messages of
campaigns alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

NAME = "ix_messages_of_campaigns"
# In one transaction with the next statement, so not CONCURRENTLY.
DROP = f"-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX {NAME}"


def upgrade() -> None:
    _build_anew("template IN ('campaign', 'pregnancy_notice')")


def downgrade() -> None:
    _build_anew("template = 'campaign'")


def _build_anew(where: str) -> None:
    op.execute(DROP)
    op.create_index(
        NAME,
        "messages",
        ["key"],
        postgresql_ops={"key": "text_pattern_ops"},
        postgresql_where=sa.text(where),
    )
