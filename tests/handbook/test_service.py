"""What a family records, and what becomes of the reminder."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.models import HandbookEntry
from backend.handbook.planner import plan_due
from backend.handbook.records import Done
from backend.handbook.schedule import load_schedule
from backend.handbook.service import DoneDateOutOfRange, read_timeline, record_done, undo_done
from backend.handbook.timeline import Item, Status
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.outbox.models import Message, MessageState
from backend.people.documents import load_documents
from backend.people.models import Child, DuplicateState
from tests.factories import MORNING, default_vault, make_child, make_parent

CONTENT = Path(__file__).parents[2] / "content"
SCHEDULE = load_schedule(CONTENT)
VAULT = default_vault()
TODAY = date(2026, 11, 23)
BIRTH = date(2026, 5, 30)
DOSE = "vaccine:hepb-3"

Sessions = sessionmaker[Session]


class Family:
    def __init__(self, sessions: Sessions, clock: FixedClock) -> None:
        self.sessions, self.clock = sessions, clock
        self.parent = make_parent(sessions, documents=load_documents(CONTENT))
        self.child = make_child(sessions, parent_id=self.parent, birth_date=BIRTH)

    def record(self, item_id: str = DOSE, done_on: date = TODAY, parent: int | None = None) -> Item:
        with self.sessions.begin() as session:
            return record_done(
                session,
                self.clock,
                VAULT,
                SCHEDULE,
                parent_id=parent or self.parent,
                child_id=self.child,
                item_id=item_id,
                done=Done(done_on),
            ).item

    def undo(self) -> Item:
        with self.sessions.begin() as session:
            return undo_done(
                session,
                self.clock,
                VAULT,
                SCHEDULE,
                parent_id=self.parent,
                child_id=self.child,
                item_id=DOSE,
            ).item

    def item(self) -> Item:
        with self.sessions() as session:
            book = read_timeline(
                session, self.clock, VAULT, SCHEDULE, parent_id=self.parent, child_id=self.child
            )
        return next(item for item in book.items if item.id == DOSE)

    def plan(self) -> None:
        with self.sessions.begin() as session:
            plan_due(session, self.clock, SCHEDULE, TODAY)

    def reminders(self) -> list[MessageState]:
        about = {"children": [{"items": [{"item_id": DOSE}]}]}
        query = select(Message.state).where(Message.data.contains(about))
        with self.sessions() as session:
            return list(session.scalars(query))


@pytest.fixture
def family(sessions: Sessions, clock: FixedClock) -> Family:
    return Family(sessions, clock)


def test_a_recorded_dose_is_done_and_can_be_taken_back(family: Family) -> None:
    assert family.record(done_on=TODAY - timedelta(days=2)).status is Status.DONE
    assert family.item().done_on == TODAY - timedelta(days=2)

    assert family.undo().status is Status.UPCOMING
    assert family.item().done_on is None


def test_recording_again_corrects_the_day(family: Family) -> None:
    family.record(done_on=TODAY)
    family.record(done_on=TODAY - timedelta(days=1))

    assert family.item().done_on == TODAY - timedelta(days=1)


@pytest.mark.parametrize("day", [BIRTH - timedelta(days=1), TODAY + timedelta(days=1)])
def test_a_day_before_the_birth_or_in_the_future_is_refused(family: Family, day: date) -> None:
    with pytest.raises(DoneDateOutOfRange):
        family.record(done_on=day)

    assert family.item().done_on is None


def test_another_family_finds_nothing(family: Family, sessions: Sessions) -> None:
    with pytest.raises(NotFound):
        family.record(parent=make_parent(sessions))


def test_an_unknown_item_is_not_found(family: Family) -> None:
    with pytest.raises(NotFound):
        family.record("vaccine:nonsense'; DROP TABLE children; --")


def test_recording_cancels_the_reminder_that_waits(family: Family) -> None:
    family.plan()
    assert family.reminders() == [MessageState.WAITING]

    family.record()

    assert family.reminders() == []
    family.plan()
    assert family.reminders() == []


def test_a_reminder_that_went_out_stays_in_the_list(family: Family, sessions: Sessions) -> None:
    family.plan()
    with sessions.begin() as session:
        for message in session.scalars(select(Message)):
            message.state = MessageState.SENT

    family.record()

    assert family.reminders() == [MessageState.SENT]


def test_after_undo_the_same_day_is_planned_again(family: Family) -> None:
    family.plan()
    family.record()
    family.undo()
    family.plan()

    assert family.reminders() == [MessageState.WAITING]


def merged(sessions: Sessions, family: Family) -> int:
    """A second registration of the family's child, joined into the first; its id."""
    second = make_child(sessions, birth_date=BIRTH)
    with sessions.begin() as session:
        row = session.get_one(Child, second)
        row.duplicate_of_id, row.duplicate_state = family.child, DuplicateState.SAME
        session.add(
            HandbookEntry(child_id=second, item_id=DOSE, done_on=TODAY, recorded_at=MORNING)
        )
    return second


def test_what_a_second_registration_recorded_is_done_for_the_child(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = Family(sessions, clock)
    merged(sessions, family)

    assert (family.item().status, family.item().done_on) == (Status.DONE, TODAY)
    family.plan()
    assert family.reminders() == []


def test_what_a_second_registration_recorded_can_be_taken_back(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = Family(sessions, clock)
    merged(sessions, family)

    family.undo()

    assert family.item().done_on is None
