"""Results of check-ups, newborn screenings, answers about warning signs, the family doctor.

New tables only. Each row is one sealed text: it tells of a child's health.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TESTS = ("hearing", "hearing-rescreen", "heel-prick", "heart")


def upgrade() -> None:
    _create("checkup_notes", sa.Column("visit_id", sa.Text(), nullable=False))
    _create("screening_notes", sa.Column("visit_id", sa.Text(), nullable=False))
    _create(
        "newborn_notes",
        sa.Column(
            "test",
            sa.Enum(
                *TESTS,
                name="newborntest_known",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
    )
    _create("family_doctor_notes")


def _create(table: str, *keys: sa.Column[str]) -> None:
    op.create_table(
        table,
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        *keys,
        sa.Column("note_sealed", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f(f"fk_{table}_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["parents.id"],
            name=op.f(f"fk_{table}_recorded_by_parents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("child_id", *(key.name for key in keys), name=op.f(f"pk_{table}")),
    )


def downgrade() -> None:
    for table in ("family_doctor_notes", "newborn_notes", "screening_notes", "checkup_notes"):
        op.drop_table(table)
