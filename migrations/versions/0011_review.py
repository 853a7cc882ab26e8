"""Who signs the texts, and what they signed.

A reviewer is staff of a named medical office with no centre and no town. A decision belongs to
a slug and the hash of its text with its figures filled in; the text itself is kept beside it, so
that versions can be compared and the last one that was signed can still be shown. Checks the
rows of `staff` again, which are few; new tables otherwise.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROLES = "role IN ('clerk', 'town', 'city', 'reviewer')"
ROLES_BEFORE = "role IN ('clerk', 'town', 'city')"
SCOPE = (
    "(role = 'clerk' AND centre_id IS NOT NULL AND town_code IS NULL)"
    " OR (role = 'town' AND town_code IS NOT NULL AND centre_id IS NULL)"
    " OR (role IN ('city', 'reviewer') AND town_code IS NULL AND centre_id IS NULL)"
)
SCOPE_BEFORE = (
    "(role = 'clerk' AND centre_id IS NOT NULL AND town_code IS NULL)"
    " OR (role = 'town' AND town_code IS NOT NULL AND centre_id IS NULL)"
    " OR (role = 'city' AND town_code IS NULL AND centre_id IS NULL)"
)


def upgrade() -> None:
    op.add_column("staff", sa.Column("office", sa.Text(), nullable=True))
    _check_staff(ROLES, SCOPE)
    _add_check("ck_staff_office_of_reviewer", "(role = 'reviewer') = (office IS NOT NULL)")
    op.create_table(
        "reviewed_texts",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slug", "content_hash", name=op.f("pk_reviewed_texts")),
    )
    op.create_table(
        "review_decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "approved",
                "returned",
                "withdrawn",
                name="verdict_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(verdict = 'approved') = (valid_until IS NOT NULL)",
            name=op.f("ck_review_decisions_approved_until"),
        ),
        sa.CheckConstraint(
            "verdict = 'approved' OR note <> ''",
            name=op.f("ck_review_decisions_refusal_says_why"),
        ),
        sa.ForeignKeyConstraint(
            ["slug", "content_hash"],
            ["reviewed_texts.slug", "reviewed_texts.content_hash"],
            name=op.f("fk_review_decisions_slug_reviewed_texts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
            name=op.f("fk_review_decisions_staff_id_staff"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decisions")),
    )
    op.create_index(op.f("ix_review_decisions_slug"), "review_decisions", ["slug"], unique=False)
    for table in ("reviewed_texts", "review_decisions"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_table("review_decisions")
    op.drop_table("reviewed_texts")
    op.drop_constraint(op.f("ck_staff_office_of_reviewer"), "staff")
    op.execute("DELETE FROM staff WHERE role = 'reviewer'")
    _check_staff(ROLES_BEFORE, SCOPE_BEFORE)
    op.drop_column("staff", "office")


def _check_staff(roles: str, scope: str) -> None:
    for name, rule in (("ck_staff_role_known", roles), ("ck_staff_scope_fits_role", scope)):
        # the same rule comes back in this transaction, with one more role
        op.execute(
            f"-- squawk-ignore ban-drop-constraint\nALTER TABLE staff DROP CONSTRAINT {name}"
        )
        _add_check(name, rule)


def _add_check(name: str, rule: str) -> None:
    # read while it is checked: a city has a few hundred members of staff
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE staff ADD CONSTRAINT {name} CHECK ({rule})"
    )
