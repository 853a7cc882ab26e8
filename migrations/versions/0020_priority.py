"""Families with priority, and home addresses: optional, sealed, each under its own consent.

New tables; the consents' purposes get two more values, which checks the rows of `consents`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

PURPOSES = "purpose IN ('privacy', 'children', 'priority', 'address')"
PURPOSES_BEFORE = "purpose IN ('privacy', 'children')"


def upgrade() -> None:
    _purposes(PURPOSES)
    op.create_table(
        "priority_grants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("kind_sealed", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(granted_at, granted_by, valid_until) IN (0, 3)",
            name=op.f("ck_priority_grants_granted_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_priority_grants_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_priority_grants")),
    )
    op.create_index(
        "uq_priority_grants_open",
        "priority_grants",
        ["child_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "home_addresses",
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("address_sealed", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_home_addresses_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("child_id", name=op.f("pk_home_addresses")),
    )


def downgrade() -> None:
    op.drop_table("home_addresses")
    op.drop_table("priority_grants")
    op.execute("DELETE FROM consents WHERE purpose IN ('priority', 'address')")
    _purposes(PURPOSES_BEFORE)


def _purposes(rule: str) -> None:
    op.execute(
        "-- squawk-ignore ban-drop-constraint\n"
        "ALTER TABLE consents DROP CONSTRAINT ck_consents_purpose_known"
    )
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE consents ADD CONSTRAINT ck_consents_purpose_known CHECK ({rule})"
    )
