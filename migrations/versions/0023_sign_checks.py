"""What a person found when he looked at a sign of a month: who, when, what, why.

New table only; rows are only ever added.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            _known(
                "signkind_known",
                "one_phone",
                "list_in_seconds",
                "teacher_in_two_places",
                "room_too_full",
                "mostly_unconfirmed",
                "child_in_two_centres",
                "nobody_taught",
                "mostly_paper",
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "verdict",
            _known("signverdict_known", "confirmed", "harmless", "reopened"),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "EXTRACT(DAY FROM month) = 1", name=op.f("ck_sign_checks_month_by_first_day")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_sign_checks_number_from_one")),
        sa.CheckConstraint(
            "note <> '' OR verdict = 'reopened'", name=op.f("ck_sign_checks_said_why")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_checks")),
        sa.UniqueConstraint(
            "month",
            "kind",
            "subject",
            "number",
            name=op.f("uq_sign_checks_month_kind_subject_number"),
        ),
    )
    op.execute(
        "CREATE TRIGGER sign_checks_append_only BEFORE UPDATE OR DELETE ON sign_checks"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def _known(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def downgrade() -> None:
    op.drop_table("sign_checks")
