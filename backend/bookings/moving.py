"""Move the sessions of one registration to another, and back: `MoveSessions` of people."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.bookings import merging, rules
from backend.bookings.aftermath import move_pauses
from backend.bookings.changes import (
    Step,
    free_number,
    fresh_booking,
    give_places_back,
    lock_child,
    take_place,
    take_step,
    tell_family,
)
from backend.bookings.models import Booking, BookingChange, BookingState
from backend.bookings.waiting_line import leave_all
from backend.kernel.clock import Clock

ACTOR = "system"
TWICE = "同一个宝宝登记了两次，合并后这一次与另一次预约重复，或超出每年六次"
MERGED = "两份登记合并"
PARTED = "两份登记重新分开"


def move_sessions(
    session: Session, clock: Clock, from_child: int, into_child: int
) -> dict[str, Any]:
    """Give the bookings of a second registration to the first; six a year stay six.

    Locks both children in the order of their ids, then slots in theirs. Returns, as JSON, what
    `move_back` needs: `{from, into, before: [{id, child, state, number}], cancelled, stayed}`.
    """
    for child_id in sorted((from_child, into_child)):
        lock_child(session, child_id)
    bookings = _fresh(session, Booking.child_id.in_([from_child, into_child]))
    plan = merging.plan_merge([_held(booking, from_child) for booking in bookings])
    moved = {
        "from": from_child,
        "into": into_child,
        "before": [
            {"id": one.id, "child": one.child_id, "state": one.state, "number": one.quota_number}
            for one in bookings
        ],
        "cancelled": sorted(plan.cancel),
        "stayed": sorted(plan.stay),
    }
    cancelled = [
        (booking, _cancel(session, clock, booking.id))
        for booking in bookings
        if booking.id in plan.cancel
    ]
    freed = [booking.slot for booking, _ in cancelled]
    freed += leave_all(session, clock, from_child)  # the lines of the other registration stay
    give_places_back(session, freed)
    homes = {one.id: into_child for one in bookings if one.id not in plan.stay}
    numbers = plan.numbers | dict.fromkeys(plan.stay) | dict.fromkeys(plan.cancel)
    _settle(session, clock, bookings, (homes, numbers), MERGED)
    for booking, change in cancelled:  # now that it is the child of both families
        tell_family(session, clock, fresh_booking(session, booking.id), change.id)
    return moved


def move_back(session: Session, clock: Clock, moved: Mapping[str, Any]) -> None:
    """Part two registrations again: each booking to its own, with its number if it still counts.

    A cancelled booking comes back where it lies ahead and its place and a number are free.
    """
    if not moved:
        return
    for child_id in sorted((moved["from"], moved["into"])):
        lock_child(session, child_id)
    before = {row["id"]: row for row in moved["before"]}
    ours = and_(
        Booking.id.in_(before),
        # What another merge has taken further or home since is not ours to move.
        Booking.child_id.in_([moved["from"], moved["into"]]),
    )
    came = [one for one in _fresh(session, ours) if before[one.id]["child"] == moved["from"]]
    homes = {one.id: int(moved["from"]) for one in came}
    _settle(session, clock, came, (homes, _numbers_home(came, before)), PARTED)
    bookings = _fresh(session, ours)
    _renumber(session, clock, bookings, before)
    for booking in bookings:
        if booking.id in moved["cancelled"]:
            _reinstate(session, clock, booking.id, before[booking.id])


def _fresh(session: Session, which: Any) -> Sequence[Booking]:
    """Bookings in the order in which their slots may be locked."""
    return session.scalars(
        select(Booking)
        .where(which)
        .order_by(Booking.slot_id, Booking.id)
        .execution_options(populate_existing=True)
    ).all()


def _held(booking: Booking, from_child: int) -> merging.Held:
    return merging.Held(
        id=booking.id,
        incoming=booking.child_id == from_child,
        slot_id=booking.slot_id,
        state=booking.state,
        quota_year=booking.quota_year,
        quota_number=booking.quota_number,
        requested_at=booking.requested_at,
    )


def _cancel(session: Session, clock: Clock, booking_id: int) -> BookingChange:
    booking = fresh_booking(session, booking_id)
    step = Step(BookingState.CANCELLED_BY_CENTRE, ACTOR, None, TWICE)
    return take_step(session, clock, booking, step)


def _settle(
    session: Session,
    clock: Clock,
    bookings: Sequence[Booking],
    wanted: tuple[Mapping[int, int], Mapping[int, int | None]],
    reason: str,
) -> None:
    """Write children and numbers, `wanted` by booking id, and log what changed.

    All numbers that change become NULL first, so that no two clash on the way.
    """
    homes, numbers = wanted
    changed = [one for one in bookings if _differs(one, homes, numbers)]
    if not changed:
        return
    ids = [one.id for one in changed]
    session.execute(
        update(Booking).where(Booking.id.in_(ids)).values(quota_number=None),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(Booking),
        [
            {
                "id": one.id,
                "child_id": homes.get(one.id, one.child_id),
                "quota_number": numbers.get(one.id),
            }
            for one in changed
        ],
    )
    move_pauses(session, ids)
    session.add_all(
        BookingChange(
            booking_id=one.id,
            at=clock.now(),
            actor=ACTOR,
            before=one.state,
            after=one.state,
            quota_before=one.quota_number,
            quota_after=numbers.get(one.id),
            reason=reason,
        )
        for one in changed
    )
    session.flush()


def _differs(one: Booking, homes: Mapping[int, int], numbers: Mapping[int, int | None]) -> bool:
    return (
        homes.get(one.id, one.child_id) != one.child_id
        or numbers.get(one.id, one.quota_number) != one.quota_number
    )


def _numbers_home(
    came: Sequence[Booking], before: Mapping[int, Mapping[str, Any]]
) -> dict[int, int | None]:
    """The old numbers of what goes home, unless one was given back meanwhile.

    They cannot clash there: a merged registration books nothing.
    """
    given_back = {
        one.id for one in came if one.quota_number is None and one.state != before[one.id]["state"]
    }
    return {one.id: None if one.id in given_back else before[one.id]["number"] for one in came}


def _renumber(
    session: Session,
    clock: Clock,
    bookings: Sequence[Booking],
    was: Mapping[int, Mapping[str, Any]],
) -> None:
    """Give a number again to what had lost it beyond six, as far as six reach."""
    for one in bookings:
        lost = one.quota_number is None and was[one.id]["number"] is not None
        if lost and one.state == was[one.id]["state"]:
            try:
                number = free_number(session, one.child_id, one.quota_year, was[one.id]["number"])
            except rules.QuotaUsedUp:
                continue
            _settle(session, clock, [one], ({}, {one.id: number}), PARTED)


def _reinstate(session: Session, clock: Clock, booking_id: int, was: Mapping[str, Any]) -> None:
    """Open again what the merge cancelled; where that cannot be, it stays cancelled."""
    booking = fresh_booking(session, booking_id)
    untouched = booking.state is BookingState.CANCELLED_BY_CENTRE
    if not untouched or booking.slot.starts_at <= clock.now():
        return
    try:
        with session.begin_nested():
            number = free_number(session, booking.child_id, booking.quota_year, was["number"])
            step = Step(BookingState(was["state"]), ACTOR, number)
            change = take_step(session, clock, booking, step)
            take_place(session, booking.slot, also_closed=True)
    except (IntegrityError, rules.SlotFull, rules.SlotClosed, rules.QuotaUsedUp):
        return
    tell_family(session, clock, booking, change.id)
