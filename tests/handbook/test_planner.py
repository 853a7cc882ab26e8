"""The planner: set-based, once, and equal to the pure plan of each child."""

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

from backend.handbook.models import HandbookEntry, ItemDate
from backend.handbook.planner import plan_days, plan_due
from backend.handbook.schedule import load_schedule
from backend.kernel.clock import CITY, FixedClock, city_date
from backend.outbox.claims import LEASE
from backend.outbox.models import Message, MessageState
from backend.people.documents import load_documents
from backend.people.models import Child, Consent, DuplicateState, Guardian, Purpose, Relation
from tests.factories import MORNING, make_child, make_parent
from tests.handbook.reminder_oracle import life, worth

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


def told(sessions: Sessions) -> Counter[tuple[int, int, str, str]]:
    """Guardian, child, item and how it is said, of everything in the outbox."""
    return Counter(
        (message.parent_id, child["child_id"], item["item_id"], item["say"])
        for message in messages(sessions)
        for child in message.data["children"]
        for item in child["items"]
    )


def planned(sessions: Sessions) -> set[str]:
    return {item for _, _, item, _ in told(sessions)}


@pytest.fixture
def parent(sessions: Sessions) -> int:
    return make_parent(sessions, documents=DOCUMENTS)


def test_a_week_before_six_months_the_family_is_reminded_of_what_is_due(
    sessions: Sessions, clock: FixedClock, parent: int
) -> None:
    child = make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)

    assert plan(sessions, clock) == 1

    assert planned(sessions) == AT_SIX_MONTHS
    (message,) = messages(sessions)
    assert message.key == f"handbook:{parent}:2026-11-23"
    assert (message.parent_id, message.child_id) == (parent, child)
    assert message.template == "handbook_reminder"
    assert message.data["children"][0]["items"][0] == {
        "item_id": "vaccine:hepb-3",
        "item_title": "乙肝疫苗第3剂",
        "due_date": "2026-11-30",
        "say": "ahead",
    }
    assert message.due_at == datetime(2026, 11, 23, 9, tzinfo=CITY)
    assert message.state is MessageState.WAITING


def test_planning_again_adds_nothing(sessions: Sessions, clock: FixedClock, parent: int) -> None:
    make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)

    assert [plan(sessions, clock) for _ in range(3)] == [1, 0, 0]


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

    assert Counter(m.parent_id for m in messages(sessions)) == {parent: 1, grandmother: 1}


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
    make_child(sessions, parent_id=parent, birth_date=date(2026, 6, 23))

    plan(sessions, clock)

    assert planned(sessions) == {"guide:guomin-bu-duo-bu-ji"}


def test_twins_are_told_of_in_one_message(
    sessions: Sessions, clock: FixedClock, parent: int
) -> None:
    twins = [
        make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK) for _ in range(2)
    ]

    assert plan(sessions, clock) == 1

    (message,) = messages(sessions)
    assert message.child_id is None
    assert [child["child_id"] for child in message.data["children"]] == twins


def test_a_child_that_comes_later_that_day_joins_the_message_that_waits(
    sessions: Sessions, clock: FixedClock, parent: int
) -> None:
    make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)
    plan(sessions, clock)
    make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)

    assert plan(sessions, clock) == 0

    assert len(messages(sessions)[0].data["children"]) == 2


@pytest.mark.parametrize("state", [MessageState.SENT, MessageState.CLAIMED, MessageState.IN_APP])
def test_what_went_out_or_is_held_by_a_worker_is_not_said_again(
    sessions: Sessions, clock: FixedClock, parent: int, state: MessageState
) -> None:
    make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)
    plan(sessions, clock)
    with sessions.begin() as session:
        one = session.scalars(select(Message)).one()
        one.state, one.not_before = state, clock.now() + LEASE
    make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)

    assert plan(sessions, clock) == 0

    (message,) = messages(sessions)
    assert (message.state, len(message.data["children"])) == (state, 1)


