"""Two months that are over, for a demonstration of settlement: one paid, one a draft.

Sessions that were attended and confirmed, two kinds of deduction and one sign. Every step is
taken by the service of that step, at the moment at which it would have been.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.bookings import attendance, service, statements
from backend.bookings.attendance import Scan
from backend.bookings.attendance_models import CheckInWay
from backend.bookings.queries import policy_at
from backend.bookings.settlement import month_of
from backend.bookings.settlement_models import Statement
from backend.bookings.statement_drafts import draw_up_missing
from backend.centres import closures
from backend.centres import service as centres
from backend.centres.closures import NewClosure
from backend.centres.models import Centre, Slot, SlotKind
from backend.centres.place_models import Contract
from backend.centres.service import NewSlot
from backend.cli.demo_families import Invented, register_family
from backend.cli.demo_places import FIRST_TOWN, Crew, crew_of
from backend.deps import Deps
from backend.kernel.ages import add_months
from backend.kernel.clock import CITY, FixedClock, city_date
from backend.people.models import Sex, Staff

ACTOR = "system"
FAMILIES = (
    Invented("周予安", Sex.FEMALE, 10),
    Invented("何一诺", Sex.MALE, 13),
    Invented("蒋沐晴", Sex.FEMALE, 16),
    Invented("韩知行", Sex.MALE, 22),
    Invented("秦雨桐", Sex.FEMALE, 26),
)
OFFERED, ASKED, ANSWERED = timedelta(days=13), timedelta(days=3), timedelta(days=2)
SAID_LATER = timedelta(hours=5)  # the family confirms in the afternoon
PAID_BY = "（演示）付款凭证 0001"


@dataclass(frozen=True)
class Held:
    """A session of a past month. `families`: how many of FAMILIES came, the first ones."""

    day: int
    title: str
    families: int
    ticked: bool = False  # from the list, all within seconds
    silent: int = 0  # so many families never confirmed
    room_closed: bool = False


BEFORE_LAST = (Held(9, "亲子音乐", 4), Held(17, "绘本和说话", 3))
LAST = (
    Held(9, "亲子音乐", 4),
    Held(16, "爬爬乐", 5, ticked=True, silent=1),
    Held(23, "绘本和说话", 2, room_closed=True),
)


@dataclass(frozen=True)
class Desks:
    """Who signs what."""

    clerk: int
    town: int
    city: int

    def scan(self, key: str, way: CheckInWay, at: datetime) -> Scan:
        return Scan(key, way, at, self.clerk)


def add_settled_months(session: Session, parts: Deps) -> None:
    """Once, after places, staff and rooms."""
    this = month_of(city_date(parts.clock.now()))
    last, before = add_months(this, -1), add_months(this, -2)
    centre = session.scalars(select(Centre).where(Centre.town_code == FIRST_TOWN)).one()
    crew, desks = crew_of(session, centre.id), _desks(session)
    since = FixedClock(_at(before, time(9)))
    families = [register_family(session, parts, family, since) for family in FAMILIES]
    for month, sessions in ((before, BEFORE_LAST), (last, LAST)):
        for held in sessions:
            _hold(session, held, month, _Place(centre.id, crew, desks, families))
    _settle(session, before, desks)
    night = min(_at(this, time(2, 30)), parts.clock.now())
    assert centre.institution_id is not None, "demo_places gives every centre one"
    draw_up_missing(session, FixedClock(night), month=last, institution_id=centre.institution_id)


@dataclass(frozen=True)
class _Place:
    centre_id: int
    crew: Crew
    desks: Desks
    families: list[tuple[int, int]]  # parent and child


def _desks(session: Session) -> Desks:
    def account(login: str) -> int:
        return session.scalars(select(Staff.id).where(Staff.login == login)).one()

    return Desks(account("zhongxin"), account("jiezhen"), account("shiji"))


def _hold(session: Session, held: Held, month: date, place: _Place) -> None:
    """From the offer to the word of the families."""
    slot = _offer(session, held, month, place)
    start = slot.starts_at
    if held.room_closed:
        _close(session, slot)
    for number, (parent_id, child_id) in enumerate(place.families[: held.families]):
        booking_id = _book(session, slot, parent_id, child_id, f"staff:{place.desks.clerk}")
        came = start + (timedelta(seconds=number) if held.ticked else timedelta(minutes=number))
        way = CheckInWay.LIST if held.ticked else CheckInWay.QR
        scan = place.desks.scan(f"demo-{booking_id}", way, came)
        attendance.check_in(session, FixedClock(came), booking_id=booking_id, scan=scan)
        if number >= held.silent:
            later = FixedClock(start + SAID_LATER + number * timedelta(minutes=7))
            attendance.confirm_attendance(
                session, later, parent_id=parent_id, booking_id=booking_id
            )


def _offer(session: Session, held: Held, month: date, place: _Place) -> Slot:
    start = _at(month.replace(day=held.day), time(10, 30))
    new = NewSlot(
        centre_id=place.centre_id,
        kind=SlotKind.ACTIVITY,
        title=held.title,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        age_from_months=6,
        age_to_months=36,
        capacity=8,
        room_id=place.crew.rooms[0],
        teacher_id=place.crew.teachers[0],
    )
    return centres.create_slot(session, FixedClock(start - OFFERED), new, actor=ACTOR)


def _close(session: Session, slot: Slot) -> None:
    """Somebody notes that the room is being repaired, and the session is held all the same."""
    new = NewClosure(slot.centre_id, slot.room_id, slot.starts_at, slot.ends_at, "空调检修")
    closures.add_closure(session, FixedClock(slot.starts_at), new, actor=ACTOR)


def _book(session: Session, slot: Slot, parent_id: int, child_id: int, clerk: str) -> int:
    asked = FixedClock(slot.starts_at - ASKED)
    booking = service.request_booking(
        session,
        asked,
        policy_at(session, asked.now()),
        parent_id=parent_id,
        child_id=child_id,
        slot_id=slot.id,
    )
    answered = FixedClock(slot.starts_at - ANSWERED)
    service.confirm(session, answered, booking_id=booking.id, actor=clerk)
    return booking.id


def _settle(session: Session, month: date, desks: Desks) -> None:
    """Drawn up by the centre, accepted by the town, paid by the city, on three mornings."""
    contract = session.scalars(select(Contract.id).where(Contract.town_code == FIRST_TOWN)).one()
    first = add_months(month, 1)
    clerk = f"staff:{desks.clerk}"
    monday = _clock(first, 2)
    (made,) = statements.draw_up(session, monday, month=month, contract_ids=[contract], actor=clerk)
    _take(session, made, statements.submit, monday, clerk, "")
    _take(session, made, statements.accept, _clock(first, 5), f"staff:{desks.town}", "")
    _take(session, made, statements.pay, _clock(first, 12), f"staff:{desks.city}", PAID_BY)


def _take(
    session: Session,
    statement_id: int,
    step: Callable[..., Statement],
    clock: FixedClock,
    actor: str,
    note: str,
) -> None:
    seen = session.get_one(Statement, statement_id).changed_at
    step(session, clock, statement_id=statement_id, seen=seen, actor=actor, note=note)


def _clock(month: date, day: int) -> FixedClock:
    return FixedClock(_at(month.replace(day=day), time(9)))


def _at(day: date, clock_time: time) -> datetime:
    return datetime.combine(day, clock_time, tzinfo=CITY)
