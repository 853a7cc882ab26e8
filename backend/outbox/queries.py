"""Reads for screens: a parent's own list, the operator's list of trouble, the night's queue."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock
from backend.kernel.errors import Invalid
from backend.kernel.paging import Page, decode_cursor, page_of
from backend.kernel.privacy import Unreadable, Vault, mask_name
from backend.outbox.claims import sealed_names
from backend.outbox.hours import next_send_time
from backend.outbox.models import Message, MessageState
from backend.outbox.templates import Templates, UnknownTemplate, Words
from backend.outbox.values import MissingFact
from backend.people.children import NAME
from backend.people.models import Child

# What a parent is told of the way to WeChat; leases and retries are our business.
SHOWN_STATE: Mapping[MessageState, str] = {
    MessageState.WAITING: "waiting",
    MessageState.CLAIMED: "waiting",
    MessageState.SENDING: "waiting",
    MessageState.SENT: "sent",
    MessageState.FAILED: "failed",
    MessageState.UNKNOWN: "unknown",
    MessageState.IN_APP: "in_app",
}
UNDERWAY = (MessageState.WAITING, MessageState.CLAIMED, MessageState.SENDING)
TROUBLE = (MessageState.UNKNOWN, MessageState.FAILED)
UNREADABLE = Words("消息", "这条消息的内容暂时无法显示，请联系亲子活动中心。", None)

log = structlog.get_logger()


@dataclass(frozen=True)
class Wording:
    """What it takes to put a message into words."""

    templates: Templates
    vault: Vault


@dataclass(frozen=True)
class InAppMessage:
    """A line of a parent's list. `created_at` is when it became due, and so appeared there."""

    id: int
    kind: str
    title: str
    body: str
    page: str | None
    created_at: datetime
    read_at: datetime | None
    wechat: str


@dataclass(frozen=True)
class TroubleRow:
    """A message for the operator's eyes. Ids only; nobody's name."""

    id: int
    template: str
    parent_id: int
    child_id: int | None
    state: MessageState
    errcode: int | None
    problem: str | None
    attempts: int
    due_at: datetime


@dataclass(frozen=True)
class QueueRow:
    """A message that has not gone out yet. `to` is masked: 王*一的家长."""

    id: int
    title: str
    to: str
    due_at: datetime
    state: str


def messages_of(
    session: Session,
    clock: Clock,
    wording: Wording,
    *,
    parent_id: int,
    after: str | None = None,
    limit: int = 50,
) -> Page[InAppMessage]:
    """Everything that was said to a parent until now, whatever became of it in WeChat.

    Newest first. Raises Invalid for a cursor that is not ours.
    """
    query = (
        select(Message, Child.name_sealed)
        .outerjoin(Child, Child.id == Message.child_id)
        .where(Message.parent_id == parent_id, Message.due_at <= clock.now())
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(tuple_(Message.due_at, Message.id) < _place(after))
    rows = session.execute(query).all()
    names = _names_in(session, wording, [message for message, _ in rows])
    shown = [_in_app(wording, message, sealed, names) for message, sealed in rows]
    return page_of(shown, limit, lambda item: (item.created_at.isoformat(), item.id))


def unread_count(session: Session, clock: Clock, *, parent_id: int) -> int:
    count = select(func.count()).where(
        Message.parent_id == parent_id,
        Message.due_at <= clock.now(),
        Message.read_at.is_(None),
    )
    return session.scalar(count) or 0


def trouble(
    session: Session,
    *,
    states: Collection[MessageState] = TROUBLE,
    after: str | None = None,
    limit: int = 50,
) -> Page[TroubleRow]:
    """Messages that may or may not have arrived, and those that were given up; newest first."""
    columns = [getattr(Message, name) for name in TroubleRow.__dataclass_fields__]
    query = (
        select(*columns)
        .where(Message.state.in_(states))
        .order_by(Message.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(Message.id < decode_cursor(after, (int,))[0])
    rows = [TroubleRow(*row) for row in session.execute(query)]
    return page_of(rows, limit, lambda row: (row.id,))


def queue(session: Session, clock: Clock, wording: Wording, *, limit: int = 100) -> list[QueueRow]:
    """What goes out at the next chance: now by day, at 08:00 by night; the longest due first."""
    rows = session.execute(
        select(Message, Child.name_sealed)
        .outerjoin(Child, Child.id == Message.child_id)
        .where(Message.state.in_(UNDERWAY), Message.due_at <= next_send_time(clock.now()))
        .order_by(Message.due_at, Message.id)
        .limit(limit)
    ).all()
    names = _names_in(session, wording, [message for message, _ in rows])
    return [_queued(wording, message, sealed, names) for message, sealed in rows]


def _names_in(session: Session, wording: Wording, messages: Sequence[Message]) -> dict[int, str]:
    """The names of the children that messages about several of them tell of."""
    told = [message.data for message in messages if message.child_id is None]
    opened = {
        child_id: _name(wording, sealed) for child_id, sealed in sealed_names(session, told).items()
    }
    return {child_id: name for child_id, name in opened.items() if name is not None}


def _in_app(
    wording: Wording, message: Message, name_sealed: str | None, names: Mapping[int, str]
) -> InAppMessage:
    words = _words(wording, message, _name(wording, name_sealed), names)
    return InAppMessage(
        id=message.id,
        kind=message.template,
        title=words.title,
        body=words.body,
        page=words.page,
        created_at=message.due_at,
        read_at=message.read_at,
        wechat=SHOWN_STATE[message.state],
    )


def _queued(
    wording: Wording, message: Message, name_sealed: str | None, names: Mapping[int, str]
) -> QueueRow:
    name = _name(wording, name_sealed)
    return QueueRow(
        id=message.id,
        title=_words(wording, message, name, names).title,
        to=f"{mask_name(name)}的家长" if name else "家长",
        due_at=message.due_at,
        state=SHOWN_STATE[message.state],
    )


def _words(
    wording: Wording, message: Message, child: str | None, names: Mapping[int, str]
) -> Words:
    """One message that cannot be worded must not hide the others."""
    facts: dict[str, Any] = {**message.data, "child_id": message.child_id or 0}
    try:
        return wording.templates.render_in_app(message.template, facts, child, names)
    except (UnknownTemplate, MissingFact) as error:
        log.error(
            "message_cannot_be_worded",
            message_id=message.id,
            template=message.template,
            reason=str(error),
        )
        return UNREADABLE


def _name(wording: Wording, sealed: str | None) -> str | None:
    try:
        return wording.vault.open(sealed, NAME) if sealed is not None else None
    except Unreadable:
        log.error("child_name_unreadable")
        return None


def _place(after: str) -> tuple[datetime, int]:
    moment, message_id = decode_cursor(after, (str, int))
    try:
        instant = datetime.fromisoformat(str(moment))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Invalid("翻页参数有误，请从第一页重新打开")
    return instant, int(message_id)
