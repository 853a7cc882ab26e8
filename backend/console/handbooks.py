"""手册: a child-health doctor asks to read one child's handbook, and sees what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, sentence
from backend.console.desk import note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import DomainError, Invalid
from backend.kernel.privacy import mask_birth_date, mask_name
from backend.people.children import NAME
from backend.rights.handbook_grants import finding, rules, service
from backend.rights.handbook_grants.models import GrantState, ReadPurpose
from backend.rights.handbook_grants.queries import Board, GrantRow, board_of_staff
from backend.rights.handbook_grants.service import Desk
from backend.rights.handbook_grants.words import standing_words

LONGEST_WHO = 40  # characters; a name has fewer


@dataclass(frozen=True)
class Line:
    """A grant on a page."""

    row: GrantRow
    child: str  # masked
    birth: str  # year and month
    town: str
    purpose: str
    hours: str
    standing: str
    readable: bool
    ends_at: datetime


@dataclass(frozen=True)
class Asked:
    """What the form was sent with, to be put right."""

    who: str = ""
    birth: str = ""
    purpose: str = ""
    hours: int = rules.USUAL_HOURS


@bp.get("/handbooks")
@requires(Action.READ_HANDBOOKS)
def handbooks() -> ResponseReturnValue:
    return _page(Asked())


@bp.post("/handbooks")
@requires(Action.READ_HANDBOOKS)
def ask_for_handbook() -> ResponseReturnValue:
    """What was typed comes back with the sentence, and never stands in an address."""
    form = request.form
    asked = Asked(
        who=form.get("who", "").strip()[:LONGEST_WHO],
        birth=form.get("birth", ""),
        purpose=form.get("purpose", ""),
        hours=form.get("hours", default=0, type=int),
    )
    try:
        _ask(asked)
    except DomainError as error:
        return _page(asked, problem=sentence(error)), 422
    notices.done("已提交，等负责人审批；批准后从那时起计时")
    return redirect(url_for("console.handbooks"), 303)


@bp.post("/handbooks/<int:grant_id>/end")
@requires(Action.READ_HANDBOOKS)
def end_own_grant(grant_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        service.end_own(session, deps().clock, desk=desk(), grant_id=grant_id)
    notices.done("已结束，还要看请重新申请")
    return redirect(back(), 303)


def desk() -> Desk:
    return Desk(viewer().staff_id, viewer().scope.town_code)


def line_of(row: GrantRow) -> Line:
    parts = deps()
    deleted = not row.child_name_sealed
    return Line(
        row=row,
        child="已删除" if deleted else mask_name(parts.vault.open(row.child_name_sealed, NAME)),
        birth=mask_birth_date(row.birth_date),
        town=parts.places.name_of(row.town_code),
        purpose=rules.PURPOSES[row.purpose],
        hours=rules.HOURS.get(row.hours, f"{row.hours} 小时"),
        standing=standing_words(row),
        readable=row.standing is GrantState.GRANTED,
        ends_at=rules.Term(row.standing, row.asked_at, row.ends_at).runs_out_at,
    )


def lines_of(board: Board) -> dict[str, list[Line]]:
    """The three lists of a page."""
    return {name: [line_of(row) for row in rows] for name, rows in vars(board).items()}


def _ask(asked: Asked) -> None:
    parts, mine = deps(), desk()
    purpose, born = _purpose(asked.purpose), _birth(asked.birth)
    rules.check_hours(asked.hours)
    if not asked.who:
        raise Invalid("请填姓名或手册编号")
    with parts.sessions.begin() as session:
        finding.count_try(session, parts.clock, mine)
    with parts.sessions.begin() as session:
        found = finding.find_child(session, parts.vault, desk=mine, who=asked.who, birth_date=born)
        if found is None:
            raise rules.HandbookNotFound
        service.ask(
            session,
            parts.clock,
            parts.documents,
            desk=mine,
            child_id=found,
            purpose=purpose,
            hours=asked.hours,
        )


def _purpose(value: str) -> ReadPurpose:
    try:
        return ReadPurpose(value)
    except ValueError:
        raise Invalid("请选择用途") from None


def _birth(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Invalid("请填出生日期") from None


def _page(asked: Asked, problem: str | None = None) -> str:
    parts = deps()
    now = parts.clock.now()
    g.back_to = url_for("console.handbooks")
    with parts.sessions.begin() as session:
        board = board_of_staff(session, viewer().staff_id, now)
        note_listed(session, "handbooks", (row.child_id for row in board.rows))
    return render_template(
        "console/handbooks.html",
        **lines_of(board),
        asked=asked,
        problem=problem,
        purposes=rules.PURPOSES,
        hours=rules.HOURS,
        today=city_date(now),
    )
