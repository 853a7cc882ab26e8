"""消息: what did not reach a family, for the city's operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.console import words
from backend.console.auth import requires
from backend.console.blueprint import bp, row_id
from backend.console.permissions import Action
from backend.deps import deps
from backend.outbox.models import Message, MessageState
from backend.outbox.templates import UnknownTemplate

ON_A_PAGE = 50
STATES = {MessageState.UNKNOWN: "结果不明", MessageState.FAILED: "发送失败"}


@dataclass(frozen=True)
class Stuck:
    """A message for the operator: no name, no phone, only what is needed to look into it."""

    id: int
    title: str
    state: str
    unknown: bool
    attempts: int
    reason: str
    original: str  # WeChat's code and words
    due_at: datetime


@bp.get("/messages")
@requires(Action.SEE_MESSAGES)
def messages() -> ResponseReturnValue:
    with deps().reads() as session:
        rows = _stuck(session, request.args.get("before", type=row_id))
    more = rows[ON_A_PAGE - 1].id if len(rows) > ON_A_PAGE else None
    return render_template("console/messages.html", rows=rows[:ON_A_PAGE], more=more)


def _stuck(session: Session, before: int | None) -> list[Stuck]:
    query = select(Message).where(Message.state.in_(STATES))
    if before is not None:
        query = query.where(Message.id < before)
    found = session.scalars(query.order_by(Message.id.desc()).limit(ON_A_PAGE + 1))
    return [
        Stuck(
            id=message.id,
            title=_title(message.template),
            state=STATES[message.state],
            unknown=message.state is MessageState.UNKNOWN,
            attempts=message.attempts,
            reason=words.failure(message.errcode, unknown=message.state is MessageState.UNKNOWN),
            original=_original(message.errcode, message.problem or ""),
            due_at=message.due_at,
        )
        for message in found
    ]


def _original(errcode: int | None, problem: str) -> str:
    """WeChat's words mostly begin with the code already."""
    if errcode is None or str(errcode) in problem:
        return problem
    return f"{errcode} {problem}".rstrip()


def _title(template: str) -> str:
    try:
        return deps().templates[template].title
    except UnknownTemplate:
        return template
