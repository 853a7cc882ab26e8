"""手册授权: a responsible manager of the town or the city approves, refuses and ends."""

from __future__ import annotations

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp
from backend.console.desk import note_listed
from backend.console.handbooks import desk, lines_of
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.rights.handbook_grants import rules, service
from backend.rights.handbook_grants.queries import board_of_town


@bp.get("/handbook-grants")
@requires(Action.DECIDE_HANDBOOK_GRANTS)
def handbook_grants() -> ResponseReturnValue:
    parts = deps()
    now = parts.clock.now()
    g.back_to = url_for("console.handbook_grants")
    with parts.sessions.begin() as session:
        board = board_of_town(session, viewer().scope.town_code, now)
        note_listed(session, "handbook-grants", (row.child_id for row in board.rows))
    return render_template(
        "console/handbook_grants.html",
        **lines_of(board),
        longest_reason=rules.LONGEST_REASON,
        today=city_date(now),
    )


@bp.post("/handbook-grants/<int:grant_id>/grant")
@requires(Action.DECIDE_HANDBOOK_GRANTS)
def grant_handbook(grant_id: int) -> ResponseReturnValue:
    parts = deps()
    with parts.sessions.begin() as session:
        service.grant(
            session,
            parts.clock,
            parts.documents,
            desk=desk(),
            grant_id=grant_id,
            reason=request.form.get("reason", ""),
        )
    notices.done("已批准，从现在起计时；家长能看到")
    return redirect(back(), 303)


@bp.post("/handbook-grants/<int:grant_id>/refuse")
@requires(Action.DECIDE_HANDBOOK_GRANTS)
def refuse_handbook(grant_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        service.refuse(
            session,
            deps().clock,
            desk=desk(),
            grant_id=grant_id,
            reason=request.form.get("reason", ""),
        )
    notices.done("已记为不批准，原因申请人能看到")
    return redirect(back(), 303)


@bp.post("/handbook-grants/<int:grant_id>/end")
@requires(Action.DECIDE_HANDBOOK_GRANTS)
def end_handbook_grant(grant_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        service.end_for(session, deps().clock, desk=desk(), grant_id=grant_id)
    notices.done("已结束，手册打不开了")
    return redirect(back(), 303)
