"""Sign in and out, and one's own account."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backend.console import notices
from backend.console.auth import close_sign_in, open_sign_in, requires, viewer
from backend.console.blueprint import back, bp, sentence
from backend.console.forms import PasswordForm, SignInForm
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.errors import DomainError
from backend.people import staff as accounts


@bp.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(back(), 303)
    return _sign_in_page(SignInForm(), None, 200)


@bp.post("/sign-in")
def open_console() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, None, 422)
    try:
        open_sign_in(form.login.data, form.password.data)
    except accounts.TooManyTries as error:
        return _sign_in_page(form, sentence(error), 429)
    except accounts.WrongLogin as error:
        return _sign_in_page(form, sentence(error), 401)
    return redirect(back(), 303)


def _sign_in_page(form: SignInForm, problem: str | None, status: int) -> ResponseReturnValue:
    return (
        render_template(
            "console/sign_in.html",
            form=form,
            problem=problem,
            demo=deps().settings.demo,
            wanted=request.args.get("next") or request.form.get("back") or "",
        ),
        status,
    )


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    close_sign_in()
    notices.done("已退出")
    return redirect(url_for("console.sign_in"), 303)


@bp.get("/account")
@requires(Action.OWN_ACCOUNT)
def account() -> ResponseReturnValue:
    return render_template("console/account.html", form=PasswordForm())


@bp.post("/account/password")
@requires(Action.OWN_ACCOUNT)
def change_password() -> ResponseReturnValue:
    form = PasswordForm()
    problem = None if form.validate() else "请把三项都填好"
    if problem is None and form.new.data != form.again.data:
        problem = "两次输入的新密码不一样"
    if problem is None:
        problem = _change(form)
    if problem is not None:
        return render_template("console/account.html", form=form, problem=problem), 422
    notices.done("密码已修改，其他地方的登录已退出")
    return redirect(url_for("console.account"), 303)


def _change(form: PasswordForm) -> str | None:
    """Change it, or say why not."""
    try:
        with deps().sessions.begin() as session:
            accounts.change_password(
                session,
                deps().clock,
                staff_id=viewer().staff_id,
                old=form.old.data,
                new=form.new.data,
                keep=viewer().key,
            )
    except DomainError as error:
        return sentence(error)
    return None
