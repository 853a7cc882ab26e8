"""Covers of articles that somebody chose, and how far who follows is compared with WeChat.

Two new tables, and a column of `followers` without a default: locks nothing for long.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _covers()
    op.add_column("followers", sa.Column("listed_at", MOMENT, nullable=True))
    _comparisons()


def _covers() -> None:
    op.create_table(
        "cover_pictures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "octet_length(jpeg) BETWEEN 1 AND 1048576",
            name=op.f("ck_cover_pictures_small_enough"),
        ),
        sa.ForeignKeyConstraint(
            ["appid"],
            ["wechat_accounts.appid"],
            name=op.f("fk_cover_pictures_appid_wechat_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["added_by"],
            ["staff.id"],
            name=op.f("fk_cover_pictures_added_by_staff"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cover_pictures")),
        sa.UniqueConstraint("appid", "digest", name=op.f("uq_cover_pictures_appid_digest")),
    )


def _comparisons() -> None:
    numbers = ("total", "listed", "came", "missing")
    op.create_table(
        "follower_comparisons",
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("cursor", sa.Text(), server_default="", nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in numbers),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("compared_at", MOMENT, nullable=True),
        sa.Column("list_after", MOMENT, nullable=True),
        sa.Column("ask_after", MOMENT, nullable=True),
        sa.Column("errcode", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "finished_at >= started_at", name=op.f("ck_follower_comparisons_finished_after_start")
        ),
        sa.CheckConstraint(
            "finished_at IS NULL OR cursor = ''",
            name=op.f("ck_follower_comparisons_finished_without_cursor"),
        ),
        sa.CheckConstraint(
            "total >= 0 AND listed >= 0 AND came >= 0 AND missing >= 0",
            name=op.f("ck_follower_comparisons_counts_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["appid"],
            ["wechat_accounts.appid"],
            name=op.f("fk_follower_comparisons_appid_wechat_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("appid", name=op.f("pk_follower_comparisons")),
    )


def downgrade() -> None:
    op.drop_table("follower_comparisons")
    op.drop_column("followers", "listed_at")
    op.drop_table("cover_pictures")
