"""Which message a receipt is about: WeChat names the person and the template only."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.outbox import receipts
from backend.outbox.claims import LEASE
from backend.outbox.models import Message, MessageState
from tests.outbox.scene import TEMPLATE, family, message, tell

Sessions = sessionmaker[Session]
S = MessageState
Was = tuple[MessageState, timedelta | None]
"""A state, and how long ago it was sent."""
JUST_NOW, LAST_WEEK = timedelta(seconds=2), timedelta(days=7)


@pytest.mark.parametrize(
    ("meant", "other"),
    [
        ((S.SENT, JUST_NOW), (S.SENT, LAST_WEEK)),
        ((S.SENT, JUST_NOW), (S.UNKNOWN, None)),
        ((S.SENDING, None), (S.SENT, JUST_NOW)),
        ((S.SENDING, None), (S.UNKNOWN, None)),
        ((S.UNKNOWN, None), (S.SENT, LAST_WEEK)),
    ],
)
@pytest.mark.parametrize("meant_is_newer", [True, False])
def test_a_receipt_closes_the_message_that_was_sent_last(
    sessions: Sessions, clock: FixedClock, meant: Was, other: Was, *, meant_is_newer: bool
) -> None:
    parent_id, child_id, key = family(sessions)
    ids = [tell(sessions, clock, parent_id, child_id) for _ in range(2)]
    one, another = reversed(ids) if meant_is_newer else ids
    with sessions.begin() as session:
        for message_id, (state, ago) in ((one, meant), (another, other)):
            sent_at = None if ago is None else clock.now() - ago
            lease = clock.now() + LEASE if state is S.SENDING else None
            values = {"state": state, "sent_at": sent_at, "not_before": lease}
            session.execute(update(Message).where(Message.id == message_id).values(values))

    with sessions.begin() as session:
        assert receipts.did_not_arrive(
            session, clock, key=key, template=TEMPLATE, errcode=43101, status="user refuse"
        )

    assert message(sessions, one).state is S.FAILED
    assert message(sessions, another).state is other[0]
