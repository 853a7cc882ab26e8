"""规则: what the city and the towns decided about booking, from when on, and the next of it.

Rows are only added, for a day to come; what a new one changes is shown in words before it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.bookings import policies
from backend.bookings.changes import actor_name
from backend.bookings.models import BookingPolicy
from backend.bookings.policy_words import changes_in_words, in_words
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, sentence
from backend.console.permissions import Action
from backend.console.policy_forms import PolicyForm
from backend.deps import deps
from backend.kernel.clock import city_date, city_midnight
from backend.kernel.errors import DomainError, Invalid

FARTHEST = timedelta(days=366)


@dataclass(frozen=True)
class PolicyLine:
    """One row of the history, with what it changed."""

    effective_from: datetime
    state: str  # 将生效, 现行, 已过
    who: str
    note: str
    changes: list[str]


@bp.get("/policy")
@requires(Action.SEE_POLICY)
def policy() -> ResponseReturnValue:
    return _page(PolicyForm())


@bp.post("/policy")
@requires(Action.EDIT_POLICY)
def add_policy() -> ResponseReturnValue:
    """First the change in words; with the button under them it is kept."""
    form = PolicyForm()
    if not form.validate():
        return _page(form, problem="请检查标出的几项"), 422
    try:
        changes = _try_policy(form, keep=request.form.get("step") == "save")
    except DomainError as error:
        return _page(form, problem=sentence(error)), 422
    if changes is not None:
        return _page(form, changes=changes)
    notices.done(f"已定下新规则，{form.effective_from.data.isoformat()} 零点起生效")
    return redirect(url_for("console.policy"), 303)


def _try_policy(form: PolicyForm, *, keep: bool) -> list[str] | None:
    """What the form would change; None when it was kept. Raises Invalid or Conflict."""
    starts, new = _midnight(form.effective_from.data), form.policy()
    with deps().sessions.begin() as session:
        changes = changes_in_words(policies.policy_at(session, starts), new)
        if not changes:
            raise Invalid("和到那天为止的规则一样，没有要改的")
        policies.check_policy(new)
        if not keep:
            return changes
        policies.add_policy(
            session,
            deps().clock,
            new,
            effective_from=starts,
            note=form.note.data,
            actor=viewer().actor,
        )
    return None


@bp.post("/policy/town")
@requires(Action.EDIT_TOWN_RULE)
def add_town_rule() -> ResponseReturnValue:
    """Whether families of other towns may book here: the town says it for itself."""
    town = viewer().scope.town_code
    assert town is not None
    try:
        starts = _midnight(date.fromisoformat(request.form.get("effective_from", "")))
    except ValueError as error:
        raise Invalid("请选择从哪天起") from error
    with deps().sessions.begin() as session:
        policies.add_town_rule(
            session,
            deps().clock,
            town_code=town,
            effective_from=starts,
            serves_others=request.form.get("serves") == "yes",
            actor=viewer().actor,
        )
    notices.done("已定下，到那天零点起生效")
    return redirect(url_for("console.policy"), 303)


def _page(form: PolicyForm, *, problem: str | None = None, changes: list[str] | None = None) -> str:
    now, town = deps().clock.now(), viewer().scope.town_code
    with deps().reads() as session:
        if request.method == "GET":
            form.show(policies.policy_at(session, now + FARTHEST))
            form.effective_from.data = city_date(now) + timedelta(days=1)
        return render_template(
            "console/policy.html",
            form=form,
            problem=problem,
            changes=changes,
            now_words=in_words(policies.policy_at(session, now)),
            lines=_lines(session, now),
            towns=policies.town_rows(session, town),
            places=deps().places,
            now=now,
            tomorrow=city_date(now) + timedelta(days=1),
        )


def _lines(session: Session, now: datetime) -> list[PolicyLine]:
    rows = list(policies.policy_rows(session))
    current = next((row for row in rows if row.effective_from <= now), None)
    older = [*rows[1:], None]
    return [_line(session, row, before, current) for row, before in zip(rows, older, strict=True)]


def _line(
    session: Session,
    row: BookingPolicy,
    before: BookingPolicy | None,
    current: BookingPolicy | None,
) -> PolicyLine:
    if current is None or row.effective_from > current.effective_from:
        state = "将生效"
    else:
        state = "现行" if row is current else "已过"
    changes = (
        ["最初的规则"]
        if before is None
        else changes_in_words(policies.policy_of(before), policies.policy_of(row))
    )
    return PolicyLine(
        row.effective_from, state, actor_name(session, row.created_by), row.note, changes
    )


def _midnight(day: date) -> datetime:
    """The first instant of the day. Raises Invalid beyond a year from now."""
    starts = city_midnight(day)
    if starts > deps().clock.now() + FARTHEST:
        raise Invalid("日期太远，请选一年以内的日期")
    return starts
