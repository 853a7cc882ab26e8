"""Put a message to a child's family into the outbox in the transaction of its cause; read marks."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Exists,
    Select,
    Text,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from backend.kernel.clock import Clock
from backend.kernel.db import Base, UTCDateTime
from backend.outbox.models import Message, MessageState
from backend.people.models import OF_EVERYBODY, Child, Consent, Guardian, Parent, Purpose

OVERTAKEN = "已有更新的消息"


def _agreed(purpose: Purpose) -> Exists:
    return (
        select(Consent.id)
        .where(
            Consent.parent_id == Guardian.parent_id,
            Consent.purpose == purpose,
            Consent.withdrawn_at.is_(None),
        )
        .exists()
    )


def _put_to(parents: Select[int]) -> ReturningInsert[int]:
    """The statement behind `put`, built once: it is on the way of every booking."""
    who = parents.subquery()
    rows = select(
        bindparam("key", type_=Text).concat(who.c.parent_id.cast(Text)),
        who.c.parent_id,
        bindparam("child", type_=BigInteger),
        bindparam("template", type_=Text),
        bindparam("data", type_=JSONB),
        bindparam("due", type_=UTCDateTime),
        bindparam("now", type_=UTCDateTime),
    )
    table = Base.metadata.tables["messages"]
    columns = ["key", "parent_id", "child_id", "template", "data", "due_at", "created_at"]
    statement = insert(table).from_select(columns, rows)
    return statement.on_conflict_do_nothing(index_elements=[table.c.key]).returning(table.c.id)


TO_GUARDIANS = _put_to(
    select(Guardian.parent_id).where(
        Guardian.child_id == bindparam("child", type_=BigInteger),
        ~select(Child.id)
        .where(Child.id == Guardian.child_id, Child.departure.is_not(None))
        .exists(),
        *(_agreed(purpose) for purpose in OF_EVERYBODY),
    )
)
TO_GIVEN = _put_to(
    select(Parent.id.label("parent_id")).where(
        Parent.id.in_(bindparam("parents", expanding=True)), Parent.deleted_at.is_(None)
    )
)


def put(  # noqa: PLR0913  # a message is these facts; a class for them would only rename them
    session: Session,
    clock: Clock,
    *,
    key: str,
    child_id: int | None,
    template: str,
    data: Mapping[str, Any],
    due_at: datetime | None = None,
    parent_ids: Collection[int] | None = None,
) -> int:
    """Add one message for each guardian of the child whose consents stand; return how many.

    None for a child that moved away or died.

    With `parent_ids` it is these parents instead, whatever their consents: for an answer to
    somebody's own doing. The key of a row is `key:parent id`, so putting again, also at the
    same time in another transaction, adds nothing. One INSERT; takes no lock but on the new
    keys. `data` holds ids and facts without names or phones; `due_at` is now by default.
    """
    now = clock.now()
    facts = {
        "key": f"{key}:",
        "child": child_id,
        "template": template,
        "data": dict(data),
        "due": now if due_at is None else due_at,
        "now": now,
    }
    if parent_ids is None:
        return len(session.execute(TO_GUARDIANS, facts).all())
    return len(session.execute(TO_GIVEN, facts | {"parents": list(parent_ids)}).all())


def withdraw(session: Session, clock: Clock, *, child_id: int, key: str) -> int:
    """Messages under `key` that have been overtaken: none of them goes to WeChat any more.

    What is not due yet is deleted; what the family may have read in the app stays there. What is
    on the wire may arrive, but is not tried again. Returns how many were stopped.
    """
    waiting = (
        Message.child_id == child_id,
        Message.key.startswith(f"{key}:", autoescape=True),
        Message.state == MessageState.WAITING,
    )
    deleted = session.scalars(
        delete(Message).where(*waiting, Message.due_at > clock.now()).returning(Message.id)
    ).all()
    kept = session.scalars(
        update(Message)
        .where(*waiting)
        .values(state=MessageState.IN_APP, problem=OVERTAKEN)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    flying = select(Message.id).where(*_flying(child_id, key)).with_for_update(skip_locked=True)
    session.execute(
        update(Message)
        .where(Message.id.in_(flying))
        .values(problem=OVERTAKEN)
        .execution_options(synchronize_session=False)
    )
    return len(deleted) + len(kept)


def _flying(child_id: int, key: str) -> tuple[ColumnElement[bool], ...]:
    """Those under `key` that are on the wire. A worker that writes about one is not waited for."""
    return (
        Message.child_id == child_id,
        Message.key.startswith(f"{key}:", autoescape=True),
        Message.state == MessageState.SENDING,
    )


def recall(session: Session, *, child_id: int, key: str) -> bool:
    """Take messages under `key` back as if they had never been put, while nobody has seen one.

    False when the family may know already, be it one guardian: then all of them stay, since
    who has read a thing must find it again.
    """
    theirs = (Message.child_id == child_id, Message.key.startswith(f"{key}:", autoescape=True))
    rows = session.execute(
        select(Message.state, Message.read_at).where(*theirs).with_for_update()
    ).all()
    if any(row.state is not MessageState.WAITING or row.read_at is not None for row in rows):
        return False
    session.execute(
        delete(Message).where(*theirs), execution_options={"synchronize_session": False}
    )
    return True


def revive(session: Session, *, child_id: int, key: str) -> int:
    """Undo `withdraw`: the newest of what it kept from WeChat goes out after all; how many did.

    Whatever was overtaken before that stays in the app, as does what somebody has read there.
    """
    stopped = (
        Message.child_id == child_id,
        Message.key.startswith(f"{key}:", autoescape=True),
        Message.state == MessageState.IN_APP,
        Message.problem == OVERTAKEN,
        Message.read_at.is_(None),
    )
    session.execute(
        update(Message)
        .where(*_flying(child_id, key), Message.problem == OVERTAKEN)
        .values(problem=None)
        .execution_options(synchronize_session=False)
    )
    newest = select(func.max(Message.created_at)).where(*stopped).scalar_subquery()
    again = session.scalars(
        update(Message)
        .where(*stopped, Message.created_at == newest)
        .values(state=MessageState.WAITING, problem=None)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(again.all())


def mark_read(session: Session, clock: Clock, *, parent_id: int, ids: Collection[int]) -> int:
    """The parent has seen these messages of theirs; return how many were unread till now."""
    now = clock.now()
    seen = session.scalars(
        update(Message)
        .where(
            Message.id.in_(ids),
            Message.parent_id == parent_id,
            Message.due_at <= now,
            Message.read_at.is_(None),
        )
        .values(read_at=now)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(seen.all())
