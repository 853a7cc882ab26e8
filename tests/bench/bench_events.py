"""E6: what changes a family's plan at once, each in a transaction of its own, commit included (P5).

Afterwards nothing may be left that could go out and is wrong.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.handbook.planner import plan_due
from backend.handbook.records import Done
from backend.handbook.schedule import Schedule, load_schedule
from backend.handbook.service import record_done
from backend.kernel.db import session_factory
from backend.outbox.claims_sql import WELCOME
from backend.people import consents
from backend.people.models import Departure, Purpose
from backend.rights.deletion import leave_child
from backend.rights.departing import depart
from tests.bench.bench_planning import CLOCK, DAY, FULL, seconds, settle_a_city
from tests.bench.database import Database, OnDatabase
from tests.bench.rows import Measures, Row, median
from tests.conftest import ROOT
from tests.factories import default_vault

STILL_TOLD = text("""
SELECT DISTINCT message.id
  FROM messages AS message
 CROSS JOIN LATERAL jsonb_array_elements(message.data -> 'children') AS told
 CROSS JOIN LATERAL jsonb_array_elements(told -> 'items') AS item
  JOIN unnest(CAST(:parents AS bigint[]), CAST(:children AS bigint[]), CAST(:items AS text[]))
       AS family (parent, child, task)
    ON CAST(told ->> 'child_id' AS bigint) = family.child
   AND (message.parent_id = family.parent OR :everybody)
 WHERE message.state IN ('waiting', 'claimed')
   AND (family.task IS NULL OR item ->> 'item_id' = family.task)
""")
FAMILIES = 40  # of each event
GOAL_MS = 50
Family = tuple[int, int, str]  # parent, child, item
EVENTS = ("recorded", "consent withdrawn", "moved away", "died", "guardian left")


def e6(database: Database, scale: float) -> Sequence[Row]:
    """Median over families with a reminder that waits, in a city of children."""
    schedule = load_schedule(ROOT / "content")
    rows, wrong = [], 0
    with database.engine(pool_size=2) as engine:
        settle_a_city(engine, round(FULL * scale), schedule)
        sessions = session_factory(engine)
        with sessions.begin() as session:
            plan_due(session, CLOCK, schedule, DAY)
        families = _families(sessions(), FAMILIES * len(EVENTS))
        for place, event in enumerate(EVENTS):
            own = families[place * FAMILIES : (place + 1) * FAMILIES]
            act = partial(_act, event, schedule)
            assert _wrong(sessions(), event, own), "nothing waits that could go wrong"
            times = [1000 * seconds(_in_transaction(sessions, act, *one)) for one in own]
            wrong += _wrong(sessions(), event, own)
            middle = median(times)
            rows.append(
                Row("E6", round(middle, 1), "ms", f"≤ {GOAL_MS}", middle <= GOAL_MS, beside=event)
            )
    assert wrong == 0, "a message outlived what it tells of"
    told = "P5: messages that could still go out; peer: MomConnect handles by event"
    first = Row(
        "E6", wrong, f"wrong after {len(families)}", "0", wrong == 0, beside=told, counted=True
    )
    return [first, *rows]


def _families(session: Session, count: int) -> list[Family]:
    """Each with the first thing that waits to be told of its child."""
    query = """
        SELECT parent_id, child_id, data #>> '{children,0,items,0,item_id}'
          FROM messages WHERE child_id IS NOT NULL LIMIT :count
    """
    with session:
        return [(row[0], row[1], row[2]) for row in session.execute(text(query), {"count": count})]


def _wrong(session: Session, event: str, families: Sequence[Family]) -> int:
    """Messages that wait and tell of these children, to the guardians concerned: of the item that
    was recorded, or of anything, and still of somebody whom the delivery would tell."""
    about = {
        "parents": [parent for parent, _, _ in families],
        "children": [child for _, child, _ in families],
        "items": [item if event == "recorded" else None for _, _, item in families],
        "everybody": event in ("recorded", "moved away", "died"),
    }
    with session:
        ids = session.scalars(STILL_TOLD, about).all()
        return sum(row.welcome for row in session.execute(WELCOME, {"ids": ids}))


def _in_transaction(
    sessions: Callable[[], Session], act: Callable[[Session, int, int, str], None], *who: Any
) -> Callable[[], None]:
    def work() -> None:
        with sessions() as session, session.begin():
            act(session, *who)

    return work


def _act(
    event: str, schedule: Schedule, session: Session, parent: int, child: int, item: str
) -> None:
    if event == "recorded":
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


MEASURES: Measures = {"E6": OnDatabase(e6)}
