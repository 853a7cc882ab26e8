"""Grants and uses of permissions: what the client says, what WeChat says, what is left."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.outbox import ledger
from backend.outbox.ledger import REPORT_WINDOW, Answer, Key, Use
from backend.outbox.models import Balance
from tests.factories import APPID, make_parent
from tests.outbox.scene import TEMPLATE_ID, balance, entries, family, grant, new_key, tell

Sessions = sessionmaker[Session]


def do(sessions: Sessions, work: Callable[[Session], object]) -> None:
    with sessions.begin() as session:
        work(session)


def report(sessions: Sessions, clock: FixedClock, key: Key) -> None:
    do(sessions, lambda session: ledger.report(session, clock, key))


def refuse(sessions: Sessions, clock: FixedClock, key: Key) -> None:
    do(sessions, lambda session: ledger.refused(session, clock, [key]))


def test_a_report_counts_at_once_and_only_once(sessions: Sessions, clock: FixedClock) -> None:
    key = new_key()
    for _ in range(3):
        report(sessions, clock, key)
        clock.advance(timedelta(days=1))

    assert balance(sessions, key) == 1
    assert entries(sessions, key) == [("reported", 1, False)]


def test_the_event_confirms_the_report_instead_of_adding(
    sessions: Sessions, clock: FixedClock
) -> None:
    key = new_key()
    report(sessions, clock, key)
    grant(sessions, clock, key)

    assert balance(sessions, key) == 1
    assert entries(sessions, key) == [("reported", 1, True), ("popup", 0, True)]


def test_a_report_after_its_event_adds_nothing_for_ten_minutes(
    sessions: Sessions, clock: FixedClock
) -> None:
    key = new_key()
    grant(sessions, clock, key)
    clock.advance(REPORT_WINDOW - timedelta(seconds=1))
    report(sessions, clock, key)
    assert balance(sessions, key) == 1

    clock.advance(timedelta(seconds=1))
    report(sessions, clock, key)
    assert balance(sessions, key) == 2


def test_a_report_repeated_after_its_event_adds_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    key = new_key()
    report(sessions, clock, key)
    grant(sessions, clock, key)
    report(sessions, clock, key)

    assert balance(sessions, key) == 1


def test_each_event_is_a_grant_of_its_own(sessions: Sessions, clock: FixedClock) -> None:
    key = new_key()
    grant(sessions, clock, key, times=3)

    assert balance(sessions, key) == 3


def test_a_send_that_wechat_takes_confirms_the_report(
    sessions: Sessions, clock: FixedClock
) -> None:
    key = new_key()
    report(sessions, clock, key)
    do(sessions, lambda session: ledger.accepted_by_wechat(session, [key]))

    assert entries(sessions, key) == [("reported", 1, True)]


def test_a_refusal_takes_all_that_is_left_and_settles_the_report(
    sessions: Sessions, clock: FixedClock
) -> None:
    key = new_key()
    grant(sessions, clock, key, times=2)
    clock.advance(REPORT_WINDOW)
    report(sessions, clock, key)
    assert balance(sessions, key) == 3

    refuse(sessions, clock, key)

    assert balance(sessions, key) == 0
    assert not [entry for entry in entries(sessions, key) if not entry[2]]


def used(sessions: Sessions, clock: FixedClock, uses: list[Use]) -> set[int | None]:
    with sessions.begin() as session:
        allowed = ledger.allowed(session, {one.key for one in uses})
        granted = [one for one in uses if one.key in allowed]
        ledger.use(session, clock, granted)
        return {one.message_id for one in granted}


def test_only_what_was_granted_can_be_used(sessions: Sessions, clock: FixedClock) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    first, second = (tell(sessions, clock, parent_id, child_id) for _ in range(2))

    assert used(sessions, clock, [Use(first, key)]) == {first}
    assert used(sessions, clock, [Use(second, key)]) == set()
    assert used(sessions, clock, [Use(second, new_key())]) == set()
    assert balance(sessions, key) == 0


def test_a_use_that_did_not_go_out_comes_back(sessions: Sessions, clock: FixedClock) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    use = Use(tell(sessions, clock, parent_id, child_id), key)
    used(sessions, clock, [use])
    do(sessions, lambda session: ledger.give_back(session, clock, [use]))

    assert balance(sessions, key) == 1
    assert [entry[:2] for entry in entries(sessions, key)][1:] == [("sent", -1), ("returned", 1)]


def test_a_use_does_not_come_back_after_a_refusal(sessions: Sessions, clock: FixedClock) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    use = Use(tell(sessions, clock, parent_id, child_id), key)
    used(sessions, clock, [use])
    refuse(sessions, clock, key)
    do(sessions, lambda session: ledger.give_back(session, clock, [use]))

    assert balance(sessions, key) == 0


def popup(sessions: Sessions, clock: FixedClock, key: Key, moment: datetime) -> None:
    """WeChat's yes of that moment, handled now."""
    do(sessions, lambda session: ledger.popup_accepted(session, clock, key, moment))


def test_a_yes_from_before_a_refusal_comes_too_late(sessions: Sessions, clock: FixedClock) -> None:
    key, yes = new_key(), clock.now()
    clock.advance(timedelta(seconds=20))
    refuse(sessions, clock, key)
    popup(sessions, clock, key, yes)
    assert balance(sessions, key) == 0

    popup(sessions, clock, key, clock.now())
    assert balance(sessions, key) == 1


