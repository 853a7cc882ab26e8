"""Which worker holds which message, and what it may still write about it.

waiting → claimed (a lease; may be claimed again after it) → sending (committed before the
network) → sent, failed, unknown, in_app, or waiting again. A claim is told from a later one by
its lease, a try from a later one by its number: a worker that slept too long can neither send
what another took over nor overwrite what became of it.

Lock order: parents, messages, balances, each by id; see ledger.py.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from backend.kernel.clock import Clock
from backend.outbox import ledger, merged
from backend.outbox.claims_sql import (
    BEING_TOLD,
    LOCK_HELD,
    LOCK_IDLE_PEOPLE,
    MARK,
    STILL_SENDING,
    WELCOME,
    WRITE_BACK,
)
from backend.outbox.models import Message, MessageState
from backend.outbox.verdicts import Verdict
from backend.people.models import OF_EVERYBODY, Child, Consent, Parent, ParentIdentity

LEASE = timedelta(seconds=60)
SAME_PERSON_WAIT = timedelta(seconds=1)  # 43108: never two calls at once for one openid
LOST_ON_THE_WIRE = "发送途中程序中断，不知是否送达"
NO_PERMISSION_LEFT = "没有剩余的订阅次数"
NOT_REACHABLE = "家长没有关联微信、已注销或撤回了同意，或孩子已不在本市服务范围"

Settle = Callable[[Session, Collection[int]], Mapping[int, bool]]
"""Brings messages about several things in line with what is so now, in the caller's transaction:
(session, ids) -> those that changed, and whether they are gone. A changed one waits again."""


def nothing_changed(_session: Session, _ids: Collection[int]) -> Mapping[int, bool]:
    return {}


@dataclass(frozen=True)
class Claimed:
    """A message that this worker holds until `lease`, and what is known of its parent.

    `openid` is None without an identity at the account; `welcome` is False when the parent
    left, withdrew a consent, or the child was deleted, moved away or died. `names_sealed`: of
    the children of a message about several, by id.
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
    names_sealed: Mapping[int, str] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class Ready:
    """A claimed message in its final words."""

    claim: Claimed
    key: ledger.Key
    data: dict[str, str] = field(repr=False)
    page: str | None

    @property
    def attempt(self) -> int:
        """The number of the try that is about to be made, from 1."""
        return self.claim.attempts + 1


@dataclass(frozen=True)
class Marked:
    """What became of a group that wanted to go out. Whatever is missing belongs to others now."""

    sending: list[Ready]
    in_app: int
    busy: int


