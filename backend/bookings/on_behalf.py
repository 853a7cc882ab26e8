"""A community worker books for a family without a smartphone. Logged, and on the booking."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.bookings.changes import lock_child
from backend.bookings.models import Booking
from backend.bookings.policies import policy_at
from backend.bookings.queries import OfferedSlot, SlotFilter, slots_for_child, usual_days
from backend.bookings.requesting import Asker, book_place, offered_slot
from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import NotFound
from backend.people.models import Child, DuplicateState
from backend.people.paper import Paper, check_paper, note_paper
from backend.people.scopes import staff_actor

MOST_SLOTS = 200


def child_of_town(session: Session, child_id: int, town_code: str) -> Child:
    """A child that lives in the town. Raises NotFound for any other."""
    child = session.scalars(
        select(Child)
        .where(
            Child.id == child_id,
            Child.town_code == town_code,
            Child.deleted_at.is_(None),
            Child.duplicate_state.is_distinct_from(DuplicateState.SAME),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if child is None:
        raise NotFound
    return child


def slots_for(
    session: Session, now: datetime, child: Child, centre_id: int | None
) -> list[OfferedSlot]:
    """What the family can choose from while booking is open, with what stands against it."""
    policy = policy_at(session, now)
    first, last = usual_days(policy, now)
    which = SlotFilter(first, last, centre_id)
    page = slots_for_child(session, policy, now, child=child, which=which, page=(None, MOST_SLOTS))
    return page.items


def book_on_behalf(  # noqa: PLR0913  # who books for whom, what, and on which paper
    session: Session,
    clock: Clock,
    paper: Paper,
    *,
    child_id: int,
    slot_id: int,
    town_code: str,
    staff_id: int,
) -> Booking:
    """The same rules as for everybody. The guardian's consent is on paper.

    A family without WeChat hears nothing by message; it gets a printed slip. Raises what
    `requesting.request_booking` raises, and Invalid for a paper from tomorrow.
    """
    now, actor = clock.now(), staff_actor(staff_id)
    check_paper(paper, city_date(now))
    policy = policy_at(session, now)
    slot = offered_slot(session, policy, slot_id, now)
    lock_child(session, child_id)
    child = child_of_town(session, child_id, town_code)
    asker = Asker(actor, staff_id=staff_id)
    booking = book_place(session, clock, policy, child, slot, asker)
    note_paper(session, clock, child.id, paper, actor=actor)
    audit.record(
        session,
        clock,
        actor=actor,
        action="booking.on_behalf",
        subject=f"booking:{booking.id}",
        detail={"child": child.id, "slot": slot.id},
    )
    return booking
