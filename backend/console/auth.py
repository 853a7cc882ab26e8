"""Sign-in of staff: a key in the cookie, the sign-in itself a row that can be revoked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy.orm import Session

from backend.bookings.home_visits import is_teacher
from backend.centres.queries import centre_ids_of_town
from backend.console.permissions import Action, may
from backend.deps import deps
from backend.kernel.errors import Forbidden
from backend.people import staff as accounts
from backend.people.models import Role, Staff
from backend.people.scopes import Acting, Scope, scope_of

Args = ParamSpec("Args")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Viewer(UserMixin):  # type: ignore[misc]  # flask_login has no types
    """Who is at the desk. `key` is the sign-in's; Flask-Login keeps it as alternative id."""

    key: str
    staff_id: int
    name: str
    login: str
    role: Role
    scope: Scope
    office: str | None = None  # of medical staff
    is_teacher: bool = False  # a teacher signs in with this account: 我的入户

    @property
    def actor(self) -> str:
        return self.acting.actor

    @property
    def acting(self) -> Acting:
        return Acting(self.staff_id, self.scope)

    def get_id(self) -> str:
        return self.key

    @property
    def first_page(self) -> str:
        """The endpoint where work begins."""
        if self.may(Action.READ_HANDBOOKS):
            return "console.handbooks"
        return "console.today" if self.may(Action.SEE_BOOKINGS) else "console.content"

    def may(self, action: Action) -> bool:
        return may(self.role, action)


def install(app: Flask) -> None:
    """Flask-Login without its `init_app`: that would look into the cookie of every API call

    for a remember-me, and so mark every cacheable answer as different for each cookie.
    """
    manager = LoginManager()
    manager.user_loader(load_viewer)
    app.login_manager = manager  # type: ignore[attr-defined]  # where Flask-Login looks


def load_viewer(key: str) -> Viewer | None:
    """The signed-in member of staff, or None when the sign-in has ended."""
    with deps().sessions.begin() as database:
        staff = accounts.staff_by_key(database, deps().clock, key)
        return None if staff is None else viewer_of(database, staff, key)


def viewer_of(database: Session, staff: Staff, key: str) -> Viewer:
    scope = scope_of(staff, lambda town: centre_ids_of_town(database, town))
    teaches = staff.role is Role.CLERK and is_teacher(database, staff.id)
    return Viewer(key, staff.id, staff.name, staff.login, staff.role, scope, staff.office, teaches)


def requires(
    action: Action,
) -> Callable[[Callable[Args, ResponseReturnValue]], Callable[Args, ResponseReturnValue]]:
    """Only for staff whose role has this action; others are sent to the sign-in or refused."""

    def decorate(
        view: Callable[Args, ResponseReturnValue],
    ) -> Callable[Args, ResponseReturnValue]:
        @wraps(view)
        def checked(*args: Args.args, **kwargs: Args.kwargs) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                wanted = request.full_path.rstrip("?") if request.method == "GET" else None
                return redirect(url_for("console.sign_in", next=wanted), 303)
            g.viewer = current_user._get_current_object()
            if not viewer().may(action):
                raise Forbidden
            return view(*args, **kwargs)

        checked.requires = action  # type: ignore[attr-defined]  # a test reads it
        return checked

    return decorate


def viewer() -> Viewer:
    """Who asks; only inside a view with `requires`."""
    found: Viewer = g.viewer
    return found


def open_sign_in(login: str, password: str) -> None:
    """Check and remember in the cookie. Raises WrongLogin or TooManyTries."""
    parts = deps()
    with parts.sessions.begin() as database:
        accounts.begin_try(database, parts.clock, login=login)
    with parts.sessions.begin() as database:
        key = accounts.sign_in(database, parts.clock, login=login, password=password)
    session.clear()  # nothing of who sat here before
    login_user(load_viewer(key))


def close_sign_in() -> None:
    if current_user.is_authenticated:
        with deps().sessions.begin() as database:
            accounts.sign_out(database, deps().clock, key=current_user.get_id())
    logout_user()
    session.clear()
