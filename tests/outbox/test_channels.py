"""Subscription message, 服务号, the list in the app: each way once, in that order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.outbox import pauses, receipts
from backend.outbox.channels import Address, Sender
from backend.outbox.delivery import Delivered, deliver
from backend.outbox.messenger import FailureKind, OutcomeUnknown, PermanentFailure, TemporaryFailure
from backend.outbox.models import Channel, Message, MessageState, PauseReason
from backend.outbox.parts import Delivery
from backend.outbox.quotas import NO_LIMITS, Limits
from tests.fakes import FakeMessenger
from tests.outbox.scene import (
    TEMPLATE,
    balance,
    delivery,
    entries,
    family,
    grant,
    message,
    tell,
    told_families,
)

Sessions = sessionmaker[Session]
ACCOUNT = "wxservice"
NOT_HERE = PermanentFailure("43004 require subscribe", FailureKind.RECIPIENT, 43004)
REFUSED = PermanentFailure("43101 user refuse", FailureKind.RECIPIENT, 43101)


@dataclass
class Town:
    """Implements channels.NextChannel: one 服务号, and who follows it."""

    messenger: FakeMessenger = field(default_factory=lambda: FakeMessenger(first_id=9_000_000_000))
    followers: dict[int, str] = field(default_factory=dict)
    template_ids: dict[str, str] = field(default_factory=lambda: {TEMPLATE: "service-template"})
    limits: Limits = NO_LIMITS
    lost: dict[Address, datetime] = field(default_factory=dict)
    open: bool = True

    def addresses(self, session: Session, parent_ids: Collection[int]) -> Mapping[int, Address]:
        return {
            one: Address(ACCOUNT, openid)
            for one, openid in self.followers.items()
            if one in parent_ids
        }

    def sender(self, appid: str) -> Sender | None:
        if appid != ACCOUNT or not self.open:
            return None
        return Sender(ACCOUNT, self.messenger, self.template_ids, self.limits, permitted=False)

    def unfollowed(self, session: Session, told: Mapping[Address, datetime]) -> None:
        self.lost.update(told)


@pytest.fixture
def town() -> Town:
    return Town()


def told(sessions: Sessions, clock: FixedClock, town: Town, *, permissions: int = 0) -> int:
    """A message for a family that follows the town's 服务号."""
    parent_id, child_id, key = family(sessions)
    if permissions:
        grant(sessions, clock, key, times=permissions)
    town.followers[parent_id] = f"follower-{parent_id}"
    return tell(sessions, clock, parent_id, child_id)


def sending(sessions: Sessions, clock: FixedClock, town: Town, mini: FakeMessenger) -> Delivery:
    return delivery(sessions, clock, mini, ways=town)


