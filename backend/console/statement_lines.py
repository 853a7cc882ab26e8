"""What the figures of a statement rest on: its sessions one by one, changes since, signs."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.bookings import statements
from backend.bookings.rules import STATE_TITLES
from backend.bookings.settlement import OPEN_STATEMENTS, Reason
from backend.bookings.settlement_models import LineKind, Statement, StatementLine
from backend.bookings.statement_evidence import (
    WAY_TITLES,
    LineFilter,
    LineRow,
    evidence,
    lines_page,
)
from backend.bookings.statement_queries import (
    StatementFilter,
    StatementRow,
    statement_in_scope,
    statements_page,
)
from backend.centres.models import SlotKind
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, row_id
from backend.console.desk import age_words, note_listed
from backend.console.permissions import Action
from backend.console.statements import words
from backend.deps import deps
from backend.kernel import audit
from backend.kernel.errors import NotFound
from backend.kernel.privacy import mask_birth_date, mask_name
from backend.people.children import NAME

FORGOTTEN = "已删除"  # a family that left; the session stays for the accounts


@dataclass(frozen=True)
class ShownLine:
    row: LineRow
    child: str  # masked: 王*一
    age: str


def masked(row: LineRow) -> str:
    name = full_name(row)
    return FORGOTTEN if name is None else mask_name(name)


def full_name(row: LineRow) -> str | None:
    """None where nothing tells the child any more."""
    return deps().vault.open(row.child_name_sealed, NAME) if row.child_name_sealed else None


@bp.get("/statements/<int:statement_id>/lines")
@requires(Action.SEE_STATEMENTS)
def statement_lines(statement_id: int) -> ResponseReturnValue:
    which = _asked()
    with deps().sessions.begin() as session:
        row = statement_in_scope(session, viewer().scope, statement_id)
        page = lines_page(session, statement_id, which, after=request.args.get("after"))
        note_listed(session, "statement", (line.child_id for line in page.items))
    return render_template(
        "console/statement_lines.html",
        row=row,
        which=which,
        lines=[ShownLine(line, masked(line), age_words(line.age_months)) for line in page.items],
        more=page.next,
        chosen=request.args.to_dict(),
        ways=WAY_TITLES,
        **words(),
    )


def _asked() -> LineFilter:
    kind, reason = request.args.get("kind", ""), request.args.get("reason", "")
    slot_kind = request.args.get("slot_kind", "")
    return LineFilter(
        LineKind(kind) if kind in {LineKind.SESSION, LineKind.DEDUCTION} else None,
        reason if reason in set(Reason) else None,
        request.args.get("centre", type=row_id),
        SlotKind(slot_kind) if slot_kind in set(SlotKind) else None,
    )


@bp.get("/statements/<int:statement_id>/lines/<int:line_id>")
@requires(Action.SEE_STATEMENTS)
def statement_line(statement_id: int, line_id: int) -> ResponseReturnValue:
    return _evidence_page(statement_id, line_id, reveal=False)


@bp.post("/statements/<int:statement_id>/lines/<int:line_id>/name")
@requires(Action.REVEAL_NAME)
def reveal_statement_line(statement_id: int, line_id: int) -> ResponseReturnValue:
    """The child's full name, once; only of a centre in the viewer's scope, and logged."""
    return _evidence_page(statement_id, line_id, reveal=True)


def _evidence_page(statement_id: int, line_id: int, *, reveal: bool) -> ResponseReturnValue:
    me = viewer()
    g.back_to = url_for("console.statement_line", statement_id=statement_id, line_id=line_id)
    with deps().sessions.begin() as session:
        row = statement_in_scope(session, me.scope, statement_id)
        found = evidence(session, statement_id, line_id)
        own = me.scope.holds_centre(found.line.centre_id)
        if reveal and not own:
            raise NotFound
        audit.record(
            session,
            deps().clock,
            actor=me.actor,
            action="child.name_revealed" if reveal else "child.read",
            subject=f"child:{found.line.child_id}",
            detail={"booking": found.line.booking_id, "statement": statement_id},
        )
    name = full_name(found.line)
    return render_template(
        "console/statement_line.html",
        row=row,
        found=found,
        child=masked(found.line),
        name=name if reveal else None,
        may_reveal=own and name is not None and me.may(Action.REVEAL_NAME),
        own=own,
        age=age_words(found.line.age_months),
        birth=mask_birth_date(found.line.birth_date),
        ways=WAY_TITLES,
        booking_states=STATE_TITLES,
        **words(),
    )


@bp.get("/statements/<int:statement_id>/bookings/<int:booking_id>")
@requires(Action.SEE_STATEMENTS)
def statement_booking(statement_id: int, booking_id: int) -> ResponseReturnValue:
    """From a sign to the evidence. A session of another statement has none here."""
    with deps().reads() as session:
        statement_in_scope(session, viewer().scope, statement_id)
        line_id = session.scalar(
            select(StatementLine.id).where(
                StatementLine.statement_id == statement_id,
                StatementLine.booking_id == booking_id,
                StatementLine.kind != LineKind.CORRECTION,
            )
        )
    if line_id is None:
        raise NotFound("这一次到场不在这份结算单里")
    return redirect(url_for("console.statement_line", statement_id=statement_id, line_id=line_id))


@bp.get("/statements/<int:statement_id>/changes")
@requires(Action.SEE_STATEMENTS)
def statement_changes(statement_id: int) -> ResponseReturnValue:
    """What would come out differently today: to compute again, or to correct in a later month."""
    with deps().sessions.begin() as session:
        row = statement_in_scope(session, viewer().scope, statement_id)
        found = statements.differences(session, session.get_one(Statement, statement_id))
        later = _open_later(session, row)
    return render_template(
        "console/statement_changes.html",
        row=row,
        found=found,
        later=later,
        is_open=row.state in OPEN_STATEMENTS,
        **words(),
    )


def _open_later(session: Session, row: StatementRow) -> StatementRow | None:
    """The statement of the same contract in which a correction can be entered."""
    of_contract = StatementFilter(contract_id=row.contract_id)
    found = statements_page(session, viewer().scope, of_contract).items
    later = [one for one in found if one.month > row.month and one.state in OPEN_STATEMENTS]
    return min(later, key=lambda one: one.month, default=None)
