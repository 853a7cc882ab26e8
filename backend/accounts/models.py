"""The city's WeChat accounts, who follows them, and what WeChat tells us: stored once each."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column


class AccountKind(StrEnum):
    MINI = "mini"  # 小程序
    SERVICE = "service"  # 服务号
    SUBSCRIPTION = "subscription"  # 订阅号


KIND_TITLES = {
    AccountKind.MINI: "小程序",
    AccountKind.SERVICE: "服务号",
    AccountKind.SUBSCRIPTION: "订阅号",
}


class Capability(StrEnum):
    """What WeChat may let an account do; each is a column `can_…` of its row."""

    TEMPLATE = "template"  # 模板消息
    NOTIFY = "notify"  # 订阅通知 (message/subscribe/bizsend)
    MASS = "mass"  # 群发
    PUBLISH = "publish"  # 草稿和发布
    MENU = "menu"  # 自定义菜单
    SCAN = "scan"  # 带参数的二维码
    USERS = "users"  # 用户信息


CAPABILITY_TITLES = {
    Capability.TEMPLATE: "模板消息",
    Capability.NOTIFY: "订阅通知",
    Capability.MASS: "群发",
    Capability.PUBLISH: "草稿和发布",
    Capability.MENU: "自定义菜单",
    Capability.SCAN: "带参数二维码",
    Capability.USERS: "用户信息",
}


class WeChatAccount(Base):
    """An account that we speak for. Retired, never deleted; its keys go a day after that.

    `secret_version` goes up with each new secret, so that every process takes a new client.
    `asked_at`, `asked_errcode` and `asked_ip` say how WeChat last answered to appid and secret:
    0 is well, 40164 names the address that has to be let in.
    """

    __tablename__ = "wechat_accounts"
    __table_args__ = (
        CheckConstraint("kind <> 'mini' OR town_code IS NULL", "mini_of_the_city"),
        CheckConstraint(
            "retired_at IS NOT NULL OR (secret_sealed IS NOT NULL"
            " AND push_token_sealed IS NOT NULL AND aes_key_sealed IS NOT NULL)",
            "live_has_keys",
        ),
        CheckConstraint(
            "NOT (can_template OR can_notify) OR (kind = 'service' AND certified)",
            "tells_persons",
        ),
        CheckConstraint(
            "kind <> 'mini' OR NOT (can_mass OR can_publish OR can_menu OR can_scan OR can_users)",
            "mini_has_no_followers",
        ),
        CheckConstraint("secret_version >= 1", "secret_version_from_one"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 40", "named"),
        Index(
            "uq_wechat_accounts_live_mini",
            "kind",
            unique=True,
            postgresql_where=text("kind = 'mini' AND retired_at IS NULL"),
        ),
        Index(None, "town_code"),
    )

    appid: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[AccountKind] = mapped_column(enum_column(AccountKind))
    town_code: Mapped[str | None] = mapped_column(Text)  # None: the city's own
    name: Mapped[str] = mapped_column(Text)
    certified: Mapped[bool] = mapped_column(Boolean)
    secret_sealed: Mapped[str | None] = mapped_column(Text)
    push_token_sealed: Mapped[str | None] = mapped_column(Text)
    aes_key_sealed: Mapped[str | None] = mapped_column(Text)
    secret_version: Mapped[int] = mapped_column(Integer, server_default="1")
    can_template: Mapped[bool] = mapped_column(Boolean, server_default="false")
    can_notify: Mapped[bool] = mapped_column(Boolean, server_default="false")
    can_mass: Mapped[bool] = mapped_column(Boolean, server_default="false")
    can_publish: Mapped[bool] = mapped_column(Boolean, server_default="false")
    can_menu: Mapped[bool] = mapped_column(Boolean, server_default="false")
    can_scan: Mapped[bool] = mapped_column(Boolean, server_default="false")
    can_users: Mapped[bool] = mapped_column(Boolean, server_default="false")
    asked_at: Mapped[datetime | None]
    asked_errcode: Mapped[int | None] = mapped_column(Integer)
    asked_ip: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    def can(self, capability: Capability) -> bool:
        return bool(getattr(self, f"can_{capability.value}"))


class CapabilityAnswer(Base):
    """When WeChat was last asked about a capability, and its code: 0 yes, 48001 no.

    `lost_at`: since when an account that could cannot any more; None once it can again.
    """

    __tablename__ = "capability_answers"

    appid: Mapped[str] = mapped_column(
        ForeignKey("wechat_accounts.appid", ondelete="CASCADE"), primary_key=True
    )
    capability: Mapped[Capability] = mapped_column(enum_column(Capability), primary_key=True)
    asked_at: Mapped[datetime]
    errcode: Mapped[int] = mapped_column(Integer)
    lost_at: Mapped[datetime | None]


class Follower(Base):
    """A person who follows an account, or did. `parent_id`: who that is, where it is known.

    The link itself is people's ParentIdentity (same appid and openid); the foreign key lets no
    follower be anybody whose identity is gone. `identified_at`: when WeChat was asked for the
    unionid, which only some accounts have. `listed_at`: the start of the comparison in which
    WeChat last named them (`FollowerComparison`).
    """

    __tablename__ = "followers"
    __table_args__ = (
        ForeignKeyConstraint(
            ["parent_id", "appid"],
            ["parent_identities.parent_id", "parent_identities.appid"],
            ondelete="SET NULL (parent_id)",
        ),
        CheckConstraint("left_at >= followed_at", "left_after_following"),
        Index(
            "uq_followers_parent",
            "parent_id",
            "appid",
            unique=True,
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
        Index(None, "unionid"),
        Index(
            "ix_followers_to_identify",
            "appid",
            "followed_at",
            postgresql_where=text("identified_at IS NULL AND left_at IS NULL"),
        ),
    )

    appid: Mapped[str] = mapped_column(
        ForeignKey("wechat_accounts.appid", ondelete="CASCADE"), primary_key=True
    )
    openid: Mapped[str] = mapped_column(Text, primary_key=True)
    unionid: Mapped[str | None] = mapped_column(Text)
    parent_id: Mapped[int | None] = mapped_column(BigInteger)
    followed_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    scene: Mapped[str | None] = mapped_column(Text)  # of the QR code that led here, never a link's
    identified_at: Mapped[datetime | None]
    listed_at: Mapped[datetime | None]


class FollowerComparison(Base):
    """How far WeChat's list of an account's followers has been taken over; the newest comparison.

    `cursor`: the last openid that was taken. `came`: of those listed, who was new to us;
    `missing`: of ours, who was not listed and is being asked about. Nobody lists before
    `list_after` or asks who people are before `ask_after`: another worker may be at it, or
    WeChat wants no more for now, which `errcode` says.
    """

    __tablename__ = "follower_comparisons"
    __table_args__ = (
        CheckConstraint("finished_at >= started_at", "finished_after_start"),
        CheckConstraint("finished_at IS NULL OR cursor = ''", "finished_without_cursor"),
        CheckConstraint(
            "total >= 0 AND listed >= 0 AND came >= 0 AND missing >= 0", "counts_not_negative"
        ),
    )

    appid: Mapped[str] = mapped_column(
        ForeignKey("wechat_accounts.appid", ondelete="CASCADE"), primary_key=True
    )
    started_at: Mapped[datetime]
    cursor: Mapped[str] = mapped_column(Text, server_default="")
    total: Mapped[int] = mapped_column(Integer, server_default="0")
    listed: Mapped[int] = mapped_column(Integer, server_default="0")
    came: Mapped[int] = mapped_column(Integer, server_default="0")
    missing: Mapped[int] = mapped_column(Integer, server_default="0")
    finished_at: Mapped[datetime | None]  # None: under way
    compared_at: Mapped[datetime | None]  # the end of the last whole one
    list_after: Mapped[datetime | None]
    ask_after: Mapped[datetime | None]
    errcode: Mapped[int | None] = mapped_column(Integer)


class LinkOutcome(StrEnum):
    """What became of a code by which a parent links a public account."""

    LINKED = "linked"
    OTHER_PARENT = "other_parent"  # that WeChat belongs to another parent here
    OTHER_PERSON = "other_person"  # that WeChat is not the one the mini-program runs in


class LinkCode(Base):
    """A QR code that a parent shows to WeChat: who scans it follows as that parent. Once.

    Of the scene in the code its hash alone is kept.
    """

    __tablename__ = "link_codes"
    __table_args__ = (
        CheckConstraint(
            "expires_at > created_at AND expires_at <= created_at + INTERVAL '10 minutes'",
            "ten_minutes_at_most",
        ),
        CheckConstraint("(used_at IS NULL) = (outcome IS NULL)", "used_with_an_outcome"),
        Index(None, "parent_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    scene_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id", ondelete="CASCADE"))
    appid: Mapped[str] = mapped_column(ForeignKey("wechat_accounts.appid", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    outcome: Mapped[LinkOutcome | None] = mapped_column(enum_column(LinkOutcome))


class TemplateKind(StrEnum):
    ONCE = "once"  # a 订阅消息: one for each permission
    LONG = "long"  # a 订阅消息: any number after one permission
    MESSAGE = "message"  # a 服务号's 模板消息: followers, no permission


class TemplateTrouble(StrEnum):
    """Why WeChat would not take what we send for a template; it is paused meanwhile."""

    GONE = "gone"  # the account has it no more
    CHANGED = "changed"  # other fields, or other values, than those that were written down


class WeChatTemplate(Base):
    """Which template of an account at WeChat says one of our messages, and what is in its fields.

    `name`: ours, in content/messages/templates.yaml. `fields`: see `outbox.forms`; proved when it
    is saved. A row is never changed by a person: the next one takes its place.
    """

    __tablename__ = "wechat_templates"
    __table_args__ = (
        CheckConstraint("char_length(template_id) BETWEEN 1 AND 64", "template_named"),
        CheckConstraint("name <> '' AND title <> ''", "named"),
        CheckConstraint(
            "jsonb_typeof(fields) = 'array' AND fields <> '[]'::jsonb", "fields_listed"
        ),
        CheckConstraint("retired_at >= saved_at", "retired_after_saving"),
        CheckConstraint("trouble IS NULL OR checked_at IS NOT NULL", "trouble_was_found"),
        Index(
            "uq_wechat_templates_live",
            "appid",
            "name",
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
        ),
        Index(None, "appid", "template_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appid: Mapped[str] = mapped_column(ForeignKey("wechat_accounts.appid", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    template_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[TemplateKind] = mapped_column(enum_column(TemplateKind))
    title: Mapped[str] = mapped_column(Text)
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(Text)  # `staff:7`, or `settings`
    checked_at: Mapped[datetime | None]
    trouble: Mapped[TemplateTrouble | None] = mapped_column(enum_column(TemplateTrouble))
    retired_at: Mapped[datetime | None]


class InboundEvent(Base):
    """A push of WeChat. The dedupe key makes the retries of WeChat harmless."""

    __tablename__ = "inbound_events"
    __table_args__ = (
        UniqueConstraint("appid", "dedupe_key"),
        Index("ix_inbound_events_open", "id", postgresql_where=text("handled_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appid: Mapped[str] = mapped_column(Text)
    dedupe_key: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    openid: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
