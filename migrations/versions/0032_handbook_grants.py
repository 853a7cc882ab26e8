"""Child-health staff, and the grants under which they read a handbook.

A fifth role, of a town or of the city, with the name of an institution as a reviewer has one.
Checks the rows of `staff` again, which are few; a new table otherwise.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

CHECKS_BEFORE = {
    "ck_staff_role_known": "role IN ('clerk', 'town', 'city', 'reviewer')",
    "ck_staff_scope_fits_role": (
        "(role = 'clerk' AND centre_id IS NOT NULL AND town_code IS NULL)"
        " OR (role = 'town' AND town_code IS NOT NULL AND centre_id IS NULL)"
        " OR (role IN ('city', 'reviewer') AND town_code IS NULL AND centre_id IS NULL)"
    ),
}
CHECKS = {
    "ck_staff_role_known": "role IN ('clerk', 'town', 'city', 'reviewer', 'child_health')",
    "ck_staff_scope_fits_role": (
        f"{CHECKS_BEFORE['ck_staff_scope_fits_role']}"
        " OR (role = 'child_health' AND centre_id IS NULL)"
    ),
}
OFFICE_BEFORE = {"ck_staff_office_of_reviewer": "(role = 'reviewer') = (office IS NOT NULL)"}
OFFICE = {
    "ck_staff_office_of_medical_staff": (
        "(role IN ('reviewer', 'child_health')) = (office IS NOT NULL)"
    )
}
PURPOSES = ("follow_up", "referral", "family_asked", "data_check")
STATES = ("asked", "granted", "refused", "withdrawn", "ended")


def upgrade() -> None:
    _replace(CHECKS_BEFORE, CHECKS)
    _replace(OFFICE_BEFORE, OFFICE)
    op.create_table(
        "handbook_grants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", _known("readpurpose_known", PURPOSES), nullable=False),
        sa.Column("hours", sa.SmallInteger(), nullable=False),
        sa.Column("state", _known("grantstate_known", STATES), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_handbook_grants_{name}"))
            for name, rule in _rules().items()
        ),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_handbook_grants_child_id_children"),
            ondelete="CASCADE",
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["staff.id"],
                name=op.f(f"fk_handbook_grants_{column}_staff"),
                ondelete="RESTRICT",
            )
            for column in ("staff_id", "decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handbook_grants")),
    )
    op.create_index(op.f("ix_handbook_grants_child_id"), "handbook_grants", ["child_id"])
    op.create_index(
        "uq_handbook_grants_open",
        "handbook_grants",
        ["staff_id", "child_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'granted')"),
    )


def downgrade() -> None:
    op.drop_table("handbook_grants")
    op.execute(
        "DELETE FROM staff_sessions WHERE staff_id IN"
        " (SELECT id FROM staff WHERE role = 'child_health')"
    )
    op.execute("DELETE FROM staff WHERE role = 'child_health'")
    _replace(OFFICE, OFFICE_BEFORE)
    _replace(CHECKS, CHECKS_BEFORE)


def _known(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _rules() -> dict[str, str]:
    return {
        "hours_range": "hours BETWEEN 1 AND 168",
        "not_by_oneself": "decided_by <> staff_id",
        "decided_by_somebody": (
            "(state IN ('asked', 'withdrawn')) = (decided_at IS NULL)"
            " AND (decided_at IS NULL) = (decided_by IS NULL)"
        ),
        "granted_until": "(state IN ('granted', 'ended')) = (ends_at IS NOT NULL)",
        "seven_days_at_most": (
            "ends_at > decided_at AND ends_at <= decided_at + INTERVAL '7 days'"
        ),
        "refusal_says_why": "state <> 'refused' OR reason <> ''",
        "closed_by_somebody": (
            "(state IN ('withdrawn', 'ended')) = (closed_at IS NOT NULL)"
            " AND (closed_at IS NULL) = (closed_by IS NULL)"
        ),
    }


def _replace(before: dict[str, str], after: dict[str, str]) -> None:
    for name in before:  # the same rules come back in this transaction, with one more role
        op.execute(
            f"-- squawk-ignore ban-drop-constraint\nALTER TABLE staff DROP CONSTRAINT {name}"
        )
    for name, rule in after.items():  # a city has a few hundred members of staff
        op.execute(
            "-- squawk-ignore constraint-missing-not-valid\n"
            f"ALTER TABLE staff ADD CONSTRAINT {name} CHECK ({rule})"
        )
