"""The policy table, code by code."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.kernel.clock import CITY
from backend.outbox.messenger import (
    POLICIES,
    FailureKind,
    OutcomeUnknown,
    PermanentFailure,
    SendFailure,
    TemporaryFailure,
    kind_of,
)
from backend.outbox.models import MessageState
from backend.outbox.verdicts import MOST_ATTEMPTS, verdict_on

NOW = datetime(2026, 11, 23, 10, 20, 30, tzinfo=CITY).astimezone(UTC)


def refused_with(errcode: int) -> SendFailure:
    kind = kind_of(errcode)
    failure = TemporaryFailure if POLICIES[kind].retry else PermanentFailure
    return failure(f"{errcode} because", kind, errcode)


@pytest.mark.parametrize(
    ("errcode", "attempts", "waits"),
    [
        (-1, 1, timedelta(seconds=1)),
        (-1, 2, timedelta(seconds=2)),
        (-1, 4, timedelta(seconds=8)),
        (43108, 1, timedelta(seconds=1)),
        (40001, 1, timedelta(seconds=60)),
        (40001, 3, timedelta(seconds=240)),
        (45011, 1, timedelta(seconds=30)),
        (45009, 1, timedelta(hours=13, minutes=39, seconds=30)),
    ],
)
def test_what_may_be_tried_again_waits_as_long_as_its_policy_says(
    errcode: int, attempts: int, waits: timedelta
) -> None:
    verdict = verdict_on(refused_with(errcode), attempts, NOW)

    assert verdict.state is MessageState.WAITING
    assert verdict.not_before == NOW + waits
    assert verdict.comes_back


def test_the_fifth_failure_is_the_last() -> None:
    verdict = verdict_on(refused_with(-1), MOST_ATTEMPTS, NOW)

    assert (verdict.state, verdict.not_before) == (MessageState.FAILED, None)
    assert verdict.comes_back


def test_43101_zeroes_the_balance_and_leaves_the_message_in_the_app() -> None:
    verdict = verdict_on(refused_with(43101), 1, NOW)

    assert (verdict.state, verdict.refused) == (MessageState.IN_APP, True)
    assert not verdict.comes_back


@pytest.mark.parametrize("errcode", sorted(POLICIES[FailureKind.RECIPIENT].codes - {43101}))
def test_whom_wechat_cannot_reach_finds_the_message_in_the_app(errcode: int) -> None:
    verdict = verdict_on(refused_with(errcode), 1, NOW)

    assert (verdict.state, verdict.errcode) == (MessageState.IN_APP, errcode)
    assert verdict.comes_back


@pytest.mark.parametrize("errcode", [47003, 40037, 41030, 48001, 99999])
def test_content_and_configuration_fail_at_once_and_alert(errcode: int) -> None:
    verdict = verdict_on(refused_with(errcode), 1, NOW)

    assert (verdict.state, verdict.alert) == (MessageState.FAILED, True)
    assert verdict.comes_back


def test_a_field_that_wechat_named_is_what_the_operator_reads() -> None:
    failure = PermanentFailure("47003 argument invalid", FailureKind.CONTENT, 47003, "thing1")

    assert verdict_on(failure, 1, NOW).problem == "thing1"


def test_a_lost_answer_is_unknown_and_keeps_what_it_used() -> None:
    verdict = verdict_on(OutcomeUnknown("no answer", FailureKind.TRANSIENT), 1, NOW)

    assert (verdict.state, verdict.comes_back) == (MessageState.UNKNOWN, False)


@pytest.mark.parametrize(("errcode", "stops"), [(45011, True), (45009, True), (40001, True)])
def test_limits_and_tokens_hold_the_rest_of_the_batch(errcode: int, stops: bool) -> None:
    assert verdict_on(refused_with(errcode), 1, NOW).stops_batch is stops
    assert not verdict_on(refused_with(-1), 1, NOW).stops_batch
