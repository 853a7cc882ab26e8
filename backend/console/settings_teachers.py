"""设置 › 老师: who may teach, until when, and whose certificate is about to end."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.centres import teachers
from backend.centres.institutions import institutions
from backend.centres.place_models import Teacher
from backend.centres.teachers import Roll
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.permissions import Action
from backend.console.place_forms import CertificateForm, TeacherForm
from backend.console.settings import form_page, own_institutions, save
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import NotFound

Act = Callable[[Session, Teacher], None]


@bp.get("/settings/teachers")
@requires(Action.SEE_PLACES)
def settings_teachers() -> ResponseReturnValue:
    with deps().reads() as session:
        roll = _roll(session)
    return render_template("console/settings_teachers.html", roll=roll)


@bp.get("/settings/teachers/new")
@requires(Action.EDIT_PLACES)
def new_teacher() -> ResponseReturnValue:
    return _new_page(_offered(TeacherForm()))


@bp.post("/settings/teachers")
@requires(Action.EDIT_PLACES)
def add_teacher() -> ResponseReturnValue:
    form = _offered(TeacherForm())
    made: list[int] = []

    def add(session: Session) -> None:
        made.append(
            teachers.add_teacher(
                session,
                deps().clock,
                institution_id=form.institution_id.data,
                display_name=form.display_name.data,
                actor=viewer().actor,
            ).id
        )

    problem = save(form, add)
    if problem is not None:
        return _new_page(form, problem), 422
    notices.done("已加入，请登记证书")
    return redirect(url_for("console.teacher", teacher_id=made[0]), 303)


@bp.get("/settings/teachers/<int:teacher_id>")
@requires(Action.EDIT_PLACES)
def teacher(teacher_id: int) -> ResponseReturnValue:
    return _page(teacher_id, CertificateForm())


@bp.post("/settings/teachers/<int:teacher_id>/name")
@requires(Action.EDIT_PLACES)
def rename_teacher(teacher_id: int) -> ResponseReturnValue:
    """The name that families read, and the account with which the teacher signs in."""
    name, login = request.form.get("display_name", ""), request.form.get("login", "")

    def act(session: Session, found: Teacher) -> None:
        teachers.rename_teacher(session, deps().clock, found, name, actor=viewer().actor)
        teachers.link_account(session, deps().clock, found, login=login, actor=viewer().actor)

    return _act(teacher_id, act, "已保存")


@bp.post("/settings/teachers/<int:teacher_id>/certificates")
@requires(Action.EDIT_PLACES)
def add_certificate(teacher_id: int) -> ResponseReturnValue:
    form = CertificateForm()

    def add(session: Session) -> None:
        teachers.add_certificate(
            session,
            deps().clock,
            deps().vault,
            teacher=_in_scope(session, teacher_id),
            new=form.certificate(),
            actor=viewer().actor,
        )

    problem = save(form, add)
    if problem is not None:
        return _page(teacher_id, form, problem), 422
    notices.done("证书已登记，编号加密保存")
    return redirect(url_for("console.teacher", teacher_id=teacher_id), 303)


@bp.post("/settings/teachers/<int:teacher_id>/certificates/<int:certificate_id>/remove")
@requires(Action.EDIT_PLACES)
def remove_certificate(teacher_id: int, certificate_id: int) -> ResponseReturnValue:
    def act(session: Session, found: Teacher) -> None:
        teachers.remove_certificate(
            session, deps().clock, found, certificate_id, actor=viewer().actor
        )

    return _act(teacher_id, act, "已删去这张证书")


@bp.post("/settings/teachers/<int:teacher_id>/leave")
@requires(Action.EDIT_PLACES)
def teacher_leaves(teacher_id: int) -> ResponseReturnValue:
    def act(session: Session, found: Teacher) -> None:
        today = city_date(deps().clock.now())
        teachers.let_go(session, deps().clock, found, left_on=today, actor=viewer().actor)

    undo = url_for("console.teacher_returns", teacher_id=teacher_id)
    return _act(teacher_id, act, "已记为离开，今天起不能排课", undo)


@bp.post("/settings/teachers/<int:teacher_id>/return")
@requires(Action.EDIT_PLACES)
def teacher_returns(teacher_id: int) -> ResponseReturnValue:
    def act(session: Session, found: Teacher) -> None:
        teachers.let_go(session, deps().clock, found, left_on=None, actor=viewer().actor)

    return _act(teacher_id, act, "已恢复")


def _act(teacher_id: int, act: Act, done: str, undo: str | None = None) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        act(session, _in_scope(session, teacher_id))
    notices.done(done, undo=undo)
    return redirect(url_for("console.teacher", teacher_id=teacher_id), 303)


def _in_scope(session: Session, teacher_id: int) -> Teacher:
    return teachers.teacher_in_scope(session, teacher_id, own_institutions(session))


def _roll(session: Session) -> Roll:
    parts = deps()
    return teachers.teachers_of(session, parts.clock, parts.vault, own_institutions(session))


def _offered(form: TeacherForm) -> TeacherForm:
    with deps().reads() as session:
        own = own_institutions(session)
        runs = institutions(session, viewer().scope.town_code)
    form.offer([one for one in runs if own is None or one.id in own])
    return form


def _new_page(form: TeacherForm, problem: str | None = None) -> str:
    hints = {"display_name": "家长看到的称呼，例如“王老师”；不写全名"}
    return form_page(form, title="新增老师", tab="settings_teachers", problem=problem, hints=hints)


def _page(teacher_id: int, form: CertificateForm, problem: str | None = None) -> str:
    with deps().reads() as session:
        roll = _roll(session)
    row = next((one for one in roll.rows if one.id == teacher_id), None)
    if row is None:
        raise NotFound("没有这位老师")
    return render_template(
        "console/settings_teacher.html", row=row, form=form, problem=problem, today=roll.today
    )
