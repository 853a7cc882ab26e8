"""Reads of statements for screens: the list, one with its subtotals, its history.

Every read takes the viewer's scope: a clerk sees the statements of the institution that runs the
centre, a town those of its contracts, the city all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, select, true, tuple_
from sqlalchemy.orm import Session

from backend.bookings.changes import actor_name
from backend.bookings.models import Booking, BookingState
from backend.bookings.settlement import Reason
from backend.bookings.settlement_models import (
    LineKind,
    Statement,
    StatementChange,
    StatementLine,
    StatementState,
)
from backend.centres.models import KIND_TITLES, Centre, Slot
from backend.centres.place_models import Contract, ContractUnit, Institution
from backend.centres.queries import on_days
from backend.kernel.ages import add_months
from backend.kernel.errors import Invalid, NotFound
from backend.kernel.paging import LIMIT, Page, decode_cursor, page_of
from backend.people.models import Role
from backend.people.scopes import Scope

ONE_DAY = date.resolution


def days_of(month: date) -> tuple[date, date]:
    """The first and the last day of a month."""
    return month, add_months(month, 1) - ONE_DAY


@dataclass(frozen=True)
class StatementFilter:
    """`month` by its first day; None everywhere: all."""

    month: date | None = None
    town_code: str | None = None
    state: StatementState | None = None
    contract_id: int | None = None


@dataclass(frozen=True)
class StatementRow:
    """A statement with its contract and totals. Money in fen."""

    id: int
    month: date
    state: StatementState
    changed_at: datetime
    contract_id: int
    institution_id: int
    institution: str
    town_code: str
    valid_from: date
    valid_until: date
    unit: ContractUnit
    price_fen: int
    ceiling_fen: int | None
    sessions: int
    deductions: int
    sessions_fen: int
    corrections_fen: int

    @property
    def total_fen(self) -> int:
        return self.sessions_fen + self.corrections_fen

    @property
    def days(self) -> tuple[date, date]:
        return days_of(self.month)


@dataclass(frozen=True)
class ContractRow:
    id: int
    institution: str
    town_code: str


@dataclass(frozen=True)
class Subtotal:
    """Of a centre (`key` is its id) or of a kind of session."""

    key: int | str
    name: str
    sessions: int = 0
    sessions_fen: int = 0
    deductions: int = 0


@dataclass(frozen=True)
class Summary:
    by_centre: list[Subtotal]
    by_kind: list[Subtotal]
    by_reason: list[tuple[Reason, int]]


@dataclass(frozen=True)
class StatementStep:
    at: datetime
    who: str
    before: StatementState | None
    after: StatementState
    note: str


def _sum(kind: LineKind) -> ColumnElement[int]:
    amount = func.sum(StatementLine.amount_fen).filter(StatementLine.kind == kind)
    return func.coalesce(amount, 0)


TOTALS = (
    select(
        func.count().filter(StatementLine.kind == LineKind.SESSION).label("sessions"),
        func.count().filter(StatementLine.kind == LineKind.DEDUCTION).label("deductions"),
        _sum(LineKind.SESSION).label("sessions_fen"),
        _sum(LineKind.CORRECTION).label("corrections_fen"),
    )
    .where(StatementLine.statement_id == Statement.id)
    .correlate(Statement)
    .lateral("totals")
)
COLUMNS = (
    Statement.id,
    Statement.month,
    Statement.state,
    Statement.changed_at,
    Contract.id,
    Contract.institution_id,
    Institution.name,
    Contract.town_code,
    Contract.valid_from,
    Contract.valid_until,
    Contract.unit,
    Contract.price_fen,
    Contract.ceiling_fen,
    TOTALS.c.sessions,
    TOTALS.c.deductions,
    TOTALS.c.sessions_fen,
    TOTALS.c.corrections_fen,
)


def statements_page(
    session: Session,
    scope: Scope,
    which: StatementFilter,
    *,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[StatementRow]:
    """The latest month first. Raises Invalid for a cursor that is not ours."""
    query = _statements(scope).where(*_asked(which))
    if after is not None:
        month, last_id = decode_cursor(after, (str, int))
        query = query.where(tuple_(Statement.month, Statement.id) < (_month(month), last_id))
    query = query.order_by(Statement.month.desc(), Statement.id.desc()).limit(limit + 1)
    rows = [StatementRow(*row) for row in session.execute(query)]
    return page_of(rows, limit, lambda row: (row.month.isoformat(), row.id))


def statement_in_scope(session: Session, scope: Scope, statement_id: int) -> StatementRow:
    """Raises NotFound, also for one that is not in the viewer's scope."""
    row = session.execute(_statements(scope).where(Statement.id == statement_id)).one_or_none()
    if row is None:
        raise NotFound
    return StatementRow(*row)


def contracts_running(session: Session, scope: Scope, month: date) -> list[ContractRow]:
    """The contracts whose term touches the month."""
    rows = session.execute(_contracts(scope, month))
    return [ContractRow(*row) for row in rows]


def contracts_without(session: Session, scope: Scope, month: date) -> list[ContractRow]:
    """Those of them that have no statement of the month yet."""
    drawn_up = exists().where(Statement.contract_id == Contract.id, Statement.month == month)
    rows = session.execute(_contracts(scope, month).where(~drawn_up))
    return [ContractRow(*row) for row in rows]


