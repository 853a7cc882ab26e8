"""Sending what is due, from the claim to the outcome in the database."""

import contextlib
import dataclasses
import threading
from collections import Counter
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import CITY, FixedClock
from backend.outbox import ledger
from backend.outbox.claims import LEASE
from backend.outbox.delivery import Delivered, deliver
from backend.outbox.messenger import (
    FailureKind,
    OutcomeUnknown,
    PermanentFailure,
    SendFailure,
    TemporaryFailure,
)
from backend.outbox.models import Message, MessageState
from backend.outbox.parts import Delivery
from backend.people.models import Child, Parent
from tests.factories import make_parent
from tests.fakes import FakeMessenger
from tests.outbox.scene import (
    TEMPLATE_ID,
    TEMPLATE_IDS,
    TEMPLATES,
    balance,
    delivery,
    entries,
    family,
    grant,
    message,
    states,
    tell,
    told_families,
)
from tests.sandbox.running import until

Sessions = sessionmaker[Session]


def busy_line() -> TemporaryFailure:
    return TemporaryFailure("-1 system error", FailureKind.TRANSIENT, -1)


def used_up() -> PermanentFailure:
    return PermanentFailure("43101 user refuse", FailureKind.RECIPIENT, 43101)


def city(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, second, tzinfo=CITY)


def test_a_due_message_with_a_permission_reaches_wechat_in_its_final_words(
    sessions: Sessions, clock: FixedClock
) -> None:
    ((message_id, key),) = told_families(sessions, clock, 1)
    messenger = FakeMessenger()

    assert deliver(delivery(sessions, clock, messenger)) == Delivered(claimed=1, sent=1)

    ((openid, template_id, data, page),) = messenger.sent
    assert (openid, template_id, page) == (
        key.openid,
        TEMPLATE_ID,
        "pages/bookings/bookings?id=7",
    )
    assert data == {
        "thing1": "亲子律动",
        "thing2": "王*一",
        "time3": "2026年11月27日 14:00",
        "thing4": "测试中心",
    }
    sent = message(sessions, message_id)
    assert (sent.state, sent.sent_at, sent.attempts) == (MessageState.SENT, clock.now(), 1)
    assert balance(sessions, key) == 0


def test_a_hundred_families_each_get_one_and_asking_again_sends_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    told_families(sessions, clock, 100)
    messenger = FakeMessenger()
    parts = delivery(sessions, clock, messenger, threads=8)

    assert deliver(parts, limit=60).sent == 60
    assert deliver(parts, limit=60).sent == 40
    assert deliver(parts) == Delivered()
    assert set(Counter(openid for openid, *_ in messenger.sent).values()) == {1}


def test_several_messages_for_one_person_go_one_after_the_other(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key, times=6)
    for _ in range(6):
        tell(sessions, clock, parent_id, child_id)
    told_families(sessions, clock, 6)
    messenger = FakeMessenger()

    assert deliver(delivery(sessions, clock, messenger)).sent == 12
    assert messenger.clashes == 0


def test_only_as_many_go_out_as_were_allowed(sessions: Sessions, clock: FixedClock) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key, times=2)
    for _ in range(5):
        tell(sessions, clock, parent_id, child_id)
    messenger = FakeMessenger()

    done = deliver(delivery(sessions, clock, messenger))

    assert (done.sent, done.in_app) == (2, 3)
    assert balance(sessions, key) == 0


@pytest.mark.parametrize(
    ("failure", "state", "left"),
    [
        (busy_line(), MessageState.WAITING, 2),
        (used_up(), MessageState.IN_APP, 0),
        (PermanentFailure("x", FailureKind.RECIPIENT, 40003), MessageState.IN_APP, 2),
        (PermanentFailure("x", FailureKind.CONTENT, 47003, "thing1"), MessageState.FAILED, 2),
        (TemporaryFailure("x", FailureKind.CONFIG, 40037), MessageState.WAITING, 2),
        (OutcomeUnknown("no answer", FailureKind.TRANSIENT), MessageState.UNKNOWN, 1),
    ],
)
def test_each_failure_has_its_state_and_its_effect_on_the_balance(
    sessions: Sessions, clock: FixedClock, failure: SendFailure, state: MessageState, left: int
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key, times=2)
    message_id = tell(sessions, clock, parent_id, child_id)

    deliver(delivery(sessions, clock, FakeMessenger(failures={key.openid: failure})))

    failed = message(sessions, message_id)
    assert (failed.state, failed.errcode) == (state, failure.errcode)
    assert balance(sessions, key) == left


