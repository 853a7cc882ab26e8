"""What a figure of a statement rests on: its lines, and all that is known of one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session, aliased

from backend.bookings.attendance_models import CheckIn, CheckInWay, PaperConfirmation
from backend.bookings.desk import HistoryRow, history
from backend.bookings.models import Booking, BookingState
from backend.bookings.settlement_models import LineKind, Statement, StatementLine
from backend.centres.models import KIND_TITLES, Centre, Slot, SlotKind
from backend.centres.place_models import Room, Teacher, TeacherCertificate
from backend.kernel.ages import age_months
from backend.kernel.clock import city_date
from backend.kernel.errors import Invalid, NotFound
from backend.kernel.paging import LIMIT, Page, decode_cursor, page_of
from backend.people.models import Child, Staff

WAY_TITLES = {CheckInWay.QR: "扫码", CheckInWay.TYPED: "输入短码", CheckInWay.LIST: "名单勾选"}
FETCHED_AT_ONCE = 2000


@dataclass(frozen=True)
class LineFilter:
    """Which lines of a statement; None everywhere: all but corrections."""

    kind: LineKind | None = None
    reason: str | None = None
    centre_id: int | None = None
    slot_kind: SlotKind | None = None


@dataclass(frozen=True)
class LineRow:
    """A session of a statement. The face masks the child's name after opening it."""

    id: int
    kind: LineKind
    amount_fen: int
    reason: str
    booking_id: int
    child_id: int
    child_name_sealed: str
    birth_date: date
    quota_year: int
    quota_number: int | None
    slot_id: int
    starts_at: datetime
    ends_at: datetime
    slot_kind: SlotKind
    title: str
    centre_id: int
    centre: str
    way: CheckInWay | None
    confirmed_at: datetime | None  # on the phone
    paper_on: date | None  # signed on paper
    paper_sheet: str | None

    @property
    def slot_kind_title(self) -> str:
        return KIND_TITLES[self.slot_kind]

    @property
    def age_months(self) -> int:
        return age_months(self.birth_date, city_date(self.starts_at))


@dataclass(frozen=True)
class CorrectionRow:
    id: int
    amount_fen: int
    note: str
    of_statement: int | None
    of_month: date | None
    booking_id: int | None
    created_at: datetime


@dataclass(frozen=True)
class Evidence:
    """Everything about one session that somebody who checks a payment may ask."""

    line: LineRow
    state: BookingState
    room: str | None
    room_capacity: int | None
    teacher: str | None
    certificate: str | None  # valid on the day
    certificate_until: date | None
    scanned_at: datetime | None
    synced_at: datetime | None
    checked_in_by: str | None
    on_behalf_by: str | None
    paper_at: datetime | None  # when the signature was written down, and by whom
    paper_by: str | None
    steps: list[HistoryRow]


COLUMNS = (
    StatementLine.id,
    StatementLine.kind,
    StatementLine.amount_fen,
    StatementLine.reason,
    Booking.id,
    Booking.child_id,
    Child.name_sealed,
    Child.birth_date,
    Booking.quota_year,
    Booking.quota_number,
    Slot.id,
    Slot.starts_at,
    Slot.ends_at,
    Slot.kind,
    Slot.title,
    Centre.id,
    Centre.name,
    CheckIn.way,
    CheckIn.confirmed_at,
    PaperConfirmation.signed_on,
    PaperConfirmation.sheet,
)
Desk, Helper, Scribe = aliased(Staff), aliased(Staff), aliased(Staff)
MORE = (
    Booking.state.label("booking_state"),
    Room.name.label("room"),
    Room.capacity.label("room_capacity"),
    Slot.teacher_id,
    Teacher.display_name,
    CheckIn.scanned_at,
    CheckIn.synced_at,
    Desk.name.label("desk"),
    Helper.name.label("helper"),
    PaperConfirmation.recorded_at.label("paper_at"),
    Scribe.name.label("scribe"),
)


