"""What one refusal holds back, for how long, and who ends it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.jobs.purge import purge_expired
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.errors import NotFound
from backend.outbox import pauses, restored
from backend.outbox.claims_sql import CLAIM
from backend.outbox.delivery import Delivered, deliver
from backend.outbox.messenger import (
    FailureKind,
    OutcomeUnknown,
    PermanentFailure,
    SendFailure,
    TemporaryFailure,
)
from backend.outbox.models import MessageState, PauseReason
from backend.outbox.pauses import FIRST_OUTAGE, LONGEST_OUTAGE, Lane, Pause, PauseEnded
from tests.factories import APPID
from tests.fakes import FakeMessenger
from tests.outbox.scene import (
    TEMPLATE,
    TEMPLATE_IDS,
    balance,
    delivery,
    family,
    grant,
    message,
    new_key,
    states,
    tell,
    told_families,
)

Sessions = sessionmaker[Session]
REMINDER = "handbook_reminder"
REMINDER_FACTS = {"item_id": "vaccine:x", "item_title": "卡介苗", "due_date": "2026-11-27"}
LANE: Lane = (APPID, TEMPLATE)
WRONG_TEMPLATE = TemporaryFailure("40037 invalid template_id", FailureKind.CONFIG, 40037)
WRONG_SECRET = TemporaryFailure("40125 invalid appsecret", FailureKind.CONFIG, 40125)
USED_UP = TemporaryFailure("45009 reach max api daily quota limit", FailureKind.DAY_QUOTA, 45009)


def reminded(sessions: Sessions, clock: FixedClock) -> int:
    """A family with a permission and a message of another template."""
    parent_id, child_id, key = family(sessions)
    other = type(key)(APPID, key.openid, TEMPLATE_IDS[REMINDER])
    grant(sessions, clock, other)
    return tell(sessions, clock, parent_id, child_id, template=REMINDER, data=REMINDER_FACTS)


def pause(sessions: Sessions, clock: FixedClock, lane: Lane = LANE, **how: object) -> bool:
    facts = {"reason": PauseReason.OPERATOR, "by": "staff:7", **how}
    with sessions.begin() as session:
        return pauses.pause(session, clock, lane, **facts)  # type: ignore[arg-type]


def listed(sessions: Sessions, clock: FixedClock, ended: int = 0) -> list[Pause]:
    with sessions() as session:
        return pauses.pauses(session, clock, ended=ended)


def resume(sessions: Sessions, clock: FixedClock, pause_id: int) -> None:
    with sessions.begin() as session:
        pauses.resume(session, clock, pause_id=pause_id, by="staff:7")


def audited(sessions: Sessions) -> list[tuple[str, str]]:
    with sessions() as session:
        rows = session.execute(
            select(AuditEntry.actor, AuditEntry.action)
            .where(AuditEntry.action.startswith("sending."))
            .order_by(AuditEntry.id)
        )
        return [(row.actor, row.action) for row in rows]


def test_a_wrong_template_stops_that_template_alone_until_somebody_resumes(
    sessions: Sessions, clock: FixedClock
) -> None:
    told = told_families(sessions, clock, 12)
    other = reminded(sessions, clock)
    messenger = FakeMessenger(failures={key.openid: WRONG_TEMPLATE for _, key in told})
    parts = delivery(sessions, clock, messenger, threads=2)

    done = deliver(parts)

    assert (done.sent, done.postponed, done.failed) == (1, 12, 0)
    assert message(sessions, other).state is MessageState.SENT
    assert messenger.calls <= 1 + 2 * 2, "the others of the template were not tried"
    assert all(balance(sessions, key) == 1 for _, key in told)
    clock.advance(timedelta(days=1))
    assert deliver(parts) == Delivered()
    (paused,) = listed(sessions, clock)
    assert (paused.template, paused.reason, paused.errcode, paused.until, paused.paused_by) == (
        TEMPLATE,
        PauseReason.CONFIG,
        40037,
        None,
        "worker",
    )

    messenger.failures.clear()
    resume(sessions, clock, paused.id)

    assert deliver(parts).sent == 12
    assert audited(sessions) == [("worker", "sending.paused"), ("staff:7", "sending.resumed")]


@pytest.mark.parametrize(
    "failure", [WRONG_SECRET, TemporaryFailure("HTTP 404", FailureKind.CONFIG)]
)
def test_a_wrong_account_stops_all_of_it(
    sessions: Sessions, clock: FixedClock, failure: SendFailure
) -> None:
    told_families(sessions, clock, 3)
    other = reminded(sessions, clock)
    parts = delivery(sessions, clock, FakeMessenger(script=[failure]), threads=1)

    assert deliver(parts).sent <= 1  # one more was marked and may have been handed over
    assert message(sessions, other).state is MessageState.WAITING
    assert [one.template for one in listed(sessions, clock)] == [pauses.WHOLE_ACCOUNT]
    assert deliver(parts) == Delivered()


def test_a_code_that_nobody_knows_stops_its_template(sessions: Sessions, clock: FixedClock) -> None:
    ((message_id, _),) = told_families(sessions, clock, 1)
    unknown = TemporaryFailure("99999 new words", FailureKind.CONFIG, 99999)

    deliver(delivery(sessions, clock, FakeMessenger(script=[unknown])))

    assert message(sessions, message_id).state is MessageState.WAITING
    assert [(one.template, one.errcode) for one in listed(sessions, clock)] == [(TEMPLATE, 99999)]


def test_a_day_quota_waits_for_the_next_day_of_the_city_whatever_was_tried(
    sessions: Sessions, clock: FixedClock
) -> None:
    clock.set(datetime(2026, 11, 23, 20, tzinfo=CITY))
    ((message_id, key),) = told_families(sessions, clock, 1)
    messenger = FakeMessenger(failures={key.openid: USED_UP})
    parts = delivery(sessions, clock, messenger)
    for day in range(24, 31):  # more days than a message has tries; it is of use until the 27th
        deliver(parts)
        assert deliver(parts) == Delivered()
        clock.set(datetime(2026, 11, day, 9, tzinfo=CITY))
        if message(sessions, message_id).state is not MessageState.WAITING:
            break

    ended = message(sessions, message_id)
    assert (ended.state, ended.problem) == (MessageState.IN_APP, "已经过时，不再发到微信")
    assert messenger.calls == 5
    assert balance(sessions, key) == 1


def test_content_fails_alone_and_the_field_is_named(sessions: Sessions, clock: FixedClock) -> None:
    told = told_families(sessions, clock, 3)
    wrong = PermanentFailure("47003 argument invalid", FailureKind.CONTENT, 47003, "thing1")
    messenger = FakeMessenger(failures={told[0][1].openid: wrong})

    done = deliver(delivery(sessions, clock, messenger))

    assert (done.sent, done.failed) == (2, 1)
    assert message(sessions, told[0][0]).problem == "thing1"
    assert listed(sessions, clock) == []


def test_bad_answers_stop_the_account_before_all_of_it_is_unknown(
    sessions: Sessions, clock: FixedClock
) -> None:
    told = told_families(sessions, clock, 100)
    lost = OutcomeUnknown("HTTP 502", FailureKind.TRANSIENT)
    messenger = FakeMessenger(failures={key.openid: lost for _, key in told})
    parts = delivery(sessions, clock, messenger, threads=4)
    waits = []
    while states(sessions)[MessageState.WAITING] > 20:
        before = clock.now()
        assert deliver(parts).unknown <= 5 + 2 * 4
        assert deliver(parts) == Delivered()
        (paused,) = listed(sessions, clock)
        assert (paused.reason, paused.template) == (PauseReason.OUTAGE, pauses.WHOLE_ACCOUNT)
        assert paused.until is not None
        waits.append(paused.until - before)
        clock.set(paused.until)

    assert waits[:3] == [FIRST_OUTAGE, 2 * FIRST_OUTAGE, 4 * FIRST_OUTAGE]
    assert max(waits) == LONGEST_OUTAGE


def test_a_pause_comes_to_a_worker_that_has_claimed_already(
    committed: Sessions, clock: FixedClock
) -> None:
    told_families(committed, clock, 40)
    once = iter([True])

    def press(openid: str) -> None:
        if next(once, False):
            pause(committed, clock)

    done = deliver(delivery(committed, clock, FakeMessenger(before=press), threads=1))

    assert done.sent + done.postponed == 40
    assert done.sent <= 2, "the one on the wire and the one that was marked to go next"


def test_pausing_twice_is_once_and_the_longer_one_stands(
    sessions: Sessions, clock: FixedClock
) -> None:
    soon, late = clock.now() + timedelta(minutes=1), clock.now() + timedelta(hours=1)

    assert pause(sessions, clock, until=late, reason=PauseReason.DAY_QUOTA)
    assert not pause(sessions, clock, until=soon, reason=PauseReason.MINUTE_RATE)
    assert [(one.until, one.reason) for one in listed(sessions, clock)] == [
        (late, PauseReason.DAY_QUOTA)
    ]
    assert pause(sessions, clock)
    assert not pause(sessions, clock, until=late)
    assert [(one.until, one.reason) for one in listed(sessions, clock)] == [
        (None, PauseReason.OPERATOR)
    ]


def test_what_is_over_ends_by_itself_and_gives_way_to_the_next(
    sessions: Sessions, clock: FixedClock
) -> None:
    pause(sessions, clock, until=clock.now() + timedelta(minutes=1))
    (first,) = listed(sessions, clock)
    clock.advance(timedelta(minutes=1))
    assert listed(sessions, clock) == []
    with pytest.raises(PauseEnded):
        resume(sessions, clock, first.id)

    assert pause(sessions, clock)

    standing, ended = listed(sessions, clock, ended=5)
    assert (standing.ended_at, ended.id, ended.ended_by) == (None, first.id, "time")


def test_resuming_is_once_and_of_what_there_is(sessions: Sessions, clock: FixedClock) -> None:
    pause(sessions, clock)
    (one,) = listed(sessions, clock)
    resume(sessions, clock, one.id)

    with pytest.raises(PauseEnded):
        resume(sessions, clock, one.id)
    with pytest.raises(NotFound):
        resume(sessions, clock, one.id + 1000)


def test_a_claim_reads_nothing_of_what_is_paused(sessions: Sessions, clock: FixedClock) -> None:
    """Ten thousand wait; the part of the claim that would look at them is never run."""
    parent_id, child_id, _ = family(sessions)
    tell(sessions, clock, parent_id, child_id)
    with sessions.begin() as session:
        session.execute(
            text("""
                INSERT INTO messages (key, parent_id, template, data, due_at, created_at)
                SELECT 'bulk:' || n, :parent, :template, '{}', :at, :at
                  FROM generate_series(1, 10000) AS n
            """),
            {"parent": parent_id, "template": TEMPLATE, "at": clock.now()},
        )
        session.execute(text("ANALYZE messages"))
    pause(sessions, clock)
    asked = {"now": clock.now(), "appid": APPID, "limit": 500, "urgent": []}
    explained = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {CLAIM.text}")

    with sessions() as session:
        plan = session.execute(explained, asked).scalar_one()[0]["Plan"]

    locking = [node for node in nodes(plan) if node["Node Type"] == "LockRows"]
    assert plan["Actual Rows"] == 0
    assert [node["Actual Loops"] for node in locking] == [0]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan and all below it."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def test_a_pause_of_one_account_is_nobody_elses(sessions: Sessions, clock: FixedClock) -> None:
    told_families(sessions, clock, 1)
    pause(sessions, clock, lane=("wxother", pauses.WHOLE_ACCOUNT))
    assert new_key().appid == APPID

    assert deliver(delivery(sessions, clock, FakeMessenger())).sent == 1


def test_a_pause_is_kept_for_ninety_days_after_its_end_and_an_open_one_for_ever(
    sessions: Sessions, clock: FixedClock
) -> None:
    pause(sessions, clock, until=clock.now() + timedelta(minutes=1))
    pause(sessions, clock, lane=("wxother", pauses.WHOLE_ACCOUNT))
    clock.advance(timedelta(days=91))
    with sessions.begin() as session:
        assert purge_expired(session, clock)["sending_pauses"] == 1

    assert [one.appid for one in listed(sessions, clock, ended=5)] == ["wxother"]


def test_what_is_held_after_a_restore_is_unknown_and_the_rest_goes_on(
    sessions: Sessions, clock: FixedClock
) -> None:
    due = told_families(sessions, clock, 2)
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    tell(sessions, clock, parent_id, child_id, later=timedelta(hours=1))
    with sessions.begin() as session:
        with pytest.raises(restored.NotHeld):
            restored.settle(session, clock)
        assert restored.hold(session, clock, [APPID]) == 1
        assert restored.hold(session, clock, [APPID]) == 0, "held already"
    messenger = FakeMessenger()
    deliver(delivery(sessions, clock, messenger))

    with sessions.begin() as session:
        assert restored.settle(session, clock) == len(due)

    assert not messenger.sent
    assert states(sessions) == {MessageState.UNKNOWN: len(due), MessageState.WAITING: 1}
    clock.advance(timedelta(hours=1))
    deliver(delivery(sessions, clock, messenger))
    assert len(messenger.sent) == 1