def test_without_a_permission_the_town_tells_them(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    message_id = told(sessions, clock, town)
    mini = FakeMessenger()
    parts = sending(sessions, clock, town, mini)

    assert deliver(parts) == Delivered(claimed=1, fell_on=1)
    assert deliver(parts) == Delivered(claimed=1, sent=1)

    assert mini.calls == 0
    ((openid, template_id, data, _),) = town.messenger.sent
    assert (openid, template_id) == (
        f"follower-{message(sessions, message_id).parent_id}",
        "service-template",
    )
    assert data["thing2"] == "王*一"
    sent = message(sessions, message_id)
    assert (sent.state, sent.channel, sent.account, sent.wechat_id) == (
        MessageState.SENT,
        Channel.SERVICE,
        ACCOUNT,
        9_000_000_001,
    )


def test_who_refused_the_message_is_told_by_the_town(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    message_id = told(sessions, clock, town, permissions=2)
    parts = sending(sessions, clock, town, FakeMessenger(script=[REFUSED]))

    assert deliver(parts) == Delivered(claimed=1, fell_on=1)
    waiting = message(sessions, message_id)
    assert (waiting.state, waiting.channel, waiting.errcode) == (
        MessageState.WAITING,
        Channel.SERVICE,
        43101,
    )
    assert deliver(parts).sent == 1


def test_a_parent_without_a_mini_program_is_told_by_the_town(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    told(sessions, clock, town)
    parts = delivery(sessions, clock, FakeMessenger(), ways=town, appid="wxother")

    assert deliver(parts).fell_on == 1
    assert deliver(parts).sent == 1


def test_the_last_way_failing_leaves_it_in_the_app_and_nobody_is_asked_twice(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    message_id = told(sessions, clock, town, permissions=1)
    mini = FakeMessenger(script=[NOT_HERE])
    town.messenger.script.append(NOT_HERE)
    parts = sending(sessions, clock, town, mini)
    key = town.followers[message(sessions, message_id).parent_id]
    begun_at = clock.now()
    town.messenger.before = lambda _: clock.advance(timedelta(seconds=2))  # on the wire

    deliver(parts)
    assert deliver(parts) == Delivered(claimed=1, in_app=1)
    assert deliver(parts) == Delivered()

    assert (mini.calls, town.messenger.calls) == (1, 1)
    assert message(sessions, message_id).state is MessageState.IN_APP
    assert town.lost == {Address(ACCOUNT, key): begun_at}, "as it was when WeChat was asked"


def test_a_passing_trouble_stays_on_its_way_and_tries_are_counted_anew(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    message_id = told(sessions, clock, town)
    busy = TemporaryFailure("-1 system error", FailureKind.TRANSIENT, -1)
    openid = town.followers[message(sessions, message_id).parent_id]
    town.messenger.failures[openid] = busy
    parts = sending(sessions, clock, town, FakeMessenger())
    deliver(parts)
    while message(sessions, message_id).state is not MessageState.FAILED:
        deliver(parts)
        clock.set(message(sessions, message_id).not_before or clock.now())

    assert town.messenger.calls == 5
    assert message(sessions, message_id).channel is Channel.SERVICE


def test_the_town_uses_no_permission_of_the_mini_program(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    town.followers[parent_id] = "follower"
    tell(sessions, clock, parent_id, child_id)
    parts = sending(sessions, clock, town, FakeMessenger(script=[NOT_HERE]))
    deliver(parts)
    deliver(parts)

    assert entries(sessions, key) == [("popup", 1, True), ("sent", -1, True), ("returned", 1, True)]
    assert balance(sessions, key) == 1


def test_without_a_way_it_ends_in_the_app_as_ever(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    told(sessions, clock, town)
    town.template_ids.clear()
    assert deliver(sending(sessions, clock, town, FakeMessenger())).in_app == 1
    town.template_ids[TEMPLATE] = "service-template"
    town.followers.clear()
    told_families(sessions, clock, 1, granted=False)
    assert deliver(sending(sessions, clock, town, FakeMessenger())).in_app == 1
    assert town.messenger.calls == 0


def test_who_stopped_following_meanwhile_finds_it_in_the_app(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    told(sessions, clock, town)
    parts = sending(sessions, clock, town, FakeMessenger())
    deliver(parts)
    town.followers.clear()

    assert deliver(parts) == Delivered(claimed=1, in_app=1)


def test_an_account_that_is_given_up_leaves_its_messages_in_the_app(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    told(sessions, clock, town)
    parts = sending(sessions, clock, town, FakeMessenger())
    deliver(parts)
    town.open = False

    assert deliver(parts) == Delivered(claimed=1, in_app=1)


def test_a_pause_and_a_limit_of_the_town_are_its_own(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    for _ in range(3):
        told(sessions, clock, town)
    town.limits = Limits(day=2)
    parts = sending(sessions, clock, town, FakeMessenger())
    deliver(parts)

    done = deliver(parts)

    assert (done.sent, done.postponed) == (2, 1)
    with sessions() as session:
        (paused,) = pauses.pauses(session, clock)
    assert (paused.appid, paused.reason) == (ACCOUNT, PauseReason.DAY_QUOTA)
    told_families(sessions, clock, 1)
    assert deliver(parts).sent == 1, "the mini-program goes on"


def test_content_and_lost_answers_go_no_further(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    for _ in range(2):
        told(sessions, clock, town, permissions=1)
    wrong = PermanentFailure("47003", FailureKind.CONTENT, 47003, "thing1")
    lost = OutcomeUnknown("no answer", FailureKind.TRANSIENT)
    parts = sending(sessions, clock, town, FakeMessenger(script=[wrong, lost]))

    done = deliver(parts)

    assert (done.failed, done.unknown) == (1, 1)
    assert deliver(parts) == Delivered()
    assert town.messenger.calls == 0


@pytest.mark.parametrize(
    ("status", "said", "state"),
    [
        ("success", "arrived", MessageState.SENT),
        ("failed:user block", "closed", MessageState.FAILED),
        ("failed: system failed", "closed", MessageState.FAILED),
    ],
)
def test_what_became_of_a_message_of_the_town_closes_its_row(
    sessions: Sessions, clock: FixedClock, town: Town, status: str, said: str, state: MessageState
) -> None:
    message_id = told(sessions, clock, town)
    parts = sending(sessions, clock, town, FakeMessenger())
    deliver(parts)
    deliver(parts)
    wechat_id = message(sessions, message_id).wechat_id
    assert wechat_id is not None

    def finished(appid: str) -> str:
        with sessions.begin() as session:
            return receipts.job_finished(session, appid=appid, wechat_id=wechat_id, status=status)

    assert finished("wxother") == ("arrived" if said == "arrived" else "no such message")
    assert finished(ACCOUNT) == said
    assert message(sessions, message_id).state is state
    assert finished(ACCOUNT) == ("arrived" if said == "arrived" else "no such message")


def test_a_message_is_never_brought_back_to_its_first_way(
    sessions: Sessions, clock: FixedClock, town: Town
) -> None:
    """Undoing a cancellation revives what was stopped: on the way it had reached."""
    message_id = told(sessions, clock, town)
    mini = FakeMessenger()
    parts = sending(sessions, clock, town, mini)
    deliver(parts)
    with sessions.begin() as session:
        session.execute(
            update(Message).where(Message.id == message_id).values(state=MessageState.IN_APP)
        )
        session.execute(
            update(Message).where(Message.id == message_id).values(state=MessageState.WAITING)
        )

    assert deliver(parts).sent == 1
    assert (mini.calls, town.messenger.calls) == (0, 1)
