"""Six numbered sessions a child and year.

Counting rows could let a seventh session through when two parents book at once; a numbered
session with a unique constraint cannot. New tables only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_policies",
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opens_days", sa.SmallInteger(), nullable=False),
        sa.Column("closes_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("free_cancel_hours", sa.SmallInteger(), nullable=False),
        sa.Column("eligible_under_months", sa.SmallInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "opens_days >= 0 AND closes_minutes >= 0", name=op.f("ck_booking_policies_sensible")
        ),
        sa.PrimaryKeyConstraint("effective_from", name=op.f("pk_booking_policies")),
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("slot_id", sa.BigInteger(), nullable=False),
        sa.Column("booked_by", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "confirmed",
                "declined",
                "attended",
                "missed",
                "cancelled_by_family",
                "cancelled_by_centre",
                name="bookingstate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("quota_year", sa.SmallInteger(), nullable=False),
        sa.Column("quota_number", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "quota_number BETWEEN 1 AND 6", name=op.f("ck_bookings_quota_number_range")
        ),
        sa.ForeignKeyConstraint(
            ["booked_by"],
            ["parents.id"],
            name=op.f("fk_bookings_booked_by_parents"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_bookings_child_id_children"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["slot_id"], ["slots.id"], name=op.f("fk_bookings_slot_id_slots"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint(
            "child_id",
            "quota_year",
            "quota_number",
            name=op.f("uq_bookings_child_id_quota_year_quota_number"),
        ),
    )
    op.create_index(op.f("ix_bookings_slot_id"), "bookings", ["slot_id"], unique=False)
    op.create_index(
        "uq_bookings_place",
        "bookings",
        ["child_id", "slot_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('requested', 'confirmed', 'attended', 'missed')"),
    )
    op.create_table(
        "booking_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "before",
            sa.Enum(
                "requested",
                "confirmed",
                "declined",
                "attended",
                "missed",
                "cancelled_by_family",
                "cancelled_by_centre",
                name="before_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "after",
            sa.Enum(
                "requested",
                "confirmed",
                "declined",
                "attended",
                "missed",
                "cancelled_by_family",
                "cancelled_by_centre",
                name="after_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("quota_before", sa.SmallInteger(), nullable=True),
        sa.Column("quota_after", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_booking_log_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_log")),
    )
    op.create_index(op.f("ix_booking_log_booking_id"), "booking_log", ["booking_id"], unique=False)
    # DELETE stays possible: it only ever comes with the booking itself.
    op.execute(
        "CREATE TRIGGER booking_log_append_only BEFORE UPDATE ON booking_log"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "INSERT INTO booking_policies (effective_from, opens_days, closes_minutes,"
        " free_cancel_hours, eligible_under_months, created_by)"
        " VALUES ('2000-01-01 00:00:00+00', 14, 120, 24, 36, 'default')"
    )


def downgrade() -> None:
    op.drop_table("booking_log")
    op.drop_table("bookings")
    op.drop_table("booking_policies")
