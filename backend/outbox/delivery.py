"""Send what is due: claim, decide, mark, send with no transaction open, write back.

While `threads` messages are on the wire, as many are marked for the threads to take next, so
that the wire never waits for the database. At most twice `threads` are marked `sending` and not
yet written back at any moment, so a kill leaves at most that many `unknown`; everything else is
either still waiting or settled.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event, Lock
from typing import TypeVar

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import Clock
from backend.kernel.privacy import Unreadable, Vault
from backend.outbox import claims
from backend.outbox.claims import NOT_REACHABLE, Claimed, Ready, Settle
from backend.outbox.fields import UnfitValue
from backend.outbox.hours import is_quiet
from backend.outbox.ledger import Key
from backend.outbox.messenger import FailureKind, Messenger, OutcomeUnknown, SendFailure
from backend.outbox.models import MessageState
from backend.outbox.templates import Templates, UnknownTemplate
from backend.outbox.values import MissingFact
from backend.outbox.verdicts import TAKEN, Verdict, verdict_on
from backend.people.children import NAME

GROUPS_MARKED = 2  # one on the wire, one ready for it
WRITE_BACK_SECONDS = 0.5  # no outcome waits longer than this for its row
MOST_WRITES = 3  # a write-back that meets a deadlock or a lost connection is tried again
IN_APP_ONLY = "只在小程序内提醒"
GONE = Verdict(MessageState.IN_APP)  # of a row that is deleted: nothing is left to write back to

log = structlog.get_logger()
Result = TypeVar("Result")


@dataclass(frozen=True)
class Delivery:
    """Everything that sending needs. `template_ids`: our template name → WeChat's id.

    `settle` keeps messages about several things true, see `claims`. `at_night` sends in quiet
    hours as well (a button of the demo). `stopping` is asked before each message, in any
    thread: when it answers True, what was not handed over is let go.
    """

    sessions: sessionmaker[Session]
    clock: Clock
    vault: Vault
    templates: Templates
    messenger: Messenger
    appid: str
    template_ids: Mapping[str, str]
    threads: int = 16
    lease: timedelta = claims.LEASE
    at_night: bool = False
    settle: Settle = claims.nothing_changed
    stopping: Callable[[], bool] = lambda: False

    def held_back(self) -> bool:
        """Whether nothing may go out now."""
        return is_quiet(self.clock.now()) and not self.at_night


@dataclass(frozen=True)
class Delivered:
    """What one call did, in messages. `lost`: found on the wire of a dead worker."""

    claimed: int = 0
    sent: int = 0
    in_app: int = 0
    failed: int = 0
    unknown: int = 0
    postponed: int = 0
    lost: int = 0


def deliver(parts: Delivery, limit: int = 500) -> Delivered:
    """Send up to `limit` due messages and return when each of them has its outcome.

    Any number of processes may call this at once. By night it only lists what was lost.
    Call again while `claimed` is not 0.
    """
    with parts.sessions.begin() as session:
        lost = claims.list_the_lost(session, parts.clock)
    if lost:
        log.error("messages_lost_on_the_wire", messages=lost)
    if parts.held_back():
        return Delivered(lost=lost)
    with parts.sessions.begin() as session:
        claimed = claims.claim(
            session,
            parts.clock,
            appid=parts.appid,
            limit=limit,
            lease=parts.lease,
            settle=parts.settle,
        )
    counts = Batch(parts).run(claimed) if claimed else Counter[MessageState]()
    return Delivered(
        claimed=len(claimed),
        sent=counts[MessageState.SENT],
        in_app=counts[MessageState.IN_APP],
        failed=counts[MessageState.FAILED],
        unknown=counts[MessageState.UNKNOWN],
        postponed=counts[MessageState.WAITING],
        lost=lost,
    )


class Batch:
    """One claimed batch on its way through a pool of threads.

    The threads only talk to WeChat and say when WeChat wants no more; everything else here, and
    the database, is touched by the caller's thread alone.
    """

    def __init__(self, parts: Delivery) -> None:
        self._parts = parts
        self._queue: deque[Claimed] = deque()
        self._flying: set[int] = set()  # parents: never two messages for one person
        self._done = Outcomes()
        self.counts: Counter[MessageState] = Counter()
        self._stop: Verdict | None = None  # why nothing more is handed over

    def run(self, claimed: Sequence[Claimed]) -> Counter[MessageState]:
        self._queue.extend(claimed)
        with ThreadPoolExecutor(self._parts.threads, "send") as pool:
            while self._queue or self._flying:
                self._fill(pool)
                self._write(self._collect())
        return self.counts

    def _fill(self, pool: ThreadPoolExecutor) -> None:
        """Mark and hand over until two groups are on their way; never the last bit of one."""
        threads = self._parts.threads
        while self._queue and len(self._flying) <= (GROUPS_MARKED - 1) * threads:
            marked = self._mark_next()
            for ready in marked:
                pool.submit(self._send, ready)
            if not marked:
                return

    def _mark_next(self) -> list[Ready]:
        """The next messages, committed as `sending`, each for somebody else."""
        if self._queue and (stop := self._reason_to_stop()):
            self._let_go(stop)
        group = self._next_group()
        if not group:
            return []
        parts = self._parts
        marked = self._transaction(
            lambda session: claims.mark_sending(
                session, parts.clock, group, lease=parts.lease, settle=parts.settle
            )
        )
        self.counts[MessageState.IN_APP] += marked.in_app
        self.counts[MessageState.WAITING] += marked.busy
        self._flying.update(one.claim.parent_id for one in marked.sending)
        return marked.sending

    def _next_group(self) -> list[Ready]:
        """One for each thread, with words and a receiver; who cannot be sent to ends here.

        Worded a group at a time, while the group before it is on the wire.
        """
        group: dict[int, Ready] = {}
        not_now: list[Claimed] = []
        ended: dict[tuple[MessageState, str], list[Claimed]] = {}
        while self._queue and len(group) < self._parts.threads:
            claim = self._queue.popleft()
            if claim.parent_id in group or claim.parent_id in self._flying:
                not_now.append(claim)
                continue
            prepared = prepare(self._parts, claim)
            if isinstance(prepared, Ready):
                group[claim.parent_id] = prepared
            else:
                ended.setdefault(prepared, []).append(claim)
        self._queue.extendleft(reversed(not_now))
        self._end(ended)
        return list(group.values())

    def _end(self, ended: Mapping[tuple[MessageState, str], Sequence[Claimed]]) -> None:
        if not ended:
            return
        with self._parts.sessions.begin() as session:
            for (state, why), group in ended.items():
                claims.close(session, group, state, why)
                self.counts[state] += len(group)

    def _send(self, ready: Ready) -> None:
        """In a thread of the pool. Asks once more whether to send: the mark may be old by now."""
        try:
            stop = self._reason_to_stop()
            if stop is not None:
                verdict = replace(stop, comes_back=True)
            else:
                verdict = self._last_word(ready) or self._attempt(ready)
        except Exception as error:  # a bug must not strand the batch; the message may be out
            log.exception("send_crashed", message_id=ready.claim.id)
            crash = OutcomeUnknown(type(error).__name__, FailureKind.TRANSIENT)
            verdict = verdict_on(crash, ready.attempt, self._parts.clock.now())
        if verdict.stops_batch:
            self._stop = Verdict(verdict.state, not_before=verdict.not_before)
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
            return Verdict(MessageState.WAITING, comes_back=True)

    def _reason_to_stop(self) -> Verdict | None:
        """How what was not handed over waits, if nothing more may be: in any thread."""
        if self._parts.held_back() or self._parts.stopping():
            return Verdict(MessageState.WAITING)
        return self._stop

    def _attempt(self, ready: Ready) -> Verdict:
        key = ready.key
        try:
            self._parts.messenger.send(key.openid, key.template_id, ready.data, ready.page)
        except SendFailure as failure:
            verdict = verdict_on(failure, ready.attempt, self._parts.clock.now())
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
        return TAKEN

    def _collect(self) -> list[tuple[Ready, Verdict]]:
        """Outcomes worth a transaction: one group's, or what half a second gave."""
        enough = min(len(self._flying), self._parts.threads)
        return self._done.take(enough, WRITE_BACK_SECONDS) if enough else []

    def _write(self, outcomes: Sequence[tuple[Ready, Verdict]]) -> None:
        if not outcomes:
            return
        clock = self._parts.clock
        self._transaction(lambda session: claims.write_back(session, clock, outcomes))
        for ready, verdict in outcomes:
            self._flying.remove(ready.claim.parent_id)
            self.counts[verdict.state] += 1

    def _let_go(self, why: Verdict) -> None:
        held, self._queue = self._queue, deque()
        with self._parts.sessions.begin() as session:
            claims.release(session, held, not_before=why.not_before)
        self.counts[MessageState.WAITING] += len(held)

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