def test_a_moved_item_is_told_by_its_own_day_and_one_that_is_not_wanted_never(
    sessions: Sessions, clock: FixedClock, parent: int
) -> None:
    child = make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)
    with sessions.begin() as session:
        session.add_all(
            [
                ItemDate(child_id=child, item_id="vaccine:dtap-3", due_on=date(2027, 1, 10)),
                ItemDate(child_id=child, item_id="vaccine:mpsva-1", due_on=None),
            ]
        )

    plan(sessions, clock)
    assert planned(sessions) == {"vaccine:hepb-3", "checkup:m6"}

    moved = date(2027, 1, 3)
    clock.set(datetime.combine(moved, MORNING.timetz()))
    assert plan(sessions, clock, moved) == 1
    assert messages(sessions)[-1].data["children"][0]["items"] == [
        {
            "item_id": "vaccine:dtap-3",
            "item_title": "百白破疫苗第3剂",
            "due_date": "2027-01-10",
            "say": "ahead",
        }
    ]


def test_days_made_good_together_tell_an_item_once(
    sessions: Sessions, clock: FixedClock, parent: int
) -> None:
    make_child(sessions, parent_id=parent, birth_date=SIX_MONTHS_IN_A_WEEK)
    clock.advance(timedelta(days=6))

    with sessions.begin() as session:
        days = [TODAY + timedelta(days=number) for number in range(7)]
        assert plan_days(session, clock, SCHEDULE, days) == 1

    assert {say for _, _, item, say in told(sessions) if item in AT_SIX_MONTHS} == {"eve"}
    assert max(told(sessions).values()) == 1


@contextmanager
def undone(sessions: Sessions) -> Iterator[None]:
    """What one hypothesis example wrote is gone before the next."""
    yield
    with sessions.begin() as session:
        for table in (Message, HandbookEntry, ItemDate, Guardian):
            session.execute(delete(table))


@st.composite
def cities(draw: st.DrawFn) -> tuple[list[date], list[dict[str, int | None]], list[set[str]]]:
    """Birth dates, and for each child its own days (of life) and what is done."""
    births = draw(st.lists(st.dates(date(2020, 11, 1), TODAY), min_size=1, max_size=5))
    items = st.sampled_from([rule.id for rule in SCHEDULE.rules])
    days = st.one_of(st.none(), st.integers(0, 2300))
    own = [draw(st.one_of(st.just({}), st.dictionaries(items, days, max_size=8))) for _ in births]
    done = [draw(st.sets(items, max_size=8)) for _ in births]
    return births, own, done


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(city=cities(), start=st.integers(0, 300))
def test_planning_a_small_city_equals_each_childs_plan_said_day_by_day(
    sessions: Sessions,
    parent: int,
    city: tuple[list[date], list[dict[str, int | None]], list[set[str]]],
    start: int,
) -> None:
    births, moved, done = city
    days = [TODAY + timedelta(days=start + number) for number in range(12)]
    wanted: Counter[tuple[date, int, str, str]] = Counter()
    with undone(sessions):
        for place, (birth, own_days, known) in enumerate(zip(births, moved, done, strict=True)):
            is_twin = any(abs((birth - other).days) <= 1 for other in births[:place])
            child = make_child(sessions, parent_id=parent, birth_date=birth)
            own = {
                item: None if day is None else birth + timedelta(days=day)
                for item, day in own_days.items()
            }
            with sessions.begin() as session:
                session.add_all(
                    ItemDate(child_id=child, item_id=item, due_on=day) for item, day in own.items()
                )
                session.add_all(
                    HandbookEntry(child_id=child, item_id=item, done_on=birth, recorded_at=MORNING)
                    for item in known
                )
            for day, telling in life(SCHEDULE, birth, own).items():
                if day in days:
                    for item, say in worth(SCHEDULE, birth, own, telling, day):
                        if item not in known and not (is_twin and item.startswith("mother:")):
                            wanted[day, child, item, say] += 1
        clock = FixedClock(MORNING)
        for day in days:
            clock.set(datetime.combine(day, MORNING.timetz()))
            plan(sessions, clock, day)

        found = Counter(
            (city_date(message.due_at), child["child_id"], item["item_id"], item["say"])
            for message in messages(sessions)
            for child in message.data["children"]
            for item in child["items"]
        )
        keys = [message.key for message in messages(sessions)]

    assert found == wanted
    assert len(keys) == len({day for day, _, _, _ in wanted})
