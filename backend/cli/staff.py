"""`staff`: accounts for the console; a password is shown once, when it is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.centres.models import Centre
from backend.centres.places import load_places
from backend.cli.content_commands import CONTENT
from backend.cli.first_start import new_password
from backend.config import Settings
from backend.kernel.clock import Clock, city_time, clock_from
from backend.kernel.db import make_engine, session_factory
from backend.kernel.errors import Conflict
from backend.people import staff_keeping
from backend.people.models import Role
from backend.people.staff import create_staff
from backend.people.staff_keeping import AccountLine


@dataclass(frozen=True)
class NewAccount:
    """What the command was told. `office`: the institution of medical staff."""

    login: str
    name: str
    role: Role
    centre_id: int | None = None
    town: str | None = None
    office: str | None = None


def add_staff(settings: Settings, new: NewAccount) -> str:
    """Make the account and return its password. Raises a DomainError for a wrong scope."""
    password = new_password()
    with _opened(settings) as (session, clock):
        _check_place(session, new)
        create_staff(
            session,
            clock,
            login=new.login,
            name=new.name,
            password=password,
            role=new.role,
            centre_id=new.centre_id,
            town_code=new.town,
            office=new.office,
        )
    return password


def _check_place(session: Session, new: NewAccount) -> None:
    """Raises Conflict with the numbers or codes that there are."""
    if new.role is Role.CLERK or new.centre_id is not None:
        centres = dict(session.execute(select(Centre.id, Centre.name).order_by(Centre.id)).all())
        if new.centre_id not in centres:
            known = "、".join(f"{number} {name}" for number, name in centres.items())
            wrong = "" if new.centre_id is None else f"没有编号是 {new.centre_id} 的中心。"
            raise Conflict(f"{wrong}--centre 写中心的编号：{known}")
    if new.role is Role.TOWN or new.town is not None:
        towns = {town.code: town.name for town in load_places(CONTENT).towns}
        if new.town not in towns:
            known = "、".join(f"{code} {name}" for code, name in towns.items())
            raise Conflict(f"--town 写街镇的代码：{known}")


def reset_password(settings: Settings, login: str) -> str:
    """Give the account a new password and return it. Raises NotFound."""
    password = new_password()
    with _opened(settings) as (session, clock):
        staff_keeping.reset_password(session, clock, login=login, password=password)
    return password


def close_account(settings: Settings, login: str) -> None:
    """Raises NotFound."""
    with _opened(settings) as (session, clock):
        staff_keeping.disable(session, clock, login=login)


def open_account(settings: Settings, login: str) -> None:
    """Raises NotFound."""
    with _opened(settings) as (session, clock):
        staff_keeping.enable(session, clock, login=login)


def listed(settings: Settings) -> list[str]:
    """A line for each account."""
    with _opened(settings) as (session, _):
        return [_line(one) for one in staff_keeping.accounts(session)]


def _line(one: AccountLine) -> str:
    """Fields between tabs, for a person as for `cut`."""
    town = f"town {one.town_code}" if one.town_code else "whole city"
    place = f"centre {one.centre_id}" if one.centre_id else town
    seen = (
        f"{city_time(one.signed_in_at):%Y-%m-%d %H:%M}" if one.signed_in_at else "never signed in"
    )
    state = f"disabled {city_time(one.disabled_at):%Y-%m-%d}" if one.disabled_at else "open"
    return "\t".join((one.login, one.role.value, place, seen, state, one.name, one.office or ""))


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Session, Clock]]:
    """One transaction."""
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with session_factory(engine).begin() as session:
            yield session, clock_from(settings.clock)
    finally:
        engine.dispose()
