"""The planner: set-based, once, and equal to the pure timeline."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.models import HandbookEntry
from backend.handbook.planner import plan_due
from backend.handbook.schedule import load_schedule
from backend.handbook.timeline import reminder_day
from backend.kernel.clock import CITY, FixedClock, city_date
from backend.outbox.models import Message, MessageState
from backend.people.documents import load_documents
from backend.people.models import Child, Consent, DuplicateState, Guardian, Purpose, Relation
from tests.factories import MORNING, make_child, make_parent

CONTENT = Path(__file__).parents[2] / "content"
SCHEDULE = load_schedule(CONTENT)
DOCUMENTS = load_documents(CONTENT)
TODAY = date(2026, 11, 23)
SIX_MONTHS_IN_A_WEEK = date(2026, 5, 30)
AT_SIX_MONTHS = {"vaccine:hepb-3", "vaccine:dtap-3", "vaccine:mpsva-1", "checkup:m6"}

Sessions = sessionmaker[Session]


def plan(sessions: Sessions, clock: FixedClock, day: date = TODAY) -> int:
    with sessions.begin() as session:
        return plan_due(session, clock, SCHEDULE, day)


def messages(sessions: Sessions) -> list[Message]:
    with sessions() as session:
        return list(session.scalars(select(Message).order_by(Message.key)))


def planned(sessions: Sessions) -> set[str]:
    return {message.data["item_id"] for message in messages(sessions)}


@pytest.fixture
def parent(sessions: Sessions) -> int:
    return make_parent(sessions, documents=DOCUMENTS)


def test_a_week_before_six_months_the_family_is_reminded_of_what_is_due(
    sessions: Sessions, clock: FixedClock, parent: int
) -> None:
    child = make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)

    assert plan(sessions, clock) == 4

    assert planned(sessions) == AT_SIX_MONTHS
    message = next(m for m in messages(sessions) if m.data["item_id"] == "vaccine:hepb-3")
    assert message.key == f"handbook:{child}:vaccine:hepb-3:{parent}"
    assert (message.parent_id, message.child_id) == (parent, child)
    assert message.template == "handbook_reminder"
    assert message.data["item_title"] == "乙肝疫苗第3剂"
    assert message.data["due_date"] == "2026-11-30"
    assert message.due_at == datetime(2026, 11, 23, 9, tzinfo=CITY)
    assert message.state is MessageState.WAITING


def test_planning_again_adds_nothing(sessions: Sessions, clock: FixedClock, parent: int) -> None:
    make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)

    assert [plan(sessions, clock) for _ in range(3)] == [4, 0, 0]


def test_each_guardian_with_standing_consents_is_told(
    sessions: Sessions, clock: FixedClock, parent: int
) -> None:
    child = make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)
    grandmother = make_parent(sessions, documents=DOCUMENTS)
    without, withdrawn = make_parent(sessions), make_parent(sessions, documents=DOCUMENTS)
    with sessions.begin() as session:
        for guardian in (grandmother, without, withdrawn):
            session.add(
                Guardian(child_id=child, parent_id=guardian, relation=Relation.OTHER, since=MORNING)
            )
        consent = session.scalars(
            select(Consent).where(
                Consent.parent_id == withdrawn, Consent.purpose == Purpose.CHILDREN
            )
        ).one()
        consent.withdrawn_at = MORNING

    plan(sessions, clock)

    assert Counter(m.parent_id for m in messages(sessions)) == {parent: 4, grandmother: 4}


def test_what_is_done_is_not_planned(sessions: Sessions, clock: FixedClock, parent: int) -> None:
    child = make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)
    with sessions.begin() as session:
        session.add(
            HandbookEntry(
                child_id=child, item_id="vaccine:hepb-3", done_on=TODAY, recorded_at=MORNING
            )
        )

    plan(sessions, clock)

    assert planned(sessions) == AT_SIX_MONTHS - {"vaccine:hepb-3"}


def test_a_deleted_child_and_a_joined_one_are_left_in_peace(
    sessions: Sessions, clock: FixedClock, parent: int
) -> None:
    first, gone, joined = (
        make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK) for _ in range(3)
    )
    with sessions.begin() as session:
        session.get_one(Child, gone).deleted_at = MORNING
        same = session.get_one(Child, joined)
        same.duplicate_of_id, same.duplicate_state = first, DuplicateState.SAME

    plan(sessions, clock)

    assert {message.child_id for message in messages(sessions)} == {first}


def test_a_missed_day_is_made_good_while_the_item_is_current(
    sessions: Sessions, clock: FixedClock, parent: int
) -> None:
    make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)
    clock.set(datetime(2027, 1, 2, 10, tzinfo=CITY))  # the check-up's window closed on 30 December

    plan(sessions, clock, TODAY)

    assert planned(sessions) == AT_SIX_MONTHS - {"checkup:m6"}


def test_a_family_that_registers_later_gets_nothing_of_the_days_before(
    sessions: Sessions, clock: FixedClock, parent: int
) -> None:
    child = make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)
    with sessions.begin() as session:
        session.get_one(Child, child).created_at = MORNING + timedelta(days=1)
    clock.advance(timedelta(days=1))

    assert plan(sessions, clock, TODAY) == 0


def test_a_guide_comes_on_its_own_day(sessions: Sessions, clock: FixedClock, parent: int) -> None:
    make_child(sessions, parent_id=parent, birth_date=date(2026, 5, 23))

    plan(sessions, clock)

    assert planned(sessions) == {"guide:man-liuyue-tian-fushi"}


@contextmanager
def undone(sessions: Sessions) -> Iterator[None]:
    """Messages of one hypothesis example are gone before the next."""
    yield
    with sessions.begin() as session:
        session.execute(delete(Message))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_year_of_planning_equals_the_pure_timeline(
    sessions: Sessions, parent: int, data: st.DataObject
) -> None:
    births = data.draw(
        st.lists(st.dates(date(2020, 11, 1), TODAY), min_size=1, max_size=6), label="births"
    )
    start = data.draw(st.integers(0, 300), label="first day")
    children = {make_child(sessions, parent_id=parent, birth_date=b): b for b in births}
    days = [TODAY + timedelta(days=start + number) for number in range(40)]
    clock = FixedClock(MORNING)
    with undone(sessions):
        for day in days:
            clock.set(datetime.combine(day, MORNING.timetz()))
            assert city_date(clock.now()) == day
            plan(sessions, clock, day)

        told = {(m.child_id, m.data["item_id"]) for m in messages(sessions)}

    assert told & {(child, item) for child in children for _, item in told} == {
        (child, rule.id)
        for child, birth in children.items()
        for rule in SCHEDULE.rules
        if reminder_day(rule, birth) in days
    }
