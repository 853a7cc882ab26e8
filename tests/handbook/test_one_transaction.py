"""H5 small: twenty families record a dose; its reminder goes and the next step comes at once.

A thousand of them, with their milliseconds: `make bench ONLY=H5 SCALE=1`.
"""

from datetime import date, timedelta

from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.planner import plan_due
from backend.handbook.records import Done, write_done
from backend.handbook.schedule import Schedule, load_schedule
from backend.handbook.service import Recorded, read_timeline
from backend.kernel.clock import Clock, FixedClock
from backend.people.documents import load_documents
from tests.conftest import ROOT
from tests.factories import default_vault, make_child, make_parent
from tests.handbook.one_transaction import Family, record_in_one_go, reminded_families

SCHEDULE = load_schedule(ROOT / "content")
DOCUMENTS = load_documents(ROOT / "content")
TODAY = date(2026, 11, 23)
FAMILIES = 20
Sessions = sessionmaker[Session]


def settle(sessions: Sessions, clock: FixedClock, most: int) -> None:
    """Children with a dose due in a week or two weeks ago; of most of them it is told today."""
    found = 0
    for days in 2 * list(range(6 * 365)):
        birth = TODAY - timedelta(days=days)
        due = {rule.due.on(birth) for rule in SCHEDULE.rules if rule.id.startswith("vaccine:")}
        if TODAY + timedelta(days=7) in due or TODAY - timedelta(days=14) in due:
            parent = make_parent(sessions, documents=DOCUMENTS)
            make_child(sessions, parent_id=parent, birth_date=birth)
            found += 1
        if found == most:
            break
    with sessions.begin() as session:
        plan_due(session, clock, SCHEDULE, TODAY)


def test_a_dose_its_reminder_and_the_next_step_are_one_transaction(
    sessions: Sessions, clock: FixedClock
) -> None:
    settle(sessions, clock, 2 * FAMILIES)
    families = reminded_families(sessions, FAMILIES)

    outcomes = [record_in_one_go(sessions, clock, SCHEDULE, one) for one in families]

    assert len(outcomes) == FAMILIES
    assert [one for one in outcomes if not one.right] == []


def _written_alone(session: Session, clock: Clock, schedule: Schedule, family: Family) -> Recorded:
    """The record, and neither its reminder nor the plan; the next step is that of yesterday."""
    who = {"parent_id": family.parent_id, "child_id": family.child_id}
    vault, item_id = default_vault(), family.item_id
    write_done(session, clock, vault, **who, item_id=item_id, done=Done(TODAY))
    items = read_timeline(session, clock, vault, schedule, **who).items
    item = next(one for one in items if one.id == item_id)
    return Recorded(item, item)


def test_a_record_that_leaves_its_reminder_is_found(sessions: Sessions, clock: FixedClock) -> None:
    settle(sessions, clock, 5)
    (family,) = reminded_families(sessions, 1)

    outcome = record_in_one_go(sessions, clock, SCHEDULE, family, _written_alone)

    assert (outcome.untouched, outcome.cancelled, outcome.offered) == (True, False, False)
