"""The mother's visits after a birth: in the plan of her child's family, told to her."""

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook import service
from backend.handbook.planner import plan_due
from backend.handbook.records import Done
from backend.handbook.reminders import plan_of
from backend.handbook.schedule import Kind, load_schedule
from backend.handbook.source import HandbookError
from backend.kernel.clock import FixedClock
from backend.outbox.models import Message
from backend.people.documents import load_documents
from backend.people.models import Guardian, Relation
from tests.factories import MORNING, default_vault, make_child, make_parent

CONTENT = Path(__file__).parents[2] / "content"
SCHEDULE = load_schedule(CONTENT)
DOCUMENTS = load_documents(CONTENT)
VAULT = default_vault()
TODAY = date(2026, 11, 23)
CHECK = "mother:pnc-2"
A_WEEK_BEFORE = TODAY - timedelta(days=35)  # born so, the check at 42 days is in seven days

Sessions = sessionmaker[Session]


def plan(sessions: Sessions, clock: FixedClock, day: date = TODAY) -> None:
    clock.set(datetime.combine(day, MORNING.timetz()))
    with sessions.begin() as session:
        plan_due(session, clock, SCHEDULE, day)


def told(sessions: Sessions) -> set[tuple[int, int]]:
    """Guardian and child of everything that is said of the check at 42 days."""
    with sessions() as session:
        return {
            (message.parent_id, child["child_id"])
            for message in session.scalars(select(Message))
            for child in message.data["children"]
            for item in child["items"]
            if item["item_id"] == CHECK
        }


def record(sessions: Sessions, clock: FixedClock, parent: int, child: int) -> None:
    with sessions.begin() as session:
        service.record_done(
            session,
            clock,
            VAULT,
            SCHEDULE,
            parent_id=parent,
            child_id=child,
            item_id=CHECK,
            done=Done(TODAY),
        )


@pytest.fixture
def mother(sessions: Sessions) -> int:
    return make_parent(sessions, documents=DOCUMENTS)


def guard(sessions: Sessions, child: int, relation: Relation) -> int:
    guardian = make_parent(sessions, documents=DOCUMENTS)
    with sessions.begin() as session:
        session.add(Guardian(child_id=child, parent_id=guardian, relation=relation, since=MORNING))
    return guardian


def test_both_visits_are_told_a_week_and_a_day_before_and_once_after() -> None:
    birth = date(2026, 10, 13)
    days = {
        item: [
            ((day - birth).days, one.say.value)
            for day, told in plan_of(SCHEDULE, birth)
            for one in told
            if one.due.rule.id == item
        ]
        for item in ("mother:pnc-1", CHECK)
    }

    assert days == {
        "mother:pnc-1": [(0, "ahead"), (6, "eve"), (21, "open")],
        CHECK: [(35, "ahead"), (41, "eve"), (60, "open")],  # with the vaccines of two months
    }


def test_a_page_names_its_source_and_what_was_not_checked() -> None:
    for rule in SCHEDULE.rules:
        if rule.kind is Kind.MOTHER:
            lines = [line for section in rule.sections for line in section.lines]
            assert "国家基本公共卫生服务规范（第三版）" in lines
            assert any("未核对" in line for line in lines)


def test_the_mother_is_told_and_nobody_else_where_there_is_one(
    sessions: Sessions, clock: FixedClock, mother: int
) -> None:
    child = make_child(sessions, parent_id=mother, birth_date=A_WEEK_BEFORE)
    guard(sessions, child, Relation.FATHER)

    plan(sessions, clock)

    assert told(sessions) == {(mother, child)}


def test_a_family_without_a_mother_here_is_told_as_a_whole(
    sessions: Sessions, clock: FixedClock, mother: int
) -> None:
    child = make_child(sessions, parent_id=mother, birth_date=A_WEEK_BEFORE)
    with sessions.begin() as session:
        session.scalars(select(Guardian)).one().relation = Relation.FATHER
    grandmother = guard(sessions, child, Relation.OTHER)

    plan(sessions, clock)

    assert told(sessions) == {(mother, child), (grandmother, child)}


def test_of_twins_she_is_told_once_and_one_record_is_for_both(
    sessions: Sessions, clock: FixedClock, mother: int
) -> None:
    first = make_child(sessions, parent_id=mother, birth_date=A_WEEK_BEFORE)
    second = make_child(sessions, parent_id=mother, birth_date=A_WEEK_BEFORE + timedelta(days=1))

    plan(sessions, clock)
    assert told(sessions) == {(mother, first)}

    record(sessions, clock, mother, second)

    assert told(sessions) == set()
    with sessions.begin() as session:
        for child in (first, second):
            book = service.read_timeline(
                session, clock, VAULT, SCHEDULE, parent_id=mother, child_id=child
            )
            assert [one.done_on for one in book.items if one.id == CHECK] == [TODAY]
        undone = service.undo_done(
            session, clock, VAULT, SCHEDULE, parent_id=mother, child_id=first, item_id=CHECK
        )
        other = service.read_timeline(
            session, clock, VAULT, SCHEDULE, parent_id=mother, child_id=second
        )
        assert undone.item.done_on is None
        assert [one.done_on for one in other.items if one.id == CHECK] == [None]


def test_two_mothers_whose_children_one_grandmother_minds_are_both_told(
    sessions: Sessions, clock: FixedClock, mother: int
) -> None:
    """Cousins born on one day are no twins, and a record of the one is none of the other."""
    aunt = make_parent(sessions, documents=DOCUMENTS)
    first = make_child(sessions, parent_id=mother, birth_date=A_WEEK_BEFORE)
    second = make_child(sessions, parent_id=aunt, birth_date=A_WEEK_BEFORE)
    grandmother = guard(sessions, first, Relation.GRANDPARENT)
    with sessions.begin() as session:
        session.add(
            Guardian(
                child_id=second,
                parent_id=grandmother,
                relation=Relation.GRANDPARENT,
                since=MORNING,
            )
        )

    plan(sessions, clock)
    assert told(sessions) == {(mother, first), (aunt, second)}

    record(sessions, clock, grandmother, first)
    assert told(sessions) == {(aunt, second)}


def test_twins_whose_mother_is_not_here_are_told_of_once(
    sessions: Sessions, clock: FixedClock, mother: int
) -> None:
    father = mother  # whom the fixture calls so
    twins = [make_child(sessions, parent_id=father, birth_date=A_WEEK_BEFORE) for _ in range(2)]
    with sessions.begin() as session:
        session.execute(update(Guardian).values(relation=Relation.FATHER))

    plan(sessions, clock)
    assert told(sessions) == {(father, twins[0])}

    record(sessions, clock, father, twins[1])
    assert told(sessions) == set()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("id: pnc-2", "id: pnc-9", "没有这次产后服务"),
        ("until_day: 56", "until_day: 41", "从早到晚"),
        ("target_day: 42", "target_day: x", "target_day"),
    ],
)
def test_a_wrong_line_stops_the_start(tmp_path: Path, before: str, after: str, says: str) -> None:
    for name in ("handbook", "facts", "guides"):
        shutil.copytree(CONTENT / name, tmp_path / name)
    file = tmp_path / "handbook" / "postpartum.yaml"
    file.write_text(file.read_text().replace(before, after))

    with pytest.raises(HandbookError, match=says):
        load_schedule(tmp_path)
