"""The last look before messages leave, and the mark that says they are leaving.

Lock order: parents, messages, balances, counters, each in its own order; see ledger.py.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from backend.kernel.clock import Clock
from backend.outbox import ledger, merged, pauses, quotas
from backend.outbox.channels import fall_on
from backend.outbox.claims import PLAIN, Ready, Terms, close, release
from backend.outbox.claims_sql import LOCK_HELD, LOCK_IDLE_PEOPLE, MARK, WELCOME
from backend.outbox.models import MessageState, PauseReason, Span
from backend.outbox.pauses import Lane

SAME_PERSON_WAIT = timedelta(seconds=1)  # 43108: never two calls at once for one openid
NO_PERMISSION_LEFT = "没有剩余的订阅次数"
NOT_REACHABLE = "家长没有关联微信、已注销或撤回了同意，或孩子已不在本市服务范围"
REASONS: Mapping[Span, PauseReason] = {
    Span.DAY: PauseReason.DAY_QUOTA,
    Span.MINUTE: PauseReason.MINUTE_RATE,
}
COUNTED = frozenset(REASONS.values())  # what was marked before was counted, and is within


@dataclass(frozen=True)
class Marked:
    """What became of a group that wanted to go out. Whatever is missing belongs to others now.

    `held`: wait for the end of a pause or for room in a limit. In the lanes of `full` nothing
    more may go, in those of `stopped` not even what was marked before.
    """

    sending: list[Ready]
    in_app: int = 0
    busy: int = 0
    fell_on: int = 0
    held: int = 0
    full: Collection[Lane] = ()
    stopped: Collection[Lane] = ()


def mark_sending(
    session: Session,
    clock: Clock,
    group: Sequence[Ready],
    *,
    terms: Terms = PLAIN,
    limits: Mapping[str, quotas.Limits] | None = None,
) -> Marked:
    """Begin to send: commit this before the first byte leaves.

    Each message uses one of its balance, where its way asks for one, and is counted; without
    one it goes on to its next way. A message for somebody to whom another one is on its way
    waits a moment. All of a group are for different people. What happened since the claim is
    heeded: who is not welcome any more is not told, what is paused waits, and what is not so
    any more is claimed and worded anew.
    """
    idle = set(session.scalars(LOCK_IDLE_PEOPLE, {"ids": [one.claim.parent_id for one in group]}))
    mine = _still_held(session, group)
    listed = [one.claim.id for one in mine if merged.CHILDREN in one.claim.data]
    settled = terms.settle(session, listed) if listed else {}
    asked = {"ids": [one.claim.id for one in mine if one.claim.id not in settled]}
    judged = {row.id: row for row in session.execute(WELCOME, asked)}
    mine = [one for one in mine if one.claim.id in judged]
    unwelcome = [one.claim for one in mine if not judged[one.claim.id].welcome]
    close(session, unwelcome, MessageState.IN_APP, NOT_REACHABLE)
    mine = [one for one in mine if judged[one.claim.id].welcome]
    busy = [
        one.claim for one in mine if judged[one.claim.id].busy or one.claim.parent_id not in idle
    ]
    release(session, busy, not_before=clock.now() + SAME_PERSON_WAIT)
    waits = {one.id for one in busy}
    marked = _within_limits(
        session, clock, [one for one in mine if one.claim.id not in waits], terms, limits or {}
    )
    return Marked(
        marked.sending,
        in_app=marked.in_app + len(unwelcome),
        busy=len(busy) + list(settled.values()).count(False),
        fell_on=marked.fell_on,
        held=marked.held,
        full=marked.full,
        stopped=marked.stopped,
    )


def _still_held(session: Session, group: Sequence[Ready]) -> list[Ready]:
    leases = {one.claim.lease for one in group}
    asked = {"ids": [one.claim.id for one in group], "leases": list(leases)}
    held = set(session.scalars(LOCK_HELD, asked))
    return [one for one in group if one.claim.id in held]


def _within_limits(
    session: Session,
    clock: Clock,
    group: Sequence[Ready],
    terms: Terms,
    limits: Mapping[str, quotas.Limits],
) -> Marked:
    """Mark those that a permission and the counters let go."""
    if not group:
        return Marked([])
    paused = pauses.standing(session, clock.now())
    held = [one for one in group if pauses.holds(paused, one.lane)]
    group = [one for one in group if not pauses.holds(paused, one.lane)]
    allowed = ledger.allowed(session, {one.key for one in group if one.permitted})
    bare = [one for one in group if one.permitted and one.key not in allowed]
    close(session, [one.claim for one in bare], MessageState.IN_APP, NO_PERMISSION_LEFT)
    fell_on = fall_on(session, terms.ways, [one.claim for one in bare])
    group = [one for one in group if not one.permitted or one.key in allowed]
    taken = quotas.take(session, clock, [one.lane for one in group], limits)
    sending = [one for one, may in zip(group, taken.may_go, strict=True) if may]
    held += [one for one, may in zip(group, taken.may_go, strict=True) if not may]
    full = {_used_up(session, clock, counted) for counted in taken.used_up}
    full |= {lane for lane, reason in paused.items() if reason in COUNTED}
    release(session, [one.claim for one in held])
    _mark(session, clock, sending, terms)
    return Marked(
        sending,
        in_app=len(bare) - len(fell_on),
        fell_on=len(fell_on),
        held=len(held),
        full=full,
        stopped=[lane for lane, reason in paused.items() if reason not in COUNTED],
    )


def _used_up(session: Session, clock: Clock, counted: quotas.Counted) -> Lane:
    """What a limit of ours holds back waits like what WeChat's own limit holds back."""
    appid, template, span = counted
    until = quotas.end_of(span, clock.now())
    lane = (appid, template)
    pauses.pause(session, clock, lane, reason=REASONS[span], by=pauses.WORKER, until=until)
    return lane


def _mark(session: Session, clock: Clock, sending: Sequence[Ready], terms: Terms) -> None:
    if not sending:
        return
    uses = [ledger.Use(one.claim.id, one.key, one.lasting) for one in sending if one.permitted]
    ledger.use(session, clock, uses)
    session.execute(
        MARK,
        {"ids": [one.claim.id for one in sending], "until": clock.now() + terms.lease},
    )
