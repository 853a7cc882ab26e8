"""What a grant's time does by itself, and who may do what: no database."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.errors import Invalid
from backend.rights.handbook_grants import rules
from backend.rights.handbook_grants.models import GrantState
from backend.rights.handbook_grants.rules import ASK_STANDS, HOURS, LONGEST, Term
from tests.factories import MORNING

DOCTOR, MANAGER = 1, 2
S = GrantState
SECOND = timedelta(seconds=1)


def term(state: GrantState, ends_at: datetime | None = None) -> Term:
    return Term(state, MORNING, ends_at)


@given(st.sampled_from(sorted(HOURS)), st.timedeltas(timedelta(), timedelta(days=30)))
def test_a_grant_stands_for_its_hours_and_never_longer_than_a_week(
    hours: int, later: timedelta
) -> None:
    ends_at = rules.end_of(MORNING, hours)
    standing = term(S.GRANTED, ends_at).standing(MORNING + later)

    assert MORNING < ends_at <= MORNING + LONGEST
    assert standing is (S.GRANTED if later < timedelta(hours=hours) else S.ENDED)


def test_a_request_that_nobody_answers_lapses_after_a_week() -> None:
    last = MORNING + ASK_STANDS - SECOND

    assert term(S.ASKED).standing(last) is S.ASKED
    assert term(S.ASKED).standing(last + SECOND) is S.WITHDRAWN
    rules.check_may_decide(term(S.ASKED), DOCTOR, MANAGER, last)
    with pytest.raises(rules.GrantDecided):
        rules.check_may_decide(term(S.ASKED), DOCTOR, MANAGER, last + SECOND)


def test_nobody_approves_an_own_request() -> None:
    with pytest.raises(rules.OwnGrant):
        rules.check_may_decide(term(S.ASKED), DOCTOR, DOCTOR, MORNING)


@pytest.mark.parametrize("state", set(S) - {S.ASKED})
def test_what_is_decided_is_not_decided_again(state: GrantState) -> None:
    with pytest.raises(rules.GrantDecided):
        rules.check_may_decide(term(state, MORNING + SECOND), DOCTOR, MANAGER, MORNING)


@pytest.mark.parametrize("state", set(S) - {S.GRANTED})
def test_only_what_is_granted_may_be_read(state: GrantState) -> None:
    with pytest.raises(rules.GrantOver):
        rules.check_may_read(term(state, MORNING + SECOND), MORNING)


def test_a_second_after_its_end_nothing_is_read() -> None:
    ends_at = MORNING + timedelta(hours=1)

    rules.check_may_read(term(S.GRANTED, ends_at), ends_at - SECOND)
    with pytest.raises(rules.GrantOver):
        rules.check_may_read(term(S.GRANTED, ends_at), ends_at)


@pytest.mark.parametrize("hours", [0, -1, 2, 169, 10**9])
def test_only_the_times_on_the_list_are_asked_for(hours: int) -> None:
    with pytest.raises(Invalid):
        rules.check_hours(hours)


def test_a_reason_is_one_line_and_a_refusal_has_one() -> None:
    assert rules.reason_of(" 已核对\n名单 ", needed=True) == "已核对 名单"
    assert rules.reason_of(" ", needed=False) == ""
    for text, needed in (("  ", True), ("长" * 201, False)):
        with pytest.raises(Invalid):
            rules.reason_of(text, needed=needed)


def test_a_register_cannot_be_taken_stock_of() -> None:
    rules.check_may_ask(rules.MOST_OPEN - 1)
    with pytest.raises(rules.TooManyGrants):
        rules.check_may_ask(rules.MOST_OPEN)
