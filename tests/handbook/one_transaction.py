"""A recorded dose, its reminder and the next step: all of it or nothing (H5)."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.records import Done
from backend.handbook.schedule import Schedule
from backend.handbook.service import Recorded, read_timeline, record_done
from backend.handbook.timeline import next_step
from backend.kernel.clock import Clock, city_date
from tests.factories import default_vault

Sessions = sessionmaker[Session]
# One waiting reminder of a dose for each child; a child's first guardian is asked.
REMINDED = text("""
SELECT DISTINCT ON (message.child_id)
       message.parent_id, message.child_id, item ->> 'item_id' AS item_id
  FROM messages AS message
 CROSS JOIN LATERAL jsonb_array_elements(message.data #> '{children,0,items}') AS item
 WHERE message.state = 'waiting' AND message.child_id IS NOT NULL
   AND starts_with(item ->> 'item_id', 'vaccine:')
 ORDER BY message.child_id, message.parent_id, item ->> 'item_id'
 LIMIT :most
""")
STATE = text("""
SELECT 'message', message.id::text, message.state, message.data::text
  FROM messages AS message JOIN guardians ON guardians.parent_id = message.parent_id
 WHERE guardians.child_id = :child
UNION ALL
SELECT 'entry', item_id, done_on::text, recorded_at::text
  FROM handbook_entries WHERE child_id = :child
UNION ALL
SELECT 'day', item_id, due_on::text, NULL FROM item_dates WHERE child_id = :child
 ORDER BY 1, 2
""")
STILL_TOLD = text("""
SELECT count(*)
  FROM messages AS message
 CROSS JOIN LATERAL jsonb_array_elements(message.data -> 'children') AS told
 CROSS JOIN LATERAL jsonb_array_elements(told -> 'items') AS item
 WHERE message.state IN ('waiting', 'claimed')
   AND told -> 'child_id' = to_jsonb(CAST(:child AS bigint)) AND item ->> 'item_id' = :item
""")


class Broken(Exception):
    """The machine stops before the commit."""


@dataclass(frozen=True)
class Family:
    parent_id: int
    child_id: int
    item_id: str


@dataclass(frozen=True)
class Outcome:
    """`untouched`: after a transaction that broke; the others: after one that did not."""

    untouched: bool
    cancelled: bool
    offered: bool
    ms: float

    @property
    def right(self) -> bool:
        return self.untouched and self.cancelled and self.offered


def reminded_families(sessions: Sessions, most: int) -> list[Family]:
    with sessions() as session:
        return [Family(*row) for row in session.execute(REMINDED, {"most": most})]


def _record(session: Session, clock: Clock, schedule: Schedule, family: Family) -> Recorded:
    return record_done(
        session,
        clock,
        default_vault(),
        schedule,
        parent_id=family.parent_id,
        child_id=family.child_id,
        item_id=family.item_id,
        done=Done(city_date(clock.now()), "测试街道接种门诊", "B1"),
    )


def record_in_one_go(
    sessions: Sessions,
    clock: Clock,
    schedule: Schedule,
    family: Family,
    record: Callable[[Session, Clock, Schedule, Family], Recorded] = _record,
) -> Outcome:
    """First in a transaction that breaks before its commit, then in one that does not."""
    before = _state(sessions, family)
    with suppress(Broken), sessions.begin() as session:
        record(session, clock, schedule, family)
        session.flush()
        raise Broken
    untouched = _state(sessions, family) == before
    began = time.perf_counter()
    with sessions.begin() as session:
        answer = record(session, clock, schedule, family)
    ms = (time.perf_counter() - began) * 1000
    with sessions() as session:
        cancelled = _told(session, family) == 0
        offered = _next_is_offered(session, clock, schedule, family, answer)
    return Outcome(untouched, cancelled, offered, ms)


def _next_is_offered(
    session: Session, clock: Clock, schedule: Schedule, family: Family, answer: Recorded
) -> bool:
    """What the answer offers is what the book shows afterwards as the next of its kind."""
    who = {"parent_id": family.parent_id, "child_id": family.child_id}
    items = read_timeline(session, clock, default_vault(), schedule, **who).items
    done = next(item for item in items if item.id == family.item_id)
    return (
        done.done_on is not None
        and answer.next is not None
        and answer.next.id != family.item_id
        and answer.next == next_step(items, done)
    )


def _state(sessions: Sessions, family: Family) -> Sequence[Any]:
    with sessions() as session:
        return session.execute(STATE, {"child": family.child_id}).all()


def _told(session: Session, family: Family) -> int:
    asked = {"child": family.child_id, "item": family.item_id}
    return int(session.scalar(STILL_TOLD, asked) or 0)
