"""A town that buys sessions of an institution, and what was attended there. Names invented."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import corrections, statements
from backend.bookings.attendance_models import CheckIn, CheckInWay, PaperConfirmation
from backend.bookings.corrections import NewCorrection
from backend.bookings.models import BookingState
from backend.bookings.settlement_models import (
    LineKind,
    Statement,
    StatementChange,
    StatementLine,
    StatementState,
)
from backend.centres.models import Centre, Slot
from backend.centres.place_models import (
    Closure,
    Contract,
    ContractUnit,
    Institution,
    Room,
    Teacher,
    TeacherCertificate,
)
from backend.kernel.clock import CITY, Clock
from tests.factories import MORNING, NUMBERS, TOWN, make_booking, make_centre, make_child, make_slot

Sessions = sessionmaker[Session]
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
PRICE = 8000  # fen
CLERK, TOWN_DESK, CITY_DESK = "staff:9001", "staff:9002", "staff:9003"


def make_institution(sessions: Sessions, name: str | None = None) -> int:
    with sessions.begin() as session:
        made = Institution(name=name or f"测试机构{next(NUMBERS)}", created_at=MORNING)
        session.add(made)
        session.flush()
        return made.id


def make_contract(
    sessions: Sessions,
    institution_id: int,
    *,
    town_code: str = TOWN,
    term: tuple[date, date] = (date(2026, 1, 1), date(2026, 12, 31)),
    unit: ContractUnit = ContractUnit.SESSION,
    ceiling_fen: int | None = None,
) -> int:
    with sessions.begin() as session:
        made = Contract(
            institution_id=institution_id,
            town_code=town_code,
            valid_from=term[0],
            valid_until=term[1],
            unit=unit,
            price_fen=PRICE,
            ceiling_fen=ceiling_fen,
            created_at=MORNING,
            created_by=CITY_DESK,
        )
        session.add(made)
        session.flush()
        return made.id


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CITY)


USUAL = at(11, 5)


@dataclass
class Scene:
    """One institution with a contract, a centre, a room and a teacher with a certificate."""

    sessions: Sessions
    unit: ContractUnit = ContractUnit.SESSION
    ceiling_fen: int | None = None
    term: tuple[date, date] = (date(2026, 1, 1), date(2026, 12, 31))
    institution: int = field(init=False)
    contract: int = field(init=False)
    centre: int = field(init=False)
    room: int = field(init=False)
    teacher: int = field(init=False)

    def __post_init__(self) -> None:
        self.institution = make_institution(self.sessions)
        self.contract = make_contract(
            self.sessions,
            self.institution,
            unit=self.unit,
            ceiling_fen=self.ceiling_fen,
            term=self.term,
        )
        self.centre = self.another_centre()
        with self.sessions.begin() as session:
            room = Room(
                centre_id=self.centre, name="大教室", capacity=20, opening={}, created_at=MORNING
            )
            session.add(room)
            session.flush()
            self.room = room.id
        self.teacher = self.another_teacher()

    def another_centre(self, *, town_code: str = TOWN, institution: int | None = None) -> int:
        made = make_centre(self.sessions, town_code=town_code)
        with self.sessions.begin() as session:
            session.get_one(Centre, made).institution_id = institution or self.institution
        return made

    def another_teacher(
        self, *, until: date | None = date(2027, 12, 31), name: str | None = None
    ) -> int:
        """With a certificate until that day; None: without one."""
        with self.sessions.begin() as session:
            teacher = Teacher(
                institution_id=self.institution,
                display_name=name or f"老师{next(NUMBERS)}",
                created_at=MORNING,
            )
            session.add(teacher)
            session.flush()
            if until is not None:
                session.add(
                    TeacherCertificate(
                        teacher_id=teacher.id,
                        title="育婴员",
                        valid_from=date(2025, 1, 1),
                        valid_until=until,
                        created_at=MORNING,
                    )
                )
            return teacher.id

    def slot(self, starts_at: datetime = USUAL, **values: Any) -> int:
        with_room = values.pop("room", self.room)
        teacher = values.pop("teacher", self.teacher)
        values.setdefault("centre_id", self.centre)
        made = make_slot(self.sessions, starts_at=starts_at, **values)
        with self.sessions.begin() as session:
            slot = session.get_one(Slot, made)
            slot.room_id, slot.teacher_id = with_room, teacher
        return made

    def attended(
        self,
        *,
        slot: int | None = None,
        starts_at: datetime = USUAL,
        child: int | None = None,
        name: str = "王小一",
        confirmed: bool = True,
        quota_number: int | None = 1,
        way: CheckInWay = CheckInWay.QR,
        state: BookingState = BookingState.ATTENDED,
    ) -> int:
        """A session that a child came to; the booking's id."""
        where = slot if slot is not None else self.slot(starts_at)
        booking = make_booking(
            self.sessions,
            child_id=child if child is not None else make_child(self.sessions, name=name),
            slot_id=where,
            state=state,
            quota_number=quota_number,
        )
        self.check_in(booking, confirmed=confirmed, way=way)
        return booking

    def check_in(
        self, booking: int, *, confirmed: bool = True, way: CheckInWay = CheckInWay.QR
    ) -> None:
        with self.sessions.begin() as session:
            session.add(
                CheckIn(
                    booking_id=booking,
                    way=way,
                    scan_key=f"scan-{booking}",
                    scanned_at=MORNING,
                    synced_at=MORNING,
                    confirmed_at=MORNING if confirmed else None,
                )
            )

    def signed(self, booking: int, day: date) -> None:
        """A guardian has signed on paper, and somebody wrote it down."""
        with self.sessions.begin() as session:
            session.add(
                PaperConfirmation(
                    booking_id=booking, sheet="1-20261105", signed_on=day, recorded_at=MORNING
                )
            )

    def confirm(self, booking: int) -> None:
        with self.sessions.begin() as session:
            session.get_one(CheckIn, booking).confirmed_at = MORNING + timedelta(hours=2)

    def statement(self, clock: Clock, month: date = NOVEMBER, contract: int | None = None) -> int:
        """Drawn up, or drawn up once more."""
        with self.sessions.begin() as session:
            (made,) = statements.draw_up(
                session,
                clock,
                month=month,
                contract_ids=[contract or self.contract],
                actor=CLERK,
            )
            return made

    def submitted(self, clock: Clock, month: date = NOVEMBER) -> int:
        made = self.statement(clock, month)
        take(self.sessions, clock, statements.submit, made, CLERK)
        return made

    def accepted(self, clock: Clock, month: date = NOVEMBER) -> int:
        made = self.submitted(clock, month)
        take(self.sessions, clock, statements.accept, made, TOWN_DESK)
        return made