def test_a_passing_trouble_is_tried_again_later_and_given_up_after_five(
    sessions: Sessions, clock: FixedClock
) -> None:
    ((message_id, key),) = told_families(sessions, clock, 1)
    messenger = FakeMessenger(failures={key.openid: busy_line()})
    parts = delivery(sessions, clock, messenger)
    waits = []
    while message(sessions, message_id).state is not MessageState.FAILED:
        before = clock.now()
        deliver(parts)
        assert deliver(parts).claimed == 0, "not before its time"
        again_at = message(sessions, message_id).not_before
        if again_at is not None:
            waits.append(again_at - before)
            clock.set(again_at)

    assert waits == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8)]
    assert messenger.calls == 5
    assert balance(sessions, key) == 1


def test_a_minute_limit_holds_the_rest_of_the_batch_without_asking_wechat_again(
    sessions: Sessions, clock: FixedClock
) -> None:
    told_families(sessions, clock, 30)
    limit = TemporaryFailure("45011 rate", FailureKind.MINUTE_RATE, 45011)
    messenger = FakeMessenger(script=[limit])
    clock.set(city(10, 0, 20))

    done = deliver(delivery(sessions, clock, messenger, threads=2))

    assert done.claimed == done.sent + done.postponed == 30
    assert messenger.calls <= 4
    clock.set(city(10, 0, 59))
    assert deliver(delivery(sessions, clock, messenger)).claimed == 0
    clock.set(city(10, 1))
    assert deliver(delivery(sessions, clock, messenger)).sent == done.postponed


def test_a_bug_in_the_messenger_is_an_unknown_outcome_and_strands_nobody(
    sessions: Sessions, clock: FixedClock
) -> None:
    told = told_families(sessions, clock, 3)

    def crash(openid: str) -> None:
        if openid == told[0][1].openid:
            raise KeyError("a bug")

    done = deliver(delivery(sessions, clock, FakeMessenger(before=crash)))

    assert (done.sent, done.unknown) == (2, 1)
    assert message(sessions, told[0][0]).problem == "KeyError"


def test_nothing_goes_out_at_night_and_all_of_it_in_the_morning(
    sessions: Sessions, clock: FixedClock
) -> None:
    told_families(sessions, clock, 2)
    messenger = FakeMessenger()
    parts = delivery(sessions, clock, messenger)
    clock.set(city(21))
    assert deliver(parts) == Delivered()
    clock.set(city(7, 59, 59) + timedelta(days=1))
    assert deliver(parts) == Delivered()

    clock.set(city(8) + timedelta(days=1))
    assert deliver(parts).sent == 2


def test_a_batch_claimed_at_20_59_stops_at_nine_and_keeps_what_it_did_not_use(
    sessions: Sessions, clock: FixedClock
) -> None:
    told = told_families(sessions, clock, 12)
    clock.set(city(20, 59, 59))
    begun = Counter[str]()

    def night_falls(openid: str) -> None:
        begun["calls"] += 1
        if begun["calls"] == 3:
            clock.set(city(21))

    messenger = FakeMessenger(before=night_falls)
    done = deliver(delivery(sessions, clock, messenger, threads=1))

    assert (done.sent, done.postponed) == (3, 9)
    assert sum(balance(sessions, key) for _, key in told) == 9
    assert states(sessions) == {MessageState.SENT: 3, MessageState.WAITING: 9}


def test_a_message_marked_before_nine_is_not_handed_over_after_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    """Four are marked together at 20:59:59; the first one is so slow that night falls."""
    told = told_families(sessions, clock, 4)
    clock.set(city(20, 59, 59))
    first = threading.Lock()

    def night_falls(openid: str) -> None:
        with first:
            clock.set(city(21))

    done = deliver(delivery(sessions, clock, FakeMessenger(before=night_falls), threads=4))

    assert done.sent + done.postponed == 4
    assert states(sessions).keys() <= {MessageState.SENT, MessageState.WAITING}
    assert sum(balance(sessions, key) for _, key in told) == done.postponed


def test_a_worker_that_was_stopped_does_not_send_what_others_have_given_up(
    committed: Sessions, clock: FixedClock
) -> None:
    """SIGSTOP while the first is on the wire and the second is marked to go next."""
    told = told_families(committed, clock, 2)
    sent: list[str] = []

    def stopped(openid: str) -> None:
        sent.append(openid)
        if len(sent) == 1:
            until(lambda: states(committed).get(MessageState.SENDING) == 2)
            clock.advance(LEASE + timedelta(seconds=1))
            other = deliver(delivery(committed, clock, FakeMessenger()))
            assert (other.lost, other.claimed) == (2, 0)

    done = deliver(delivery(committed, clock, FakeMessenger(before=stopped), threads=1))

    assert (done.sent, done.postponed) == (1, 1)
    assert states(committed) == {MessageState.SENT: 1, MessageState.WAITING: 1}
    assert sum(balance(committed, key) for _, key in told) == 1
    assert deliver(delivery(committed, clock, FakeMessenger())).sent == 1


