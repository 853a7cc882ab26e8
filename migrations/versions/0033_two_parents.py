"""A pregnancy of two parents, and the day on which a record last moved a child's plan.

`pregnancy_parents` holds who sees a pregnancy. It carries the state along (ON UPDATE CASCADE), so
that one partial unique index says for both of them: one open pregnancy per parent. Whoever has
one today opened it. The planner asks `children.replanned_on` which few children it looks at
closely; a column without a value rewrites nothing. Locks pregnancies for the copy of their ids.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("children", sa.Column("replanned_on", sa.Date(), nullable=True))
    op.create_index(op.f("uq_pregnancies_id_state"), "pregnancies", ["id", "state"], unique=True)
    op.execute(
        "ALTER TABLE pregnancies ADD CONSTRAINT uq_pregnancies_id_state"
        " UNIQUE USING INDEX uq_pregnancies_id_state"
    )
    _create_parents()
    op.execute(
        "INSERT INTO pregnancy_parents (pregnancy_id, parent_id, opener, state, since)"
        " SELECT id, parent_id, true, state, created_at FROM pregnancies"
    )
    _create_invitations()


def _create_parents() -> None:
    op.create_table(
        "pregnancy_parents",
        sa.Column("pregnancy_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("opener", sa.Boolean(), nullable=False),
        sa.Column("relation", sa.String(40), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "relation IN ('mother', 'father', 'grandparent', 'other')",
            name=op.f("ck_pregnancy_parents_relation_known"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'born', 'ended')", name=op.f("ck_pregnancy_parents_state_known")
        ),
        sa.CheckConstraint(
            "opener OR relation IS NOT NULL", name=op.f("ck_pregnancy_parents_partner_said_who")
        ),
        sa.ForeignKeyConstraint(
            ["pregnancy_id", "state"],
            ["pregnancies.id", "pregnancies.state"],
            name=op.f("fk_pregnancy_parents_pregnancy_id_pregnancies"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["parents.id"],
            name=op.f("fk_pregnancy_parents_parent_id_parents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pregnancy_id", "parent_id", name=op.f("pk_pregnancy_parents")),
        sa.UniqueConstraint(
            "pregnancy_id", "opener", name=op.f("uq_pregnancy_parents_pregnancy_id_opener")
        ),
    )
    op.create_index(op.f("ix_pregnancy_parents_parent_id"), "pregnancy_parents", ["parent_id"])
    op.create_index(
        "uq_pregnancy_parents_open",
        "pregnancy_parents",
        ["parent_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def _create_invitations() -> None:
    op.create_table(
        "pregnancy_invitations",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("pregnancy_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["pregnancy_id"],
            ["pregnancies.id"],
            name=op.f("fk_pregnancy_invitations_pregnancy_id_pregnancies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_pregnancy_invitations")),
    )
    op.create_index(
        op.f("ix_pregnancy_invitations_pregnancy_id"), "pregnancy_invitations", ["pregnancy_id"]
    )


def downgrade() -> None:
    op.drop_table("pregnancy_invitations")
    op.drop_table("pregnancy_parents")
    op.drop_constraint(op.f("uq_pregnancies_id_state"), "pregnancies")
    op.drop_column("children", "replanned_on")
