"""The city's rules and the towns' as rows with a history: which hold now, and the next ones."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.bookings.models import BookingPolicy, TownRule
from backend.bookings.policy_words import WORDS
from backend.bookings.rules import Policy
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.db import Base
from backend.kernel.errors import Conflict, Invalid

POLICIES = Base.metadata.tables["booking_policies"]
NAMES = tuple(field.name for field in fields(Policy))
POLICY = (
    select(*(POLICIES.c[name] for name in NAMES))
    .where(POLICIES.c.effective_from <= bindparam("instant"))
    .order_by(POLICIES.c.effective_from.desc())
    .limit(1)
)
MOST_ROWS = 100
NOTE_LENGTH = 200  # characters
MOST = {  # what a form may ask for at most; the least is the database's CHECK
    "opens_days": 90,
    "closes_minutes": 7 * 24 * 60,
    "free_cancel_hours": 14 * 24,
    "eligible_under_months": 36,  # city plan of 2021-12-08: children under three
    "max_open": 6,
    "warn_months": 36,
    "pause_after": 6,
    "pause_within_days": 366,
    "pause_days": 366,
    "offer_minutes": 24 * 60,
    "no_offer_hours": 7 * 24,
    "held_until_hours": 14 * 24,
    "reconfirm_hours": 7 * 24,
}
LEAST = {
    "eligible_under_months": 1,
    "max_open": 1,
    "pause_after": 1,
    "pause_within_days": 1,
    "offer_minutes": 5,
    "reconfirm_hours": 1,
}


def policy_at(session: Session, instant: datetime) -> Policy:
    """The city's rules that hold at an instant. The first row of the table is in a migration."""
    return Policy(*session.execute(POLICY, {"instant": instant}).one())


def policy_of(row: BookingPolicy) -> Policy:
    return Policy(*(getattr(row, name) for name in NAMES))


def serves_other_towns(session: Session, town_code: str, instant: datetime) -> bool:
    """Whether families of other towns may book in this one; yes where it has said nothing."""
    said = session.scalar(
        select(TownRule.serves_other_towns)
        .where(TownRule.town_code == town_code, TownRule.effective_from <= instant)
        .order_by(TownRule.effective_from.desc())
        .limit(1)
    )
    return said is not False


def closed_towns(session: Session, instant: datetime) -> frozenset[str]:
    """The towns that serve their own families alone."""
    newest = (
        select(TownRule.town_code, TownRule.serves_other_towns)
        .where(TownRule.effective_from <= instant)
        .ext(distinct_on(TownRule.town_code))
        .order_by(TownRule.town_code, TownRule.effective_from.desc())
    )
    return frozenset(row.town_code for row in session.execute(newest) if not row[1])


def policy_rows(session: Session) -> Sequence[BookingPolicy]:
    """What held, holds and will hold; the newest first."""
    query = select(BookingPolicy).order_by(BookingPolicy.effective_from.desc())
    return session.scalars(query.limit(MOST_ROWS)).all()


def town_rows(session: Session, town_code: str | None) -> Sequence[TownRule]:
    """The rules of a town, or of all; the newest first."""
    query = select(TownRule).order_by(TownRule.effective_from.desc(), TownRule.town_code)
    if town_code is not None:
        query = query.where(TownRule.town_code == town_code)
    return session.scalars(query.limit(MOST_ROWS)).all()


def add_policy(
    session: Session,
    clock: Clock,
    policy: Policy,
    *,
    effective_from: datetime,
    note: str,
    actor: str,
) -> BookingPolicy:
    """The rules from a moment in the future on. What is booked by then stays as it is.

    Raises Invalid for a moment that is over, a number out of range or an empty note, Conflict
    when rules from that very moment are there.
    """
    _check_future(clock, effective_from)
    check_policy(policy)
    note = note.strip()
    if not note or len(note) > NOTE_LENGTH:
        raise Invalid(f"请写明原因，不超过 {NOTE_LENGTH} 字")
    row = BookingPolicy(
        effective_from=effective_from,
        note=note,
        created_by=actor,
        **{name: getattr(policy, name) for name in NAMES},
    )
    _add(session, row)
    _note(session, clock, actor, "policy.added", f"policy:{effective_from.isoformat()}")
    return row


def add_town_rule(
    session: Session,
    clock: Clock,
    *,
    town_code: str,
    effective_from: datetime,
    serves_others: bool,
    actor: str,
) -> TownRule:
    """What a town decides from a moment in the future on. Raises Invalid or Conflict."""
    _check_future(clock, effective_from)
    row = TownRule(
        town_code=town_code,
        effective_from=effective_from,
        serves_other_towns=serves_others,
        created_by=actor,
    )
    _add(session, row)
    _note(session, clock, actor, "town_rule.added", f"town:{town_code}")
    return row


def check_policy(policy: Policy) -> None:
    """Raises Invalid for a number that cannot be meant."""
    for name, most in MOST.items():
        value = getattr(policy, name)
        if value is not None and not LEAST.get(name, 0) <= value <= most:
            raise Invalid(f"{WORDS[name][0]}：应为 {LEAST.get(name, 0)}–{most} {WORDS[name][1]}")


def _check_future(clock: Clock, effective_from: datetime) -> None:
    if effective_from <= clock.now():
        raise Invalid("生效时间要在以后；已经生效的规则不能改，只能再加一条")


def _add(session: Session, row: BookingPolicy | TownRule) -> None:
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("这个时间已有一条规则，请换一个生效时间") from error


def _note(session: Session, clock: Clock, actor: str, action: str, subject: str) -> None:
    audit.record(session, clock, actor=actor, action=action, subject=subject)
