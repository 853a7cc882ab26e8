"""Priority of a child (残疾、孤独症、困境): asked by the family, granted by the town for a time.

Of what kind it is stays sealed; a look at it is written down. What a child has is one open row;
refused, ended and expired ones are forgotten after a while, the audit log remembers the acts.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.ages import add_months
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.kernel.privacy import Vault
from backend.people.models import Child
from backend.people.priority_models import PriorityGrant
from backend.people.rules import check_may_book

KIND = "priority-kind"  # the vault's purpose
SEALED_LENGTH = 16  # characters before sealing: the length would tell which kind it is
LONGEST_MONTHS = 36
WARNED_BEFORE = timedelta(days=60)  # the town sees what ends so soon
STAYS = timedelta(days=60)  # a row whose time is over; the consent text says so


class PriorityKind(StrEnum):
    DISABILITY = "disability"
    AUTISM = "autism"
    HARDSHIP = "hardship"


KIND_TITLES = {
    PriorityKind.DISABILITY: "残疾",
    PriorityKind.AUTISM: "孤独症",
    PriorityKind.HARDSHIP: "困境",
}


class PriorityState(StrEnum):
    NONE = "none"
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    ENDED = "ended"  # taken back by the town
    EXPIRED = "expired"


class PriorityStands(Conflict):
    code = "priority_stands"
    message = "宝宝已经有优先资格，不用再申请"


class PriorityDecided(Conflict):
    code = "priority_decided"
    message = "这份优先申请刚刚被处理过，请刷新"


class PriorityTerm(Invalid):
    code = "priority_term"
    message = "优先资格的有效期从今天算起，最长三年"


@dataclass(frozen=True)
class Standing:
    """What a family is told. `valid_until`: the last day, of what was ever granted."""

    state: PriorityState
    asked_at: datetime | None = None
    valid_until: date | None = None


def priority_until(session: Session, child_id: int) -> date | None:
    """The last day of the child's priority; None without one. It may lie in the past."""
    return session.scalar(
        select(PriorityGrant.valid_until).where(
            PriorityGrant.child_id == child_id,
            PriorityGrant.granted_at.is_not(None),
            PriorityGrant.ended_at.is_(None),
        )
    )


def has_priority(session: Session, child_id: int, day: date) -> bool:
    """Whether the town's grant stands and covers that day."""
    until = priority_until(session, child_id)
    return until is not None and day <= until


def standing_of(session: Session, clock: Clock, child_id: int) -> Standing:
    """The newest request or grant of a child, as its family may know it."""
    grant = session.scalars(
        select(PriorityGrant)
        .where(PriorityGrant.child_id == child_id)
        .order_by(PriorityGrant.id.desc())
        .limit(1)
    ).one_or_none()
    if grant is None:
        return Standing(PriorityState.NONE)
    return Standing(state_of(grant, city_date(clock.now())), grant.asked_at, grant.valid_until)


def state_of(grant: PriorityGrant, today: date) -> PriorityState:
    if grant.valid_until is None:
        return PriorityState.ASKED if grant.ended_at is None else PriorityState.REFUSED
    if grant.valid_until < today:
        return PriorityState.EXPIRED
    return PriorityState.GRANTED if grant.ended_at is None else PriorityState.ENDED


def ask(  # one act of one parent for one child
    session: Session,
    clock: Clock,
    vault: Vault,
    *,
    parent_id: int,
    child: Child,
    kind: PriorityKind,
) -> PriorityGrant:
    """Ask for priority for a child that the caller has locked, its consent seen after that.

    Asking again before anybody has decided only changes the kind. Raises PriorityStands while
    a grant stands, or PossibleDuplicate.
    """
    check_may_book(child)
    now, sealed = clock.now(), vault.seal(kind.value.ljust(SEALED_LENGTH), KIND)
    grant = _open_grant(session, child.id)
    if grant is not None and grant.valid_until is not None:
        if grant.valid_until >= city_date(now):
            raise PriorityStands(f"有效期到 {_day(grant.valid_until)}，要延长请联系所在街镇")
        _end(grant, now)
        session.flush()  # one open row of a child
        grant = None
    if grant is None:
        grant = PriorityGrant(child_id=child.id, kind_sealed=sealed, asked_at=now)
        session.add(grant)
    grant.kind_sealed = sealed
    session.flush()
    _note(session, clock, f"parent:{parent_id}", "asked", child.id)
    return grant


def withdraw(session: Session, clock: Clock, *, child_id: int, actor: str) -> None:
    """The family takes everything back: nothing of it is kept. Call with the child locked."""
    gone = session.scalars(
        delete(PriorityGrant)
        .where(PriorityGrant.child_id == child_id)
        .returning(PriorityGrant.id)
        .execution_options(synchronize_session=False)
    ).all()
    if gone:
        _note(session, clock, actor, "withdrawn", child_id)


