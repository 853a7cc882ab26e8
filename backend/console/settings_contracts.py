"""设置 › 机构与合同: who runs the centres, and what the towns buy of them."""

from __future__ import annotations

from datetime import date

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.centres import institutions as keeping
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.permissions import Action
from backend.console.place_forms import ContractForm, InstitutionForm, towns_to_choose
from backend.console.settings import form_page, save
from backend.console.towns import own_towns
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import Invalid

TAB = "settings_contracts"
HINTS = {
    "valid_until": "两天都包括在内；同一机构在同一街镇的合同不能重叠",
    "ceiling": "结算到这个数为止",
}


@bp.get("/settings/contracts")
@requires(Action.EDIT_CONTRACTS)
def settings_contracts() -> ResponseReturnValue:
    with deps().reads() as session:
        rows = keeping.institutions(session, viewer().scope.town_code)
    return render_template(
        "console/settings_contracts.html",
        rows=rows,
        name_of=deps().places.name_of,
        today=city_date(deps().clock.now()),
    )


@bp.get("/settings/institutions/new")
@requires(Action.EDIT_CONTRACTS)
def new_institution() -> ResponseReturnValue:
    return form_page(InstitutionForm(), title="新增机构", tab=TAB)


@bp.post("/settings/institutions")
@requires(Action.EDIT_CONTRACTS)
def add_institution() -> ResponseReturnValue:
    form = InstitutionForm()

    def add(session: Session) -> None:
        keeping.add_institution(session, deps().clock, form.entry(), actor=viewer().actor)

    problem = save(form, add)
    if problem is not None:
        return form_page(form, title="新增机构", tab=TAB, problem=problem), 422
    notices.done("已加入，请登记合同，并在“中心”里选它")
    return redirect(url_for("console.settings_contracts"), 303)


@bp.get("/settings/institutions/<int:institution_id>")
@requires(Action.EDIT_CONTRACTS)
def edit_institution(institution_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        found = keeping.institution(session, institution_id)
    return form_page(InstitutionForm(obj=found), title=f"修改{found.name}", tab=TAB)


@bp.post("/settings/institutions/<int:institution_id>")
@requires(Action.EDIT_CONTRACTS)
def change_institution(institution_id: int) -> ResponseReturnValue:
    form = InstitutionForm()

    def change(session: Session) -> None:
        found = keeping.institution(session, institution_id)
        keeping.change_institution(session, deps().clock, found, form.entry(), actor=viewer().actor)

    problem = save(form, change)
    if problem is not None:
        return form_page(form, title="修改机构", tab=TAB, problem=problem), 422
    notices.done("已保存")
    return redirect(url_for("console.settings_contracts"), 303)


@bp.get("/settings/institutions/<int:institution_id>/contracts/new")
@requires(Action.EDIT_CONTRACTS)
def new_contract(institution_id: int) -> ResponseReturnValue:
    return _contract_page(_offered(), institution_id)


@bp.post("/settings/institutions/<int:institution_id>/contracts")
@requires(Action.EDIT_CONTRACTS)
def add_contract(institution_id: int) -> ResponseReturnValue:
    """The town is one of the viewer's: the form has no other."""
    form = _offered()

    def add(session: Session) -> None:
        new = form.contract(institution_id)
        keeping.add_contract(session, deps().clock, new, actor=viewer().actor)

    problem = save(form, add)
    if problem is not None:
        return _contract_page(form, institution_id, problem), 422
    notices.done("合同已登记")
    return redirect(url_for("console.settings_contracts"), 303)


@bp.post("/settings/contracts/<int:contract_id>/end")
@requires(Action.EDIT_CONTRACTS)
def end_contract(contract_id: int) -> ResponseReturnValue:
    last_day = request.form.get("last_day", type=date.fromisoformat)
    if last_day is None:
        raise Invalid("请填写最后一天")
    with deps().sessions.begin() as session:
        contract = keeping.contract_in_scope(session, contract_id, viewer().scope.town_code)
        keeping.end_contract(
            session, deps().clock, contract, last_day=last_day, actor=viewer().actor
        )
    notices.done("合同期已改")
    return redirect(url_for("console.settings_contracts"), 303)


def _offered() -> ContractForm:
    form = ContractForm()
    form.town_code.choices = towns_to_choose(own_towns())
    return form


def _contract_page(form: ContractForm, institution_id: int, problem: str | None = None) -> str:
    with deps().reads() as session:
        found = keeping.institution(session, institution_id)
    title = f"{found.name}的新合同"
    return form_page(form, title=title, tab=TAB, problem=problem, hints=HINTS)
