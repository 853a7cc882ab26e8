"""What a worker holds has a lease: no message is claimed or on the wire without an end.

A message on the wire without one is never listed as lost, and as long as it is on the wire its
parent is told nothing else: a family would hear no more, and nobody would see why. Every
statement of ours writes a lease; the rule now stands in the database too.

Rows from before that have none get one that is over since they were written: what was claimed is
claimed again, what was on the wire is listed for the operator as unknown, as it should have been.
This is the one thing of the first issue that an upgrade changes. The rule could have spared such
rows (NOT VALID), and their families would have stayed without a word. The way down leaves the
lease: an older version reads it in the same way. Only open messages are looked at to be mended
(by their index); the check reads the table once, while it is locked, a second for some millions.
"""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE messages SET not_before = created_at"
        " WHERE state IN ('claimed', 'sending') AND not_before IS NULL"
    )
    # Mended in this very transaction, so that the check finds nothing.
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "ALTER TABLE messages ADD CONSTRAINT ck_messages_held_under_a_lease"
        " CHECK (state NOT IN ('claimed', 'sending') OR not_before IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_messages_held_under_a_lease"), "messages")
