"""Who holds which message; what a worker that died or slept leaves behind."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.outbox import claims, service
from backend.outbox.claims import LEASE, Claimed
from backend.outbox.ledger import Key
from backend.outbox.marking import Marked, mark_sending
from backend.outbox.models import MessageState
from backend.outbox.service import OVERTAKEN
from backend.outbox.verdicts import TAKEN, Verdict
from backend.people.models import Consent, Purpose
from tests.factories import APPID
from tests.outbox.scene import (
    TEMPLATES,
    balance,
    entries,
    family,
    grant,
    message,
    ready,
    states,
    tell,
    told_families,
)
from tests.outbox.test_service import DOCUMENTS, withdraw

Sessions = sessionmaker[Session]


def claim(sessions: Sessions, clock: FixedClock, limit: int = 50) -> list[Claimed]:
    with sessions.begin() as session:
        return claims.claim(session, clock, appid=APPID, limit=limit)


def mark(sessions: Sessions, clock: FixedClock, claimed: list[Claimed]) -> Marked:
    with sessions.begin() as session:
        return mark_sending(session, clock, ready(claimed))


def write_back(
    sessions: Sessions, clock: FixedClock, claimed: list[Claimed], verdict: Verdict = TAKEN
) -> None:
    with sessions.begin() as session:
        claims.write_back(session, clock, [(one, verdict) for one in ready(claimed)])


def overtake(sessions: Sessions, clock: FixedClock, child_id: int, told_as: str) -> None:
    with sessions.begin() as session:
        service.withdraw(session, clock, child_id=child_id, key=told_as)


def list_the_lost(sessions: Sessions, clock: FixedClock) -> int:
    with sessions.begin() as session:
        return claims.list_the_lost(session, clock)


def test_the_longest_due_come_first_and_nothing_before_its_time(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, _ = family(sessions)
    now = tell(sessions, clock, parent_id, child_id)
    early = tell(sessions, clock, parent_id, child_id, later=timedelta(hours=-1))
    tell(sessions, clock, parent_id, child_id, later=timedelta(seconds=1))

    assert [one.id for one in claim(sessions, clock)] == [early, now]
    assert claim(sessions, clock) == []


def test_what_is_urgent_goes_before_what_is_longer_due(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, _ = family(sessions)
    old = tell(sessions, clock, parent_id, child_id, later=timedelta(hours=-2))
    cancelled = [
        tell(sessions, clock, parent_id, child_id, template="booking_cancelled", later=-later)
        for later in (timedelta(0), timedelta(minutes=1))
    ]
    terms = claims.Terms(urgent=TEMPLATES.urgent)

    with sessions.begin() as session:
        claimed = claims.claim(session, clock, appid=APPID, limit=50, terms=terms)

    assert [one.id for one in claimed] == [*reversed(cancelled), old]


def test_two_workers_at_once_share_the_messages_and_none_twice(
    committed: Sessions, clock: FixedClock
) -> None:
    told = told_families(committed, clock, 10, granted=False)
    with committed.begin() as one, committed.begin() as other:
        first = claims.claim(one, clock, appid=APPID, limit=6)
        second = claims.claim(other, clock, appid=APPID, limit=6)

    held = [claimed.id for claimed in (*first, *second)]
    assert (len(first), len(second)) == (6, 4)
    assert sorted(held) == sorted(message_id for message_id, _ in told)


def test_what_a_dead_worker_only_held_is_due_again_after_its_lease(
    sessions: Sessions, clock: FixedClock
) -> None:
    ((message_id, _),) = told_families(sessions, clock, 1)
    claim(sessions, clock)
    clock.advance(LEASE - timedelta(seconds=1))
    assert claim(sessions, clock) == []

    clock.advance(timedelta(seconds=1))
    assert [one.id for one in claim(sessions, clock)] == [message_id]
    assert message(sessions, message_id).attempts == 0


def test_a_worker_that_slept_past_its_lease_cannot_send_what_another_holds(
    sessions: Sessions, clock: FixedClock
) -> None:
    ((message_id, key),) = told_families(sessions, clock, 1)
    slow = claim(sessions, clock)
    clock.advance(LEASE)
    quick = claim(sessions, clock)

    assert mark(sessions, clock, slow).sending == []
    assert [one.claim.id for one in mark(sessions, clock, quick).sending] == [message_id]
    assert mark(sessions, clock, quick).sending == []
    assert balance(sessions, key) == 0


def test_what_died_on_the_wire_is_listed_and_never_claimed_again(
    sessions: Sessions, clock: FixedClock
) -> None:
    """The crash: marked and committed, then the process is gone before it writes back."""
    ((message_id, key),) = told_families(sessions, clock, 1)
    mark(sessions, clock, claim(sessions, clock))
    assert list_the_lost(sessions, clock) == 0

    clock.advance(LEASE)

    assert list_the_lost(sessions, clock) == 1
    lost = message(sessions, message_id)
    assert (lost.state, lost.attempts) == (MessageState.UNKNOWN, 1)
    clock.advance(timedelta(days=1))
    assert claim(sessions, clock) == []
    assert list_the_lost(sessions, clock) == 0
    assert balance(sessions, key) == 0


def test_a_worker_that_was_only_slow_still_tells_what_became_of_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    ((message_id, _),) = told_families(sessions, clock, 1)
    claimed = claim(sessions, clock)
    mark(sessions, clock, claimed)
    clock.advance(LEASE)
    list_the_lost(sessions, clock)

    write_back(sessions, clock, claimed)

    assert message(sessions, message_id).state is MessageState.SENT
    assert message(sessions, message_id).sent_at == clock.now()


def test_an_outcome_is_written_once(sessions: Sessions, clock: FixedClock) -> None:
    ((message_id, key),) = told_families(sessions, clock, 1)
    claimed = claim(sessions, clock)
    mark(sessions, clock, claimed)
    again = Verdict(MessageState.WAITING, comes_back=True)

    write_back(sessions, clock, claimed, again)
    write_back(sessions, clock, claimed, again)

    assert balance(sessions, key) == 1
    assert [entry[0] for entry in entries(sessions, key)] == ["popup", "sent", "returned"]
    assert message(sessions, message_id).state is MessageState.WAITING


@dataclass(frozen=True)
class Flying:
    """A message on the wire that has been overtaken, and what the tests ask about it."""

    child_id: int
    key: Key
    message_id: int
    told_as: str
    claimed: list[Claimed]


def overtaken_on_the_wire(sessions: Sessions, clock: FixedClock) -> Flying:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key)
    message_id = tell(sessions, clock, parent_id, child_id)
    told_as = message(sessions, message_id).key.rpartition(":")[0]
    claimed = claim(sessions, clock)
    mark(sessions, clock, claimed)
    overtake(sessions, clock, child_id, told_as)
    return Flying(child_id, key, message_id, told_as, claimed)


BOUNCED = (
    Verdict(MessageState.WAITING, comes_back=True, problem="-1 system error"),
    Verdict(MessageState.IN_APP, comes_back=True, falls_on=True, problem="40003"),
)


@pytest.mark.parametrize("verdict", BOUNCED, ids=["waiting", "in_app"])
def test_what_was_overtaken_on_the_wire_does_not_go_out_later(
    sessions: Sessions, clock: FixedClock, verdict: Verdict
) -> None:
    """ "Confirmed" must not be tried again after the session was cancelled."""
    flying = overtaken_on_the_wire(sessions, clock)

    write_back(sessions, clock, flying.claimed, verdict)

    ended = message(sessions, flying.message_id)
    assert (ended.state, ended.problem) == (MessageState.IN_APP, OVERTAKEN)
    assert balance(sessions, flying.key) == 1
    assert claim(sessions, clock) == []
    with sessions.begin() as session:
        assert service.revive(session, child_id=flying.child_id, key=flying.told_as) == 1


def test_what_was_overtaken_on_the_wire_and_arrived_did_arrive(
    sessions: Sessions, clock: FixedClock
) -> None:
    flying = overtaken_on_the_wire(sessions, clock)

    write_back(sessions, clock, flying.claimed)

    assert message(sessions, flying.message_id).state is MessageState.SENT
    assert message(sessions, flying.message_id).problem is None


def test_an_undo_while_it_is_on_the_wire_takes_the_mark_away(
    sessions: Sessions, clock: FixedClock
) -> None:
    flying = overtaken_on_the_wire(sessions, clock)
    with sessions.begin() as session:
        service.revive(session, child_id=flying.child_id, key=flying.told_as)

    write_back(sessions, clock, flying.claimed, BOUNCED[0])

    assert message(sessions, flying.message_id).state is MessageState.WAITING


def test_an_outcome_of_an_older_try_changes_nothing(sessions: Sessions, clock: FixedClock) -> None:
    ((message_id, _),) = told_families(sessions, clock, 1)
    first = claim(sessions, clock)
    mark(sessions, clock, first)
    write_back(sessions, clock, first, Verdict(MessageState.WAITING, comes_back=True))
    mark(sessions, clock, claim(sessions, clock))

    write_back(sessions, clock, first, Verdict(MessageState.FAILED))

    assert message(sessions, message_id).state is MessageState.SENDING


def test_somebody_to_whom_one_is_on_its_way_waits_a_second_for_the_next(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key, times=2)
    first, second = (tell(sessions, clock, parent_id, child_id) for _ in range(2))
    mark(sessions, clock, claim(sessions, clock, limit=1))

    marked = mark(sessions, clock, claim(sessions, clock))

    assert (marked.sending, marked.busy) == ([], 1)
    assert message(sessions, first).state is MessageState.SENDING
    held = message(sessions, second)
    assert held.state is MessageState.WAITING
    assert held.not_before == clock.now() + timedelta(seconds=1)
    assert balance(sessions, key) == 1


def test_two_workers_at_once_never_mark_two_messages_for_one_person(
    committed: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(committed)
    grant(committed, clock, key, times=2)
    for _ in range(2):
        tell(committed, clock, parent_id, child_id)
    first, second = (claim(committed, clock, limit=1) for _ in range(2))
    with committed.begin() as one, committed.begin() as other:
        marked = [
            mark_sending(one, clock, ready(first)),
            mark_sending(other, clock, ready(second)),
        ]

    assert [len(group.sending) for group in marked] == [1, 0]
    assert states(committed) == {MessageState.SENDING: 1, MessageState.WAITING: 1}


def test_without_a_permission_the_message_stays_in_the_app(
    sessions: Sessions, clock: FixedClock
) -> None:
    ((message_id, key),) = told_families(sessions, clock, 1, granted=False)

    marked = mark(sessions, clock, claim(sessions, clock))

    assert (marked.sending, marked.in_app) == ([], 1)
    assert message(sessions, message_id).state is MessageState.IN_APP
    assert balance(sessions, key) == 0


def test_43101_takes_the_rest_and_a_use_before_it_does_not_come_back(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key, times=5)
    message_id = tell(sessions, clock, parent_id, child_id)
    claimed = claim(sessions, clock)
    mark(sessions, clock, claimed)

    write_back(sessions, clock, claimed, Verdict(MessageState.IN_APP, errcode=43101, refused=True))

    assert balance(sessions, key) == 0
    assert entries(sessions, key)[-1] == ("refused", -4, True)
    assert message(sessions, message_id).errcode == 43101


def test_who_withdrew_a_consent_is_not_welcome_and_who_never_had_one_is(
    sessions: Sessions, clock: FixedClock
) -> None:
    told = told_families(sessions, clock, 2)
    stays, leaves = (message(sessions, message_id).parent_id for message_id, _ in told)
    agree_and_withdraw(sessions, clock, leaves)

    welcome = {one.parent_id: one.welcome for one in claim(sessions, clock)}

    assert welcome == {stays: True, leaves: False}


@pytest.mark.parametrize("purpose", [Purpose.PRIORITY, Purpose.ADDRESS, Purpose.PREGNANCY])
def test_who_withdrew_an_optional_consent_hears_of_everything_else(
    sessions: Sessions, clock: FixedClock, purpose: Purpose
) -> None:
    ((message_id, _),) = told_families(sessions, clock, 1)
    agree_and_withdraw(sessions, clock, message(sessions, message_id).parent_id, purpose)

    assert [one.welcome for one in claim(sessions, clock)] == [True]


def agree_and_withdraw(
    sessions: Sessions,
    clock: FixedClock,
    parent_id: int,
    purpose: Purpose = Purpose.CHILDREN,
) -> None:
    with sessions.begin() as session:
        for document in DOCUMENTS.values():
            session.add(
                Consent(
                    parent_id=parent_id,
                    purpose=document.purpose,
                    version=document.version,
                    document_hash=document.hash,
                    channel="test",
                    given_at=clock.now(),
                )
            )
    withdraw(sessions, clock, parent_id, purpose)
