"""A statement to take along: a workbook that sums, and a paper to sign and to stamp."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.bookings.settlement_models import LineKind
from backend.bookings.statement_evidence import all_lines, corrections_of
from backend.bookings.statement_paper import paper
from backend.bookings.statement_queries import (
    StatementRow,
    statement_history,
    statement_in_scope,
    summary,
)
from backend.bookings.statement_sheets import Book, workbook
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.downloads import XLSX, download
from backend.console.permissions import Action
from backend.console.statement_lines import masked
from backend.deps import deps
from backend.kernel import audit


@bp.get("/statements/<int:statement_id>.xlsx")
@requires(Action.SEE_STATEMENTS)
def statement_sheet(statement_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        row = statement_in_scope(session, viewer().scope, statement_id)
        content = workbook(
            Book(
                row=row,
                town=deps().places.name_of(row.town_code),
                summary=summary(session, statement_id),
                paid=all_lines(session, statement_id, LineKind.SESSION),
                deducted=all_lines(session, statement_id, LineKind.DEDUCTION),
                corrections=corrections_of(session, statement_id),
                mask=masked,
            )
        )
        _note_taken(session, row, "xlsx")
    return _file(content, XLSX, row, "xlsx")


@bp.get("/statements/<int:statement_id>.pdf")
@requires(Action.SEE_STATEMENTS)
def statement_paper(statement_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        row = statement_in_scope(session, viewer().scope, statement_id)
        content = paper(
            row,
            deps().places.name_of(row.town_code),
            summary(session, statement_id),
            corrections_of(session, statement_id),
            statement_history(session, statement_id),
        )
        _note_taken(session, row, "pdf")
    return _file(content, "application/pdf", row, "pdf")


def _note_taken(session: Session, row: StatementRow, shape: str) -> None:
    """Masked records of many children leave the console: who took them when."""
    audit.record(
        session,
        deps().clock,
        actor=viewer().actor,
        action="statement.exported",
        subject=f"statement:{row.id}",
        detail={"format": shape, "lines": row.sessions + row.deductions},
    )


def _file(content: bytes, mimetype: str, row: StatementRow, ending: str) -> ResponseReturnValue:
    return download(content, f"结算单-{row.institution}-{row.month:%Y-%m}.{ending}", mimetype)
