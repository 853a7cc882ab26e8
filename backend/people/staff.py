"""Accounts of staff and their sign-ins to the console."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid, TooMany, Unauthenticated
from backend.people.models import Attempt, Role, Staff, StaffSession
from backend.people.rules import digest
from backend.people.scopes import staff_actor

IDLE_LIFE = timedelta(minutes=30)  # a desk that was left
ABSOLUTE_LIFE = timedelta(hours=12)  # a working day
SEEN_EVERY = timedelta(minutes=1)  # a sign-in in use is written down at most so often
TRIES = 5  # passwords of one account
TRIES_WITHIN = timedelta(minutes=15)
MEDICAL = (Role.REVIEWER, Role.CHILD_HEALTH)  # of a named institution
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 128  # argon2 is slow on purpose; nobody may make it slower

hasher = PasswordHasher()  # RFC 9106, low-memory profile: 64 MiB, 3 passes


@cache
def nobody() -> str:
    """A hash as long to check as a real one, so that an unknown login looks like a known one."""
    return hasher.hash(secrets.token_urlsafe(16))


class WrongLogin(Unauthenticated):
    code = "login_wrong"
    message = "账号或密码不对"


class TooManyTries(TooMany):
    code = "login_too_many"
    message = "密码输错太多次，请 15 分钟后再试"


class WeakPassword(Invalid):
    code = "password_weak"
    message = f"新密码要 {SHORTEST_PASSWORD}–{LONGEST_PASSWORD} 个字符，不能和账号相同"


class WrongPassword(Invalid):
    code = "password_wrong"
    message = "原密码不对"


def create_staff(  # noqa: PLR0913  # an account is these facts
    session: Session,
    clock: Clock,
    *,
    login: str,
    name: str,
    password: str,
    role: Role,
    centre_id: int | None = None,
    town_code: str | None = None,
    office: str | None = None,
) -> Staff:
    """A new account. `office`: the institution of medical staff, which families read.

    Raises WeakPassword, or Conflict for a login in use, a wrong scope or an office that is
    missing or has no place.
    """
    login, office = fold_login(login), (office or "").strip() or None
    if role in MEDICAL and office is None:
        raise Conflict("审定人和儿保人员要写明所在单位，家长会看到单位的名称")
    if role not in MEDICAL and office is not None:
        raise Conflict("只有审定人（reviewer）和儿保人员（child_health）写所在单位")
    staff = Staff(
        login=login,
        name=name.strip(),
        password_hash=hash_new(login, password),
        role=role,
        centre_id=centre_id,
        town_code=town_code,
        office=office,
        created_at=clock.now(),
    )
    session.add(staff)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(_why_not(error)) from error
    return staff


def begin_try(session: Session, clock: Clock, *, login: str) -> None:
    """Count a try at a password, in a transaction of its own that commits before the check.

    Counting first, under a lock, lets a hundred tries at once count as a hundred. Raises
    TooManyTries after five within 15 minutes; refused tries are not counted, so that nobody can
    lock an account out for ever.
    """
    subject = _subject(login)
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:s, 0))"), {"s": subject})
    now = clock.now()
    tries = session.scalar(
        select(func.count()).where(Attempt.subject == subject, Attempt.at > now - TRIES_WITHIN)
    )
    if (tries or 0) >= TRIES:
        raise TooManyTries
    session.add(Attempt(subject=subject, at=now))


def sign_in(session: Session, clock: Clock, *, login: str, password: str) -> str:
    """Check the password and open a sign-in; return its key. Call `begin_try` first.

    Raises WrongLogin, the same for an unknown login, a wrong password and a disabled account.
    """
    staff = session.scalar(select(Staff).where(Staff.login == fold_login(login)))
    known = matches(nobody() if staff is None else staff.password_hash, password)
    if staff is None or not known or staff.disabled_at is not None:
        raise WrongLogin
    if hasher.check_needs_rehash(staff.password_hash):
        staff.password_hash = hasher.hash(password)
    forget_tries(session, login)
    key, now = secrets.token_urlsafe(32), clock.now()
    session.add(StaffSession(key_hash=digest(key), staff_id=staff.id, created_at=now, seen_at=now))
    audit.record(
        session,
        clock,
        actor=staff_actor(staff.id),
        action="staff.signed_in",
        subject=staff_actor(staff.id),
    )
    return key


def staff_by_key(session: Session, clock: Clock, key: str) -> Staff | None:
    """Who is signed in with this key, if the sign-in still lives; notes that it is in use.

    It ends after 30 minutes without use, after 12 hours in any case, when it was revoked, and
    when the account is disabled.
    """
    now = clock.now()
    row = session.execute(
        select(StaffSession, Staff)
        .join(Staff, Staff.id == StaffSession.staff_id)
        .where(
            StaffSession.key_hash == digest(key),
            StaffSession.ended_at.is_(None),
            StaffSession.seen_at > now - IDLE_LIFE,
            StaffSession.created_at > now - ABSOLUTE_LIFE,
            Staff.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    sign_in_row, staff = row
    if now - sign_in_row.seen_at >= SEEN_EVERY:
        sign_in_row.seen_at = now
    return staff


def sign_out(session: Session, clock: Clock, *, key: str) -> None:
    session.execute(
        update(StaffSession)
        .where(StaffSession.key_hash == digest(key), StaffSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def change_password(  # old, new and who
    session: Session, clock: Clock, *, staff_id: int, old: str, new: str, keep: str
) -> None:
    """A new password; every other sign-in of the account ends.

    Raises WrongPassword or WeakPassword.
    """
    staff = session.get_one(Staff, staff_id, with_for_update=True)
    if not matches(staff.password_hash, old):
        raise WrongPassword
    staff.password_hash = hash_new(staff.login, new)
    end_sign_ins(session, clock, staff_id, keep=keep)
    audit.record(
        session,
        clock,
        actor=staff_actor(staff.id),
        action="staff.password_changed",
        subject=staff_actor(staff.id),
    )


def end_sign_ins(session: Session, clock: Clock, staff_id: int, *, keep: str = "") -> None:
    """All of an account but the one with the key `keep`."""
    session.execute(
        update(StaffSession)
        .where(
            StaffSession.staff_id == staff_id,
            StaffSession.ended_at.is_(None),
            StaffSession.key_hash != digest(keep),
        )
        .values(ended_at=clock.now())
    )


def forget_tries(session: Session, login: str) -> None:
    session.execute(delete(Attempt).where(Attempt.subject == _subject(login)))


def matches(password_hash: str, password: str) -> bool:
    """Whether a password fits; false for a hash that no password fits (a disabled one)."""
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def fold_login(login: str) -> str:
    return login.strip().casefold()


def _why_not(error: IntegrityError) -> str:
    if getattr(getattr(error.orig, "diag", None), "constraint_name", None) == "uq_staff_login":
        return "已经有这个账号"
    return "范围与角色不符：clerk 写一个中心，town 写一个街镇，city 和 reviewer 都不写"


def hash_new(login: str, password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or password == login:
        raise WeakPassword
    return hasher.hash(password)


def _subject(login: str) -> str:
    return f"staff-login:{fold_login(login)[:64]}"