def test_a_refusal_that_comes_late_leaves_what_was_given_since(
    sessions: Sessions, clock: FixedClock
) -> None:
    key = new_key()
    grant(sessions, clock, key, times=2)
    clock.advance(timedelta(minutes=1))
    refusal = clock.now()
    clock.advance(timedelta(minutes=1))
    grant(sessions, clock, key)

    for _ in range(2):
        do(sessions, lambda session: ledger.refused(session, clock, [key], refusal))
        assert balance(sessions, key) == 1


def test_an_event_adds_nothing_although_its_message_went_out_before_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    report(sessions, clock, key)
    yes = clock.now()
    used(sessions, clock, [Use(tell(sessions, clock, parent_id, child_id), key)])
    do(sessions, lambda session: ledger.accepted_by_wechat(session, [key]))
    clock.advance(timedelta(hours=2))
    popup(sessions, clock, key, yes)

    assert balance(sessions, key) == 0


def test_a_report_whose_event_was_lost_stands_in_the_way_no_longer_than_the_next_event(
    sessions: Sessions, clock: FixedClock
) -> None:
    key = new_key()
    report(sessions, clock, key)
    clock.advance(timedelta(days=1))
    popup(sessions, clock, key, clock.now())
    assert balance(sessions, key) == 2

    clock.advance(REPORT_WINDOW)
    report(sessions, clock, key)
    assert balance(sessions, key) == 3


def test_a_clock_of_wechats_that_is_ahead_of_ours_changes_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    key = new_key()
    popup(sessions, clock, key, clock.now() + timedelta(minutes=2))
    clock.advance(timedelta(seconds=5))
    refuse(sessions, clock, key)

    assert balance(sessions, key) == 0


def test_of_a_lasting_permission_nothing_is_taken_until_it_is_refused(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    uses = [Use(tell(sessions, clock, parent_id, child_id), key, lasting=True) for _ in range(2)]
    for use in uses:
        assert used(sessions, clock, [use])
    do(sessions, lambda session: ledger.give_back(session, clock, uses[:1]))
    assert balance(sessions, key) == 1

    refuse(sessions, clock, key)
    assert not used(sessions, clock, uses[:1])


def test_the_database_refuses_a_balance_below_zero(sessions: Sessions) -> None:
    with pytest.raises(IntegrityError, match="balance_not_negative"), sessions.begin() as session:
        session.execute(
            insert(Balance).values(appid=APPID, openid="o", template_id="t", balance=-1)
        )


def test_a_parents_answers_count_for_their_own_openid(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, _, key = family(sessions)
    grant(sessions, clock, Key(APPID, key.openid, "t2"))

    def answer(**answers: Answer) -> dict[str, int]:
        with sessions.begin() as session:
            ledger.report_answers(session, clock, appid=APPID, parent_id=parent_id, answers=answers)
            return ledger.balances(session, appid=APPID, parent_id=parent_id)

    assert answer(t1=Answer.ACCEPT, t2=Answer.REJECT, t3=Answer.BAN) == {"t1": 1, "t2": 0}
    assert answer(t1=Answer.FILTER) == {"t1": 1, "t2": 0}


def test_a_parent_unknown_to_the_account_changes_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id = make_parent(sessions)
    with sessions.begin() as session:
        ledger.report_answers(
            session,
            clock,
            appid="wxother",
            parent_id=parent_id,
            answers={TEMPLATE_ID: Answer.ACCEPT},
        )
        assert ledger.balances(session, appid="wxother", parent_id=parent_id) == {}


def test_forgetting_leaves_no_trace_of_an_openid(sessions: Sessions, clock: FixedClock) -> None:
    key = new_key()
    grant(sessions, clock, key)
    do(sessions, lambda session: ledger.forget(session, appid=APPID, openid=key.openid))

    assert entries(sessions, key) == []
    assert balance(sessions, key) == 0


STEPS = st.lists(
    st.sampled_from(["report", "popup", "refuse", "use", "give back", "taken", "wait"]),
    max_size=25,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_in_any_order_the_balance_is_the_ledgers_sum_and_never_below_zero(
    sessions: Sessions, clock: FixedClock, steps: list[str]
) -> None:
    parent_id, child_id, key = family(sessions)
    out: list[Use] = []
    accepted = 0
    for step in steps:
        if step == "report":
            report(sessions, clock, key)
            accepted += 1
        elif step == "popup":
            grant(sessions, clock, key)
            accepted += 1
        elif step == "refuse":
            refuse(sessions, clock, key)
            assert balance(sessions, key) == 0
        elif step == "use":
            use = Use(tell(sessions, clock, parent_id, child_id), key)
            out += [use] if used(sessions, clock, [use]) else []
        elif step == "give back" and out:
            returned = out.pop()
            do(sessions, lambda session, use=returned: ledger.give_back(session, clock, [use]))  # type: ignore[misc]  # the default binds this round's use
        elif step == "taken":
            do(sessions, lambda session: ledger.accepted_by_wechat(session, [key]))
        else:
            clock.advance(timedelta(minutes=4))
        assert 0 <= balance(sessions, key) <= accepted
