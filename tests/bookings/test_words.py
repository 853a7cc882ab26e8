"""What a family hears of a booking, and what is not said any more."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.bookings.queries import policy_at
from backend.kernel.clock import FixedClock
from backend.outbox.claims import LEASE
from backend.outbox.models import Message, MessageState
from backend.people.documents import Documents, load_documents
from tests.conftest import MORNING, ROOT
from tests.factories import make_booking, make_child, make_parent, make_slot

Sessions = sessionmaker[Session]
CLERK = "staff:1"


@pytest.fixture
def documents() -> Documents:
    return load_documents(ROOT / "content")


@pytest.fixture
def booking_id(sessions: Sessions, documents: Documents) -> int:
    """A request for a session in three days, of a family that agreed to both documents."""
    parent_id = make_parent(sessions, documents=documents)
    child_id = make_child(sessions, parent_id=parent_id)
    slot_id = make_slot(sessions, starts_at=MORNING + timedelta(days=3))
    return make_booking(sessions, child_id=child_id, slot_id=slot_id)


def messages(sessions: Sessions) -> list[tuple[str, MessageState]]:
    with sessions() as session:
        rows = session.scalars(select(Message).order_by(Message.due_at, Message.id)).all()
        return [(row.template, row.state) for row in rows]


def test_a_confirmed_session_is_reminded_of_a_day_before(
    sessions: Sessions, clock: FixedClock, booking_id: int
) -> None:
    with sessions.begin() as session:
        service.confirm(session, clock, booking_id=booking_id, actor=CLERK)

    assert messages(sessions) == [
        ("booking_confirmed", MessageState.WAITING),
        ("booking_reminder", MessageState.WAITING),
    ]
    with sessions() as session:
        due = session.scalars(
            select(Message.due_at).where(Message.template == "booking_reminder")
        ).one()
    assert due == MORNING + timedelta(days=2)


def test_a_session_within_a_day_needs_no_reminder(
    sessions: Sessions, clock: FixedClock, booking_id: int
) -> None:
    clock.advance(timedelta(days=2, minutes=1))
    with sessions.begin() as session:
        service.confirm(session, clock, booking_id=booking_id, actor=CLERK)

    assert [template for template, _ in messages(sessions)] == ["booking_confirmed"]


def test_what_has_been_overtaken_is_not_sent_any_more(
    sessions: Sessions, clock: FixedClock, booking_id: int
) -> None:
    with sessions.begin() as session:
        service.confirm(session, clock, booking_id=booking_id, actor=CLERK)
    clock.advance(timedelta(minutes=5))
    with sessions.begin() as session:
        service.cancel_by_centre(
            session, clock, booking_id=booking_id, actor=CLERK, reason="老师生病"
        )

    assert messages(sessions) == [
        ("booking_confirmed", MessageState.IN_APP),  # the family may have read it already
        ("booking_cancelled", MessageState.WAITING),
    ]


def test_a_family_that_cancels_is_not_reminded(
    sessions: Sessions, clock: FixedClock, booking_id: int
) -> None:
    with sessions.begin() as session:
        booking = service.confirm(session, clock, booking_id=booking_id, actor=CLERK)
        parent_id = session.scalars(
            select(Message.parent_id).where(Message.child_id == booking.child_id).limit(1)
        ).one()
    with sessions.begin() as session:
        policy = policy_at(session, clock.now())
        service.cancel_by_family(session, clock, policy, parent_id=parent_id, booking_id=booking_id)

    assert "booking_reminder" not in [template for template, _ in messages(sessions)]


def test_what_a_worker_holds_is_left_alone(
    sessions: Sessions, clock: FixedClock, booking_id: int
) -> None:
    with sessions.begin() as session:
        service.confirm(session, clock, booking_id=booking_id, actor=CLERK)
        for message in session.scalars(select(Message)):
            message.state, message.not_before = MessageState.SENDING, clock.now() + LEASE
    with sessions.begin() as session:
        service.undo(session, clock, booking_id=booking_id, actor=CLERK)

    states = dict(messages(sessions))
    assert states["booking_confirmed"] is MessageState.SENDING
