"""What a cancellation of whole sessions ended, so that it can be undone; signatures on paper.

New tables only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "slot_cancellations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL)", name=op.f("ck_slot_cancellations_undone")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_cancellations")),
    )
    op.create_table(
        "cancelled_slots",
        sa.Column("cancellation_id", sa.BigInteger(), nullable=False),
        sa.Column("slot_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state_before",
            sa.Enum(
                "open",
                "closed",
                "cancelled",
                name="slotstate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("state_before <> 'cancelled'", name=op.f("ck_cancelled_slots_stood")),
        sa.ForeignKeyConstraint(
            ["cancellation_id"],
            ["slot_cancellations.id"],
            name=op.f("fk_cancelled_slots_cancellation_id_slot_cancellations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["slot_id"],
            ["slots.id"],
            name=op.f("fk_cancelled_slots_slot_id_slots"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("cancellation_id", "slot_id", name=op.f("pk_cancelled_slots")),
    )
    op.create_index(op.f("ix_cancelled_slots_slot_id"), "cancelled_slots", ["slot_id"])
    op.create_table(
        "cancelled_bookings",
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("cancellation_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["booking_log.id"],
            name=op.f("fk_cancelled_bookings_change_id_booking_log"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["cancellation_id"],
            ["slot_cancellations.id"],
            name=op.f("fk_cancelled_bookings_cancellation_id_slot_cancellations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_cancelled_bookings")),
    )
    op.create_index(
        op.f("ix_cancelled_bookings_cancellation_id"), "cancelled_bookings", ["cancellation_id"]
    )
    op.create_table(
        "paper_confirmations",
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "char_length(sheet) BETWEEN 1 AND 40", name=op.f("ck_paper_confirmations_sheet_named")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_paper_confirmations_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["staff.id"],
            name=op.f("fk_paper_confirmations_recorded_by_staff"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_paper_confirmations")),
    )


def downgrade() -> None:
    for table in (
        "paper_confirmations",
        "cancelled_bookings",
        "cancelled_slots",
        "slot_cancellations",
    ):
        op.drop_table(table)
