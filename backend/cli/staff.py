"""`staff add`: an account for the console, with a password that is shown once."""

from dataclasses import dataclass

from backend.centres.models import Centre
from backend.cli.first_start import new_password
from backend.config import Settings
from backend.kernel.clock import clock_from
from backend.kernel.db import make_engine, session_factory
from backend.kernel.errors import Conflict
from backend.people.models import Role
from backend.people.staff import create_staff


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
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with session_factory(engine).begin() as session:
            if new.centre_id is not None and session.get(Centre, new.centre_id) is None:
                raise Conflict(f"没有编号为 {new.centre_id} 的中心")
            create_staff(
                session,
                clock_from(settings.clock),
                login=new.login,
                name=new.name,
                password=password,
                role=new.role,
                centre_id=new.centre_id,
                town_code=new.town,
                office=new.office,
            )
    finally:
        engine.dispose()
    return password
