"""What a family writes into the handbook, and how it reads it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.handbook.models import HandbookEntry
from backend.handbook.schedule import Rule, Schedule
from backend.handbook.settling import settle_children
from backend.handbook.timeline import Item, item_on, timeline
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Invalid, NotFound
from backend.people.children import merged_into, own_child
from backend.people.models import Child


class DoneDateOutOfRange(Invalid):
    code = "done_date_out_of_range"
    message = "日期应在出生之后、今天或今天以前，请检查"


def read_timeline(
    session: Session, clock: Clock, schedule: Schedule, *, parent_id: int, child_id: int
) -> tuple[Child, list[Item]]:
    """The child and its timeline as it stands today in the city. Raises NotFound."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    rows = session.execute(
        select(HandbookEntry.item_id, HandbookEntry.done_on)
        .where(HandbookEntry.child_id.in_(_registrations(session, child.id)))
        .order_by(HandbookEntry.recorded_at)  # of two records the later one counts
    )
    done = {row.item_id: row.done_on for row in rows}
    return child, timeline(schedule, child.birth_date, city_date(clock.now()), done)


def record_done(  # noqa: PLR0913  # who, which child, what and when are four facts
    session: Session,
    clock: Clock,
    schedule: Schedule,
    *,
    parent_id: int,
    child_id: int,
    item_id: str,
    done_on: date,
) -> Item:
    """Write that an item is done; its reminder that still waits goes in the same transaction.

    Recording again changes the day. Locks the child. Raises NotFound for an unknown item or
    another family's child, DoneDateOutOfRange before the birth or after today.
    """
    rule = _rule(schedule, item_id)
    own_child(session, parent_id=parent_id, child_id=child_id)
    _hold_off_planner(session, child_id)
    child = own_child(session, parent_id=parent_id, child_id=child_id)  # it may be gone by now
    today = city_date(clock.now())
    if not child.birth_date <= done_on <= today:
        raise DoneDateOutOfRange
    facts = {"done_on": done_on, "recorded_by": parent_id, "recorded_at": clock.now()}
    session.execute(
        insert(HandbookEntry)
        .values(child_id=child.id, item_id=item_id, **facts)
        .on_conflict_do_update(index_elements=["child_id", "item_id"], set_=facts)
    )
    settle_children(session, [child.id])
    return item_on(rule, child.birth_date, today, done_on)


def undo_done(
    session: Session,
    clock: Clock,
    schedule: Schedule,
    *,
    parent_id: int,
    child_id: int,
    item_id: str,
) -> Item:
    """Take the record back; without one this changes nothing. Raises NotFound as above.

    A reminder whose day is still to come is planned again by the next run of that day.
    """
    rule = _rule(schedule, item_id)
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    session.execute(
        delete(HandbookEntry).where(
            HandbookEntry.child_id.in_(_registrations(session, child.id)),
            HandbookEntry.item_id == item_id,
        )
    )
    return item_on(rule, child.birth_date, city_date(clock.now()), None)


def _registrations(session: Session, child_id: int) -> list[int]:
    """The child and second registrations joined into it; what these recorded is the child's."""
    return [child_id, *(one.id for one in merged_into(session, child_id))]


def _hold_off_planner(session: Session, child_id: int) -> None:
    """FOR UPDATE, the one lock that the planner's new rows, which refer to the child, wait for.

    So a planner either is finished, and its row is cancelled here, or sees this record.
    """
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update())


def _rule(schedule: Schedule, item_id: str) -> Rule:
    rule = schedule.rule(item_id)
    if rule is None:
        raise NotFound
    return rule
