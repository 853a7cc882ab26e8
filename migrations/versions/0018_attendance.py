"""Who came, how it was known, and what follows when nobody came.

A check-in belongs to one booking and to one scan of a device, so that what was scanned without a
network is written once. New tables, and columns that may be empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "bookings", sa.Column("reconfirmed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("bookings", sa.Column("on_behalf_of_by", sa.BigInteger(), nullable=True))
    # a new column is empty: there is nothing to check
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "ALTER TABLE bookings ADD CONSTRAINT fk_bookings_on_behalf_of_by_staff"
        " FOREIGN KEY (on_behalf_of_by) REFERENCES staff (id) ON DELETE SET NULL"
    )
    op.create_table(
        "check_ins",
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "qr",
                "typed",
                "list",
                name="checkinway_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("scan_key", sa.Text(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) OR (confirmed_at IS NOT NULL)",
            name=op.f("ck_check_ins_confirmed_when"),
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_check_ins_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
            name=op.f("fk_check_ins_staff_id_staff"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"],
            ["parents.id"],
            name=op.f("fk_check_ins_confirmed_by_parents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_check_ins")),
        sa.UniqueConstraint("scan_key", name=op.f("uq_check_ins_scan_key")),
    )
    op.create_table(
        "booking_pauses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_booking_pauses_runs_forward")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_booking_pauses_lifted")
        ),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_booking_pauses_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_booking_pauses_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_pauses")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_booking_pauses_booking_id")),
    )
    op.create_index(op.f("ix_booking_pauses_child_id"), "booking_pauses", ["child_id"])
    op.create_table(
        "appeals",
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("words_sealed", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "granted",
                "refused",
                name="appealstate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)"
            " AND (decided_at IS NULL) = (decided_by IS NULL)",
            name=op.f("ck_appeals_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_appeals_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["parents.id"],
            name=op.f("fk_appeals_parent_id_parents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_appeals")),
    )
    op.create_table(
        "ratings",
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("stars", sa.SmallInteger(), nullable=False),
        sa.Column("words_sealed", sa.Text(), nullable=True),
        sa.Column(
            "check_state",
            sa.Enum(
                "waiting",
                "passed",
                "review",
                "hidden",
                name="ratingcheck_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_ratings_stars_range")),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_ratings_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["parents.id"],
            name=op.f("fk_ratings_parent_id_parents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_ratings")),
    )


def downgrade() -> None:
    for table in ("ratings", "appeals", "booking_pauses", "check_ins"):
        op.drop_table(table)
    op.drop_column("bookings", "on_behalf_of_by")
    op.drop_column("bookings", "reconfirmed_at")
