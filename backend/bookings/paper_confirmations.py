"""A guardian without a phone confirms with a signature: staff record that they have seen it.

A family that is signed in on a phone confirms there; its own word costs nothing and cannot be
written by the institution that is paid for it. Locks: child, booking.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from backend.bookings import rules
from backend.bookings.attendance import NothingToConfirm
from backend.bookings.attendance_models import CheckIn, PaperConfirmation
from backend.bookings.changes import locked_booking
from backend.bookings.desk import CentreIds, DeskBooking, day_list
from backend.bookings.models import Booking, BookingState
from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.people.models import Guardian, Parent, ParentToken
from backend.people.scopes import staff_actor

RECORDED_WITHIN = timedelta(days=7)
"""After the day of the session: a week to bring the sheets together, and short enough that the
sheet is still there when the month is checked. Ours; no document of the city names a time."""
SHEET_LENGTH = 40  # characters, as in the CHECK of the table


class ConfirmsByPhone(Conflict):
    code = "confirms_by_phone"
    message = "这个家庭用手机，请家长在小程序里确认到场，不能登记纸质签字"


class PaperTooLate(Conflict):
    code = "paper_too_late"
    message = "活动过去太久，不能再登记纸质签字"


@dataclass(frozen=True)
class Sheet:
    """The signed paper: its number, as printed on it, and the day of the signature."""

    number: str
    signed_on: date


@dataclass(frozen=True)
class PaperRow:
    """A session that was attended, and how its family confirms."""

    booking: DeskBooking
    on_paper: bool  # may be recorded here; otherwise the phone's affair
    confirmed_at: datetime | None  # on the phone
    paper: PaperConfirmation | None

    @property
    def open(self) -> bool:
        return self.on_paper and self.confirmed_at is None and self.paper is None


def check_day(day: date, today: date) -> None:
    """From the day of a session until RECORDED_WITHIN after it. Raises PaperTooLate."""
    last = day + RECORDED_WITHIN
    if today > last:
        raise PaperTooLate(f"{day.month}月{day.day}日的活动可登记到 {last.month}月{last.day}日")


def check_sheet(sheet: Sheet, day: date, today: date) -> Sheet:
    """The sheet as it is kept. Raises Invalid without a number, or signed on another day.

    Nobody signs for a session that is still to come, and nobody signs tomorrow.
    """
    number = " ".join(sheet.number.split())
    if not 1 <= len(number) <= SHEET_LENGTH:
        raise Invalid(f"请填写签到表编号，不超过 {SHEET_LENGTH} 字")
    if not day <= sheet.signed_on <= today:
        raise Invalid("签字日期应在活动当天到今天之间")
    return Sheet(number, sheet.signed_on)


def usual_number(centre_id: int, day: date) -> str:
    """What is printed on a centre's list of a day."""
    return f"{centre_id}-{day:%Y%m%d}"


def record(session: Session, clock: Clock, *, booking_id: int, sheet: Sheet, staff_id: int) -> bool:
    """监护人已在纸质签到表上签字. False when it is confirmed already, whichever way.

    Raises NotFound, NothingToConfirm, PaperTooLate, Invalid or ConfirmsByPhone.
    """
    booking, now = locked_booking(session, booking_id), clock.now()
    if booking.state is not BookingState.ATTENDED:
        raise NothingToConfirm(f"当前状态：{rules.STATE_TITLES[booking.state]}")
    day, today = city_date(booking.slot.starts_at), city_date(now)
    check_day(day, today)
    kept = check_sheet(sheet, day, today)
    came = session.get(CheckIn, booking_id, populate_existing=True)
    if session.get(PaperConfirmation, booking_id, populate_existing=True) is not None:
        return False
    if came is not None and came.confirmed_at is not None:
        return False
    if booking_id not in on_paper(session, [booking_id], now):
        raise ConfirmsByPhone
    session.add(
        PaperConfirmation(
            booking_id=booking_id,
            sheet=kept.number,
            signed_on=kept.signed_on,
            recorded_at=now,
            recorded_by=staff_id,
        )
    )
    session.flush()
    detail = {"sheet": kept.number, "signed_on": kept.signed_on.isoformat()}
    _note(session, clock, staff_id, "recorded", booking_id, detail)
    return True


def take_back(session: Session, clock: Clock, *, booking_id: int, staff_id: int) -> None:
    """A slip of the hand is taken back within ten minutes. Raises NotFound or CannotUndo."""
    locked_booking(session, booking_id)
    found = session.get(PaperConfirmation, booking_id, populate_existing=True)
    if found is None:
        raise NotFound("没有这条纸质签字")
    if clock.now() - found.recorded_at > rules.UNDO_WITHIN:
        raise rules.CannotUndo("只能在 10 分钟内撤销")
    session.execute(delete(PaperConfirmation).where(PaperConfirmation.booking_id == booking_id))
    _note(session, clock, staff_id, "taken_back", booking_id, {"sheet": found.sheet})


def on_paper(session: Session, booking_ids: Collection[int], now: datetime) -> set[int]:
    """Which of these were booked on behalf, or are of a family without a phone signed in."""
    phone = (
        exists()
        .where(
            Guardian.child_id == Booking.child_id,
            Parent.id == Guardian.parent_id,
            Parent.deleted_at.is_(None),
            ParentToken.parent_id == Parent.id,
            ParentToken.expires_at > now,
        )
        .correlate(Booking)
    )
    return set(
        session.scalars(
            select(Booking.id).where(
                Booking.id.in_(booking_ids), or_(Booking.on_behalf_of_by.is_not(None), ~phone)
            )
        )
    )


def paper_day(session: Session, centre_ids: CentreIds, day: date, now: datetime) -> list[PaperRow]:
    """What was attended on a day, in order of time."""
    came = [
        one for one in day_list(session, centre_ids, day, day) if one.state is BookingState.ATTENDED
    ]
    ids = [one.id for one in came]
    papers = {
        one.booking_id: one
        for one in session.scalars(
            select(PaperConfirmation).where(PaperConfirmation.booking_id.in_(ids))
        )
    }
    phones: dict[int, datetime | None] = {
        row.booking_id: row.confirmed_at
        for row in session.execute(
            select(CheckIn.booking_id, CheckIn.confirmed_at).where(CheckIn.booking_id.in_(ids))
        )
    }
    theirs = on_paper(session, ids, now)
    return [PaperRow(one, one.id in theirs, phones.get(one.id), papers.get(one.id)) for one in came]


def _note(
    session: Session, clock: Clock, staff_id: int, act: str, booking_id: int, detail: dict[str, str]
) -> None:
    audit.record(
        session,
        clock,
        actor=staff_actor(staff_id),
        action=f"paper_confirmation.{act}",
        subject=f"booking:{booking_id}",
        detail=dict(detail),
    )