def summary(session: Session, statement_id: int) -> Summary:
    """Subtotals by centre and kind of session, and the deductions by reason."""
    rows = session.execute(
        select(
            Centre.id,
            Centre.name,
            Slot.kind,
            StatementLine.kind.label("line"),
            StatementLine.reason,
            func.count().label("number"),
            func.sum(StatementLine.amount_fen).label("fen"),
        )
        .join(Booking, Booking.id == StatementLine.booking_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Centre, Centre.id == Slot.centre_id)
        .where(
            StatementLine.statement_id == statement_id, StatementLine.kind != LineKind.CORRECTION
        )
        .group_by(Centre.id, Centre.name, Slot.kind, StatementLine.kind, StatementLine.reason)
    ).all()
    reasons: dict[Reason, int] = dict.fromkeys(Reason, 0)
    for row in rows:
        if row.line is LineKind.DEDUCTION:
            reasons[Reason(row.reason)] += row.number
    return Summary(
        by_centre=_subtotals((row.id, row.name, row) for row in rows),
        by_kind=_subtotals((row.kind.value, KIND_TITLES[row.kind], row) for row in rows),
        by_reason=[(reason, number) for reason, number in reasons.items() if number],
    )


def statement_history(session: Session, statement_id: int) -> list[StatementStep]:
    """Who did what with a statement, oldest first."""
    rows = session.scalars(
        select(StatementChange)
        .where(StatementChange.statement_id == statement_id)
        .order_by(StatementChange.id)
    ).all()
    names = {actor: actor_name(session, actor) for actor in {row.actor for row in rows}}
    return [
        StatementStep(row.at, names[row.actor], row.before, row.after, row.note) for row in rows
    ]


def latest_draft(session: Session, scope: Scope, before: date) -> StatementRow | None:
    """The latest draft in the scope of a month before that day; None: nothing to look at."""
    drafts = StatementFilter(state=StatementState.DRAFT)
    query = _statements(scope).where(*_asked(drafts), Statement.month < before)
    row = session.execute(query.order_by(Statement.month.desc(), Statement.id).limit(1)).first()
    return None if row is None else StatementRow(*row)


def not_marked(session: Session, row: StatementRow, now: datetime) -> int:
    """Bookings of the month that are over and say neither attended nor missed."""
    return open_bookings(session, centres_of(row), row.days, now)


def open_bookings(
    session: Session, centres: Select[int], days: tuple[date, date], now: datetime
) -> int:
    """The same for any centres and days."""
    query = (
        select(func.count())
        .select_from(Slot)
        .join(Booking, Booking.slot_id == Slot.id)
        .where(
            Slot.centre_id.in_(centres),
            on_days(*days),
            Slot.ends_at < now,
            Booking.state == BookingState.CONFIRMED,
        )
    )
    return session.scalar(query) or 0


def centres_of(row: StatementRow) -> Select[int]:
    """The ids of the centres that a statement speaks of."""
    return centres_run_by(row.institution_id, row.town_code)


def centres_run_by(institution_id: int, town_code: str) -> Select[int]:
    """The ids of the centres that a contract of this institution with this town is about."""
    return select(Centre.id).where(
        Centre.institution_id == institution_id, Centre.town_code == town_code
    )


def accepted_before(session: Session, row: StatementRow) -> list[tuple[int, date]]:
    """Statements of the contract that a correction in this one may refer to: (id, month)."""
    rows = session.execute(
        select(Statement.id, Statement.month)
        .where(
            Statement.contract_id == row.contract_id,
            Statement.month < row.month,
            Statement.state.in_([StatementState.ACCEPTED, StatementState.PAID]),
        )
        .order_by(Statement.month.desc())
    )
    return [(found.id, found.month) for found in rows]


def in_scope(scope: Scope) -> ColumnElement[bool]:
    """Contracts that the viewer may look at."""
    if scope.role is Role.CITY:
        return true()
    if scope.role is Role.TOWN:
        return Contract.town_code == scope.town_code
    if scope.role is Role.CLERK:
        return exists().where(
            Centre.id.in_(scope.centre_ids or ()),
            Centre.institution_id == Contract.institution_id,
            Centre.town_code == Contract.town_code,
        )
    return false()


def _statements(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(*COLUMNS)
        .select_from(Statement)
        .join(Contract, Contract.id == Statement.contract_id)
        .join(Institution, Institution.id == Contract.institution_id)
        .join(TOTALS, true())
        .where(in_scope(scope))
    )


def _contracts(scope: Scope, month: date) -> Select[int, str, str]:
    return (
        select(Contract.id, Institution.name, Contract.town_code)
        .join(Institution, Institution.id == Contract.institution_id)
        .where(
            in_scope(scope),
            Contract.valid_from < add_months(month, 1),
            Contract.valid_until >= month,
        )
        .order_by(Contract.town_code, Institution.name)
    )


def _asked(which: StatementFilter) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if which.month is not None:
        wanted.append(Statement.month == which.month)
    if which.town_code is not None:
        wanted.append(Contract.town_code == which.town_code)
    if which.state is not None:
        wanted.append(Statement.state == which.state)
    if which.contract_id is not None:
        wanted.append(Contract.id == which.contract_id)
    return wanted


def _subtotals(rows: Iterable[tuple[int | str, str, Any]]) -> list[Subtotal]:
    found: dict[int | str, Subtotal] = {}
    for key, name, row in rows:
        before = found.get(key, Subtotal(key, name))
        paid = row.line is LineKind.SESSION
        found[key] = Subtotal(
            key,
            name,
            before.sessions + (row.number if paid else 0),
            before.sessions_fen + (row.fen if paid else 0),
            before.deductions + (0 if paid else row.number),
        )
    return sorted(found.values(), key=lambda one: (-one.sessions_fen, one.name))


def _month(text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise Invalid("翻页参数有误，请从第一页重新打开") from error


def totals(rows: Sequence[StatementRow]) -> tuple[int, int]:
    """Sessions and fen of several statements."""
    return sum(row.sessions for row in rows), sum(row.total_fen for row in rows)
