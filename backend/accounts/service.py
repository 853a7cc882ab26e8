"""WeChat's pushes: stored once by the webhook, handled later, one by one, by a worker.

What they change: a parent's answers to subscription questions (outbox.ledger), receipts of
messages, who follows a 公众号, and rights that a parent takes back in WeChat itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from backend.accounts import followers
from backend.accounts.keeping import bootstrap as bootstrap  # beside what else starts here
from backend.accounts.models import AccountKind, InboundEvent, WeChatAccount
from backend.accounts.scenes import LinkScenes
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.db import Base
from backend.outbox import ledger, receipts
from backend.outbox.ledger import Answer, Key
from backend.people.models import Parent, ParentIdentity, ParentToken

MOST_ATTEMPTS = 5
MOST_COUNTED = 1_000  # of an event that is never given up
NEVER_GIVEN_UP = frozenset({"user_authorization_revoke", "user_authorization_cancellation"})
EARLY = timedelta(seconds=30)  # a push may come before the message's own outcome is written
EVENTS_STAY = timedelta(days=30)  # handled pushes; what is older cannot be told from a replay
REVOKED_PHONE = "8"  # RevokeInfo of user_authorization_revoke; WeChat demands deletion
SENT_WELL = "success"

log = structlog.get_logger()


def _store() -> ReturningInsert[int]:
    """The statement behind `store_event`, built once."""
    table = Base.metadata.tables["inbound_events"]
    names = ["appid", "dedupe_key", "kind", "openid", "payload", "received_at"]
    known = select(table.c.id).where(
        table.c.appid == bindparam("appid"), table.c.dedupe_key == bindparam("dedupe_key")
    )
    row = select(*(bindparam(name, type_=table.c[name].type) for name in names))
    wanted = insert(table).from_select(names, row.where(~known.exists()))
    return wanted.on_conflict_do_nothing().returning(table.c.id)


STORE = _store()


class Push(Protocol):
    """A verified push, as `wechat.crypto` tells it."""

    @property
    def appid(self) -> str: ...
    @property
    def dedupe_key(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def openid(self) -> str: ...
    @property
    def payload(self) -> dict[str, Any]: ...


class DeleteParent(Protocol):
    def __call__(self, session: Session, clock: Clock, *, parent_id: int) -> None:
        """Close an account and delete what is kept of it; twice is once."""


class JobFinished(Protocol):
    def __call__(self, session: Session, clock: Clock, event: InboundEvent) -> str:
        """A publication or a mass message has ended; what came of it in a word."""


def no_job(session: Session, clock: Clock, event: InboundEvent) -> str:
    return "no job of ours"


NamesOf = Callable[[str], Mapping[str, str]]


class TooEarly(Exception):
    """What the push is about is not there yet; it is handled again at the next turn."""


@dataclass(frozen=True)
class Reactions:
    """What handling needs from elsewhere. `names_of`: an appid → WeChat's template id → our name,
    of what the account has or had.
    """

    names_of: NamesOf
    delete_parent: DeleteParent
    scenes: LinkScenes
    job_finished: JobFinished = no_job


def store_event(session: Session, clock: Clock, event: Push) -> bool:
    """Keep a push for later; False for one that is here already (WeChat sends up to four).

    One statement, so it may run outside a transaction. It looks before it inserts: the unique
    key alone would have a repetition wait for whoever handles the first one just now, and
    WeChat waits for five seconds only.
    """
    values = {
        "appid": event.appid,
        "dedupe_key": event.dedupe_key,
        "kind": event.kind,
        "openid": event.openid,
        "payload": _kept(event),
        "received_at": clock.now(),
    }
    return session.scalar(STORE, values) is not None


def _kept(event: Push) -> dict[str, Any]:
    """Of a push what its handler needs. What a person writes, sends or where they are is not."""
    if event.kind in HANDLERS:
        return event.payload
    names = ("MsgType", "Event", "MsgId")
    return {name: event.payload[name] for name in names if name in event.payload}


def handle_open_events(
    session: Session, clock: Clock, reactions: Reactions, limit: int = 100
) -> int:
    """Handle up to `limit` stored events; return how many need no other turn.

    SKIP LOCKED: any number of workers at once. Each event has a savepoint of its own, so one
    that fails changes nothing and holds up nobody: it is tried again after the others, and
    given up, with its reason in `outcome`, after MOST_ATTEMPTS. In the order of persons, so that
    two workers with events of the same ones wait for each other and not in a circle. What waits
    for a lock, and a right that a family takes back, is never given up: the operator sees it wait.
    """
    events = session.scalars(
        select(InboundEvent)
        .where(InboundEvent.handled_at.is_(None))
        .order_by(InboundEvent.attempts, InboundEvent.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for event in sorted(events, key=lambda one: (one.appid, one.openid)):
        _handle(session, clock, reactions, event)
    return sum(event.handled_at is not None for event in events)


def _handle(session: Session, clock: Clock, reactions: Reactions, event: InboundEvent) -> None:
    handler = HANDLERS.get(event.kind)
    event.attempts = min(event.attempts + 1, MOST_COUNTED)
    try:
        with session.begin_nested():
            event.outcome = handler(session, clock, reactions, event) if handler else "ignored"
    except TooEarly:
        event.outcome = "too early"
        return
    except OperationalError as error:  # a lock, a deadlock: says nothing about the push
        event.outcome = f"tried again: {type(error.orig).__name__}"
        log.warning("event_waits", event_id=event.id, kind=event.kind, why=event.outcome)
        return
    except Exception as error:  # whatever a push holds, it must not stop those behind it
        if event.attempts <= MOST_ATTEMPTS or event.attempts % 100 == 0:
            log.exception("event_failed", event_id=event.id, kind=event.kind)
        event.outcome = f"failed: {type(error).__name__}"
        if event.attempts < MOST_ATTEMPTS or event.kind in NEVER_GIVEN_UP:
            return
    event.handled_at = clock.now()


def _answered(session: Session, clock: Clock, _: Reactions, event: InboundEvent) -> str:
    """subscribe_msg_popup_event and subscribe_msg_change_event: accepted or rejected."""
    items = event.payload.get("List") or []
    moment = datetime.fromtimestamp(int(event.payload["CreateTime"]), UTC)
    for item in sorted(items, key=lambda item: str(item["TemplateId"])):
        key = Key(event.appid, event.openid, item["TemplateId"])
        answer = item["SubscribeStatusString"]
        if answer == Answer.REJECT:
            ledger.refused(session, clock, [key], moment)
        elif answer == Answer.ACCEPT and event.kind == POPUP:
            ledger.popup_accepted(session, clock, key, moment)
    return "applied"


def _receipt(session: Session, clock: Clock, reactions: Reactions, event: InboundEvent) -> str:
    """subscribe_msg_sent_event: what became of a message after WeChat took it."""
    account = event.appid if _is_service(session, event.appid) else ""
    names = reactions.names_of(event.appid)
    outcomes = []
    for item in event.payload.get("List") or [event.payload]:
        if item["ErrorStatus"] == SENT_WELL:
            outcomes.append("arrived")
            continue
        closed = receipts.did_not_arrive(
            session,
            clock,
            key=Key(event.appid, event.openid, item["TemplateId"]),
            template=names.get(item["TemplateId"]),
            errcode=int(item.get("ErrorCode") or 0),
            status=str(item["ErrorStatus"])[:200],
            account=account,
        )
        outcomes.append("closed" if closed else "no such message")
    return ", ".join(outcomes)


def _is_service(session: Session, appid: str) -> bool:
    account = session.get(WeChatAccount, appid)
    return account is not None and account.kind is AccountKind.SERVICE


def _job_finished(session: Session, clock: Clock, _: Reactions, event: InboundEvent) -> str:
    """TEMPLATESENDJOBFINISH: what became of a 模板消息. WeChat may be faster than our own pen."""
    done = receipts.job_finished(
        session,
        appid=event.appid,
        wechat_id=int(event.payload["MsgID"]),
        status=str(event.payload["Status"]),
    )
    if done == receipts.NOT_FOUND and clock.now() - event.received_at < EARLY:
        raise TooEarly
    return done


def _revoked(session: Session, clock: Clock, _: Reactions, event: InboundEvent) -> str:
    """The parent took back a right in WeChat: sign out, and delete the phone if it is that."""
    parent_id = _parent_of(session, event)
    if parent_id is None:
        return "noted: unknown person"
    session.execute(delete(ParentToken).where(ParentToken.parent_id == parent_id))
    if REVOKED_PHONE in str(event.payload.get("RevokeInfo", "")).split(","):
        session.execute(
            update(Parent)
            .where(Parent.id == parent_id)
            .values(phone_sealed=None, phone_fingerprint=None)
            .execution_options(synchronize_session=False)
        )
    _record(session, clock, event, parent_id)
    return "noted"


def _cancelled(session: Session, clock: Clock, reactions: Reactions, event: InboundEvent) -> str:
    """The parent closed their WeChat account: WeChat demands that the data go.

    Told by whichever account it is, the mini-program or a 公众号.
    """
    parent_id = _parent_of(session, event)
    if parent_id is None:
        openid = _person_in(event)
        followers.forget(session, appid=event.appid, openid=openid)
        ledger.forget(session, appid=event.appid, openid=openid)
        return "noted: unknown person"
    session.execute(delete(ParentToken).where(ParentToken.parent_id == parent_id))
    _record(session, clock, event, parent_id)
    reactions.delete_parent(session, clock, parent_id=parent_id)
    return "noted"


def _came(session: Session, clock: Clock, reactions: Reactions, event: InboundEvent) -> str:
    return followers.came(session, clock, reactions.scenes, event)


def _left(session: Session, clock: Clock, _: Reactions, event: InboundEvent) -> str:
    return followers.left(session, event)


def _job(session: Session, clock: Clock, reactions: Reactions, event: InboundEvent) -> str:
    return reactions.job_finished(session, clock, event)


def _person_in(event: InboundEvent) -> str:
    """The person a right was revoked by: named in the event, else its sender."""
    return str(event.payload.get("OpenID") or event.openid)


def _parent_of(session: Session, event: InboundEvent) -> int | None:
    return session.scalar(
        select(ParentIdentity.parent_id).where(
            ParentIdentity.appid == event.appid, ParentIdentity.openid == _person_in(event)
        )
    )


def _record(session: Session, clock: Clock, event: InboundEvent, parent_id: int) -> None:
    audit.record(
        session,
        clock,
        actor="wechat",
        action=event.kind,
        subject=f"parent:{parent_id}",
        detail={"event_id": event.id},
    )


POPUP = "subscribe_msg_popup_event"
HANDLERS: Mapping[str, Callable[[Session, Clock, Reactions, InboundEvent], str]] = {
    POPUP: _answered,
    "subscribe_msg_change_event": _answered,
    "subscribe_msg_sent_event": _receipt,
    "TEMPLATESENDJOBFINISH": _job_finished,
    "subscribe": _came,
    "SCAN": _came,
    "unsubscribe": _left,
    "PUBLISHJOBFINISH": _job,
    "MASSSENDJOBFINISH": _job,
    "user_authorization_revoke": _revoked,
    "user_authorization_cancellation": _cancelled,
}


def forget_handled(session: Session, before: datetime) -> int:
    """Delete events handled before that instant: they hold openids and did their work."""
    gone = session.scalars(
        delete(InboundEvent)
        .where(InboundEvent.handled_at < before)
        .returning(InboundEvent.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
