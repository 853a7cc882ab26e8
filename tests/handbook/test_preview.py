"""The preview counts what the planner would put, and what another schedule would change."""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.planner import plan_due
from backend.handbook.preview import births_of, candidate_of, preview
from backend.handbook.schedule import load_schedule
from backend.handbook.source import HandbookError
from backend.kernel.clock import FixedClock
from backend.outbox.models import Message
from backend.people.documents import load_documents
from backend.people.models import Child, Departure
from tests.factories import MORNING, make_child, make_parent

CONTENT = Path(__file__).parents[2] / "content"
SCHEDULE = load_schedule(CONTENT)
TODAY = date(2026, 11, 23)
STAGES = (CONTENT / "handbook" / "schedule.yaml").read_bytes()


def test_the_numbers_are_those_of_the_planner(
    sessions: sessionmaker[Session], clock: FixedClock
) -> None:
    parent = make_parent(sessions, documents=load_documents(CONTENT))
    for birth in (date(2026, 5, 30), date(2026, 5, 30), date(2026, 10, 30), date(2025, 11, 29)):
        make_child(sessions, parent_id=parent, birth_date=birth)
    gone = make_child(sessions, parent_id=parent, birth_date=date(2026, 5, 30))
    with sessions.begin() as session:
        child = session.get_one(Child, gone)
        child.departure, child.departed_at = Departure.MOVED, MORNING

    with sessions.begin() as session:
        days = preview(SCHEDULE, SCHEDULE, births_of(session), first=TODAY, days=8)
        for number in range(8):
            day = TODAY + timedelta(days=number)
            clock.set(datetime.combine(day, MORNING.timetz()))
            plan_due(session, clock, SCHEDULE, day)
        rows = session.scalars(select(Message)).all()

    planned = Counter(
        (row.due_at.date(), item["item_title"], item["say"])
        for row in rows
        for child in row.data["children"]
        for item in child["items"]
    )
    told = {
        (day.day, item.title, item.say.value): item.children for day in days for item in day.items
    }
    assert told == dict(planned)
    assert {day.day: day.children for day in days if day.children} == {
        row.due_at.date(): len(row.data["children"]) for row in rows
    }
    assert not any(day.changed for day in days)


def test_another_schedule_is_counted_beside_the_one_in_force() -> None:
    later = STAGES.replace(
        b"{slug: guomin-bu-duo-bu-ji, months: 5,", b"{slug: guomin-bu-duo-bu-ji, months: 6,"
    )
    candidate = candidate_of(CONTENT, {"schedule.yaml": later}, guides=None)

    days = preview(SCHEDULE, candidate, {date(2026, 6, 23): 7}, first=TODAY, days=1)

    assert [(item.children, item.before) for item in days[0].items] == [(0, 7)]
    assert (days[0].children, days[0].before, days[0].changed) == (0, 7, True)


@pytest.mark.parametrize("name", ["../facts/sources.yaml", "notes.txt"])
def test_only_files_of_the_schedule_are_replaced(name: str) -> None:
    with pytest.raises(ValueError, match="not a file"):
        candidate_of(CONTENT, {name: b"x"}, guides=None)


def test_a_wrong_file_is_named_with_its_line() -> None:
    with pytest.raises(HandbookError, match=r"schedule\.yaml:"):
        candidate_of(CONTENT, {"schedule.yaml": b"version: 1\nguides: []\nmore: 2\n"}, guides=None)