def claim(
    session: Session,
    clock: Clock,
    *,
    appid: str,
    limit: int,
    lease: timedelta = LEASE,
    settle: Settle = nothing_changed,
) -> list[Claimed]:
    """Lease up to `limit` due messages to this worker, the longest due first.

    SKIP LOCKED lets any number of workers claim at once without waiting for one another.
    What a dead worker had claimed and not begun to send is due again after its lease.
    """
    now = clock.now()
    until = now + lease
    due = (
        select(Message.id)
        .where(
            Message.state.in_((MessageState.WAITING, MessageState.CLAIMED)),
            Message.due_at <= now,
            or_(Message.not_before.is_(None), Message.not_before <= now),
        )
        .order_by(Message.due_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(due).all()
    settled = settle(session, found) if found else {}
    ids = [one for one in found if not settled.get(one, False)]
    if not ids:
        return []
    _set(session, Message.id.in_(ids), state=MessageState.CLAIMED, not_before=until)
    return _claimed(session, appid, ids, until)


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
        )
        .join(Parent, Parent.id == Message.parent_id)
        .outerjoin(Child, Child.id == Message.child_id)
        .outerjoin(
            ParentIdentity,
            and_(ParentIdentity.parent_id == Message.parent_id, ParentIdentity.appid == appid),
        )
        .where(Message.id.in_(ids))
        .order_by(Message.due_at, Message.id)
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
        .where(
            Message.state == MessageState.SENDING,
            Message.due_at <= now,
            Message.not_before <= now,
        )
        .with_for_update(skip_locked=True)
    ).all()
    if lost:
        _set(
            session,
            Message.id.in_(lost),
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


def mark_sending(
    session: Session,
    clock: Clock,
    group: Sequence[Ready],
    *,
    lease: timedelta = LEASE,
    settle: Settle = nothing_changed,
) -> Marked:
    """Begin to send: commit this before the first byte leaves.

    Each message uses one of its balance; without one it goes to the in-app list. A message
    for somebody to whom another one is on its way waits a moment. All of a group are for
    different people. What happened since the claim is heeded: who is not welcome any more is
    not told, and what is not so any more is claimed and worded anew.
    """
    idle = set(session.scalars(LOCK_IDLE_PEOPLE, {"ids": [one.claim.parent_id for one in group]}))
    held = set(
        session.scalars(
            LOCK_HELD,
            {
                "ids": [one.claim.id for one in group],
                "leases": list({one.claim.lease for one in group}),
            },
        )
    )
    mine = [one for one in group if one.claim.id in held]
    listed = [one.claim.id for one in mine if merged.CHILDREN in one.claim.data]
    settled = settle(session, listed) if listed else {}
    mine = [one for one in mine if one.claim.id not in settled]
    welcome = set(session.scalars(WELCOME, {"ids": [one.claim.id for one in mine]}))
    unwelcome = [one.claim for one in mine if one.claim.id not in welcome]
    close(session, unwelcome, MessageState.IN_APP, NOT_REACHABLE)
    mine = [one for one in mine if one.claim.id in welcome]
    free = idle.difference(session.scalars(BEING_TOLD, {"ids": list(idle)}))
    may_go = [one for one in mine if one.claim.parent_id in free]
    busy = [one.claim for one in mine if one.claim.parent_id not in free]
    release(session, busy, not_before=clock.now() + SAME_PERSON_WAIT)
    sending = _use_permissions(session, clock, may_go, lease)
    return Marked(
        sending,
        in_app=len(may_go) - len(sending) + len(unwelcome),
        busy=len(busy) + list(settled.values()).count(False),
    )


def _use_permissions(
    session: Session, clock: Clock, may_go: Sequence[Ready], lease: timedelta
) -> list[Ready]:
    """Mark those that WeChat lets us send; the others end in the app."""
    granted = ledger.use(session, clock, [ledger.Use(one.claim.id, one.key) for one in may_go])
    sending = [one for one in may_go if one.claim.id in granted]
    close(
        session,
        [one.claim for one in may_go if one.claim.id not in granted],
        MessageState.IN_APP,
        NO_PERMISSION_LEFT,
    )
    if sending:
        session.execute(
            MARK, {"ids": [one.claim.id for one in sending], "until": clock.now() + lease}
        )
    return sending


def still_wanted(session: Session, ready: Ready) -> bool:
    """Whether a message that was marked is still there: its occasion may have gone since."""
    found = session.scalar(STILL_SENDING, {"id": ready.claim.id, "attempt": ready.attempt})
    return bool(found)


def write_back(session: Session, clock: Clock, outcomes: Sequence[tuple[Ready, Verdict]]) -> None:
    """What became of messages on the wire, and what that means for the balances.

    Overwrites `unknown` too: this worker was slow, not dead, and knows better. A row that is
    gone, or was closed by WeChat's own event meanwhile, stays as it is.
    """
    written = set(session.scalars(WRITE_BACK, _columns(clock.now(), outcomes)))
    told = [(ready, verdict) for ready, verdict in outcomes if ready.claim.id in written]
    uses = [ledger.Use(ready.claim.id, ready.key) for ready, verdict in told if verdict.comes_back]
    ledger.give_back(session, clock, uses)
    taken = [ready.key for ready, verdict in told if verdict.state is MessageState.SENT]
    ledger.accepted_by_wechat(session, taken)
    ledger.refused(session, clock, [ready.key for ready, verdict in told if verdict.refused])


def _columns(now: datetime, outcomes: Sequence[tuple[Ready, Verdict]]) -> dict[str, list[Any]]:
    ordered = sorted(outcomes, key=lambda outcome: outcome[0].claim.id)
    verdicts = [verdict for _, verdict in ordered]
    return {
        "ids": [ready.claim.id for ready, _ in ordered],
        "attempts": [ready.attempt for ready, _ in ordered],
        "states": [verdict.state.value for verdict in verdicts],
        "not_befores": [verdict.not_before for verdict in verdicts],
        "errcodes": [verdict.errcode for verdict in verdicts],
        "problems": [verdict.problem for verdict in verdicts],
        "sent_ats": [now if v.state is MessageState.SENT else None for v in verdicts],
    }


def _held(claims: Collection[Claimed]) -> ColumnElement[bool]:
    """The rows of these claims that this worker still holds. Claims of one batch share a lease."""
    return and_(
        Message.id.in_([one.id for one in claims]),
        Message.state == MessageState.CLAIMED,
        Message.not_before.in_({one.lease for one in claims}),
    )


def _set(session: Session, which: ColumnElement[bool], **values: Any) -> None:
    session.execute(
        update(Message).where(which).values(**values).execution_options(synchronize_session=False)
    )
