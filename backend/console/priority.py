"""优先: who asked for priority, who has it until when. The town decides, the city sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.bookings.changes import actor_name
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp
from backend.console.desk import age_words, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.ages import add_months, age_months
from backend.kernel.clock import city_date
from backend.kernel.errors import Invalid
from backend.kernel.privacy import mask_name
from backend.people import priority as grants
from backend.people.children import NAME
from backend.people.priority_queries import GrantRow, board, check_in_scope

Decide = Callable[[Session, int, str], object]
"""(session, grant, actor): what the town decided."""


@dataclass(frozen=True)
class Line:
    """One request or grant on the page. `kind`: only of the one that was just revealed."""

    id: int
    child: str  # masked
    age: str
    town: str
    asked_at: datetime
    granted_at: datetime | None
    granted_by: str
    valid_until: date | None
    over: bool
    kind: str | None


@bp.get("/priority")
@requires(Action.SEE_PRIORITY)
def priority() -> ResponseReturnValue:
    return _page()


@bp.post("/priority/<int:grant_id>/kind")
@requires(Action.GRANT_PRIORITY)
def reveal_kind(grant_id: int) -> ResponseReturnValue:
    """The kind, once, to compare it with the papers; the audit log says who looked."""
    parts = deps()
    with parts.sessions.begin() as session:
        check_in_scope(session, grant_id, viewer().scope.town_code)
        kind = grants.reveal(
            session, parts.clock, parts.vault, grant_id=grant_id, actor=viewer().actor
        )
    return _page(revealed=(grant_id, grants.KIND_TITLES[kind]))


@bp.post("/priority/<int:grant_id>/grant")
@requires(Action.GRANT_PRIORITY)
def grant_priority(grant_id: int) -> ResponseReturnValue:
    last = _last_day()
    return _decide(
        grant_id,
        lambda session, which, actor: grants.grant(
            session, deps().clock, grant_id=which, valid_until=last, actor=actor
        ),
        "已同意，家庭可以约留给优先家庭的名额",
    )


@bp.post("/priority/<int:grant_id>/extend")
@requires(Action.GRANT_PRIORITY)
def extend_priority(grant_id: int) -> ResponseReturnValue:
    last = _last_day()
    return _decide(
        grant_id,
        lambda session, which, actor: grants.extend(
            session, deps().clock, grant_id=which, valid_until=last, actor=actor
        ),
        "有效期已更改",
    )


@bp.post("/priority/<int:grant_id>/refuse")
@requires(Action.GRANT_PRIORITY)
def refuse_priority(grant_id: int) -> ResponseReturnValue:
    return _decide(
        grant_id,
        lambda session, which, actor: grants.refuse(
            session, deps().clock, grant_id=which, actor=actor
        ),
        "已记为不通过，家庭可以再次申请",
    )


@bp.post("/priority/<int:grant_id>/end")
@requires(Action.GRANT_PRIORITY)
def end_priority(grant_id: int) -> ResponseReturnValue:
    return _decide(
        grant_id,
        lambda session, which, actor: grants.end(
            session, deps().clock, grant_id=which, actor=actor
        ),
        "已终止，已经约好的活动不受影响",
    )


def _decide(grant_id: int, decide: Decide, done: str) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        check_in_scope(session, grant_id, viewer().scope.town_code)
        decide(session, grant_id, viewer().actor)
    notices.done(done)
    return redirect(back(), 303)


def _last_day() -> date:
    """Raises Invalid for what is no day."""
    try:
        return date.fromisoformat(request.form.get("until", ""))
    except ValueError:
        raise Invalid("请选择有效期的最后一天") from None


def _page(revealed: tuple[int, str] | None = None) -> ResponseReturnValue:
    """What waits, what ends within 60 days, what stands. `town` in the address: for the city."""
    parts, scope = deps(), viewer().scope
    today = city_date(parts.clock.now())
    towns = [] if scope.town_code else parts.places.towns
    asked = request.args.get("town")
    asked = asked if any(one.code == asked for one in towns) else None
    town = scope.town_code or asked
    g.back_to = url_for("console.priority", town=asked)
    with parts.sessions.begin() as session:
        found = board(session, town, today)
        note_listed(session, "priority", (row.child_id for row in found.rows))
        names = {row.granted_by for row in found.rows if row.granted_by is not None}
        who = {actor: actor_name(session, actor) for actor in names}
    lists = {
        name: [_line(row, who, today, revealed) for row in rows]
        for name, rows in vars(found).items()
    }
    return render_template(
        "console/priority.html",
        **lists,
        today=today,
        latest=add_months(today, grants.LONGEST_MONTHS),
        usual=add_months(today, 12),
        town=asked,
        towns=towns,
    )


def _line(
    row: GrantRow, who: dict[str, str], today: date, revealed: tuple[int, str] | None
) -> Line:
    parts = deps()
    return Line(
        id=row.id,
        child=mask_name(parts.vault.open(row.child_name_sealed, NAME)),
        age=age_words(age_months(row.birth_date, today)),
        town=parts.places.name_of(row.town_code),
        asked_at=row.asked_at,
        granted_at=row.granted_at,
        granted_by=who.get(row.granted_by or "", ""),
        valid_until=row.valid_until,
        over=row.valid_until is not None and row.valid_until < today,
        kind=revealed[1] if revealed is not None and revealed[0] == row.id else None,
    )
