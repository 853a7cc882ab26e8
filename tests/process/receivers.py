"""Parents whose phones the sandbox knows, messages for them, and what became of these."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import Clock
from backend.outbox.models import Balance, Message, MessageState
from backend.outbox.service import put
from backend.people.models import Parent, ParentIdentity
from tests.process.product import Product

TEMPLATE = "handbook_reminder"
FACTS = {"item_id": "checkup:m3", "item_title": "满3月龄健康检查", "due_date": "2026-12-01"}
UNDER_WAY = {MessageState.WAITING, MessageState.CLAIMED, MessageState.SENDING}
Sessions = sessionmaker[Session]


@dataclass(frozen=True)
class Outcome:
    """What became of messages, by openid: our books beside the sandbox's own file."""

    sent: set[str]
    unknown: set[str]
    phones: Counter[str]

    @property
    def lost(self) -> set[str]:
        return self.sent - set(self.phones)

    @property
    def twice(self) -> set[str]:
        return {openid for openid, count in self.phones.items() if count > 1}

    @property
    def unasked(self) -> set[str]:
        """Arrived, and our books know nothing of it."""
        return set(self.phones) - self.sent - self.unknown

    def numbers(self) -> dict[str, int]:
        return {
            "sent": len(self.sent),
            "unknown": len(self.unknown),
            "unknown_but_arrived": len(self.unknown & set(self.phones)),
            "lost": len(self.lost),
            "twice": len(self.twice),
        }


def outcome(sessions: Sessions, folder: Path) -> Outcome:
    """Of a message a parent; `folder` is the installation's."""
    sent, unknown = (
        openids_in(sessions, state) for state in (MessageState.SENT, MessageState.UNKNOWN)
    )
    return Outcome(set(sent), set(unknown), received(folder))


def received(folder: Path) -> Counter[str]:
    """Messages by openid, from the sandbox's own file."""
    with closing(sqlite3.connect(folder / "var" / "wechat-sandbox.sqlite3")) as log:
        return Counter(openid for (openid,) in log.execute("SELECT openid FROM messages"))


def make_receivers(product: Product, sessions: Sessions, clock: Clock, count: int) -> list[int]:
    """Parents with a phone each that takes three messages, in the sandbox and in our books."""
    settings = product.settings
    template_id = settings.wechat_template_ids[TEMPLATE]
    answer = product.ask_sandbox("POST", "crowd", count=count, template_id=template_id, balance=3)
    openids = [item["openid"] for item in answer["items"]]
    with sessions.begin() as session:
        rows = [{"created_at": clock.now()} for _ in openids]
        ids = list(session.scalars(insert(Parent).returning(Parent.id), rows))
        who = [
            {"appid": settings.wechat_appid, "openid": openid, "parent_id": parent_id}
            for openid, parent_id in zip(openids, ids, strict=True)
        ]
        session.execute(insert(ParentIdentity), who)
        balances = [
            {
                "appid": settings.wechat_appid,
                "openid": openid,
                "template_id": template_id,
                "balance": 3,
            }
            for openid in openids
        ]
        session.execute(insert(Balance), balances)
    return ids


def put_messages(sessions: Sessions, clock: Clock, parent_ids: Sequence[int], key: str) -> None:
    """One message for each of the parents, due now."""
    with sessions.begin() as session:
        put(
            session,
            clock,
            key=key,
            child_id=None,
            template=TEMPLATE,
            data=FACTS,
            parent_ids=parent_ids,
        )


def states(sessions: Sessions) -> Counter[MessageState]:
    with sessions() as session:
        return Counter(session.scalars(select(Message.state)))


def openids_in(sessions: Sessions, state: MessageState) -> list[str]:
    """Whom the messages in a state are for."""
    statement = (
        select(ParentIdentity.openid)
        .join(Message, Message.parent_id == ParentIdentity.parent_id)
        .where(Message.state == state)
    )
    with sessions() as session:
        return list(session.scalars(statement))


def arrived(product: Product) -> int:
    """How many messages the phones have received."""
    total: int = product.ask_sandbox("GET", "messages?phone=all&limit=1")["total"]
    return total


def resend_what_was_on_the_wire(sessions: Sessions) -> None:
    """What a careless worker would do after a crash."""
    with sessions.begin() as session:
        session.execute(
            text("UPDATE messages SET state = 'waiting', not_before = NULL WHERE state = 'sending'")
        )
