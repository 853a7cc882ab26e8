"""A family comes: checked in at the desk, on the network or from a hall without one.

A scan carries a key made on the device and the device's own time. Whatever is sent twice, by two
devices or through a bad network, is one check-in: the child is locked, and the booking is the
key of the row. Locks: child, booking.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from backend.bookings import passes, rules, service, slips
from backend.bookings.attendance_models import CheckIn, CheckInWay
from backend.bookings.changes import (
    booking_of,
    last_change,
    locked_booking,
    message_facts,
    somebody_was_faster,
)
from backend.bookings.models import Booking, BookingState
from backend.bookings.passes import CLOCK_SKEW, USABLE_BEFORE, Presented
from backend.bookings.slips import GOOD_STATES, DoorCodes, PresentedSlip, Seat
from backend.centres.models import Slot
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.outbox import service as outbox
from backend.people.children import own_child
from backend.people.scopes import staff_actor

SYNCED_WITHIN = timedelta(days=2)  # a device that comes later has lost its day: ask the centre


class CheckInTooEarly(Conflict):
    code = "check_in_too_early"
    message = "还没到签到时间"


class ScanTimeWrong(Invalid):
    code = "scan_time_wrong"
    message = "设备时间不对，请核对后再签到"


class ScanKeyUsed(Conflict):
    code = "scan_key_used"
    message = "这条签到已用于另一个预约，请重新扫码"


class NothingToConfirm(Conflict):
    code = "nothing_to_confirm"
    message = "中心还没有登记到场，暂时不用确认"


class CheckInOutcome(StrEnum):
    DONE = "done"
    ALREADY = "already"


@dataclass(frozen=True)
class Scan:
    """One tick or scan at a desk. `at`: the device's time."""

    key: str
    way: CheckInWay
    at: datetime
    staff_id: int


@dataclass(frozen=True)
class Shown:
    """What a desk has read: a code, the typed letters, or the line of its list."""

    way: CheckInWay
    code: str | None = None
    booking_id: int | None = None


def booking_shown(
    session: Session,
    codes: DoorCodes,
    shown: Shown,
    at: datetime,
    centre_ids: Collection[int] | None,
) -> int:
    """The booking that a scan is about, its pass or slip checked at the time of the scan.

    Raises PassInvalid, PassNotUsable, or NotFound for a booking outside the desk's centres.
    """
    if shown.way is CheckInWay.TYPED:
        seats = [_seat(row) for row in session.execute(_expected(at, centre_ids))]
        return codes.typed(shown.code or "", seats, at)
    presented = _presented(shown.code or "") if shown.way is CheckInWay.QR else None
    booking_id = shown.booking_id if presented is None else presented.booking_id
    row = session.execute(_in_scope(centre_ids).where(Booking.id == booking_id)).one_or_none()
    if row is None:
        raise NotFound("不是本中心的预约")
    if isinstance(presented, PresentedSlip):
        codes.slips.check(presented, _seat(row), row.state, at)
    elif presented is not None:
        codes.passes.check(presented, _seat(row), at)
    return int(row.id)


def _presented(code: str) -> Presented | PresentedSlip:
    """What was scanned: a slip, or else a pass. Raises PassInvalid for neither."""
    return slips.read(code) or passes.read(code)


SEATS = select(Booking.id, Booking.child_id, Booking.state, Slot.starts_at, Slot.ends_at).join_from(
    Booking, Slot, Slot.id == Booking.slot_id
)


def _seat(row: Any) -> Seat:
    return Seat(row.id, row.child_id, row.starts_at, row.ends_at)


def _in_scope(centre_ids: Collection[int] | None) -> Any:
    return SEATS if centre_ids is None else SEATS.where(Slot.centre_id.in_(centre_ids))


def _expected(at: datetime, centre_ids: Collection[int] | None) -> Any:
    """Who may show a typed code at that time; those who are checked in already may again."""
    return _in_scope(centre_ids).where(
        Booking.state.in_(GOOD_STATES),
        Slot.starts_at <= at + USABLE_BEFORE + CLOCK_SKEW,
        Slot.ends_at >= at - CLOCK_SKEW,
    )


