"""E6: what changes a family's plan at once, each in a transaction of its own, commit included."""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.handbook.planner import plan_due
from backend.handbook.records import Done
from backend.handbook.schedule import Schedule, load_schedule
from backend.handbook.service import record_done
from backend.kernel.db import make_engine, session_factory
from backend.people import consents
from backend.people.models import Departure, Purpose
from backend.rights.deletion import leave_child
from backend.rights.departing import depart
from tests.bench.bench_planning import CLOCK, DAY, FULL, seconds, settle_a_city
from tests.bench.database import open_database
from tests.bench.rows import Measures, Row, median
from tests.conftest import ROOT
from tests.factories import default_vault

FAMILIES = 40  # of each event
GOAL_MS = 50
EVENTS = ("recorded", "consent withdrawn", "moved away", "died", "guardian left")


def e6(scale: float) -> Sequence[Row]:
    """Median over families with a reminder that waits, in a city of children."""
    schedule = load_schedule(ROOT / "content")
    rows = []
    with open_database() as database:
        engine = make_engine(database.url, pool_size=2)
        settle_a_city(engine, round(FULL * scale), schedule)
        sessions = session_factory(engine)
        with sessions.begin() as session:
            plan_due(session, CLOCK, schedule, DAY)
        families = _families(sessions(), FAMILIES * len(EVENTS))
        for place, event in enumerate(EVENTS):
            own = families[place * FAMILIES : (place + 1) * FAMILIES]
            act = partial(_act, event, schedule)
            times = [1000 * seconds(_in_transaction(sessions, act, *one)) for one in own]
            middle = median(times)
            rows.append(
                Row("E6", round(middle, 1), "ms", f"≤ {GOAL_MS}", middle <= GOAL_MS, beside=event)
            )
        engine.dispose()
    return rows


def _families(session: Session, count: int) -> list[tuple[int, int]]:
    query = "SELECT parent_id, child_id FROM messages WHERE child_id IS NOT NULL LIMIT :count"
    with session:
        return [(row[0], row[1]) for row in session.execute(text(query), {"count": count})]


def _in_transaction(
    sessions: Callable[[], Session], act: Callable[[Session, int, int], None], *who: int
) -> Callable[[], None]:
    def work() -> None:
        with sessions() as session, session.begin():
            act(session, *who)

    return work


def _act(event: str, schedule: Schedule, session: Session, parent: int, child: int) -> None:
    if event == "recorded":
        item = schedule.rules[0].id
        record_done(
            session,
            CLOCK,
            default_vault(),
            schedule,
            parent_id=parent,
            child_id=child,
            item_id=item,
            done=Done(DAY),
        )
    elif event == "consent withdrawn":
        consents.withdraw(session, CLOCK, parent_id=parent, purpose=Purpose.CHILDREN)
    elif event == "guardian left":
        leave_child(session, CLOCK, parent_id=parent, child_id=child)
    else:
        kind = Departure.DIED if event == "died" else Departure.MOVED
        depart(session, CLOCK, parent_id=parent, child_id=child, kind=kind)


MEASURES: Measures = {"E6": e6}
