"""`staff add`: an account for the console, with a password that is shown once."""

from backend.centres.models import Centre
from backend.cli.first_start import new_password
from backend.config import Settings
from backend.kernel.clock import clock_from
from backend.kernel.db import make_engine, session_factory
from backend.kernel.errors import Conflict
from backend.people.models import Role
from backend.people.staff import create_staff


def add_staff(
    settings: Settings, login: str, name: str, role: Role, centre_id: int | None, town: str | None
) -> str:
    """Make the account and return its password. Raises a DomainError for a wrong scope."""
    password = new_password()
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with session_factory(engine).begin() as session:
            if centre_id is not None and session.get(Centre, centre_id) is None:
                raise Conflict(f"没有编号为 {centre_id} 的中心")
            create_staff(
                session,
                clock_from(settings.clock),
                login=login,
                name=name,
                password=password,
                role=role,
                centre_id=centre_id,
                town_code=town,
            )
    finally:
        engine.dispose()
    return password
