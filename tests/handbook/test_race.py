"""A family records an item while the planner runs: whoever is first, no wrong reminder stays."""

import threading
import time
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.models import HandbookEntry
from backend.handbook.planner import plan_due
from backend.handbook.records import Done
from backend.handbook.schedule import load_schedule
from backend.handbook.service import record_done
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.outbox.models import Message
from backend.people.documents import load_documents
from backend.people.models import Departure
from backend.rights.deletion import leave_child
from backend.rights.departing import depart
from tests.factories import default_vault, make_child, make_parent

CONTENT = Path(__file__).parents[2] / "content"
SCHEDULE = load_schedule(CONTENT)
TODAY = date(2026, 11, 23)
DOSE = "vaccine:hepb-3"
PATIENCE = 20  # seconds

Sessions = sessionmaker[Session]


def family(committed: Sessions) -> tuple[int, int]:
    parent = make_parent(committed, documents=load_documents(CONTENT))
    return parent, make_child(committed, parent_id=parent, birth_date=date(2026, 5, 30))


def record(session: Session, clock: FixedClock, parent: int, child: int) -> None:
    record_done(
        session,
        clock,
        default_vault(),
        SCHEDULE,
        parent_id=parent,
        child_id=child,
        item_id=DOSE,
        done=Done(TODAY),
    )


def wait_until_somebody_waits(committed: Sessions) -> None:
    """Until a statement of this database waits for a lock."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        with committed() as session:
            if session.scalar(query):
                return
    raise AssertionError("nobody waited")


def told(committed: Sessions) -> set[tuple[int, str]]:
    with committed() as session:
        return {
            (child["child_id"], item["item_id"])
            for message in session.scalars(select(Message))
            for child in message.data["children"]
            for item in child["items"]
        }


@pytest.mark.parametrize("twins", [False, True], ids=["one child", "twins"])
def test_a_record_that_commits_while_the_planner_waits_is_heeded(
    committed: Sessions, clock: FixedClock, twins: bool
) -> None:
    """The message of twins refers to none of them, and waits all the same."""
    parent, child = family(committed)
    if twins:
        make_child(committed, parent_id=parent, birth_date=date(2026, 5, 30))
    added: list[int] = []

    def plan() -> None:
        with committed.begin() as session:
            added.append(plan_due(session, clock, SCHEDULE, TODAY))

    planner = threading.Thread(target=plan)
    with committed.begin() as session:
        record(session, clock, parent, child)
        planner.start()
        wait_until_somebody_waits(committed)
    planner.join(PATIENCE)

    assert added == [1]
    assert (child, DOSE) not in told(committed)
    assert len(told(committed)) == (7 if twins else 3)


def test_a_death_that_commits_while_the_planner_waits_leaves_no_message(
    committed: Sessions, clock: FixedClock
) -> None:
    parent, child = family(committed)
    added: list[int] = []

    def plan() -> None:
        with committed.begin() as session:
            added.append(plan_due(session, clock, SCHEDULE, TODAY))

    planner = threading.Thread(target=plan)
    with committed.begin() as session:
        depart(session, clock, parent_id=parent, child_id=child, kind=Departure.DIED)
        planner.start()
        wait_until_somebody_waits(committed)
    planner.join(PATIENCE)

    assert (added, told(committed)) == ([0], set())


def test_a_record_that_waits_for_the_planner_cancels_what_it_planned(
    committed: Sessions, clock: FixedClock
) -> None:
    parent, child = family(committed)

    def write() -> None:
        with committed.begin() as session:
            record(session, clock, parent, child)

    writer = threading.Thread(target=write)
    with committed.begin() as session:
        assert plan_due(session, clock, SCHEDULE, TODAY) == 1
        writer.start()
        wait_until_somebody_waits(committed)
    writer.join(PATIENCE)

    assert (child, DOSE) not in told(committed)
    assert len(told(committed)) == 3


def test_a_record_that_waits_for_the_deletion_of_the_child_leaves_nothing(
    committed: Sessions, clock: FixedClock
) -> None:
    parent, child = family(committed)
    refused: list[NotFound] = []

    def write() -> None:
        try:
            with committed.begin() as session:
                record(session, clock, parent, child)
        except NotFound as error:
            refused.append(error)

    writer = threading.Thread(target=write)
    with committed.begin() as session:
        leave_child(session, clock, parent_id=parent, child_id=child)
        writer.start()
        wait_until_somebody_waits(committed)
    writer.join(PATIENCE)

    assert len(refused) == 1
    with committed() as session:
        assert session.scalars(select(HandbookEntry)).all() == []
