"""What 公众号 publish and their menus; and what people wrote to them is not kept.

Two new tables. `inbound_events` keeps thirty days of pushes: of messages, and of events that
nothing handles, their words and places go.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

STATES = (
    "draft",
    "submitted",
    "queued",
    "preparing",
    "ready",
    "sending",
    "running",
    "done",
    "failed",
    "unknown",
    "cancelled",
)
CHECKS = {
    "one_to_eight_articles": (
        "jsonb_typeof(articles) = 'array' AND jsonb_array_length(articles) BETWEEN 1 AND 8"
    ),
    "author_fits_wechat": "char_length(author) <= 16",
    "approved_by_another": "approved_by <> author_id AND approved_by <> submitted_by",
    "no_mass_unapproved": (
        "way <> 'mass' OR state IN ('draft', 'submitted', 'cancelled')"
        " OR (approved_by IS NOT NULL AND submitted_by IS NOT NULL)"
    ),
    "publishing_asks_nobody": "way = 'mass' OR state <> 'submitted'",
    "has_a_draft": "state NOT IN ('ready', 'sending', 'running') OR media_id IS NOT NULL",
    "running_is_known": "state <> 'running' OR remote_id IS NOT NULL",
    "counts_not_negative": "sent_count >= 0 AND total_count >= 0 AND error_count >= 0",
}


def known(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    _publications()
    _menus()
    op.execute(
        "UPDATE inbound_events SET payload = jsonb_strip_nulls(jsonb_build_object("
        "'MsgType', payload -> 'MsgType', 'Event', payload -> 'Event', 'MsgId', payload -> 'MsgId'"
        ")) WHERE payload ->> 'MsgType' <> 'event' OR kind = 'LOCATION'"
    )


def _publications() -> None:
    op.create_table(
        "publications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("way", known("way_known", "publish", "mass"), nullable=False),
        sa.Column("state", known("publicationstate_known", *STATES), nullable=False),
        sa.Column("articles", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("submitted_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("media_id", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("errcode", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "links", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column("total_count", sa.BigInteger(), nullable=True),
        sa.Column("sent_count", sa.BigInteger(), nullable=True),
        sa.Column("error_count", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stepped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_publications_{name}"))
            for name, rule in CHECKS.items()
        ),
        sa.ForeignKeyConstraint(
            ["appid"],
            ["wechat_accounts.appid"],
            name=op.f("fk_publications_appid_wechat_accounts"),
            ondelete="RESTRICT",
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["staff.id"],
                name=op.f(f"fk_publications_{column}_staff"),
                ondelete="RESTRICT",
            )
            for column in ("author_id", "submitted_by", "approved_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
        sa.UniqueConstraint("client_id", name=op.f("uq_publications_client_id")),
        sa.UniqueConstraint(
            "appid", "way", "remote_id", name=op.f("uq_publications_appid_way_remote_id")
        ),
    )
    op.create_index(
        "ix_publications_to_step",
        "publications",
        ["stepped_at"],
        postgresql_where=sa.text("state IN ('queued', 'preparing', 'ready', 'sending', 'running')"),
    )


def _menus() -> None:
    op.create_table(
        "menus",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column(
            "state", known("menustate_known", "draft", "sending", "live", "past"), nullable=False
        ),
        sa.Column("buttons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("errcode", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "jsonb_typeof(buttons) = 'array' AND jsonb_array_length(buttons) <= 3",
            name=op.f("ck_menus_three_buttons"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('live', 'past') OR published_at IS NOT NULL",
            name=op.f("ck_menus_published"),
        ),
        sa.ForeignKeyConstraint(
            ["appid"],
            ["wechat_accounts.appid"],
            name=op.f("fk_menus_appid_wechat_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["written_by"],
            ["staff.id"],
            name=op.f("fk_menus_written_by_staff"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menus")),
    )
    op.create_index(
        "uq_menus_in_work_and_live",
        "menus",
        ["appid", sa.text("(state = 'live')")],
        unique=True,
        postgresql_where=sa.text("state <> 'past'"),
    )


def downgrade() -> None:
    op.drop_table("menus")
    op.drop_table("publications")
