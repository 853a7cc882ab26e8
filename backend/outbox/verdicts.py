"""What becomes of a message after one try: the policy table applied, pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.kernel.clock import city_date, city_midnight
from backend.outbox.messenger import (
    REFUSED_OR_USED_UP,
    FailureKind,
    OutcomeUnknown,
    PermanentFailure,
    SendFailure,
    TemporaryFailure,
)
from backend.outbox.models import MessageState

MOST_ATTEMPTS = 5
# These say nothing about one message but about all of them: the rest of a batch waits too.
STOPS_THE_BATCH = frozenset({FailureKind.MINUTE_RATE, FailureKind.DAY_QUOTA, FailureKind.TOKEN})


@dataclass(frozen=True)
class Verdict:
    """The next state of a message.

    `comes_back`: the permission it used was not used. `refused`: none is left. `stops_batch`:
    the others wait until `not_before` as well. `alert`: an operator has to act.
    """

    state: MessageState
    not_before: datetime | None = None
    errcode: int | None = None
    problem: str | None = None
    comes_back: bool = False
    refused: bool = False
    stops_batch: bool = False
    alert: bool = False


TAKEN = Verdict(MessageState.SENT)


def verdict_on(failure: SendFailure, attempts: int, now: datetime) -> Verdict:
    """What a failed send means. `attempts` counts this one."""
    if isinstance(failure, OutcomeUnknown):
        return _verdict(failure, MessageState.UNKNOWN)
    if failure.errcode == REFUSED_OR_USED_UP:
        return _verdict(failure, MessageState.IN_APP, refused=True)
    if isinstance(failure, TemporaryFailure) and attempts < MOST_ATTEMPTS:
        return _verdict(
            failure,
            MessageState.WAITING,
            not_before=next_try(failure, attempts, now),
            comes_back=True,
        )
    if isinstance(failure, PermanentFailure) and failure.kind is FailureKind.RECIPIENT:
        return _verdict(failure, MessageState.IN_APP, comes_back=True)
    return _verdict(failure, MessageState.FAILED, comes_back=True)


def _verdict(
    failure: SendFailure,
    state: MessageState,
    *,
    not_before: datetime | None = None,
    comes_back: bool = False,
    refused: bool = False,
) -> Verdict:
    return Verdict(
        state,
        not_before=not_before,
        errcode=failure.errcode,
        problem=str(failure.field or failure.reason)[:300],
        comes_back=comes_back,
        refused=refused,
        stops_batch=failure.kind in STOPS_THE_BATCH and not_before is not None,
        alert=failure.policy.alert,
    )


def next_try(failure: SendFailure, attempts: int, now: datetime) -> datetime:
    """When the same message may go again, after its `attempts`-th try (from 1)."""
    policy = failure.policy
    if policy.until is not None:
        return NEXT[policy.until](now)
    factor = 2 ** (attempts - 1) if policy.doubling else 1
    return now + timedelta(seconds=policy.first_delay_seconds * factor)


def next_minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def next_day(now: datetime) -> datetime:
    return city_midnight(city_date(now) + timedelta(days=1))


NEXT: Mapping[str, Callable[[datetime], datetime]] = {"minute": next_minute, "day": next_day}
