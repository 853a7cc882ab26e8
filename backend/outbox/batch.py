"""Claimed messages on their way through a pool of threads."""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime
from queue import SimpleQueue
from typing import TypeVar

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from backend.kernel.metrics import MESSAGES, SEND_SECONDS
from backend.outbox import claims, pauses
from backend.outbox.channels import fall_on
from backend.outbox.claims import Claimed, Ready
from backend.outbox.marking import mark_sending
from backend.outbox.messenger import FailureKind, OutcomeUnknown, SendFailure, Stop, code_label
from backend.outbox.models import MessageState
from backend.outbox.outcomes import Outcomes
from backend.outbox.parts import Delivery
from backend.outbox.pauses import WHOLE_ACCOUNT, Lane
from backend.outbox.preparing import Ended, prepare
from backend.outbox.verdicts import HELD, TAKEN, StopOrder, Verdict, verdict_on

GROUPS_MARKED = 2  # one on the wire, one ready for it
WRITE_BACK_SECONDS = 0.5  # no outcome waits longer than this for its row
MOST_WRITES = 3  # a write-back that meets a deadlock or a lost connection is tried again
LOOK_BACK = 20  # of an account's last answers,
OUTAGE = 5  # so many bad ones are an outage: whatever is sent now may be lost to the same
GONE = Verdict(MessageState.IN_APP)  # of a row that is deleted: nothing is left to write back to

log = structlog.get_logger()
Result = TypeVar("Result")


@dataclass
class Counts:
    """What became of messages. `fell_on`: ended on one way and wait for the next."""

    by_state: Counter[MessageState] = field(default_factory=Counter)
    fell_on: int = 0


