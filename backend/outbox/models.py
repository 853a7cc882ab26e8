"""What has to be said to a parent, and what WeChat lets us say."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column


class MessageState(StrEnum):
    """The way of a message to WeChat. The in-app list shows it whatever the state."""

    WAITING = "waiting"
    CLAIMED = "claimed"  # a worker holds it under a lease; may be claimed again after it
    SENDING = "sending"  # handed to the network; after a crash it becomes UNKNOWN
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"  # may have arrived: listed for the operator, never resent by itself
    IN_APP = "in_app"  # no right to send, or refused: the in-app list is the channel


class Message(Base):
    """One message to one parent. `key` makes it once, whoever puts it and however often."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("attempts >= 0", "attempts_not_negative"),
        Index(None, "parent_id", "id"),
        Index(
            "ix_messages_to_send",
            "due_at",
            postgresql_where=text("state IN ('waiting', 'claimed', 'sending')"),
        ),
        Index("ix_messages_trouble", "id", postgresql_where=text("state IN ('unknown', 'failed')")),
        Index(None, "child_id"),
        Index(
            "ix_messages_of_campaigns",
            "key",
            postgresql_ops={"key": "text_pattern_ops"},
            postgresql_where=text("template = 'campaign'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id", ondelete="CASCADE"))
    child_id: Mapped[int | None] = mapped_column(ForeignKey("children.id", ondelete="CASCADE"))
    template: Mapped[str] = mapped_column(Text)  # our name, in content/messages/templates.yaml
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)  # ids and facts; no names, no phones
    state: Mapped[MessageState] = mapped_column(
        enum_column(MessageState), server_default=MessageState.WAITING.value
    )
    due_at: Mapped[datetime]
    not_before: Mapped[datetime | None]  # lease of a claim, or the next try
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    errcode: Mapped[int | None] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class Balance(Base):
    """How many messages of a template WeChat still lets us send to an openid."""

    __tablename__ = "subscription_balances"
    __table_args__ = (CheckConstraint("balance >= 0", "balance_not_negative"),)

    appid: Mapped[str] = mapped_column(Text, primary_key=True)
    openid: Mapped[str] = mapped_column(Text, primary_key=True)
    template_id: Mapped[str] = mapped_column(Text, primary_key=True)
    balance: Mapped[int] = mapped_column(Integer)


class LedgerReason(StrEnum):
    REPORTED = "reported"  # the client says: accepted; provisional
    POPUP = "popup"  # WeChat's event says: accepted
    SENT = "sent"  # a message used one
    REFUSED = "refused"  # popup, settings or 43101: the rest is gone
    RETURNED = "returned"  # a use that WeChat did not take


class LedgerEntry(Base):
    """A grant or a use. `confirmed` is false while only the client has said it."""

    __tablename__ = "subscription_ledger"
    __table_args__ = (
        Index(None, "appid", "openid", "template_id", "id"),
        Index(None, "message_id"),
        Index(
            "uq_subscription_ledger_open_report",
            "appid",
            "openid",
            "template_id",
            unique=True,
            postgresql_where=text("reason = 'reported' AND NOT confirmed"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appid: Mapped[str] = mapped_column(Text)
    openid: Mapped[str] = mapped_column(Text)
    template_id: Mapped[str] = mapped_column(Text)
    change: Mapped[int] = mapped_column(Integer)
    reason: Mapped[LedgerReason] = mapped_column(enum_column(LedgerReason))
    confirmed: Mapped[bool] = mapped_column(Boolean)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    at: Mapped[datetime]
