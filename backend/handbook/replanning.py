"""What a record changes of the plan, in the transaction of the record."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.handbook.doses import PREFIX, Records, exceptions
from backend.handbook.models import ItemDate
from backend.handbook.schedule import Schedule
from backend.handbook.settling import settle_children
from backend.people.children import own_child
from backend.people.models import Child


def hold_off_planner(session: Session, child_id: int) -> None:
    """FOR UPDATE, the one lock that the planner's new rows, which refer to the child, wait for.

    So a planner either is finished, and its row is cancelled here, or sees this record.
    """
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update())


def lock_own_child(session: Session, *, parent_id: int, child_id: int) -> Child:
    """The child, held off from the planner, for a record or an event of its family.

    Raises NotFound before anything is locked, and for a child that is gone meanwhile.
    """
    seen = own_child(session, parent_id=parent_id, child_id=child_id)
    hold_off_planner(session, child_id)
    session.expire(seen)  # it may be gone by now, or have another birth date
    return own_child(session, parent_id=parent_id, child_id=child_id)


def replan(
    session: Session,
    schedule: Schedule,
    *,
    child_id: int,
    records: Records,
    on: date,
    done: Collection[str] = (),
) -> None:
    """Bring the doses in `item_dates` in step with the records; call with the child locked.

    A reminder that waits and names a day that has moved is cancelled with it, and so are those
    of the items that were just `done`.
    """
    wanted = exceptions(schedule, records, on)
    rows = session.execute(
        select(ItemDate.item_id, ItemDate.due_on).where(
            ItemDate.child_id == child_id, ItemDate.item_id.startswith(PREFIX, autoescape=True)
        )
    )
    present = {row.item_id: row.due_on for row in rows}
    changed = {key: day for key, day in wanted.items() if (key, day) not in present.items()}
    gone = present.keys() - wanted.keys()
    if gone:
        session.execute(
            delete(ItemDate).where(ItemDate.child_id == child_id, ItemDate.item_id.in_(gone))
        )
    if changed:
        written = insert(ItemDate).values(
            [{"child_id": child_id, "item_id": key, "due_on": day} for key, day in changed.items()]
        )
        session.execute(
            written.on_conflict_do_update(
                index_elements=["child_id", "item_id"], set_={"due_on": written.excluded.due_on}
            )
        )
    if changed or gone:
        session.execute(update(Child).where(Child.id == child_id).values(replanned_on=on))
    settle_children(session, [child_id], without={*changed, *gone, *done})