class Outcomes:
    """Where the sending threads leave what came of it. Wakes the one who writes once a group."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: list[tuple[Ready, Verdict]] = []
        self._wanted = 1
        self._enough = Event()

    def put(self, ready: Ready, verdict: Verdict) -> None:
        with self._lock:
            self._kept.append((ready, verdict))
            if len(self._kept) >= self._wanted:
                self._enough.set()

    def take(self, wanted: int, seconds: float) -> list[tuple[Ready, Verdict]]:
        """All there are, as soon as there are so many or so many seconds have passed."""
        with self._lock:
            self._wanted = wanted
            if len(self._kept) < wanted:
                self._enough.clear()
        self._enough.wait(seconds)
        with self._lock:
            kept, self._kept = self._kept, []
        return kept


def prepare(parts: Delivery, claim: Claimed) -> Ready | tuple[MessageState, str]:
    """The message in its final words, or the state in which it ends without WeChat, and why."""
    template_id = parts.template_ids.get(claim.template)
    try:
        if parts.templates[claim.template].wechat is None or template_id is None:
            return MessageState.IN_APP, IN_APP_ONLY
        if claim.openid is None or not claim.welcome:
            return MessageState.IN_APP, NOT_REACHABLE
        facts = {**claim.data, "child_id": claim.child_id or 0}
        data, page = parts.templates.render_wechat(
            claim.template, facts, child_name(parts, claim), _names(parts, claim)
        )
    except (UnknownTemplate, MissingFact, UnfitValue) as error:
        log.error("message_cannot_be_worded", message_id=claim.id, reason=str(error))
        return MessageState.FAILED, f"{claim.template}: {error}"
    return Ready(claim, Key(parts.appid, claim.openid, template_id), data, page)


def child_name(parts: Delivery, claim: Claimed) -> str | None:
    """The child's name, or None for no child, or for a name whose key is gone."""
    return _opened(parts, claim.child_name_sealed, claim.child_id)


def _names(parts: Delivery, claim: Claimed) -> dict[int, str]:
    """Of a message about several children; without those whose name cannot be read."""
    opened = {
        child_id: _opened(parts, sealed, child_id)
        for child_id, sealed in claim.names_sealed.items()
    }
    return {child_id: name for child_id, name in opened.items() if name is not None}


def _opened(parts: Delivery, sealed: str | None, child_id: int | None) -> str | None:
    if sealed is None:
        return None
    try:
        return parts.vault.open(sealed, NAME)
    except Unreadable:
        log.error("child_name_unreadable", child_id=child_id)
        return None
