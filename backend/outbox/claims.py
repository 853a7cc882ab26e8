"""Which worker holds which message, and what it may still write about it.

waiting → claimed (a lease; may be claimed again after it) → sending (committed before the
network) → sent, failed, unknown, in_app, or waiting again. A claim is told from a later one by
its lease, a try from a later one by its number: a worker that slept too long can neither send
what another took over nor overwrite what became of it.

Lock order: parents, messages, balances, each by id; see ledger.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from backend.kernel.clock import Clock
from backend.outbox import ledger
from backend.outbox.models import Message, MessageState
from backend.outbox.verdicts import Verdict
from backend.people.models import OF_EVERYBODY, Child, Consent, Parent, ParentIdentity

LEASE = timedelta(seconds=60)
SAME_PERSON_WAIT = timedelta(seconds=1)  # 43108: never two calls at once for one openid
LOST_ON_THE_WIRE = "发送途中程序中断，不知是否送达"
NO_PERMISSION_LEFT = "没有剩余的订阅次数"


@dataclass(frozen=True)
class Claimed:
    """A message that this worker holds until `lease`, and what is known of its parent.

    `openid` is None without an identity at the account; `welcome` is False when the parent
    left, withdrew a consent, or the child was deleted.
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
    session: Session, clock: Clock, *, appid: str, limit: int, lease: timedelta = LEASE
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
    ids = session.scalars(due).all()
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
            and_(Parent.deleted_at.is_(None), Child.deleted_at.is_(None), ~took_back.exists()),
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
    return [Claimed(row[0], lease, *row[1:]) for row in rows]


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
    session: Session, clock: Clock, group: Sequence[Ready], *, lease: timedelta = LEASE
) -> Marked:
    """Begin to send: commit this before the first byte leaves.

    Each message uses one of its balance; without one it goes to the in-app list. A message
    for somebody to whom another one is on its way waits a moment. All of a group are for
    different people.
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
    free = idle.difference(session.scalars(BEING_TOLD, {"ids": list(idle)}))
    mine = [one for one in group if one.claim.id in held]
    may_go = [one for one in mine if one.claim.parent_id in free]
    busy = [one.claim for one in mine if one.claim.parent_id not in free]
    release(session, busy, not_before=clock.now() + SAME_PERSON_WAIT)
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
    return Marked(sending, in_app=len(may_go) - len(sending), busy=len(busy))


# Said for every group, so written out: building such statements costs more than running them.

# Those whom no other worker is marking right now. NO KEY UPDATE: new messages may refer to the
# parent meanwhile; another mark may not.
LOCK_IDLE_PEOPLE = text(
    """
    SELECT id FROM parents WHERE id = ANY(CAST(:ids AS bigint[]))
     ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    """
)
LOCK_HELD = text(
    """
    SELECT id FROM messages
     WHERE id = ANY(CAST(:ids AS bigint[])) AND state = 'claimed'
       AND not_before = ANY(CAST(:leases AS timestamptz[]))
     ORDER BY id FOR UPDATE
    """
)
# Whom a message is on its way to. Asked after the parents are locked: in a statement of its own
# it sees what others committed before they let go of the lock.
BEING_TOLD = text(
    """
    SELECT parent_id FROM messages
     WHERE parent_id = ANY(CAST(:ids AS bigint[])) AND state = 'sending'
    """
)
MARK = text(
    """
    UPDATE messages
       SET state = 'sending', not_before = :until, attempts = attempts + 1,
           errcode = NULL, problem = NULL
     WHERE id = ANY(CAST(:ids AS bigint[]))
    """
)


STILL_SENDING = text(
    """
    SELECT EXISTS (SELECT 1 FROM messages
                    WHERE id = :id AND state = 'sending' AND attempts = :attempt)
    """
)


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


WRITE_BACK = text(
    """
    UPDATE messages AS m
       SET state = o.state, not_before = o.not_before, errcode = o.errcode,
           problem = o.problem, sent_at = o.sent_at
      FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS smallint[]),
                  CAST(:states AS text[]), CAST(:not_befores AS timestamptz[]),
                  CAST(:errcodes AS integer[]), CAST(:problems AS text[]),
                  CAST(:sent_ats AS timestamptz[]))
        AS o (id, attempts, state, not_before, errcode, problem, sent_at)
     WHERE m.id = o.id AND m.attempts = o.attempts AND m.state IN ('sending', 'unknown')
    RETURNING m.id
    """
)


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
