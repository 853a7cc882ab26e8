"""结算: the list of monthly statements, one statement, and the steps from draft to payment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.bookings import corrections, settlement, statements
from backend.bookings.corrections import NewCorrection
from backend.bookings.money import in_capitals, read_yuan, yuan
from backend.bookings.settlement import DEDUCTIONS, REASON_TITLES, STATEMENT_TITLES
from backend.bookings.settlement_models import Statement, StatementState
from backend.bookings.statement_evidence import corrections_of
from backend.bookings.statement_queries import (
    StatementFilter,
    StatementRow,
    accepted_before,
    contracts_running,
    contracts_without,
    not_marked,
    statement_history,
    statement_in_scope,
    statements_page,
    summary,
    totals,
)
from backend.bookings.statement_steps import submitter
from backend.centres.place_models import ContractUnit
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, row_id
from backend.console.months import MONTHS_OFFERED, month_asked, read_month
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.ages import add_months
from backend.kernel.clock import city_date
from backend.kernel.errors import Invalid
from backend.people.models import Role

UNIT_TITLES = {ContractUnit.SESSION: "按人次", ContractUnit.FAMILY: "按户（每户每月一次）"}

bp.add_app_template_filter(yuan, "console_yuan")


@bp.get("/statements")
@requires(Action.SEE_STATEMENTS)
def list_statements() -> ResponseReturnValue:
    """The month of the address, every one for `all`; without one the last whole month."""
    scope, today = viewer().scope, city_date(deps().clock.now())
    every = request.args.get("month") == "all"
    which = StatementFilter(
        None if every else month_asked(add_months(today.replace(day=1), -1)),
        request.args.get("town") or None,
        _state_asked(),
        request.args.get("contract", type=row_id),
    )
    with deps().reads() as session:
        page = statements_page(session, scope, which, after=request.args.get("after"))
        missing = contracts_without(session, scope, which.month) if which.month else []
    return render_template(
        "console/statements.html",
        rows=page.items,
        more=page.next,
        missing=missing,
        which=which,
        sums=totals(page.items),
        months=[add_months(today.replace(day=1), -back) for back in range(MONTHS_OFFERED)],
        towns=towns_offered(),
        name_of=deps().places.name_of,
        states=STATEMENT_TITLES,
        units=UNIT_TITLES,
    )


def _state_asked() -> StatementState | None:
    text = request.args.get("state", "")
    return StatementState(text) if text in set(StatementState) else None


def towns_offered() -> list[tuple[str, str]]:
    """For the city to choose from; everybody else sees one town."""
    if viewer().scope.role is not Role.CITY:
        return []
    return [(town.code, town.name) for town in deps().places]


@bp.post("/statements/draw-up")
@requires(Action.PREPARE_STATEMENTS)
def draw_up_statements() -> ResponseReturnValue:
    """The month's statements of every contract in the scope, made or computed again."""
    try:
        month = read_month(request.form.get("month", ""))
    except ValueError as error:
        raise Invalid("请选择月份") from error
    with deps().sessions.begin() as session:
        contracts = contracts_running(session, viewer().scope, month)
        made = statements.draw_up(
            session,
            deps().clock,
            month=month,
            contract_ids=[contract.id for contract in contracts],
            actor=viewer().actor,
        )
    if made:
        notices.done(f"已计算 {len(made)} 份结算单")
    else:
        notices.refused("没有可以计算的结算单：这个月没有合同，或都已提交")
    return redirect(back(), 303)


@bp.get("/statements/<int:statement_id>")
@requires(Action.SEE_STATEMENTS)
def statement(statement_id: int) -> ResponseReturnValue:
    g.back_to = url_for("console.statement", statement_id=statement_id)
    clock = deps().clock
    with deps().sessions.begin() as session:
        row = statement_in_scope(session, viewer().scope, statement_id)
        return render_template(
            "console/statement.html",
            row=row,
            summary=summary(session, statement_id),
            corrections=corrections_of(session, statement_id),
            steps=statement_history(session, statement_id),
            not_marked=not_marked(session, row, clock.now()),
            outdated=_is_outdated(session, row),
            month_over=city_date(clock.now()) >= add_months(row.month, 1),
            may=_may(session, row),
            earlier=accepted_before(session, row),
            **words(),
        )


def words() -> dict[str, Any]:
    """What the pages of a statement say things with."""
    return {
        "states": STATEMENT_TITLES,
        "units": UNIT_TITLES,
        "reasons": DEDUCTIONS,
        "reason_titles": REASON_TITLES,
        "name_of": deps().places.name_of,
        "capitals": in_capitals,
        "today": city_date(deps().clock.now()),
    }


