"""Pregnancies and what a family writes down during one, under a consent of their own.

New tables; the consents' purposes get one more value, which checks the rows of `consents`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

PURPOSES = "purpose IN ('privacy', 'children', 'priority', 'address', 'pregnancy')"
PURPOSES_BEFORE = "purpose IN ('privacy', 'children', 'priority', 'address')"


def upgrade() -> None:
    _purposes(PURPOSES)
    _pregnancies()
    _entries()


def _pregnancies() -> None:
    op.create_table(
        "pregnancies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column(
            "dated_by",
            sa.Enum(
                "lmp",
                "ultrasound",
                "ivf",
                "clinic",
                name="method_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("multiple", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "born",
                "ended",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("plans_from", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "due_date BETWEEN DATE '2000-01-01' AND DATE '2200-01-01'",
            name=op.f("ck_pregnancies_due_date"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (closed_at IS NULL)",
            name=op.f("ck_pregnancies_closed_with_a_time"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["parents.id"],
            name=op.f("fk_pregnancies_parent_id_parents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pregnancies")),
    )
    op.create_index(op.f("ix_pregnancies_parent_id"), "pregnancies", ["parent_id"])
    op.create_index(
        "ix_pregnancies_due_date_open",
        "pregnancies",
        ["due_date"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_pregnancies_open",
        "pregnancies",
        ["parent_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def _entries() -> None:
    op.create_table(
        "pregnancy_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("pregnancy_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "checkup",
                "weight",
                "movements",
                name="entrykind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value_sealed", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'checkup') = (value_sealed IS NULL)",
            name=op.f("ck_pregnancy_entries_others_have_a_value"),
        ),
        sa.ForeignKeyConstraint(
            ["pregnancy_id"],
            ["pregnancies.id"],
            name=op.f("fk_pregnancy_entries_pregnancy_id_pregnancies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pregnancy_entries")),
        sa.UniqueConstraint(
            "pregnancy_id",
            "kind",
            "key",
            name=op.f("uq_pregnancy_entries_pregnancy_id_kind_key"),
        ),
    )


def downgrade() -> None:
    op.drop_table("pregnancy_entries")
    op.drop_table("pregnancies")
    op.execute("DELETE FROM consents WHERE purpose = 'pregnancy'")
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
