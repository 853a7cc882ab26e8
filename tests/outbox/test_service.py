"""Putting messages: once, to those whose consents stand, in the caller's transaction."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.outbox import service
from backend.outbox.models import Message
from backend.people.documents import load_documents
from backend.people.models import OF_EVERYBODY, Consent, Guardian, Parent, Purpose, Relation
from tests.factories import make_child, make_parent

Sessions = sessionmaker[Session]
DOCUMENTS = load_documents(Path(__file__).parents[2] / "content")


def put(
    sessions: Sessions, clock: FixedClock, child_id: int, key: str = "k", **more: object
) -> int:
    with sessions.begin() as session:
        return service.put(
            session,
            clock,
            key=key,
            child_id=child_id,
            template="t",
            data={"a": 1},
            **more,  # type: ignore[arg-type]  # due_at and parent_ids of the tests
        )


def receivers(sessions: Sessions) -> Sequence[int]:
    with sessions() as session:
        return session.scalars(select(Message.parent_id).order_by(Message.parent_id)).all()


def add_guardian(sessions: Sessions, clock: FixedClock, child_id: int, parent_id: int) -> None:
    with sessions.begin() as session:
        session.add(
            Guardian(
                child_id=child_id, parent_id=parent_id, relation=Relation.FATHER, since=clock.now()
            )
        )


def withdraw(sessions: Sessions, clock: FixedClock, parent_id: int, purpose: Purpose) -> None:
    with sessions.begin() as session:
        session.execute(
            update(Consent)
            .where(Consent.parent_id == parent_id, Consent.purpose == purpose)
            .values(withdrawn_at=clock.now())
        )


def test_every_guardian_who_agreed_is_told(sessions: Sessions, clock: FixedClock) -> None:
    mother = make_parent(sessions, documents=DOCUMENTS)
    child_id = make_child(sessions, parent_id=mother)
    father, stranger = (make_parent(sessions, documents=DOCUMENTS) for _ in range(2))
    silent = make_parent(sessions)
    for parent_id in (father, silent):
        add_guardian(sessions, clock, child_id, parent_id)

    assert put(sessions, clock, child_id) == 2
    assert receivers(sessions) == [mother, father]
    assert stranger not in receivers(sessions)


def test_the_same_key_adds_nothing_for_those_who_have_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, father = (make_parent(sessions, documents=DOCUMENTS) for _ in range(2))
    child_id = make_child(sessions, parent_id=mother)

    assert put(sessions, clock, child_id) == 1
    assert put(sessions, clock, child_id) == 0
    add_guardian(sessions, clock, child_id, father)
    assert put(sessions, clock, child_id) == 1


@pytest.mark.parametrize("purpose", OF_EVERYBODY)
def test_a_guardian_who_took_a_consent_back_is_not_told(
    sessions: Sessions, clock: FixedClock, purpose: Purpose
) -> None:
    mother = make_parent(sessions, documents=DOCUMENTS)
    child_id = make_child(sessions, parent_id=mother)
    withdraw(sessions, clock, mother, purpose)

    assert put(sessions, clock, child_id) == 0


def test_named_parents_are_told_and_nobody_else(sessions: Sessions, clock: FixedClock) -> None:
    mother = make_parent(sessions, documents=DOCUMENTS)
    child_id = make_child(sessions, parent_id=mother)
    father, gone = make_parent(sessions), make_parent(sessions)
    with sessions.begin() as session:
        session.get_one(Parent, gone).deleted_at = clock.now()

    assert put(sessions, clock, child_id, parent_ids=[father, gone]) == 1
    assert receivers(sessions) == [father]
    assert put(sessions, clock, child_id, key="none", parent_ids=[]) == 0


def test_a_cause_that_is_rolled_back_tells_nobody(sessions: Sessions, clock: FixedClock) -> None:
    child_id = make_child(sessions, parent_id=make_parent(sessions, documents=DOCUMENTS))

    with sessions() as session:
        service.put(session, clock, key="k", child_id=child_id, template="t", data={})
        session.rollback()

    assert receivers(sessions) == []


def test_a_message_is_due_now_unless_it_says_otherwise(
    sessions: Sessions, clock: FixedClock
) -> None:
    child_id = make_child(sessions, parent_id=make_parent(sessions, documents=DOCUMENTS))
    put(sessions, clock, child_id, key="now")
    put(sessions, clock, child_id, key="later", due_at=clock.now() + timedelta(days=1))

    with sessions() as session:
        due = session.scalars(select(Message.due_at).order_by(Message.id)).all()
    assert due == [clock.now(), clock.now() + timedelta(days=1)]


def test_reading_marks_once_and_only_ones_own(sessions: Sessions, clock: FixedClock) -> None:
    mother, other = (make_parent(sessions, documents=DOCUMENTS) for _ in range(2))
    put(sessions, clock, make_child(sessions, parent_id=mother))
    with sessions() as session:
        ids = list(session.scalars(select(Message.id)))

    def read(parent_id: int) -> int:
        with sessions.begin() as session:
            return service.mark_read(session, clock, parent_id=parent_id, ids=[*ids, 10**15])

    assert [read(other), read(mother), read(mother)] == [0, 1, 0]
