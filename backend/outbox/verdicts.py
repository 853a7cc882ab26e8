"""What becomes of a message after one try: the policy table applied, pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.kernel.clock import city_date, city_midnight
from backend.outbox.messenger import (
    NOT_FOLLOWING,
    REFUSED_OR_USED_UP,
    FailureKind,
    OutcomeUnknown,
    PermanentFailure,
    SendFailure,
    Stop,
    TemporaryFailure,
)
from backend.outbox.models import MessageState, PauseReason

MOST_ATTEMPTS = 5


@dataclass(frozen=True)
class StopOrder:
    """What waits with a message, why, and until when; None: until somebody resumes."""

    what: Stop
    reason: PauseReason
    until: datetime | None


@dataclass(frozen=True)
class Verdict:
    """The next state of a message.

    `comes_back`: the permission it used was not used. `refused`: none is left. `falls_on`: the
    next way may reach this person. `unfollowed`: when WeChat was asked who says that the account
    is not followed. `stop`: others wait too, and this try does not count. `bad_line`: WeChat
    answered badly or not at all. `alert`: an operator has to act. `wechat_id`: by which WeChat
    will speak of it.
    """

    state: MessageState
    not_before: datetime | None = None
    errcode: int | None = None
    problem: str | None = None
    comes_back: bool = False
    refused: bool = False
    falls_on: bool = False
    unfollowed: datetime | None = None
    stop: StopOrder | None = None
    uncounted: bool = False
    bad_line: bool = False
    alert: bool = False
    wechat_id: int | None = None


TAKEN = Verdict(MessageState.SENT)
HELD = Verdict(MessageState.WAITING, comes_back=True, uncounted=True)  # not handed over after all


def verdict_on(
    failure: SendFailure, attempts: int, now: datetime, *, begun_at: datetime | None = None
) -> Verdict:
    """What a failed send means. `attempts` counts this one, and those that count before it.

    `begun_at`: when it was handed over, if that was not now. What WeChat says of a person was so
    after that moment, and may not be so any more.
    """
    verdict = _judged(failure, attempts, now)
    if failure.errcode == NOT_FOLLOWING:
        return replace(verdict, unfollowed=begun_at or now)
    return verdict


def _judged(failure: SendFailure, attempts: int, now: datetime) -> Verdict:
    if isinstance(failure, OutcomeUnknown):
        return _verdict(failure, MessageState.UNKNOWN)
    if failure.errcode == REFUSED_OR_USED_UP:
        return _verdict(failure, MessageState.IN_APP, refused=True, falls_on=True)
    if isinstance(failure, TemporaryFailure) and failure.stop is not Stop.NOTHING:
        reason = PauseReason(failure.kind.value)
        order = StopOrder(failure.stop, reason, _end_of_stop(failure, now))
        return _verdict(failure, MessageState.WAITING, comes_back=True, stop=order)
    if isinstance(failure, TemporaryFailure) and attempts < MOST_ATTEMPTS:
        not_before = next_try(failure, attempts, now)
        return _verdict(failure, MessageState.WAITING, comes_back=True, not_before=not_before)
    if isinstance(failure, PermanentFailure) and failure.kind is FailureKind.RECIPIENT:
        return _verdict(failure, MessageState.IN_APP, comes_back=True, falls_on=True)
    return _verdict(failure, MessageState.FAILED, comes_back=True)


def _verdict(  # noqa: PLR0913  # what the kinds of failure differ in
    failure: SendFailure,
    state: MessageState,
    *,
    not_before: datetime | None = None,
    comes_back: bool = False,
    refused: bool = False,
    falls_on: bool = False,
    stop: StopOrder | None = None,
) -> Verdict:
    return Verdict(
        state,
        not_before=not_before,
        errcode=failure.errcode,
        problem=str(failure.field or failure.reason)[:300],
        comes_back=comes_back,
        refused=refused,
        falls_on=falls_on,
        stop=stop,
        uncounted=stop is not None,
        bad_line=failure.kind is FailureKind.TRANSIENT,
        alert=failure.policy.alert,
    )


def next_try(failure: SendFailure, attempts: int, now: datetime) -> datetime:
    """When the same message may go again, after its `attempts`-th try (from 1)."""
    policy = failure.policy
    factor = 2 ** (attempts - 1) if policy.doubling else 1
    return now + timedelta(seconds=policy.first_delay_seconds * factor)


def _end_of_stop(failure: SendFailure, now: datetime) -> datetime | None:
    policy = failure.policy
    if policy.until is not None:
        return NEXT[policy.until](now)
    if policy.first_delay_seconds:
        return now + timedelta(seconds=policy.first_delay_seconds)
    return None


def next_minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def next_day(now: datetime) -> datetime:
    return city_midnight(city_date(now) + timedelta(days=1))


NEXT: Mapping[str, Callable[[datetime], datetime]] = {"minute": next_minute, "day": next_day}
