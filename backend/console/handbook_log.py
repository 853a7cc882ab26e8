"""手册授权 › 查看记录: the city sees who looked at whose book, and takes it along as a workbook."""

from __future__ import annotations

from datetime import date

from flask import render_template, request
from flask.typing import ResponseReturnValue

from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, row_id
from backend.console.desk import note_listed
from backend.console.downloads import download
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel import audit
from backend.kernel.clock import city_date
from backend.kernel.privacy import mask_name
from backend.people.children import NAME
from backend.rights.handbook_grants.log import LogFilter, all_looks, looks, readers
from backend.rights.handbook_grants.log_sheets import DELETED, log_workbook
from backend.rights.handbook_grants.queries import all_grants

ON_A_PAGE = 50


@bp.get("/handbook-grants/log")
@requires(Action.SEE_HANDBOOK_LOG)
def handbook_log() -> ResponseReturnValue:
    asked, parts = _asked(), deps()
    with parts.sessions.begin() as session:
        before = request.args.get("before", type=row_id)
        rows = looks(session, asked, before=before, limit=ON_A_PAGE + 1)
        note_listed(session, "handbook-log", (row.child_id for row in rows[:ON_A_PAGE]))
        staff = readers(session)
    return render_template(
        "console/handbook_log.html",
        rows=rows[:ON_A_PAGE],
        masked=masked,
        more=rows[ON_A_PAGE - 1].id if len(rows) > ON_A_PAGE else None,
        asked=asked,
        filtered=asked != LogFilter(),
        staff=staff,
        today=city_date(parts.clock.now()),
    )


@bp.get("/handbook-grants/log.xlsx")
@requires(Action.SEE_HANDBOOK_LOG)
def export_handbook_log() -> ResponseReturnValue:
    """What the page is narrowed to, all pages of it, and every grant; who took it is in the log."""
    asked, parts = _asked(), deps()
    now = parts.clock.now()
    with parts.sessions.begin() as session:
        content = log_workbook(all_looks(session, asked), all_grants(session, now), masked)
        audit.record(
            session,
            parts.clock,
            actor=viewer().actor,
            action="handbook_log.exported",
            subject="page:handbook-log",
            detail={
                "staff": asked.staff_id,
                "child": asked.child_id,
                "day": request.args.get("day"),
            },
        )
    return download(content, f"手册查看记录-{city_date(now)}.xlsx")


def masked(sealed: str | None) -> str:
    """The masked name; of a deleted child none is kept."""
    return mask_name(deps().vault.open(sealed, NAME)) if sealed else DELETED


def _asked() -> LogFilter:
    """What is no number and no day asks for nothing."""
    return LogFilter(
        staff_id=request.args.get("staff", type=row_id),
        child_id=request.args.get("child", type=row_id),
        day=request.args.get("day", type=date.fromisoformat),
    )