class Batch:
    """The threads only talk to WeChat and say when it wants no more of something; everything
    else here, and the database, is touched by the caller's thread alone.
    """

    def __init__(self, parts: Delivery, more: Callable[[], Sequence[Claimed]] = tuple) -> None:
        self._parts = parts
        self._more = more
        self._may_be_more = True
        self._queue: deque[Claimed] = deque()
        self._flying: set[int] = set()  # parents: never two messages for one person
        self._wire: SimpleQueue[tuple[Ready, datetime] | None] = SimpleQueue()
        self._done = Outcomes()
        self._stopped: set[Lane] = set()  # nothing more of these is handed over
        self._full: set[Lane] = set()  # nothing more of these is marked
        self._answers: dict[str, deque[bool]] = {}  # of each account: was it a bad one
        self._limits = {parts.appid: parts.limits}
        self.counts = Counts()

    def run(self, claimed: Sequence[Claimed]) -> Counts:
        """Until all of these, and what `more` gives when they run low, have their outcomes."""
        self._queue.extend(claimed)
        threads = self._parts.threads
        with ThreadPoolExecutor(threads, "send") as pool:
            for _ in range(threads):
                pool.submit(copy_context().run, self._send_all)  # log lines keep the run id
            try:
                while self._queue or self._flying:
                    self._fill()
                    self._write(self._collect())
            finally:
                for _ in range(threads):
                    self._wire.put(None)
        return self.counts

    def _fill(self) -> None:
        """Mark and hand over until two groups are on their way; never the last bit of one."""
        threads = self._parts.threads
        if len(self._queue) < threads and self._may_be_more and not self._nothing_may_go():
            more = self._more()
            self._queue.extend(more)
            self._may_be_more = bool(more)
        while self._queue and len(self._flying) <= (GROUPS_MARKED - 1) * threads:
            until = self._parts.clock.now() + self._parts.lease  # no later than the mark's own end
            marked = self._mark_next()
            for ready in marked:
                self._wire.put((ready, until))
            if not marked:
                return

    def _mark_next(self) -> list[Ready]:
        """The next messages, committed as `sending`, each for somebody else."""
        if self._queue and self._nothing_may_go():
            self._let_go(self._queue)
            self._queue = deque()
        group = self._next_group()
        if not group:
            return []
        parts = self._parts
        marked = self._transaction(
            lambda session: mark_sending(
                session, parts.clock, group, terms=parts.terms, limits=self._limits
            )
        )
        self.counts.by_state[MessageState.IN_APP] += marked.in_app
        self.counts.by_state[MessageState.WAITING] += marked.busy + marked.held
        self.counts.fell_on += marked.fell_on
        self._stopped.update(marked.stopped)
        self._full.update(marked.full)
        self._flying.update(one.claim.parent_id for one in marked.sending)
        return marked.sending

    def _next_group(self) -> list[Ready]:
        """One for each thread, with words and a receiver; who cannot be sent to ends here.

        Worded a group at a time, while the group before it is on the wire.
        """
        group: dict[int, Ready] = {}
        not_now: list[Claimed] = []
        stopped: list[Claimed] = []
        ended: dict[Ended, list[Claimed]] = {}
        while self._queue and len(group) < self._parts.threads:
            claim = self._queue.popleft()
            lane = (claim.account or self._parts.appid, claim.template)
            if self._is_stopped(lane) or pauses.holds(self._full, lane):
                stopped.append(claim)
            elif claim.parent_id in group or claim.parent_id in self._flying:
                not_now.append(claim)
            elif isinstance(prepared := prepare(self._parts, claim), Ready):
                group[claim.parent_id] = prepared
                self._know_limits_of(claim)
            else:
                ended.setdefault(prepared, []).append(claim)
        self._queue.extendleft(reversed(not_now))
        self._let_go(stopped)
        self._end(ended)
        return list(group.values())

    def _know_limits_of(self, claim: Claimed) -> None:
        if claim.account and claim.account not in self._limits:
            sender = self._parts.sender(claim.account)
            if sender is not None:
                self._limits[claim.account] = sender.limits

    def _end(self, ended: Mapping[Ended, Sequence[Claimed]]) -> None:
        if not ended:
            return
        with self._parts.sessions.begin() as session:
            for end, group in ended.items():
                claims.close(session, group, end.state, end.why)
                moved = fall_on(session, self._parts.ways, group) if end.falls_on else ()
                self.counts.by_state[end.state] += len(group) - len(moved)
                self.counts.fell_on += len(moved)

    def _send_all(self) -> None:
        """A thread of the pool: whatever is marked, until it is told that there is no more.

        A queue of C and no promise for each message: those cost as much as its words.
        """
        for ready, until in iter(self._wire.get, None):
            self._send(ready, until)

    def _send(self, ready: Ready, until: datetime) -> None:
        """Asks once more whether to send: the mark may be old by now.

        One that is over says nothing any more: this process was stopped for a while, and others
        have listed the message as unknown. It waits again, since nobody has sent it.
        """
        try:
            late = self._parts.clock.now() >= until
            if late or self._nothing_may_go() or self._is_stopped(ready.lane):
                verdict = HELD
            else:
                verdict = self._last_word(ready) or self._attempt(ready)
        except Exception as error:  # a bug must not strand the batch; the message may be out
            log.exception("send_crashed", message_id=ready.claim.id)
            crash = OutcomeUnknown(type(error).__name__, FailureKind.TRANSIENT)
            verdict = verdict_on(crash, ready.counted, self._parts.clock.now())
        if verdict.stop is not None:
            self._stopped.add(_stopped_lane(ready, verdict.stop))
        MESSAGES.labels(verdict.state.value, code_label(verdict.errcode), ready.key.appid).inc()
        self._done.put(ready, verdict)

    def _last_word(self, ready: Ready) -> Verdict | None:
        """None to send. Asks again for a message that must not come late by a second."""
        if not self._parts.templates[ready.claim.template].ask_again:
            return None
        try:
            with self._parts.sessions() as session:
                return None if claims.still_wanted(session, ready) else GONE
        except OperationalError as error:
            log.warning("last_word_not_heard", reason=type(error.orig).__name__)
            return HELD

    def _nothing_may_go(self) -> bool:
        """By night, or when this process is told to stop; in any thread."""
        return self._parts.held_back() or self._parts.stopping()

    def _is_stopped(self, lane: Lane) -> bool:
        return bool(self._stopped) and pauses.holds(self._stopped, lane)

    def _attempt(self, ready: Ready) -> Verdict:
        key = ready.key
        sender = self._parts.sender(ready.claim.account)
        if sender is None:  # the account was given up a moment ago
            return HELD
        begun_at = self._parts.clock.now()
        try:
            with SEND_SECONDS.labels(key.appid).time():
                told = sender.messenger.send(
                    key.openid, key.template_id, ready.data, ready.page, ready.claim.id
                )
        except SendFailure as failure:
            now = self._parts.clock.now()
            verdict = verdict_on(failure, ready.counted, now, begun_at=begun_at)
            report = log.error if verdict.alert else log.info
            report(
                "send_failed",
                message_id=ready.claim.id,
                template=ready.claim.template,
                kind=failure.kind.value,
                errcode=failure.errcode,
                state=verdict.state.value,
            )
            return verdict
        if told is None or not ready.claim.account:
            return TAKEN
        return replace(TAKEN, wechat_id=told)

    def _collect(self) -> list[tuple[Ready, Verdict]]:
        """Outcomes worth a transaction: one group's, or what half a second gave."""
        enough = min(len(self._flying), self._parts.threads)
        return self._done.take(enough, WRITE_BACK_SECONDS) if enough else []

    def _write(self, outcomes: Sequence[tuple[Ready, Verdict]]) -> None:
        if not outcomes:
            return
        outages = self._outages(outcomes)
        moved = self._transaction(lambda session: self._write_in(session, outcomes, outages))
        for ready, verdict in outcomes:
            self._flying.remove(ready.claim.parent_id)
            if ready.claim.id not in moved:
                self.counts.by_state[verdict.state] += 1
        self.counts.fell_on += len(moved)

    def _write_in(
        self,
        session: Session,
        outcomes: Sequence[tuple[Ready, Verdict]],
        outages: Sequence[str],
    ) -> set[int]:
        """Outcomes and the pauses they mean, in one transaction."""
        parts = self._parts
        moved = claims.write_back(session, parts.clock, outcomes, parts.ways)
        for lane, order, errcode in _orders(outcomes):
            new = pauses.pause(
                session,
                parts.clock,
                lane,
                reason=order.reason,
                by=pauses.WORKER,
                until=order.until,
                errcode=errcode,
            )
            if new:
                log.error("sending_paused", template=lane[1], reason=order.reason, errcode=errcode)
        for appid in outages:
            until = pauses.pause_for_outage(session, parts.clock, appid)
            log.error("sending_paused", reason="outage", until=until.isoformat())
        return moved

    def _outages(self, outcomes: Sequence[tuple[Ready, Verdict]]) -> list[str]:
        """Accounts whose answers have gone bad; from now on nothing more of them goes out."""
        found = []
        for ready, verdict in outcomes:
            appid = ready.key.appid
            answers = self._answers.setdefault(appid, deque(maxlen=LOOK_BACK))
            if verdict is not HELD:
                answers.append(verdict.bad_line)
            whole = (appid, WHOLE_ACCOUNT)
            if sum(answers) >= OUTAGE and whole not in self._stopped:
                self._stopped.add(whole)
                found.append(appid)
        return found

    def _let_go(self, held: Sequence[Claimed]) -> None:
        if not held:
            return
        with self._parts.sessions.begin() as session:
            claims.release(session, held)
        self.counts.by_state[MessageState.WAITING] += len(held)

    def _transaction(self, work: Callable[[Session], Result]) -> Result:
        """Run and commit; again after a deadlock or a lost connection (the fences allow it)."""
        for _ in range(MOST_WRITES - 1):
            try:
                with self._parts.sessions.begin() as session:
                    return work(session)
            except OperationalError as error:
                log.warning("outbox_transaction_repeated", reason=type(error.orig).__name__)
        with self._parts.sessions.begin() as session:
            return work(session)


def _stopped_lane(ready: Ready, order: StopOrder) -> Lane:
    template = ready.claim.template if order.what is Stop.TEMPLATE else WHOLE_ACCOUNT
    return ready.key.appid, template


def _orders(
    outcomes: Sequence[tuple[Ready, Verdict]],
) -> list[tuple[Lane, StopOrder, int | None]]:
    """What these outcomes stop, each lane once, in an order that all workers share."""
    orders = {
        _stopped_lane(ready, verdict.stop): (verdict.stop, verdict.errcode)
        for ready, verdict in outcomes
        if verdict.stop is not None
    }
    return [(lane, *orders[lane]) for lane in sorted(orders)]
