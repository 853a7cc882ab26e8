"""What a 公众号 publishes, and its menu: each step a row before the call, its outcome after."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column


class Way(StrEnum):
    PUBLISH = "publish"  # 发布: on the account's page, nobody is told
    MASS = "mass"  # 群发: into the chats of all followers


class PublicationState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"  # waits for a second person; a mass message only
    QUEUED = "queued"  # waits for a worker
    PREPARING = "preparing"  # pictures and draft on their way to WeChat; harmless to repeat
    READY = "ready"  # WeChat has the draft
    SENDING = "sending"  # the call that cannot be taken back is being made
    RUNNING = "running"  # WeChat has taken it and works on it
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"  # the answer was lost; a person looks on WeChat's site
    CANCELLED = "cancelled"


class Publication(Base):
    """One to eight guides. `articles`: slug, the hash of the text meant, and `rules.Card`.

    `client_id` makes a mass message one, however often it is asked for. `remote_id`: WeChat's
    publish_id or msg_id. `stepped_at`: when the present step was begun.
    """

    __tablename__ = "publications"
    __table_args__ = (
        CheckConstraint(
            "jsonb_typeof(articles) = 'array' AND jsonb_array_length(articles) BETWEEN 1 AND 8",
            "one_to_eight_articles",
        ),
        CheckConstraint("char_length(author) <= 16", "author_fits_wechat"),
        CheckConstraint(
            "approved_by <> author_id AND approved_by <> submitted_by", "approved_by_another"
        ),
        CheckConstraint(
            "way <> 'mass' OR state IN ('draft', 'submitted', 'cancelled')"
            " OR (approved_by IS NOT NULL AND submitted_by IS NOT NULL)",
            "no_mass_unapproved",
        ),
        CheckConstraint("way = 'mass' OR state <> 'submitted'", "publishing_asks_nobody"),
        CheckConstraint(
            "state NOT IN ('ready', 'sending', 'running') OR media_id IS NOT NULL", "has_a_draft"
        ),
        CheckConstraint("state <> 'running' OR remote_id IS NOT NULL", "running_is_known"),
        CheckConstraint(
            "sent_count >= 0 AND total_count >= 0 AND error_count >= 0", "counts_not_negative"
        ),
        UniqueConstraint("client_id"),
        UniqueConstraint("appid", "way", "remote_id"),
        Index(
            "ix_publications_to_step",
            "stepped_at",
            postgresql_where=text(
                "state IN ('queued', 'preparing', 'ready', 'sending', 'running')"
            ),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appid: Mapped[str] = mapped_column(ForeignKey("wechat_accounts.appid", ondelete="RESTRICT"))
    way: Mapped[Way] = mapped_column(enum_column(Way))
    state: Mapped[PublicationState] = mapped_column(enum_column(PublicationState))
    articles: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    author: Mapped[str] = mapped_column(Text)  # the office that readers see
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    client_id: Mapped[str] = mapped_column(Text)
    media_id: Mapped[str | None] = mapped_column(Text)
    remote_id: Mapped[str | None] = mapped_column(Text)
    errcode: Mapped[int | None]
    problem: Mapped[str] = mapped_column(Text, server_default="")
    links: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    total_count: Mapped[int | None]
    sent_count: Mapped[int | None]
    error_count: Mapped[int | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    stepped_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CoverPicture(Base):
    """A cover that somebody chose for an account, as WeChat gets it; never changed.

    The articles of a publication name it by its number, and it can be chosen again.
    """

    __tablename__ = "cover_pictures"
    __table_args__ = (
        CheckConstraint("octet_length(jpeg) BETWEEN 1 AND 1048576", "small_enough"),
        UniqueConstraint("appid", "digest"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appid: Mapped[str] = mapped_column(ForeignKey("wechat_accounts.appid", ondelete="RESTRICT"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)  # SHA-256 of the picture
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)
    added_by: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    added_at: Mapped[datetime]


class MenuState(StrEnum):
    DRAFT = "draft"
    SENDING = "sending"  # on its way; replaces the whole menu, so sending again harms nobody
    LIVE = "live"
    PAST = "past"


class Menu(Base):
    """One version of an account's menu. `buttons`: menu_buttons.Button, as plain values.

    An account has one version being worked on and one that is live, at most.
    """

    __tablename__ = "menus"
    __table_args__ = (
        CheckConstraint(
            "jsonb_typeof(buttons) = 'array' AND jsonb_array_length(buttons) <= 3",
            "three_buttons",
        ),
        CheckConstraint("state NOT IN ('live', 'past') OR published_at IS NOT NULL", "published"),
        Index(
            "uq_menus_in_work_and_live",
            "appid",
            text("(state = 'live')"),
            unique=True,
            postgresql_where=text("state <> 'past'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appid: Mapped[str] = mapped_column(ForeignKey("wechat_accounts.appid", ondelete="RESTRICT"))
    state: Mapped[MenuState] = mapped_column(enum_column(MenuState))
    buttons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    written_by: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="RESTRICT"))
    written_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    errcode: Mapped[int | None]
    problem: Mapped[str] = mapped_column(Text, server_default="")
