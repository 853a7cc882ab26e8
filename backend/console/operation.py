"""运行: how the house runs, and the buttons that stop and resume sending; for the city."""

from __future__ import annotations

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.campaigns.words import STATE_TITLES
from backend.console import notices
from backend.console import operation_words as words
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.operation_view import account_names, operation, title_of
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.errors import Conflict, Invalid
from backend.outbox import pauses
from backend.outbox.models import PauseReason
from backend.outbox.pauses import WHOLE_ACCOUNT

LIVE = "connect-src 'self'"  # the page reads itself again while it is open


class PausedAlready(Conflict):
    code = "paused_already"
    message = "已经暂停，要等有人来恢复"


@bp.get("/operation")
@requires(Action.SEE_OPERATION)
def operation_page() -> ResponseReturnValue:
    deps().ensure_accounts()
    with deps().reads() as session:
        found = operation(session, deps())
    g.also_allowed = LIVE
    return render_template(
        "console/operation.html",
        now=found,
        title_of=lambda template: title_of(deps(), template),
        words=words,
        campaign_states=STATE_TITLES,
    )


@bp.post("/operation/pause")
@requires(Action.STOP_SENDING)
def pause_sending() -> ResponseReturnValue:
    """Until somebody resumes. A pause that would have ended by itself becomes this one."""
    appid, template = _lane()
    with deps().sessions.begin() as session:
        new = pauses.pause(
            session,
            deps().clock,
            (appid, template),
            reason=PauseReason.OPERATOR,
            by=viewer().actor,
        )
        if not new:
            raise PausedAlready
    notices.done(f"已暂停：{title_of(deps(), template)}。排队的消息留着，恢复后接着发")
    return redirect(url_for("console.operation_page"), 303)


@bp.post("/operation/pauses/<int:pause_id>/resume")
@requires(Action.STOP_SENDING)
def resume_sending(pause_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        pauses.resume(session, deps().clock, pause_id=pause_id, by=viewer().actor)
    notices.done("已恢复，排队的消息接着发")
    return redirect(url_for("console.operation_page"), 303)


def _lane() -> pauses.Lane:
    """Raises Invalid for an account or a template that is not ours."""
    appid = request.form.get("appid", "")
    template = request.form.get("template", WHOLE_ACCOUNT)
    with deps().reads() as session:
        known = account_names(session, deps())
    if appid not in known or (template != WHOLE_ACCOUNT and template not in set(deps().templates)):
        raise Invalid("没有这个账号或模板，请刷新页面再选")
    return appid, template