def version(sessions: Sessions, statement: int) -> datetime:
    with sessions() as session:
        return session.get_one(Statement, statement).changed_at


def take(
    sessions: Sessions, clock: Clock, step: Any, statement: int, actor: str, **more: Any
) -> None:
    """One step by somebody who has just looked."""
    seen = more.pop("seen", None) or version(sessions, statement)
    with sessions.begin() as session:
        step(session, clock, statement_id=statement, seen=seen, actor=actor, **more)


def lines_of(sessions: Sessions, statement: int) -> dict[int, tuple[str, int]]:
    """By booking: the reason of a deduction or "" for a session that is paid, and the fen."""
    with sessions() as session:
        rows: Sequence[StatementLine] = session.scalars(
            select(StatementLine).where(
                StatementLine.statement_id == statement,
                StatementLine.kind != LineKind.CORRECTION,
            )
        ).all()
        return {row.booking_id: (row.reason, row.amount_fen) for row in rows if row.booking_id}


def close(sessions: Sessions, starts_at: datetime, **place: int) -> None:
    with sessions.begin() as session:
        session.add(
            Closure(
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1),
                reason="检修",
                created_at=MORNING,
                created_by=CLERK,
                **place,
            )
        )


def state_of(sessions: Sessions, statement: int) -> StatementState:
    with sessions() as session:
        return session.get_one(Statement, statement).state


def history(sessions: Sessions, statement: int) -> list[tuple[str | None, str, str]]:
    with sessions() as session:
        rows = session.scalars(
            select(StatementChange)
            .where(StatementChange.statement_id == statement)
            .order_by(StatementChange.id)
        )
        return [(row.before and row.before.value, row.after.value, row.actor) for row in rows]


def correct(scene: Scene, clock: Clock, statement: int, new: NewCorrection) -> int:
    with scene.sessions.begin() as session:
        made = corrections.correct(session, clock, statement_id=statement, new=new, actor=CLERK)
        return made.id
