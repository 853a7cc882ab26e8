"""A copy of what is kept of the pregnancies that a parent opened or shares (PIPL art. 45)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.handbook.pregnancy import entries, messages
from backend.handbook.pregnancy.models import Pregnancy, PregnancyParent
from backend.kernel import audit
from backend.kernel.clock import Clock, city_time
from backend.kernel.privacy import Vault
from backend.outbox.models import Message

Copy = dict[str, Any]


def copy_of_pregnancies(session: Session, clock: Clock, vault: Vault, *, parent_id: int) -> Copy:
    """Every pregnancy with its entries, and what was said about them. Logged like any copy."""
    audit.record(
        session,
        clock,
        actor=f"parent:{parent_id}",
        action="pregnancy.exported",
        subject=f"parent:{parent_id}",
    )
    kept = session.scalars(
        select(Pregnancy)
        .join(PregnancyParent, PregnancyParent.pregnancy_id == Pregnancy.id)
        .where(PregnancyParent.parent_id == parent_id)
        .order_by(Pregnancy.id)
    )
    return {
        "exported_at": _said(clock.now()),
        "pregnancies": [_pregnancy(session, vault, one) for one in kept],
        "messages": _messages(session, parent_id),
    }


def _pregnancy(session: Session, vault: Vault, one: Pregnancy) -> Copy:
    written = entries.diary(session, vault, one)
    return {
        "due_date": one.due_date.isoformat(),
        "dated_by": one.dated_by.value,
        "multiple": one.multiple,
        "state": one.state.value,
        "begun_at": _said(one.created_at),
        "parents": _parents(session, one),
        "dated_at": _said(one.dated_at),
        "closed_at": _said(one.closed_at),
        "plans_from": one.plans_from.isoformat(),
        "checkups": [
            {"checkup": checkup, "done_on": day.isoformat()}
            for checkup, day in written.checkups.items()
        ],
        "weights": [{"day": w.day.isoformat(), "kg": str(w.kg)} for w in written.weights],
        "movements": [
            {"started_at": _said(m.started_at), "minutes": m.minutes, "count": m.count}
            for m in written.movements
        ],
    }


def _parents(session: Session, one: Pregnancy) -> list[Copy]:
    rows = session.execute(
        select(PregnancyParent.opener, PregnancyParent.relation, PregnancyParent.since)
        .where(PregnancyParent.pregnancy_id == one.id)
        .order_by(PregnancyParent.opener.desc())
    )
    return [
        {
            "opened_it": row.opener,
            "relation": None if row.relation is None else row.relation.value,
            "since": _said(row.since),
        }
        for row in rows
    ]


def _messages(session: Session, parent_id: int) -> list[Copy]:
    rows = session.scalars(
        select(Message)
        .where(Message.parent_id == parent_id, Message.template.in_(messages.TEMPLATES))
        .order_by(Message.id)
    )
    return [
        {
            "template": one.template,
            "due_at": _said(one.due_at),
            "state": one.state.value,
            "sent_at": _said(one.sent_at),
            "read_at": _said(one.read_at),
            "facts": one.data,
        }
        for one in rows
    ]


def _said(instant: datetime | None) -> str | None:
    return None if instant is None else city_time(instant).isoformat(timespec="seconds")
