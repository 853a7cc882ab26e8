"""A confirmed booking and what happens around its session, each act in its own transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import appeals, attendance, ratings, service
from backend.bookings.appeals import Decision
from backend.bookings.attendance import CheckInOutcome, Scan
from backend.bookings.attendance_models import BookingPause, CheckIn, CheckInWay
from backend.bookings.models import Booking
from backend.kernel.clock import Clock
from tests.bookings.family import Family, act, book
from tests.factories import default_vault, make_staff

Sessions = sessionmaker[Session]


def confirmed(sessions: Sessions, clock: Clock, family: Family, slot_id: int) -> int:
    booking = book(sessions, clock, family, slot_id)
    act(sessions, clock, service.confirm, booking)
    return booking


def check_in(
    sessions: Sessions,
    clock: Clock,
    booking_id: int,
    *,
    key: str = "scan-1",
    at: datetime | None = None,
    way: CheckInWay = CheckInWay.LIST,
    staff_id: int | None = None,
) -> CheckInOutcome:
    scan = Scan(key, way, at or clock.now(), staff_id or make_staff(sessions))
    with sessions.begin() as session:
        return attendance.check_in(session, clock, booking_id=booking_id, scan=scan)


def appeal(
    sessions: Sessions, clock: Clock, family: Family, booking_id: int, words: str = "我们到了"
) -> None:
    with sessions.begin() as session:
        appeals.appeal(
            session,
            clock,
            default_vault(),
            parent_id=family.parent,
            booking_id=booking_id,
            words=words,
        )


def decide(
    sessions: Sessions, clock: Clock, booking_id: int, decision: Decision, answer: str = ""
) -> None:
    staff = make_staff(sessions)
    with sessions.begin() as session:
        appeals.decide(
            session,
            clock,
            booking_id=booking_id,
            staff_id=staff,
            decision=decision,
            answer=answer,
        )


def rate(
    sessions: Sessions, clock: Clock, parent: int, booking_id: int, stars: int, words: str = ""
) -> None:
    with sessions.begin() as session:
        ratings.rate(
            session,
            clock,
            default_vault(),
            parent_id=parent,
            booking_id=booking_id,
            given=(stars, words),
        )


def row(sessions: Sessions, kind: type[Any], booking_id: int) -> Any:
    with sessions() as session:
        return session.get(kind, booking_id)


def check_ins(sessions: Sessions) -> list[CheckIn]:
    with sessions() as session:
        return list(session.scalars(select(CheckIn).order_by(CheckIn.booking_id)))


def pauses(sessions: Sessions) -> list[BookingPause]:
    with sessions() as session:
        return list(session.scalars(select(BookingPause).order_by(BookingPause.id)))


def booking_row(sessions: Sessions, booking_id: int) -> Booking:
    with sessions() as session:
        return session.get_one(Booking, booking_id)