def grant(
    session: Session, clock: Clock, *, grant_id: int, valid_until: date, actor: str
) -> PriorityGrant:
    """The town says yes to a request, up to and including a day.

    Raises NotFound, PriorityTerm, or PriorityDecided when somebody was faster.
    """
    check_term(valid_until, city_date(clock.now()))
    found = _locked(session, grant_id)
    if found.granted_at is not None or found.ended_at is not None:
        raise PriorityDecided
    found.granted_at, found.granted_by = clock.now(), actor
    found.valid_until = valid_until
    _note(session, clock, actor, "granted", found.child_id, until=valid_until)
    session.flush()
    return found


def extend(
    session: Session, clock: Clock, *, grant_id: int, valid_until: date, actor: str
) -> PriorityGrant:
    """Another last day for a grant that has not been ended; also one that has just expired.

    Raises NotFound, PriorityTerm, or PriorityDecided.
    """
    check_term(valid_until, city_date(clock.now()))
    found = _locked(session, grant_id)
    if found.granted_at is None or found.ended_at is not None:
        raise PriorityDecided
    found.valid_until = valid_until
    _note(session, clock, actor, "extended", found.child_id, until=valid_until)
    session.flush()
    return found


def refuse(session: Session, clock: Clock, *, grant_id: int, actor: str) -> PriorityGrant:
    """The town says no to a request; the kind is forgotten. Raises NotFound, PriorityDecided."""
    found = _locked(session, grant_id)
    if found.granted_at is not None or found.ended_at is not None:
        raise PriorityDecided
    _end(found, clock.now())
    _note(session, clock, actor, "refused", found.child_id)
    session.flush()
    return found


def end(session: Session, clock: Clock, *, grant_id: int, actor: str) -> PriorityGrant:
    """The town takes a grant back; sessions booked with it stay. Raises as `refuse`."""
    found = _locked(session, grant_id)
    if found.granted_at is None or found.ended_at is not None:
        raise PriorityDecided
    _end(found, clock.now())
    _note(session, clock, actor, "ended", found.child_id)
    session.flush()
    return found


def reveal(
    session: Session, clock: Clock, vault: Vault, *, grant_id: int, actor: str
) -> PriorityKind:
    """Of what kind an open request or grant is. The look is written down; the kind is not."""
    found = session.get(PriorityGrant, grant_id)
    if found is None or found.ended_at is not None:
        raise NotFound
    _note(session, clock, actor, "kind_revealed", found.child_id)
    return kind_of(vault, found)


def kind_of(vault: Vault, grant: PriorityGrant) -> PriorityKind:
    return PriorityKind(vault.open(grant.kind_sealed, KIND).rstrip())


def check_term(valid_until: date, today: date) -> None:
    """Raises PriorityTerm for a day that is over or more than three years away."""
    latest = add_months(today, LONGEST_MONTHS)
    if not today <= valid_until <= latest:
        raise PriorityTerm(f"请选 {_day(today)} 到 {_day(latest)} 之间的一天")


def hand_over(session: Session, from_id: int, into_id: int) -> list[int]:
    """Of two registrations that are one child, the first keeps what is open. Both are locked.

    Returns the ids of the rows that went over, for `hand_back`.
    """
    if _open_grant(session, into_id) is not None:
        return []
    found = _open_grant(session, from_id)
    if found is None:
        return []
    found.child_id = into_id
    session.flush()
    return [found.id]


def hand_back(session: Session, ids: list[int], into_id: int, from_id: int) -> None:
    """Part the two again: what came from the second registration goes back to it."""
    for number in ids:
        found = session.get(PriorityGrant, number)
        if found is not None and found.child_id == into_id:
            found.child_id = from_id
    session.flush()


def _open_grant(session: Session, child_id: int) -> PriorityGrant | None:
    return session.scalars(
        select(PriorityGrant)
        .where(PriorityGrant.child_id == child_id, PriorityGrant.ended_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _locked(session: Session, grant_id: int) -> PriorityGrant:
    """A row as it stands now, nobody else deciding. Raises NotFound when it was withdrawn."""
    found = session.scalars(
        select(PriorityGrant)
        .where(PriorityGrant.id == grant_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("家庭已经撤回了这份申请")
    return found


def _end(grant: PriorityGrant, now: datetime) -> None:
    """Of what is over nobody needs to know the kind."""
    grant.ended_at, grant.kind_sealed = now, ""


def _note(
    session: Session,
    clock: Clock,
    actor: str,
    act: str,
    child_id: int,
    *,
    until: date | None = None,
) -> None:
    audit.record(
        session,
        clock,
        actor=actor,
        action=f"priority.{act}",
        subject=f"child:{child_id}",
        detail=None if until is None else {"until": until.isoformat()},
    )


def _day(value: date) -> str:
    return f"{value.year}年{value.month}月{value.day}日"
