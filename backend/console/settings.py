"""设置: centres, and what all its tabs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.centres import centre_keeping
from backend.centres.institutions import institutions, institutions_of_scope
from backend.centres.models import Centre
from backend.centres.queries import CentreRow, centre
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, sentence
from backend.console.day import place_of
from backend.console.forms import Form
from backend.console.permissions import Action
from backend.console.place_forms import CentreForm
from backend.console.towns import own_towns
from backend.deps import deps
from backend.kernel.errors import DomainError, NotFound

HINTS = {
    "name": "家长会看到，例如“澄江街道亲子活动中心”",
    "address": "写到门牌号，家长会复制去导航",
    "latitude": "腾讯地图上的坐标，例如 31.91000",
    "longitude": "例如 120.28000；填了，家长能按远近选中心",
    "institution_id": "老师和结算都按这家机构",
}


@bp.get("/settings")
@requires(Action.SEE_PLACES)
def settings() -> ResponseReturnValue:
    with deps().reads() as session:
        rows = own_centres(session)
        found = [session.get_one(Centre, row.id) for row in rows]
        names = {one.id: one.name for one in institutions(session, None)}
    return render_template(
        "console/settings_centres.html", centres=found, institutions=names, places=deps().places
    )


@bp.get("/settings/centres/new")
@requires(Action.EDIT_PLACES)
def new_centre() -> ResponseReturnValue:
    return _page(_offered(CentreForm()), None)


@bp.post("/settings/centres")
@requires(Action.EDIT_PLACES)
def add_centre() -> ResponseReturnValue:
    form = _offered(CentreForm())
    problem = save(form, lambda session: _add(session, form))
    if problem is not None:
        return _page(form, None, problem), 422
    notices.done("已加入，家长现在可以看到")
    return redirect(url_for("console.settings"), 303)


@bp.get("/settings/centres/<int:centre_id>")
@requires(Action.EDIT_PLACES)
def edit_centre(centre_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        found = centre_in_scope(session, centre_id)
    return _page(_offered(CentreForm(obj=found)), found)


@bp.post("/settings/centres/<int:centre_id>")
@requires(Action.EDIT_PLACES)
def change_centre(centre_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        found = centre_in_scope(session, centre_id)
    form = _offered(CentreForm())
    problem = save(form, lambda session: _change(session, form, centre_id))
    if problem is not None:
        return _page(form, found, problem), 422
    notices.done("已保存")
    return redirect(url_for("console.settings"), 303)


def own_centres(session: Session) -> list[CentreRow]:
    """The centres of the viewer's scope."""
    return place_of(session, None).choices


def own_institutions(session: Session) -> frozenset[int] | None:
    """The institutions whose teachers the viewer looks after; None for all."""
    scope = viewer().scope
    return institutions_of_scope(session, scope.centre_ids, scope.town_code)


def centre_in_scope(session: Session, centre_id: int) -> Centre:
    """Raises NotFound, also for a centre of others."""
    if not viewer().scope.holds_centre(centre_id):
        raise NotFound("没有这个中心")
    return centre(session, centre_id)


def save(form: Form, act: Callable[[Session], object]) -> str | None:
    """Do it in one transaction, or say why not."""
    if not form.validate():
        return "请检查标出的几项"
    try:
        with deps().sessions.begin() as session:
            act(session)
    except DomainError as error:
        return sentence(error)
    return None


def form_page(
    form: Form,
    *,
    title: str,
    tab: str,
    problem: str | None = None,
    hints: Mapping[str, str] | None = None,
    submit: str = "保存",
) -> str:
    """A form of a tab; it is sent to the address that shows it, or to the list's."""
    return render_template(
        "console/settings_form.html",
        form=form,
        title=title,
        tab=tab,
        problem=problem,
        hints=hints or {},
        submit=submit,
        action=request.path.removesuffix("/new"),
    )


def _page(form: CentreForm, found: Centre | None, problem: str | None = None) -> str:
    title = "新增中心" if found is None else f"修改{found.name}"
    return form_page(form, title=title, tab="settings", problem=problem, hints=HINTS)


def _offered(form: CentreForm) -> CentreForm:
    with deps().reads() as session:
        runs = institutions(session, None)
    form.offer(own_towns(), deps().places, runs)
    return form


def _add(session: Session, form: CentreForm) -> None:
    parts = deps()
    centre_keeping.add_centre(
        session, parts.clock, parts.places, form.entry(), actor=viewer().actor
    )


def _change(session: Session, form: CentreForm, centre_id: int) -> None:
    parts = deps()
    centre_keeping.change_centre(
        session,
        parts.clock,
        parts.places,
        centre=centre_in_scope(session, centre_id),
        entry=form.entry(),
        actor=viewer().actor,
    )
