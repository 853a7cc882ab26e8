"""What whoever runs the house does with accounts of staff: look, new password, close, open again.

There is no page for it: whoever could give a password there could become anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import Clock
from backend.kernel.errors import NotFound
from backend.people.models import Role, Staff
from backend.people.scopes import staff_actor
from backend.people.staff import end_sign_ins, fold_login, forget_tries, hash_new

OPERATOR = "operator"


@dataclass(frozen=True)
class AccountLine:
    login: str
    name: str
    role: Role
    centre_id: int | None
    town_code: str | None
    office: str | None
    signed_in_at: datetime | None
    disabled_at: datetime | None


def accounts(session: Session) -> Sequence[AccountLine]:
    """Every account, also closed ones, by login."""
    signed_in = _last_sign_ins(session)
    return [
        AccountLine(
            one.login,
            one.name,
            one.role,
            one.centre_id,
            one.town_code,
            one.office,
            signed_in.get(staff_actor(one.id)),
            one.disabled_at,
        )
        for one in session.scalars(select(Staff).order_by(Staff.login))
    ]


def reset_password(session: Session, clock: Clock, *, login: str, password: str) -> None:
    """For one who has forgotten it, or whose password others know: every sign-in ends.

    A closed account stays closed. Raises NotFound or WeakPassword.
    """
    staff = _locked(session, login)
    staff.password_hash = hash_new(staff.login, password)
    end_sign_ins(session, clock, staff.id)
    forget_tries(session, staff.login)
    _note(session, clock, staff, "staff.password_reset")


def disable(session: Session, clock: Clock, *, login: str) -> None:
    """Somebody leaves: every sign-in ends. What the person did keeps the name. Raises NotFound."""
    staff = _locked(session, login)
    if staff.disabled_at is not None:
        return
    staff.disabled_at = clock.now()
    end_sign_ins(session, clock, staff.id)
    _note(session, clock, staff, "staff.disabled")


def enable(session: Session, clock: Clock, *, login: str) -> None:
    """With the password that it had. Raises NotFound."""
    staff = _locked(session, login)
    if staff.disabled_at is None:
        return
    staff.disabled_at = None
    _note(session, clock, staff, "staff.enabled")


def _locked(session: Session, login: str) -> Staff:
    staff = session.scalar(select(Staff).where(Staff.login == fold_login(login)).with_for_update())
    if staff is None:
        raise NotFound("没有这个账号，`staff list` 列出全部账号")
    return staff


def _last_sign_ins(session: Session) -> dict[str, datetime]:
    """By actor, of all in one reading of the audit log."""
    last = func.max(AuditEntry.at).label("at")
    signed_in = AuditEntry.action == "staff.signed_in"
    rows = session.execute(
        select(AuditEntry.actor, last).where(signed_in).group_by(AuditEntry.actor)
    )
    return {row.actor: row.at for row in rows}


def _note(session: Session, clock: Clock, staff: Staff, action: str) -> None:
    audit.record(session, clock, actor=OPERATOR, action=action, subject=staff_actor(staff.id))
