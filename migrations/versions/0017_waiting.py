"""Families that wait for a place, in order, and the offers made to them.

A place that is offered is kept: `slots.taken` counts it until the offer is taken or ends. New
table only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slot_id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("joined_by", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "offered",
                "accepted",
                "expired",
                "left",
                "closed",
                name="waitingstate_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offer_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state <> 'offered' OR (num_nulls(offered_at, offer_until) = 0"
            " AND offer_until > offered_at)",
            name=op.f("ck_waiting_entries_offer_has_an_end"),
        ),
        sa.CheckConstraint(
            "(state IN ('waiting', 'offered')) = (ended_at IS NULL)",
            name=op.f("ck_waiting_entries_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["slot_id"],
            ["slots.id"],
            name=op.f("fk_waiting_entries_slot_id_slots"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_waiting_entries_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["joined_by"],
            ["parents.id"],
            name=op.f("fk_waiting_entries_joined_by_parents"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_waiting_entries_booking_id_bookings"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_entries")),
    )
    op.create_index(
        "uq_waiting_entries_once",
        "waiting_entries",
        ["child_id", "slot_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'offered')"),
    )
    op.create_index(
        "ix_waiting_entries_queue",
        "waiting_entries",
        ["slot_id", "id"],
        postgresql_where=sa.text("state IN ('waiting', 'offered')"),
    )
    op.create_index(
        "ix_waiting_entries_offers",
        "waiting_entries",
        ["offer_until"],
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.create_index(op.f("ix_waiting_entries_child_id"), "waiting_entries", ["child_id"])


def downgrade() -> None:
    op.drop_table("waiting_entries")
