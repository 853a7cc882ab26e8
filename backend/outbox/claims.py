"""Which worker holds which message, and what it may still write about it.

waiting → claimed (a lease; may be claimed again after it) → sending (committed before the
network) → sent, failed, unknown, in_app, or waiting again. A claim is told from a later one by
its lease, a try from a later one by its number: a worker that slept too long can neither send
what another took over nor overwrite what became of it.

Lock order: parents, messages, balances, each by id; see ledger.py.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, any_, bindparam, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from backend.kernel.clock import Clock
from backend.outbox import ledger, merged
from backend.outbox.channels import NO_NEXT_CHANNEL, Address, NextChannel, fall_on
from backend.outbox.claims_sql import CLAIM, STILL_SENDING, WRITE_BACK
from backend.outbox.models import Channel, Message, MessageState
from backend.outbox.verdicts import Verdict
from backend.people.models import OF_EVERYBODY, Child, Consent, Parent, ParentIdentity

LEASE = timedelta(seconds=60)
LOST_ON_THE_WIRE = "发送途中程序中断，不知是否送达"

Settle = Callable[[Session, Collection[int]], Mapping[int, bool]]
"""Brings messages about several things in line with what is so now, in the caller's transaction:
(session, ids) -> those that changed, and whether they are gone. A changed one waits again."""


def nothing_changed(_session: Session, _ids: Collection[int]) -> Mapping[int, bool]:
    return {}


@dataclass(frozen=True)
class Claimed:
    """A message that this worker holds until `lease`, and what is known of its parent.

    `openid` is None without an identity at the account of its way; `account` is "" for the
    mini-program. `uncounted`: how many of the attempts said nothing about this message.
    `welcome` is False when the parent left, withdrew a consent, or the child was deleted, moved
    away or died. `names_sealed`: of the children of a message about several, by id.
    """

    id: int
    lease: datetime
    attempts: int
    parent_id: int
    child_id: int | None
    child_name_sealed: str | None = field(repr=False)
    openid: str | None = field(repr=False)
    template: str
    data: dict[str, Any] = field(repr=False)
    welcome: bool
    due_at: datetime
    channel: Channel = Channel.SUBSCRIBE
    account: str = ""
    uncounted: int = 0
    names_sealed: Mapping[int, str] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class Ready:
    """A claimed message in its final words.

    `permitted`: it takes a permission of the ledger. `lasting`: which stays, for any number.
    """

    claim: Claimed
    key: ledger.Key
    data: dict[str, str] = field(repr=False)
    page: str | None
    permitted: bool = True
    lasting: bool = False

    @property
    def attempt(self) -> int:
        """The number of the try that is about to be made, from 1."""
        return self.claim.attempts + 1

    @property
    def counted(self) -> int:
        """That try among those that count: MOST_ATTEMPTS of them are made."""
        return self.attempt - self.claim.uncounted

    @property
    def lane(self) -> tuple[str, str]:
        """The account and our template by which it is counted and paused."""
        return self.key.appid, self.claim.template


@dataclass(frozen=True)
class Terms:
    """On what terms messages are claimed and marked.

    `ways`: where a message goes that cannot go to the mini-program. `urgent`: templates that go
    before the others.
    """

    lease: timedelta = LEASE
    settle: Settle = nothing_changed
    ways: NextChannel = NO_NEXT_CHANNEL
    urgent: Collection[str] = ()


PLAIN = Terms()


def claim(
    session: Session, clock: Clock, *, appid: str, limit: int, terms: Terms = PLAIN
) -> list[Claimed]:
    """Lease up to `limit` due messages to this worker: urgent ones, then the longest due.

    What is paused is not touched. SKIP LOCKED lets any number of workers claim at once without
    waiting for one another. What a dead worker had claimed and not begun to send is due again
    after its lease.
    """
    now = clock.now()
    until = now + terms.lease
    asked = {"now": now, "appid": appid, "limit": limit, "urgent": list(terms.urgent)}
    found = session.scalars(CLAIM, asked).all()
    settled = terms.settle(session, found) if found else {}
    ids = [one for one in found if not settled.get(one, False)]
    if not ids:
        return []
    _set(session, _among(ids), state=MessageState.CLAIMED, not_before=until)
    claimed = _claimed(session, appid, ids, until)
    claimed = _addressed(session, terms.ways, claimed)
    place = {message_id: number for number, message_id in enumerate(ids)}
    return sorted(claimed, key=lambda one: place[one.id])


def _addressed(session: Session, ways: NextChannel, claimed: list[Claimed]) -> list[Claimed]:
    """Messages of a 服务号 with the openid there, of those who still follow the same one."""
    parents = {one.parent_id for one in claimed if one.channel is Channel.SERVICE}
    if not parents:
        return claimed
    known = ways.addresses(session, parents)
    return [
        one
        if one.channel is Channel.SUBSCRIBE
        else replace(one, openid=_openid_at(one.account, known.get(one.parent_id)))
        for one in claimed
    ]


def _openid_at(account: str, address: Address | None) -> str | None:
    return address.openid if address is not None and address.appid == account else None


def _claimed(session: Session, appid: str, ids: Collection[int], lease: datetime) -> list[Claimed]:
    withdrawn, standing = aliased(Consent), aliased(Consent)
    still_agreed = select(standing.id).where(
        standing.parent_id == withdrawn.parent_id,
        standing.purpose == withdrawn.purpose,
        standing.withdrawn_at.is_(None),
    )
    took_back = select(withdrawn.id).where(
        withdrawn.parent_id == Message.parent_id,
        withdrawn.purpose.in_(OF_EVERYBODY),  # what is optional takes its own messages along
        withdrawn.withdrawn_at.is_not(None),
        ~still_agreed.exists(),
    )
    rows = session.execute(
        select(
            Message.id,
            Message.attempts,
            Message.parent_id,
            Message.child_id,
            Child.name_sealed,
            ParentIdentity.openid,
            Message.template,
            Message.data,
            and_(
                Parent.deleted_at.is_(None),
                Child.deleted_at.is_(None),
                Child.departure.is_(None),
                ~took_back.exists(),
            ),
            Message.due_at,
            Message.channel,
            Message.account,
            Message.uncounted_attempts,
        )
        .join(Parent, Parent.id == Message.parent_id)
        .outerjoin(Child, Child.id == Message.child_id)
        .outerjoin(
            ParentIdentity,
            and_(ParentIdentity.parent_id == Message.parent_id, ParentIdentity.appid == appid),
        )
        .where(_among(ids))
    )
    claimed = [Claimed(row[0], lease, *row[1:]) for row in rows]
    names = sealed_names(session, [one.data for one in claimed if one.child_id is None])
    if not names:
        return claimed
    return [
        replace(one, names_sealed=names) if merged.child_ids(one.data) else one for one in claimed
    ]


def sealed_names(session: Session, told: Collection[Mapping[str, Any]]) -> dict[int, str]:
    """Of the children that these messages tell of, those that are still here, by id."""
    ids = {child_id for data in told for child_id in merged.child_ids(data)}
    if not ids:
        return {}
    rows = session.execute(
        select(Child.id, Child.name_sealed).where(Child.id.in_(ids), Child.deleted_at.is_(None))
    )
    return {row.id: row.name_sealed for row in rows}


def list_the_lost(session: Session, clock: Clock) -> int:
    """What a dead worker left on the wire becomes unknown: listed, never sent again by itself."""
    now = clock.now()
    lost = session.scalars(
        select(Message.id)
        .where(Message.state == MessageState.SENDING, Message.not_before <= now)
        .with_for_update(skip_locked=True)
    ).all()
    if lost:
        _set(
            session,
            _among(lost),
            state=MessageState.UNKNOWN,
            not_before=None,
            problem=LOST_ON_THE_WIRE,
        )
    return len(lost)


def release(
    session: Session, claims: Collection[Claimed], *, not_before: datetime | None = None
) -> None:
    """Let go of messages that were not begun; they wait again."""
    if claims:
        _set(session, _held(claims), state=MessageState.WAITING, not_before=not_before)


def close(session: Session, claims: Collection[Claimed], state: MessageState, why: str) -> None:
    """These need no sending, or cannot be sent: they end here."""
    if claims:
        _set(session, _held(claims), state=state, not_before=None, problem=why)


def still_wanted(session: Session, ready: Ready) -> bool:
    """Whether a message that was marked is still there: its occasion may have gone since."""
    found = session.scalar(STILL_SENDING, {"id": ready.claim.id, "attempt": ready.attempt})
    return bool(found)


def write_back(
    session: Session,
    clock: Clock,
    outcomes: Sequence[tuple[Ready, Verdict]],
    ways: NextChannel = NO_NEXT_CHANNEL,
) -> set[int]:
    """What became of messages on the wire, and what that means for the balances.

    Overwrites `unknown` too: this worker was slow, not dead, and knows better. A row that is
    gone, or was closed by WeChat's own event meanwhile, stays as it is. What was overtaken or
    stopped meanwhile is not tried again, on no way. Returns the ids of the messages that wait for
    their next way instead of ending.
    """
    rows = session.execute(WRITE_BACK, {"outcomes": _rows(clock.now(), outcomes)})
    stopped = {row.id: row.stopped for row in rows}
    told = [(ready, verdict) for ready, verdict in outcomes if ready.claim.id in stopped]
    permitted = [(ready, verdict) for ready, verdict in told if ready.permitted]
    back = [ready for ready, verdict in permitted if verdict.comes_back]
    uses = [ledger.Use(one.claim.id, one.key, one.lasting) for one in back]
    ledger.give_back(session, clock, uses)
    taken = [one.key for one, verdict in permitted if verdict.state is MessageState.SENT]
    ledger.accepted_by_wechat(session, taken)
    ledger.refused(session, clock, [one.key for one, verdict in permitted if verdict.refused])
    gone = {
        Address(ready.key.appid, ready.key.openid): verdict.unfollowed
        for ready, verdict in told
        if verdict.unfollowed is not None and ready.claim.channel is Channel.SERVICE
    }
    if gone:
        ways.unfollowed(session, gone)
    ended = [ready.claim for ready, verdict in told if verdict.falls_on]
    return fall_on(session, ways, [one for one in ended if not stopped[one.id]])


def _rows(now: datetime, outcomes: Sequence[tuple[Ready, Verdict]]) -> str:
    """Outcomes as one JSON list, by id."""
    sent_at = now.isoformat()
    rows = [
        {
            "id": ready.claim.id,
            "attempts": ready.attempt,
            "state": verdict.state.value,
            "not_before": verdict.not_before and verdict.not_before.isoformat(),
            "errcode": verdict.errcode,
            "problem": verdict.problem,
            "sent_at": sent_at if verdict.state is MessageState.SENT else None,
            "wechat_id": verdict.wechat_id,
            "uncounted": verdict.uncounted,
        }
        for ready, verdict in sorted(outcomes, key=lambda outcome: outcome[0].claim.id)
    ]
    return json.dumps(rows)


def _held(claims: Collection[Claimed]) -> ColumnElement[bool]:
    """The rows of these claims that this worker still holds. Claims of one batch share a lease."""
    return and_(
        _among([one.id for one in claims]),
        Message.state == MessageState.CLAIMED,
        Message.not_before.in_({one.lease for one in claims}),
    )


def _among(ids: Collection[int]) -> ColumnElement[bool]:
    """One parameter however many ids: a name for each of 500 takes longer than to find them."""
    return Message.id == any_(bindparam("message_ids", list(ids), type_=ARRAY(BigInteger)))


def _set(session: Session, which: ColumnElement[bool], **values: Any) -> None:
    session.execute(
        update(Message).where(which).values(**values).execution_options(synchronize_session=False)
    )