def test_the_demo_button_sends_at_night(sessions: Sessions, clock: FixedClock) -> None:
    told_families(sessions, clock, 1)
    clock.set(city(23))

    assert deliver(delivery(sessions, clock, FakeMessenger(), at_night=True)).sent == 1


def test_a_worker_that_is_told_to_stop_lets_go_of_what_it_has_not_begun(
    sessions: Sessions, clock: FixedClock
) -> None:
    told_families(sessions, clock, 8)
    messenger = FakeMessenger()
    parts = delivery(sessions, clock, messenger, threads=2, stopping=lambda: messenger.calls > 0)

    done = deliver(parts)

    assert 1 <= done.sent <= 2  # both of the threads may have been about to hand one over
    assert done.postponed == 8 - done.sent
    assert deliver(delivery(sessions, clock, messenger)).sent == done.postponed


def test_an_in_app_template_never_asks_wechat(sessions: Sessions, clock: FixedClock) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    tell(sessions, clock, parent_id, child_id, template="booking_requested")
    tell(sessions, clock, parent_id, child_id, template="booking_declined")
    assert "booking_declined" not in TEMPLATE_IDS

    assert deliver(delivery(sessions, clock, FakeMessenger())) == Delivered(claimed=2, in_app=2)
    assert balance(sessions, key) == 1


def test_a_message_that_cannot_be_worded_fails_by_name_and_uses_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    ids = [
        tell(sessions, clock, parent_id, child_id, data={"title": "x"}),
        tell(sessions, clock, parent_id, child_id, template="forgotten"),
    ]
    parts = delivery(
        sessions, clock, FakeMessenger(), template_ids=TEMPLATE_IDS | {"forgotten": "t"}
    )

    assert deliver(parts).failed == 2
    problems = [message(sessions, message_id).problem for message_id in ids]
    assert problems[0] in {f"booking_confirmed: {name}" for name in ("starts_at", "booking_id")}
    assert problems[1] == "forgotten: forgotten"
    assert balance(sessions, key) == 1


def test_who_left_or_has_no_wechat_keeps_the_message_in_the_app(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key, times=2)
    tell(sessions, clock, parent_id, child_id)
    with sessions.begin() as session:
        session.get_one(Child, child_id).deleted_at = clock.now()
    other, _, _ = family(sessions)
    tell(sessions, clock, other)
    with sessions.begin() as session:
        session.get_one(Parent, other).deleted_at = clock.now()
    messenger = FakeMessenger()

    assert deliver(delivery(sessions, clock, messenger)).in_app == 2
    assert deliver(delivery(sessions, clock, messenger, appid="wxother")).claimed == 0
    tell(sessions, clock, make_parent(sessions))
    assert deliver(delivery(sessions, clock, messenger, appid="wxother")).in_app == 1
    assert messenger.calls == 0