def _is_outdated(session: Session, row: StatementRow) -> bool:
    """Whether an open statement would come out differently now; asked for who can mend it."""
    if row.state not in settlement.OPEN_STATEMENTS or not viewer().may(Action.PREPARE_STATEMENTS):
        return False
    return bool(statements.differences(session, session.get_one(Statement, row.id), most=1))


def _may(session: Session, row: StatementRow) -> set[str]:
    """The buttons of the page. The service refuses the same."""
    after, me = settlement.NEXT_STATEMENTS[row.state], viewer()
    found: set[str] = set()
    if row.state in settlement.OPEN_STATEMENTS and me.may(Action.PREPARE_STATEMENTS):
        found |= {"recompute", "submit", "correct"}
    if StatementState.ACCEPTED in after and me.may(Action.DECIDE_STATEMENTS):
        found.add("return")
        found |= {"accept"} if submitter(session, row.id) != me.actor else {"wait"}
    if StatementState.PAID in after and me.may(Action.PAY_STATEMENTS):
        found.add("pay")
    return found


@bp.post("/statements/<int:statement_id>/recompute")
@requires(Action.PREPARE_STATEMENTS)
def recompute_statement(statement_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        statement_in_scope(session, viewer().scope, statement_id)
        written = statements.recompute(
            session, deps().clock, statement_id=statement_id, actor=viewer().actor
        )
    notices.done(f"已重新计算：{written.words}" if written.anything else "已重新计算，没有变化")
    return redirect(back(), 303)


@bp.post("/statements/<int:statement_id>/submit")
@requires(Action.PREPARE_STATEMENTS)
def submit_statement(statement_id: int) -> ResponseReturnValue:
    return _take(statement_id, statements.submit, "已提交，等待街镇或市级审核")


@bp.post("/statements/<int:statement_id>/return")
@requires(Action.DECIDE_STATEMENTS)
def return_statement(statement_id: int) -> ResponseReturnValue:
    return _take(statement_id, statements.send_back, "已退回，机构会看到原因")


@bp.post("/statements/<int:statement_id>/accept")
@requires(Action.DECIDE_STATEMENTS)
def accept_statement(statement_id: int) -> ResponseReturnValue:
    return _take(statement_id, statements.accept, "已受理，从现在起不能再改")


@bp.post("/statements/<int:statement_id>/pay")
@requires(Action.PAY_STATEMENTS)
def pay_statement(statement_id: int) -> ResponseReturnValue:
    return _take(statement_id, statements.pay, "已记为付款")


def _take(statement_id: int, step: Callable[..., Statement], done: str) -> ResponseReturnValue:
    """One step on the version that the page has shown. A refusal is a sentence on the page."""
    try:
        seen = datetime.fromisoformat(request.form.get("seen", ""))
    except ValueError as error:
        raise Invalid("请刷新后再试") from error
    with deps().sessions.begin() as session:
        statement_in_scope(session, viewer().scope, statement_id)
        step(
            session,
            deps().clock,
            statement_id=statement_id,
            seen=seen,
            actor=viewer().actor,
            note=request.form.get("note", ""),
        )
    notices.done(done)
    return redirect(back(), 303)


@bp.post("/statements/<int:statement_id>/corrections")
@requires(Action.PREPARE_STATEMENTS)
def correct_statement(statement_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        statement_in_scope(session, viewer().scope, statement_id)
        corrections.correct(
            session,
            deps().clock,
            statement_id=statement_id,
            new=_correction(),
            actor=viewer().actor,
        )
    notices.done("已加入更正")
    return redirect(back(), 303)


def _correction() -> NewCorrection:
    """What the form says. Raises Invalid."""
    booking = request.form.get("booking", "").strip()
    try:
        return NewCorrection(
            of_statement=row_id(request.form.get("of", "")),
            amount_fen=read_yuan(request.form.get("amount", "")),
            note=request.form.get("note", ""),
            booking_id=row_id(booking) if booking else None,
        )
    except ValueError as error:
        raise Invalid("请选要更正的月份，预约编号只写数字") from error


@bp.post("/statements/<int:statement_id>/corrections/<int:line_id>/remove")
@requires(Action.PREPARE_STATEMENTS)
def drop_statement_correction(statement_id: int, line_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        statement_in_scope(session, viewer().scope, statement_id)
        corrections.drop_correction(
            session,
            deps().clock,
            statement_id=statement_id,
            line_id=line_id,
            actor=viewer().actor,
        )
    notices.done("已移除这一条更正")
    return redirect(back(), 303)
