"""What would happen without a guard: each of these tests fails when its guard is not needed."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.outbox import claims
from backend.outbox.claims import LEASE, Terms
from backend.outbox.delivery import deliver
from backend.outbox.models import MessageState
from tests.factories import APPID
from tests.fakes import FakeMessenger
from tests.outbox.scene import delivery, family, grant, states, tell, told_families

Sessions = sessionmaker[Session]
A_MOMENT = timedelta(microseconds=1)
AGAIN = text("""
    INSERT INTO messages (key, parent_id, child_id, template, data, due_at, created_at)
    SELECT key, parent_id, child_id, template, data, due_at, created_at FROM messages WHERE id = :id
""")


@pytest.mark.parametrize("unique", [True, False])
def test_a_cause_that_is_told_again_is_told_once_because_of_the_unique_key(
    sessions: Sessions, clock: FixedClock, *, unique: bool
) -> None:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key, times=2)
    message_id = tell(sessions, clock, parent_id, child_id)
    with sessions.begin() as session:
        if not unique:
            session.execute(text("ALTER TABLE messages DROP CONSTRAINT uq_messages_key"))
        try:
            with session.begin_nested():
                session.execute(AGAIN, {"id": message_id})
        except IntegrityError:
            assert unique
    messenger = FakeMessenger()

    deliver(delivery(sessions, clock, messenger))

    assert Counter(openid for openid, *_ in messenger.sent) == {key.openid: 1 if unique else 2}


@pytest.mark.parametrize(("lease", "lost"), [(LEASE, 0), (A_MOMENT, 1)])
def test_what_a_living_worker_has_on_the_wire_is_not_lost_because_of_its_lease(
    committed: Sessions, clock: FixedClock, lease: timedelta, lost: int
) -> None:
    told_families(committed, clock, 1)
    found = []

    def another_worker_looks(openid: str) -> None:
        clock.advance(A_MOMENT)  # it was handed over before its lease was over
        with committed.begin() as session:
            found.append(claims.list_the_lost(session, clock))

    messenger = FakeMessenger(before=another_worker_looks)
    deliver(delivery(committed, clock, messenger, lease=lease))

    assert found == [lost]
    assert states(committed) == {MessageState.SENT: 1}, "a slow worker knows better than a lost one"


@pytest.mark.parametrize(("lease", "held_by"), [(LEASE, 1), (timedelta(0), 2)])
def test_what_is_claimed_is_one_workers_because_of_its_lease(
    sessions: Sessions, clock: FixedClock, lease: timedelta, held_by: int
) -> None:
    told_families(sessions, clock, 1)
    terms = Terms(lease=lease)
    workers = []
    for _ in range(2):
        with sessions.begin() as session:
            workers += claims.claim(session, clock, appid=APPID, limit=10, terms=terms)

    assert len(workers) == held_by
