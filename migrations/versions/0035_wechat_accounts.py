"""The WeChat accounts of city, towns and zones, and who follows them.

New tables only. Followers refer to the identity by which a parent is linked, so that no
follower stays a parent's whose identity is gone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


KINDS = _words("accountkind_known", "mini", "service", "subscription")
CAPABILITIES = _words(
    "capability_known", "template", "notify", "mass", "publish", "menu", "scan", "users"
)
OUTCOMES = _words("linkoutcome_known", "linked", "other_parent", "other_person")


def upgrade() -> None:
    _accounts()
    _answers()
    _followers()
    _codes()


def downgrade() -> None:
    for table in ("link_codes", "followers", "capability_answers", "wechat_accounts"):
        op.drop_table(table)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default="false", nullable=False)


def _account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["appid"],
        ["wechat_accounts.appid"],
        name=op.f(f"fk_{table}_appid_wechat_accounts"),
        ondelete="CASCADE",
    )


def _accounts() -> None:
    flags = ("template", "notify", "mass", "publish", "menu", "scan", "users")
    op.create_table(
        "wechat_accounts",
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("kind", KINDS, nullable=False),
        sa.Column("town_code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("certified", sa.Boolean(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=True),
        sa.Column("push_token_sealed", sa.Text(), nullable=True),
        sa.Column("aes_key_sealed", sa.Text(), nullable=True),
        sa.Column("secret_version", sa.Integer(), server_default="1", nullable=False),
        *(_flag(f"can_{flag}") for flag in flags),
        _moment("asked_at", nullable=True),
        sa.Column("asked_errcode", sa.Integer(), nullable=True),
        sa.Column("asked_ip", sa.Text(), nullable=True),
        _moment("created_at"),
        _moment("changed_at"),
        _moment("retired_at", nullable=True),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_wechat_accounts_{name}"))
            for name, rule in {
                "mini_of_the_city": "kind <> 'mini' OR town_code IS NULL",
                "live_has_keys": "retired_at IS NOT NULL OR (secret_sealed IS NOT NULL"
                " AND push_token_sealed IS NOT NULL AND aes_key_sealed IS NOT NULL)",
                "tells_persons": "NOT (can_template OR can_notify)"
                " OR (kind = 'service' AND certified)",
                "mini_has_no_followers": "kind <> 'mini' OR NOT"
                " (can_mass OR can_publish OR can_menu OR can_scan OR can_users)",
                "secret_version_from_one": "secret_version >= 1",
                "named": "char_length(name) BETWEEN 1 AND 40",
            }.items()
        ),
        sa.PrimaryKeyConstraint("appid", name=op.f("pk_wechat_accounts")),
    )
    op.create_index(op.f("ix_wechat_accounts_town_code"), "wechat_accounts", ["town_code"])
    op.create_index(
        "uq_wechat_accounts_live_mini",
        "wechat_accounts",
        ["kind"],
        unique=True,
        postgresql_where=sa.text("kind = 'mini' AND retired_at IS NULL"),
    )


def _answers() -> None:
    op.create_table(
        "capability_answers",
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("capability", CAPABILITIES, nullable=False),
        _moment("asked_at"),
        sa.Column("errcode", sa.Integer(), nullable=False),
        _moment("lost_at", nullable=True),
        _account("capability_answers"),
        sa.PrimaryKeyConstraint("appid", "capability", name=op.f("pk_capability_answers")),
    )


def _followers() -> None:
    op.create_table(
        "followers",
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("unionid", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        _moment("followed_at"),
        _moment("left_at", nullable=True),
        sa.Column("scene", sa.Text(), nullable=True),
        _moment("identified_at", nullable=True),
        sa.CheckConstraint(
            "left_at >= followed_at", name=op.f("ck_followers_left_after_following")
        ),
        _account("followers"),
        sa.ForeignKeyConstraint(
            ["parent_id", "appid"],
            ["parent_identities.parent_id", "parent_identities.appid"],
            name=op.f("fk_followers_parent_id_parent_identities"),
            ondelete="SET NULL (parent_id)",
        ),
        sa.PrimaryKeyConstraint("appid", "openid", name=op.f("pk_followers")),
    )
    op.create_index(op.f("ix_followers_unionid"), "followers", ["unionid"])
    op.create_index(
        "ix_followers_to_identify",
        "followers",
        ["appid", "followed_at"],
        postgresql_where=sa.text("identified_at IS NULL AND left_at IS NULL"),
    )
    op.create_index(
        "uq_followers_parent",
        "followers",
        ["parent_id", "appid"],
        unique=True,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )


def _codes() -> None:
    op.create_table(
        "link_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scene_hash", sa.LargeBinary(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("appid", sa.Text(), nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.Column("outcome", OUTCOMES, nullable=True),
        sa.CheckConstraint(
            "expires_at > created_at AND expires_at <= created_at + INTERVAL '10 minutes'",
            name=op.f("ck_link_codes_ten_minutes_at_most"),
        ),
        sa.CheckConstraint(
            "(used_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_link_codes_used_with_an_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["parents.id"],
            name=op.f("fk_link_codes_parent_id_parents"),
            ondelete="CASCADE",
        ),
        _account("link_codes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_codes")),
        sa.UniqueConstraint("scene_hash", name=op.f("uq_link_codes_scene_hash")),
    )
    op.create_index(op.f("ix_link_codes_parent_id_id"), "link_codes", ["parent_id", "id"])
