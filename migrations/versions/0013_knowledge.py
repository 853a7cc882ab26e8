"""Sets of ten questions that families answered, and the city's sample of them.

A family's first set of a month is its sample: a partial unique index, so that two at once cannot
both count. Who answered is forgotten with the account (SET NULL); the answers stay, without a
name, for the rate of the town. New tables only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiz_sets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "EXTRACT(DAY FROM month) = 1", name=op.f("ck_quiz_sets_month_by_first_day")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["parents.id"],
            name=op.f("fk_quiz_sets_parent_id_parents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_sets")),
    )
    op.create_index(op.f("ix_quiz_sets_parent_id"), "quiz_sets", ["parent_id"], unique=False)
    op.create_index(
        "uq_quiz_sets_sample_of_month",
        "quiz_sets",
        ["parent_id", "month"],
        unique=True,
        postgresql_where=sa.text("sampled"),
    )
    op.create_index(
        "ix_quiz_sets_sample",
        "quiz_sets",
        ["month", "town_code"],
        unique=False,
        postgresql_where=sa.text("sampled AND finished_at IS NOT NULL"),
    )
    op.create_table(
        "quiz_answers",
        sa.Column("set_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("question_id", sa.Text(), nullable=False),
        sa.Column("chosen", sa.SmallInteger(), nullable=True),
        sa.Column("correct", sa.Boolean(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("position BETWEEN 1 AND 10", name=op.f("ck_quiz_answers_ten_a_set")),
        sa.CheckConstraint(
            "num_nonnulls(chosen, correct, answered_at) IN (0, 3)",
            name=op.f("ck_quiz_answers_answered_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["set_id"],
            ["quiz_sets.id"],
            name=op.f("fk_quiz_answers_set_id_quiz_sets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("set_id", "position", name=op.f("pk_quiz_answers")),
        sa.UniqueConstraint(
            "set_id", "question_id", name=op.f("uq_quiz_answers_set_id_question_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("quiz_answers")
    op.drop_table("quiz_sets")
