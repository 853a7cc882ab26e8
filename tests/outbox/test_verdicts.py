"""The policy table, code by code."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.kernel.clock import CITY
from backend.outbox.messenger import (
    POLICIES,
    WHOLE_ACCOUNT_CODES,
    FailureKind,
    OutcomeUnknown,
    PermanentFailure,
    SendFailure,
    Stop,
    TemporaryFailure,
    kind_of,
)
from backend.outbox.models import MessageState, PauseReason
from backend.outbox.verdicts import MOST_ATTEMPTS, StopOrder, verdict_on

NOW = datetime(2026, 11, 23, 10, 20, 30, tzinfo=CITY).astimezone(UTC)


def refused_with(errcode: int) -> SendFailure:
    kind = kind_of(errcode)
    failure = TemporaryFailure if POLICIES[kind].waits else PermanentFailure
    return failure(f"{errcode} because", kind, errcode)


@pytest.mark.parametrize(
    ("errcode", "attempts", "waits"),
    [
        (-1, 1, timedelta(seconds=1)),
        (-1, 2, timedelta(seconds=2)),
        (-1, 4, timedelta(seconds=8)),
        (43108, 1, timedelta(seconds=1)),
        (61450, 4, timedelta(seconds=8)),
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


@pytest.mark.parametrize("errcode", sorted(POLICIES[FailureKind.CONTENT].codes))
def test_content_fails_at_once_alone_and_alerts(errcode: int) -> None:
    verdict = verdict_on(refused_with(errcode), 1, NOW)

    assert (verdict.state, verdict.alert, verdict.stop) == (MessageState.FAILED, True, None)
    assert verdict.comes_back


def test_a_field_that_wechat_named_is_what_the_operator_reads() -> None:
    failure = PermanentFailure("47003 argument invalid", FailureKind.CONTENT, 47003, "thing1")

    assert verdict_on(failure, 1, NOW).problem == "thing1"


def test_a_lost_answer_is_unknown_and_keeps_what_it_used() -> None:
    verdict = verdict_on(OutcomeUnknown("no answer", FailureKind.TRANSIENT), 1, NOW)

    assert (verdict.state, verdict.comes_back) == (MessageState.UNKNOWN, False)


@pytest.mark.parametrize("errcode", sorted(POLICIES[FailureKind.USER_REDO].codes))
def test_what_only_the_user_can_redo_fails_alone(errcode: int) -> None:
    verdict = verdict_on(refused_with(errcode), 1, NOW)

    assert (verdict.state, verdict.stop) == (MessageState.FAILED, None)


@pytest.mark.parametrize(
    ("errcode", "until"),
    [
        (45011, timedelta(seconds=30)),
        (45009, timedelta(hours=13, minutes=39, seconds=30)),
        (45028, timedelta(hours=13, minutes=39, seconds=30)),
        (40001, timedelta(seconds=60)),
        (40014, timedelta(seconds=60)),
        (42001, timedelta(seconds=60)),
    ],
)
@pytest.mark.parametrize("attempts", [1, MOST_ATTEMPTS])
def test_limits_and_tokens_stop_the_account_and_the_try_does_not_count(
    errcode: int, until: timedelta, attempts: int
) -> None:
    verdict = verdict_on(refused_with(errcode), attempts, NOW)

    assert verdict.stop is not None
    assert (verdict.stop.what, verdict.stop.until) == (Stop.ACCOUNT, NOW + until)
    assert (verdict.state, verdict.comes_back) == (MessageState.WAITING, True)
    assert verdict.uncounted


@pytest.mark.parametrize("errcode", [*sorted(POLICIES[FailureKind.CONFIG].codes), 99999])
def test_a_wrong_setting_stops_its_template_or_the_account_until_somebody_resumes(
    errcode: int,
) -> None:
    verdict = verdict_on(refused_with(errcode), 1, NOW)

    what = Stop.ACCOUNT if errcode in WHOLE_ACCOUNT_CODES else Stop.TEMPLATE
    assert verdict.stop == StopOrder(what, PauseReason.CONFIG, None)
    assert (verdict.state, verdict.alert) == (MessageState.WAITING, True)


def test_every_kind_that_stops_something_has_a_reason_of_its_own() -> None:
    stopping = {kind for kind, policy in POLICIES.items() if policy.stops is not Stop.NOTHING}

    assert {PauseReason(kind.value) for kind in stopping} == set(PauseReason) - {
        PauseReason.OPERATOR,
        PauseReason.OUTAGE,
    }
