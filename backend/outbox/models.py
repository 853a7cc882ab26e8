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


class Channel(StrEnum):
    """The way a message is on. From the first to the second once, never back; see `channels`."""

    SUBSCRIBE = "subscribe"  # 小程序订阅消息
    SERVICE = "service"  # 服务号模板消息


class Message(Base):
    """One message to one parent. `key` makes it once, whoever puts it and however often."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("attempts >= 0", "attempts_not_negative"),
        CheckConstraint(
            "uncounted_attempts BETWEEN 0 AND attempts", "uncounted_attempts_among_attempts"
        ),
        CheckConstraint("(channel = 'service') = (account <> '')", "account_of_channel"),
        CheckConstraint(
            "state NOT IN ('claimed', 'sending') OR not_before IS NOT NULL", "held_under_a_lease"
        ),
        Index(None, "parent_id", "id"),
        Index(
            "ix_messages_to_send",
            "due_at",
            postgresql_where=text("state IN ('waiting', 'claimed', 'sending')"),
        ),
        Index(
            "ix_messages_lane",
            "account",
            "template",
            "due_at",
            "id",
            postgresql_where=text("state IN ('waiting', 'claimed')"),
        ),
        Index("ix_messages_sending", "not_before", postgresql_where=text("state = 'sending'")),
        Index(
            "ix_messages_wechat_id",
            "account",
            "wechat_id",
            postgresql_where=text("wechat_id IS NOT NULL"),
        ),
        Index("ix_messages_sent_at", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
        Index("ix_messages_trouble", "id", postgresql_where=text("state IN ('unknown', 'failed')")),
        Index(None, "child_id"),
        Index(
            "ix_messages_of_campaigns",
            "key",
            postgresql_ops={"key": "text_pattern_ops"},
            postgresql_where=text("template IN ('campaign', 'pregnancy_notice')"),
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
    channel: Mapped[Channel] = mapped_column(
        enum_column(Channel), server_default=Channel.SUBSCRIBE.value
    )
    account: Mapped[str] = mapped_column(Text, server_default="")  # the 服务号's appid
    due_at: Mapped[datetime]
    not_before: Mapped[datetime | None]  # lease of a claim, or the next try
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # Of these tries, those up to the last one that said nothing about the message itself.
    uncounted_attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    errcode: Mapped[int | None] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(Text)
    wechat_id: Mapped[int | None] = mapped_column(BigInteger)  # msgid of a 服务号's message
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
    """A grant or a use. `confirmed` is false while only the client has said it.

    `happened_at`: when the person said yes or no by WeChat's clock, where WeChat has told it; of
    a report, that of the event which it waited for. `at`: when it was written down.
    """

    __tablename__ = "subscription_ledger"
    __table_args__ = (
        CheckConstraint(
            "happened_at IS NULL OR reason IN ('reported', 'popup', 'refused')",
            "happened_to_a_permission",
        ),
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
    happened_at: Mapped[datetime | None]


class Span(StrEnum):
    DAY = "day"  # of the city, as WeChat counts
    MINUTE = "minute"


class SendQuota(Base):
    """How many messages an account, or one template of it, was sent in the span that runs."""

    __tablename__ = "send_quotas"
    __table_args__ = (CheckConstraint("used >= 0", "used_not_negative"),)

    appid: Mapped[str] = mapped_column(Text, primary_key=True)
    template: Mapped[str] = mapped_column(Text, primary_key=True)  # our name; "" the account
    span: Mapped[Span] = mapped_column(enum_column(Span), primary_key=True)
    begins_at: Mapped[datetime]
    used: Mapped[int] = mapped_column(BigInteger)


class PauseReason(StrEnum):
    OPERATOR = "operator"
    CONFIG = "config"
    MINUTE_RATE = "minute_rate"
    DAY_QUOTA = "day_quota"
    TOKEN = "token"  # noqa: S105
    OUTAGE = "outage"  # too many bad answers, or none


class SendingPause(Base):
    """A time in which an account, or one template of it, sends nothing; see `pauses`."""

    __tablename__ = "sending_pauses"
    __table_args__ = (
        CheckConstraint("until > since", "runs_forward"),
        CheckConstraint("ended_at >= since", "ends_after_it_began"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", "ended_by_somebody"),
        Index(
            "uq_sending_pauses_open",
            "appid",
            "template",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appid: Mapped[str] = mapped_column(Text)
    template: Mapped[str] = mapped_column(Text)  # our name; "" the whole account
    reason: Mapped[PauseReason] = mapped_column(enum_column(PauseReason))
    errcode: Mapped[int | None] = mapped_column(Integer)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    paused_by: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Text)
