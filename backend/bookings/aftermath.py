"""What follows a missed session, and what is taken back with it. The child is locked already."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, joinedload

from backend.bookings import no_shows
from backend.bookings.attendance_models import (
    Appeal,
    AppealState,
    BookingPause,
    CheckIn,
    PaperConfirmation,
)
from backend.bookings.changes import Step, message_facts, take_step
from backend.bookings.models import Booking, BookingChange, BookingState
from backend.bookings.no_shows import Miss
from backend.bookings.policies import policy_at
from backend.bookings.rules import Policy, moment
from backend.centres.models import Slot
from backend.kernel.clock import Clock
from backend.outbox import service as outbox

NO_LONGER_COUNTED = "另一次未到场已撤销，这一次按提醒处理，退还次数"


def missed_number(session: Session, booking: Booking) -> int | None:
    """The number that a session keeps which was missed just now: none for a warning.

    The policy is that of the day of the session: what was promised then.
    """
    others = _misses(session, booking.child_id, but=booking.id)
    policy = policy_at(session, booking.slot.starts_at)
    warning = no_shows.is_warning(policy, booking.slot.starts_at, others)
    return None if warning else booking.quota_number


def after_missed(session: Session, clock: Clock, booking: Booking, change_id: int) -> None:
    """Pause booking where it was once too often, and tell the family what it costs."""
    others = _misses(session, booking.child_id, but=booking.id)
    policy, now = policy_at(session, booking.slot.starts_at), clock.now()
    paused = no_shows.brings_pause(policy, booking.slot.starts_at, others)
    until = no_shows.pause_until(policy, now) if paused else None
    if until is not None:
        session.add(
            BookingPause(
                child_id=booking.child_id, booking_id=booking.id, from_at=now, until_at=until
            )
        )
        session.flush()
    outbox.put(
        session,
        clock,
        key=f"booking:{booking.id}:{change_id}",
        child_id=booking.child_id,
        template="booking_missed",
        data=message_facts(booking) | {"cost": cost(booking.quota_number, policy, until)},
    )


def cost(number: int | None, policy: Policy, until: datetime | None) -> str:
    """What a missed session costs, in a sentence for the family."""
    if number is None:
        said = f"这次只作提醒，次数已退还；{policy.warn_months} 个月内再有未到场，会占用次数"
    else:
        said = "这次占用了六次免费指导中的一次"
    return said if until is None else f"{said}；预约暂停到 {moment(until)}"


def undone(session: Session, clock: Clock, booking: Booking, change: BookingChange) -> None:
    """An attendance that is taken back takes its proof with it; a miss its pause and warning."""
    if change.after is BookingState.ATTENDED:
        for proof in (CheckIn, PaperConfirmation):
            session.execute(delete(proof).where(proof.booking_id == booking.id))
    if change.after is BookingState.MISSED:
        session.execute(delete(BookingPause).where(BookingPause.booking_id == booking.id))
        reconsider(session, clock, booking.child_id, "system")


def reconsider(session: Session, clock: Clock, child_id: int, actor: str) -> None:
    """After one missed session less: which of the others is a warning now, which pause falls."""
    for booking in _missed_bookings(session, child_id):
        others = _misses(session, child_id, but=booking.id)
        policy = policy_at(session, booking.slot.starts_at)
        if not no_shows.brings_pause(policy, booking.slot.starts_at, others):
            lift_pause(session, clock, booking.id, actor)
        number = booking.quota_number
        if number is not None and no_shows.is_warning(policy, booking.slot.starts_at, others):
            step = Step(BookingState.MISSED, actor, None, NO_LONGER_COUNTED)
            take_step(session, clock, booking, step)


def lift_pause(session: Session, clock: Clock, booking_id: int, actor: str) -> bool:
    """End the pause that this booking brought; False when there is none to end."""
    now = clock.now()
    pause = session.scalar(
        select(BookingPause).where(
            BookingPause.booking_id == booking_id,
            BookingPause.lifted_at.is_(None),
            BookingPause.until_at > now,
        )
    )
    if pause is None:
        return False
    pause.lifted_at, pause.lifted_by = now, actor
    session.flush()
    return True


def move_pauses(session: Session, booking_ids: Collection[int]) -> None:
    """After bookings were given to another registration: a pause is where its booking is."""
    home = select(Booking.child_id).where(Booking.id == BookingPause.booking_id)
    session.execute(
        update(BookingPause)
        .where(BookingPause.booking_id.in_(booking_ids))
        .values(child_id=home.scalar_subquery()),
        execution_options={"synchronize_session": False},
    )


def _misses(session: Session, child_id: int, *, but: int) -> list[Miss]:
    return [
        Miss(one.id, one.slot.starts_at, one.quota_number is None)
        for one in _missed_bookings(session, child_id)
        if one.id != but
    ]


def _missed_bookings(session: Session, child_id: int) -> Sequence[Booking]:
    """What a child missed and the centre did not excuse, in order of time."""
    return session.scalars(
        select(Booking)
        .join(Booking.slot)
        .outerjoin(Appeal, Appeal.booking_id == Booking.id)
        .where(
            Booking.child_id == child_id,
            Booking.state == BookingState.MISSED,
            or_(Appeal.state.is_(None), Appeal.state != AppealState.GRANTED),
        )
        .options(joinedload(Booking.slot).joinedload(Slot.centre))
        .order_by(Slot.starts_at, Booking.id)
        .execution_options(populate_existing=True)
    ).all()
