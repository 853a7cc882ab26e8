"""Put a message to a child's family into the outbox in the transaction of its cause; read marks."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Exists, Select, Text, bindparam, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock
from backend.kernel.db import UTCDateTime
from backend.outbox.models import Message
from backend.people.models import Consent, Guardian, Parent, Purpose


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

    With `parent_ids` it is these parents instead, whatever their consents: for an answer to
    somebody's own doing. The key of a row is `key:parent id`, so putting again, also at the
    same time in another transaction, adds nothing. One INSERT; takes no lock but on the new
    keys. `data` holds ids and facts without names or phones; `due_at` is now by default.
    """
    now = clock.now()
    parents = _guardians(child_id) if parent_ids is None else _given(parent_ids)
    who = parents.subquery()
    rows = select(
        literal(f"{key}:", Text).concat(who.c.parent_id.cast(Text)),
        who.c.parent_id,
        literal(child_id, BigInteger),
        literal(template, Text),
        bindparam("data", dict(data), JSONB),
        literal(now if due_at is None else due_at, UTCDateTime),
        literal(now, UTCDateTime),
    )
    columns = ["key", "parent_id", "child_id", "template", "data", "due_at", "created_at"]
    statement = insert(Message).from_select(columns, rows)
    once = statement.on_conflict_do_nothing(index_elements=[Message.key])
    return len(session.scalars(once.returning(Message.id)).all())


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


def _guardians(child_id: int | None) -> Select[int]:
    return select(Guardian.parent_id).where(
        Guardian.child_id == child_id, *(_agreed(purpose) for purpose in Purpose)
    )


def _given(parent_ids: Collection[int]) -> Select[int]:
    return select(Parent.id.label("parent_id")).where(
        Parent.id.in_(parent_ids), Parent.deleted_at.is_(None)
    )


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
