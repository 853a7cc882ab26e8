"""More rules of booking as settings with a history, and what a town decides for itself.

New columns with the city's defaults (docs/decisions name them), and one new table. A constant
default rewrites no rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMNS = {  # name -> default; hours, days, months or places as the name says
    "max_open": "2",
    "warn_months": "12",
    "pause_after": "2",
    "pause_within_days": "90",
    "pause_days": "30",
    "offer_minutes": "120",
    "no_offer_hours": "12",
    "held_until_hours": "48",
}


def upgrade() -> None:
    for name, default in COLUMNS.items():
        op.add_column(
            "booking_policies",
            sa.Column(name, sa.SmallInteger(), server_default=default, nullable=False),
        )
    op.add_column(
        "booking_policies", sa.Column("reconfirm_hours", sa.SmallInteger(), nullable=True)
    )
    op.add_column(
        "booking_policies",
        sa.Column(
            "year_kind",
            sa.Enum(
                "calendar",
                "birthday",
                name="yearkind_known",
                native_enum=False,
                create_constraint=False,
                length=40,
            ),
            server_default="calendar",
            nullable=False,
        ),
    )
    op.add_column(
        "booking_policies", sa.Column("note", sa.Text(), server_default="", nullable=False)
    )
    _check("ck_booking_policies_yearkind_known", "year_kind IN ('calendar', 'birthday')")
    _check(
        "ck_booking_policies_sensible_more",
        "max_open >= 1 AND warn_months >= 0 AND pause_after >= 1 AND pause_within_days >= 1"
        " AND pause_days >= 0 AND offer_minutes >= 5 AND no_offer_hours >= 0"
        " AND held_until_hours >= 0 AND reconfirm_hours > 0",
    )
    op.create_table(
        "town_rules",
        sa.Column("town_code", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("serves_other_towns", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("town_code", "effective_from", name=op.f("pk_town_rules")),
    )
    for table in ("booking_policies", "town_rules"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_table("town_rules")
    op.execute("DROP TRIGGER booking_policies_append_only ON booking_policies")
    op.drop_constraint(op.f("ck_booking_policies_sensible_more"), "booking_policies")
    op.drop_constraint(op.f("ck_booking_policies_yearkind_known"), "booking_policies")
    for name in (*COLUMNS, "reconfirm_hours", "year_kind", "note"):
        op.drop_column("booking_policies", name)


def _check(name: str, rule: str) -> None:
    # a handful of rows
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE booking_policies ADD CONSTRAINT {name} CHECK ({rule})"
    )