def check_in(session: Session, clock: Clock, *, booking_id: int, scan: Scan) -> CheckInOutcome:
    """Mark a booking attended and write down how it was known, in one transaction.

    An hour before the start at the earliest: the family is in the house, and the session counts
    when it begins. One that the centre has marked attended gets its proof. Raises NotFound,
    BookingStateChanged, CheckInTooEarly, ScanTimeWrong or ScanKeyUsed.
    """
    booking = locked_booking(session, booking_id)
    if session.get(CheckIn, booking_id, populate_existing=True) is not None:
        return CheckInOutcome.ALREADY
    _check_time(booking, scan, clock.now())
    if session.scalar(select(CheckIn.booking_id).where(CheckIn.scan_key == scan.key)) is not None:
        raise ScanKeyUsed
    if booking.state is not BookingState.ATTENDED:
        if booking.state is not BookingState.CONFIRMED:
            raise somebody_was_faster(session, booking_id)
        booking = service.mark_attended(
            session,
            clock,
            booking_id=booking_id,
            actor=staff_actor(scan.staff_id),
            early=USABLE_BEFORE + CLOCK_SKEW,
        )
    _write(session, clock, booking, scan)
    return CheckInOutcome.DONE


def _check_time(booking: Booking, scan: Scan, now: datetime) -> None:
    if scan.at > now + CLOCK_SKEW or scan.at < now - SYNCED_WITHIN:
        raise ScanTimeWrong(f"这条签到记的是 {rules.moment(scan.at)}")
    opens = booking.slot.starts_at - USABLE_BEFORE
    if scan.at < opens - CLOCK_SKEW:
        raise CheckInTooEarly(f"{rules.moment(opens)} 起可以签到")
    if scan.way is not CheckInWay.LIST and scan.at > booking.slot.ends_at + CLOCK_SKEW:
        raise passes.PassInvalid("活动已经结束，请在名单里登记")


def _write(session: Session, clock: Clock, booking: Booking, scan: Scan) -> None:
    session.add(
        CheckIn(
            booking_id=booking.id,
            way=scan.way,
            scan_key=scan.key,
            scanned_at=scan.at,
            synced_at=clock.now(),
            staff_id=scan.staff_id,
        )
    )
    try:
        session.flush()
    except IntegrityError as error:  # the same key at the same moment for another booking
        raise ScanKeyUsed from error
    change = last_change(session, booking.id)
    outbox.put(
        session,
        clock,
        key=f"booking:{booking.id}:{0 if change is None else change.id}:attended",
        child_id=booking.child_id,
        template="attendance_confirm",
        data=message_facts(booking),
    )


def confirm_attendance(
    session: Session, clock: Clock, *, parent_id: int, booking_id: int
) -> CheckIn:
    """The guardian's own word that the child was there. Saying it again changes nothing.

    Raises NotFound (also for another family's booking) or NothingToConfirm.
    """
    booking = family_booking_locked(session, parent_id=parent_id, booking_id=booking_id)
    found = session.get(CheckIn, booking_id, populate_existing=True)
    if booking.state is not BookingState.ATTENDED or found is None:
        raise NothingToConfirm(f"当前状态：{rules.STATE_TITLES[booking.state]}")
    if found.confirmed_at is None:
        found.confirmed_at, found.confirmed_by = clock.now(), parent_id
        session.flush()
    return found


def family_booking_locked(session: Session, *, parent_id: int, booking_id: int) -> Booking:
    """A booking of a child of this parent, fresh, the child locked.

    Raises NotFound, also for another family's, or BookingStateChanged after a merge.
    """
    child_id = session.scalar(select(Booking.child_id).where(Booking.id == booking_id))
    if child_id is None:
        raise NotFound
    own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    return booking_of(session, booking_id, child_id)


def family_booking_read(session: Session, *, parent_id: int, booking_id: int) -> Booking:
    """The same for looking only: no lock. Raises NotFound."""
    booking = session.scalar(
        select(Booking)
        .where(Booking.id == booking_id)
        .options(joinedload(Booking.slot).joinedload(Slot.centre))
    )
    if booking is None:
        raise NotFound
    own_child(session, parent_id=parent_id, child_id=booking.child_id)
    return booking
