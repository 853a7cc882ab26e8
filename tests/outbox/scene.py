"""Families with messages and permissions: plain functions for the outbox's tests."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import Clock
from backend.outbox import ledger, service
from backend.outbox.claims import Claimed, Ready
from backend.outbox.ledger import Key
from backend.outbox.models import Balance, LedgerEntry, Message, MessageState
from backend.outbox.parts import Delivery
from backend.outbox.templates import Templates, load_templates
from tests.factories import APPID, default_vault, make_child, make_parent
from tests.fakes import FakeMessenger

TEMPLATES: Templates = load_templates(Path(__file__).parents[2] / "content/messages/templates.yaml")
TEMPLATE = "booking_confirmed"
TEMPLATE_ID = "tpl-booking-confirmed"
TEMPLATE_IDS = {TEMPLATE: TEMPLATE_ID, "handbook_reminder": "tpl-handbook-reminder"}
BOOKING = {
    "booking_id": 7,
    "title": "亲子律动",
    "starts_at": "2026-11-27T14:00:00+08:00",
    "centre": "测试中心",
    "address": "测试路1号",
    "reason": None,
}
NUMBERS = itertools.count(1)
Sessions = sessionmaker[Session]


def new_key(template_id: str = TEMPLATE_ID) -> Key:
    return Key(APPID, f"openid-scene-{next(NUMBERS)}", template_id)


def family(sessions: Sessions, *, name: str = "王小一") -> tuple[int, int, Key]:
    """Parent id, child id, and the key of the parent's permissions."""
    key = new_key()
    parent_id = make_parent(sessions, openid=key.openid)
    return parent_id, make_child(sessions, parent_id=parent_id, name=name), key


def grant(sessions: Sessions, clock: Clock, key: Key, times: int = 1) -> None:
    with sessions.begin() as session:
        for _ in range(times):
            ledger.popup_accepted(session, clock, key)


def tell(
    sessions: Sessions,
    clock: Clock,
    parent_id: int,
    child_id: int | None = None,
    *,
    template: str = TEMPLATE,
    data: dict[str, Any] | None = None,
    later: timedelta = timedelta(0),
) -> int:
    """Put one message to one parent; its id."""
    key = f"test:{next(NUMBERS)}"
    with sessions.begin() as session:
        service.put(
            session,
            clock,
            key=key,
            child_id=child_id,
            template=template,
            data=BOOKING if data is None else data,
            due_at=clock.now() + later,
            parent_ids=[parent_id],
        )
        return session.scalars(select(Message.id).where(Message.key == f"{key}:{parent_id}")).one()


def told_families(
    sessions: Sessions, clock: Clock, count: int, *, granted: bool = True
) -> list[tuple[int, Key]]:
    """So many families with one message each: (message id, key)."""
    told = []
    for _ in range(count):
        parent_id, child_id, key = family(sessions)
        if granted:
            grant(sessions, clock, key)
        told.append((tell(sessions, clock, parent_id, child_id), key))
    return told


def delivery(
    sessions: Sessions, clock: Clock, messenger: FakeMessenger, **changes: Any
) -> Delivery:
    parts: dict[str, Any] = {
        "sessions": sessions,
        "clock": clock,
        "vault": default_vault(),
        "templates": TEMPLATES,
        "messenger": messenger,
        "appid": APPID,
        "template_ids": TEMPLATE_IDS,
        "threads": 4,
    }
    return Delivery(**(parts | changes))


def ready(claims: Sequence[Claimed]) -> list[Ready]:
    return [
        Ready(one, Key(APPID, str(one.openid), TEMPLATE_ID), {"thing1": "亲子律动"}, None)
        for one in claims
    ]


def message(sessions: Sessions, message_id: int) -> Message:
    with sessions() as session:
        found = session.get(Message, message_id)
        assert found is not None
        return found


def states(sessions: Sessions) -> dict[MessageState, int]:
    with sessions() as session:
        counted = session.execute(select(Message.state, func.count()).group_by(Message.state))
        return {row[0]: row[1] for row in counted}


def balance(sessions: Sessions, key: Key) -> int:
    """The balance of a key; it is always what its ledger adds up to."""
    with sessions() as session:
        kept = session.get(Balance, (key.appid, key.openid, key.template_id))
        summed = session.scalar(
            select(func.coalesce(func.sum(LedgerEntry.change), 0)).where(
                LedgerEntry.appid == key.appid,
                LedgerEntry.openid == key.openid,
                LedgerEntry.template_id == key.template_id,
            )
        )
        left = 0 if kept is None else kept.balance
        assert left == summed, "the balance is not the sum of its ledger"
        return left


def entries(sessions: Sessions, key: Key) -> list[tuple[str, int, bool]]:
    """The ledger of a key, oldest first: (reason, change, confirmed)."""
    with sessions() as session:
        rows = session.scalars(
            select(LedgerEntry).where(LedgerEntry.openid == key.openid).order_by(LedgerEntry.id)
        )
        return [(row.reason.value, row.change, row.confirmed) for row in rows]
