"""The acts of families and towns around priority and addresses, each in a transaction."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.audit import AuditEntry
from backend.kernel.clock import Clock
from backend.people import addresses, consents, priority
from backend.people.children import own_child
from backend.people.models import Purpose
from backend.people.priority import PriorityKind, Standing
from backend.people.priority_models import HomeAddress, PriorityGrant
from tests.bookings.family import DOCUMENTS, Family
from tests.factories import default_vault

Sessions = sessionmaker[Session]
STREET = "测试路 6 号 3 幢 502 室"
NEXT_YEAR = date(2027, 11, 23)
OFFICER = "staff:7"


def ask(
    sessions: Sessions,
    clock: Clock,
    family: Family,
    kind: PriorityKind = PriorityKind.AUTISM,
) -> int:
    """A request, as the API makes it; its id."""
    with sessions.begin() as session:
        child = own_child(session, parent_id=family.parent, child_id=family.child, lock=True)
        consents.check_agreed(session, DOCUMENTS, family.parent, Purpose.PRIORITY)
        return priority.ask(
            session, clock, default_vault(), parent_id=family.parent, child=child, kind=kind
        ).id


def grant(sessions: Sessions, clock: Clock, grant_id: int, until: date = NEXT_YEAR) -> None:
    with sessions.begin() as session:
        priority.grant(session, clock, grant_id=grant_id, valid_until=until, actor=OFFICER)


def give_priority(sessions: Sessions, clock: Clock, family: Family, until: date = NEXT_YEAR) -> int:
    """Asked and granted; the id of the row."""
    number = ask(sessions, clock, family)
    grant(sessions, clock, number, until)
    return number


def put_address(sessions: Sessions, clock: Clock, family: Family, text: str = STREET) -> None:
    with sessions.begin() as session:
        own_child(session, parent_id=family.parent, child_id=family.child, lock=True)
        consents.check_agreed(session, DOCUMENTS, family.parent, Purpose.ADDRESS)
        addresses.put(
            session,
            clock,
            default_vault(),
            child_id=family.child,
            text=text,
            actor=f"parent:{family.parent}",
        )


def withdraw(sessions: Sessions, clock: Clock, parent_id: int, purpose: Purpose) -> None:
    with sessions.begin() as session:
        consents.withdraw(session, clock, parent_id=parent_id, purpose=purpose)


def standing(sessions: Sessions, clock: Clock, child_id: int) -> Standing:
    with sessions() as session:
        return priority.standing_of(session, clock, child_id)


def grants(sessions: Sessions, child_id: int) -> list[PriorityGrant]:
    with sessions() as session:
        return list(
            session.scalars(
                select(PriorityGrant)
                .where(PriorityGrant.child_id == child_id)
                .order_by(PriorityGrant.id)
            )
        )


def address(sessions: Sessions, child_id: int) -> str | None:
    with sessions() as session:
        found = addresses.address_of(session, default_vault(), child_id)
        return None if found is None else found.text


def sealed_addresses(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(HomeAddress.address_sealed)))


def audited(sessions: Sessions, child_id: int) -> list[tuple[str, str]]:
    """(who, what) about a child, in order; what is only listed apart."""
    with sessions() as session:
        rows = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.subject == f"child:{child_id}")
            .order_by(AuditEntry.id)
        )
        return [(row.actor, row.action) for row in rows]