def test_one_yes_to_a_long_term_template_lets_all_its_messages_go(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    for _ in range(2):
        tell(sessions, clock, parent_id, child_id)
    forms = TEMPLATES.forms("long", TEMPLATE_IDS)
    parts = delivery(sessions, clock, FakeMessenger(), forms=forms)

    sent = 0
    for _ in range(2):  # never two at once to one person
        sent += deliver(parts).sent
        clock.advance(timedelta(seconds=2))

    assert sent == 2
    assert balance(sessions, key) == 1


def test_a_name_whose_key_is_lost_does_not_hold_the_message(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    tell(sessions, clock, parent_id, child_id)
    with sessions.begin() as session:
        session.get_one(Child, child_id).name_sealed = "lost:AAAA"
    messenger = FakeMessenger()

    assert deliver(delivery(sessions, clock, messenger)).sent == 1
    assert messenger.sent[0][2]["thing2"] == "宝宝"


def test_while_wechat_is_asked_no_transaction_is_open_and_no_row_is_locked(
    committed: Sessions, clock: FixedClock
) -> None:
    told_families(committed, clock, 4)
    seen: list[int] = []

    def look(openid: str) -> None:
        with committed.begin() as session:
            rows = session.scalars(
                select(Message.id)
                .where(Message.state == MessageState.SENDING)
                .with_for_update(skip_locked=True)
            )
            seen.append(len(rows.all()))

    deliver(delivery(committed, clock, FakeMessenger(before=look), threads=1))

    assert len(seen) == 4
    assert set(seen) <= {1, 2}  # this one, and the one marked to go next


def test_when_a_third_goes_wrong_each_answer_has_its_own_path(
    committed: Sessions, clock: FixedClock
) -> None:
    """Many threads, four workers, every kind of bad answer that is about one message."""
    bad: list[tuple[SendFailure, MessageState, int]] = [
        (used_up(), MessageState.IN_APP, 0),
        (PermanentFailure("x", FailureKind.CONTENT, 47003, "thing1"), MessageState.FAILED, 1),
        (PermanentFailure("x", FailureKind.RECIPIENT, 40003), MessageState.IN_APP, 1),
        (TemporaryFailure("x", FailureKind.PER_USER, 43108), MessageState.FAILED, 1),
    ]
    told = told_families(committed, clock, 120)
    wrong = {key.openid: bad[n // 3 % len(bad)] for n, (_, key) in enumerate(told) if n % 3 == 0}
    messenger = FakeMessenger(failures={openid: one[0] for openid, one in wrong.items()})
    parts = delivery(committed, clock, messenger, threads=3)
    for _ in range(6):  # five tries, and one more to see that there is no sixth
        workers = [threading.Thread(target=deliver, args=[parts, 40]) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        clock.advance(timedelta(minutes=1))

    good = (None, MessageState.SENT, 0)
    for message_id, key in told:
        failure, state, left = wrong.get(key.openid, good)
        ended = message(committed, message_id)
        assert (ended.state, ended.errcode) == (state, failure and failure.errcode)
        assert balance(committed, key) == left
    assert len(messenger.sent) == 80


class Killed(BaseException):
    """A kill -9: nothing of ours runs after it."""


class MortalSessions:
    """Transactions of a process that is killed before its n-th one begins."""

    def __init__(self, sessions: Sessions, lives: int) -> None:
        self._sessions = sessions
        self.lives = lives

    def begin(self) -> AbstractContextManager[Session]:
        self.lives -= 1
        if self.lives < 0:
            raise Killed
        return self._sessions.begin()


def mortal_delivery(parts: Delivery, mortal: MortalSessions) -> Delivery:
    return dataclasses.replace(parts, sessions=cast("Sessions", mortal))


@pytest.mark.parametrize("lives", range(2, 11))
def test_wherever_a_worker_dies_nothing_is_lost_or_sent_twice(
    sessions: Sessions, clock: FixedClock, lives: int
) -> None:
    """What was on the wire at the kill was taken by WeChat, but its rows do not know."""
    told, threads = told_families(sessions, clock, 20), 4
    messenger = FakeMessenger()
    mortal = MortalSessions(sessions, lives)
    with contextlib.suppress(Killed):
        deliver(mortal_delivery(delivery(sessions, clock, messenger, threads=threads), mortal))

    on_the_wire = states(sessions).get(MessageState.SENDING, 0)
    assert on_the_wire <= 2 * threads
    clock.advance(timedelta(minutes=2))
    done = deliver(delivery(sessions, clock, messenger, threads=threads))

    assert done.lost == on_the_wire
    assert states(sessions).get(MessageState.UNKNOWN, 0) == on_the_wire
    taken = Counter(openid for openid, *_ in messenger.sent)
    assert set(taken.values()) == {1}
    assert len(taken) == len(told)
    assert sum(states(sessions).values()) == len(told)
    assert deliver(delivery(sessions, clock, messenger)).claimed == 0


def test_the_worker_in_these_tests_really_dies_at_every_step(
    sessions: Sessions, clock: FixedClock
) -> None:
    told_families(sessions, clock, 20)
    mortal = MortalSessions(sessions, lives=100)
    deliver(mortal_delivery(delivery(sessions, clock, FakeMessenger(), threads=4), mortal))

    assert 100 - mortal.lives >= 8


def test_four_workers_at_once_send_each_message_once(
    committed: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(committed)
    grant(committed, clock, key, times=10)
    for _ in range(10):
        tell(committed, clock, parent_id, child_id)
    told = told_families(committed, clock, 60)
    messenger = FakeMessenger()
    parts = delivery(committed, clock, messenger, threads=3)

    def work() -> None:
        while deliver(parts, limit=10).claimed:
            pass

    for _ in range(12):  # messages for the one person wait a second for each other
        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        clock.advance(timedelta(seconds=2))

    assert states(committed) == {MessageState.SENT: 70}
    assert messenger.clashes == 0
    per_person = Counter(openid for openid, *_ in messenger.sent)
    assert per_person.pop(key.openid) == 10
    assert set(per_person.values()) == {1}
    assert len(per_person) == len(told)
    assert balance(committed, key) == 0


def test_a_provisional_permission_is_confirmed_by_the_send(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    with sessions.begin() as session:
        ledger.report(session, clock, key)
    tell(sessions, clock, parent_id, child_id)

    deliver(delivery(sessions, clock, FakeMessenger()))

    assert entries(sessions, key) == [("reported", 1, True), ("sent", -1, True)]