def lines_page(
    session: Session,
    statement_id: int,
    which: LineFilter,
    *,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[LineRow]:
    """Sessions of a statement in order of time. Raises Invalid for a cursor that is not ours."""
    query = _wanted(_lines(statement_id), which)
    if after is not None:
        starts_at, last_id = decode_cursor(after, (str, int))
        query = query.where(
            tuple_(Slot.starts_at, StatementLine.id) > (_instant(starts_at), last_id)
        )
    rows = session.execute(query.limit(limit + 1))
    return page_of(
        [LineRow(*row) for row in rows], limit, lambda row: (row.starts_at.isoformat(), row.id)
    )


def all_lines(session: Session, statement_id: int, kind: LineKind) -> Iterator[LineRow]:
    """Every session of one kind, in order of time; a few thousand at once in memory."""
    query = _wanted(_lines(statement_id), LineFilter(kind))
    found = session.execute(query.execution_options(yield_per=FETCHED_AT_ONCE))
    return (LineRow(*row) for row in found)


def bookings_in(session: Session, statement_id: int, booking_ids: Collection[int]) -> set[int]:
    """Those of the bookings that have a line in the statement."""
    found = session.scalars(
        select(StatementLine.booking_id).where(
            StatementLine.statement_id == statement_id,
            StatementLine.booking_id.in_(booking_ids),
            StatementLine.kind != LineKind.CORRECTION,
        )
    )
    return {booking for booking in found if booking is not None}


def corrections_of(session: Session, statement_id: int) -> list[CorrectionRow]:
    lines = session.scalars(
        select(StatementLine)
        .where(
            StatementLine.statement_id == statement_id, StatementLine.kind == LineKind.CORRECTION
        )
        .order_by(StatementLine.id)
    ).all()
    named = {line.id: _referred(line.reason) for line in lines}
    found = session.execute(
        select(Statement.id, Statement.month).where(Statement.id.in_(filter(None, named.values())))
    )
    months: dict[int | None, date] = {row.id: row.month for row in found}
    return [
        CorrectionRow(
            line.id,
            line.amount_fen,
            line.note,
            named[line.id],
            months.get(named[line.id]),
            line.booking_id,
            line.created_at,
        )
        for line in lines
    ]


def evidence(session: Session, statement_id: int, line_id: int) -> Evidence:
    """Raises NotFound, also for a correction without a session."""
    query = (
        _lines(statement_id)
        .add_columns(*MORE)
        .outerjoin(Room, Room.id == Slot.room_id)
        .outerjoin(Teacher, Teacher.id == Slot.teacher_id)
        .outerjoin(Desk, Desk.id == CheckIn.staff_id)
        .outerjoin(Helper, Helper.id == Booking.on_behalf_of_by)
        .outerjoin(Scribe, Scribe.id == PaperConfirmation.recorded_by)
    )
    row = session.execute(query.where(StatementLine.id == line_id)).one_or_none()
    if row is None:
        raise NotFound
    line = LineRow(*row[: len(COLUMNS)])
    certificate = _certificate(session, row.teacher_id, city_date(line.starts_at))
    return Evidence(
        line=line,
        state=row.booking_state,
        room=row.room,
        room_capacity=row.room_capacity,
        teacher=row.display_name,
        certificate=certificate.title if certificate else None,
        certificate_until=certificate.valid_until if certificate else None,
        scanned_at=row.scanned_at,
        synced_at=row.synced_at,
        checked_in_by=row.desk,
        on_behalf_by=row.helper,
        paper_at=row.paper_at,
        paper_by=row.scribe,
        steps=history(session, line.booking_id),
    )


def _certificate(session: Session, teacher_id: int | None, day: date) -> TeacherCertificate | None:
    return session.scalars(
        select(TeacherCertificate)
        .where(
            TeacherCertificate.teacher_id == teacher_id,
            TeacherCertificate.valid_from <= day,
            TeacherCertificate.valid_until >= day,
        )
        .order_by(TeacherCertificate.valid_until.desc())
        .limit(1)
    ).one_or_none()


def _lines(statement_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(*COLUMNS)
        .select_from(StatementLine)
        .join(Booking, Booking.id == StatementLine.booking_id)
        .join(Child, Child.id == Booking.child_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Centre, Centre.id == Slot.centre_id)
        .outerjoin(CheckIn, CheckIn.booking_id == Booking.id)
        .outerjoin(PaperConfirmation, PaperConfirmation.booking_id == Booking.id)
        .where(StatementLine.statement_id == statement_id)
        .order_by(Slot.starts_at, StatementLine.id)
    )


def _wanted(query: Select[*tuple[Any, ...]], which: LineFilter) -> Select[*tuple[Any, ...]]:
    if which.kind is None:
        query = query.where(StatementLine.kind != LineKind.CORRECTION)
    else:
        query = query.where(StatementLine.kind == which.kind)
    if which.reason is not None:
        query = query.where(StatementLine.reason == which.reason)
    if which.centre_id is not None:
        query = query.where(Slot.centre_id == which.centre_id)
    if which.slot_kind is not None:
        query = query.where(Slot.kind == which.slot_kind)
    return query


def _referred(reason: str) -> int | None:
    """The statement in `statement:12`."""
    kind, _, number = reason.partition(":")
    return int(number) if kind == "statement" and number.isdecimal() else None


def _instant(text: object) -> datetime:
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Invalid("翻页参数有误，请从第一页重新打开") from error
    if instant.tzinfo is None:
        raise Invalid("翻页参数有误，请从第一页重新打开")
    return instant
