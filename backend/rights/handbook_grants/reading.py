"""A look at one page of one child's book: read and written down in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.handbook.clinic_papers import FamilyDoctor, family_doctor
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import NotFound
from backend.kernel.privacy import Vault
from backend.people.documents import Documents
from backend.people.models import Child, DuplicateState
from backend.rights.handbook_grants import rules
from backend.rights.handbook_grants.models import HandbookGrant
from backend.rights.handbook_grants.service import Desk, reading_guardian, term_of
from backend.rights.take_along.book import ChildBook, Programmes, read_book

READ, NAME_REVEALED = "child.handbook_read", "child.name_revealed"
LOOKS = (READ, NAME_REVEALED)


@dataclass(frozen=True)
class Looked:
    """What a grant opened. `doctor`: the family doctor, if the family has written one down."""

    grant: HandbookGrant
    book: ChildBook
    doctor: FamilyDoctor | None


def look(  # noqa: PLR0913  # the parts it reads with, and who looks at what
    session: Session,
    clock: Clock,
    vault: Vault,
    documents: Documents,
    programmes: Programmes,
    *,
    desk: Desk,
    grant_id: int,
    page: rules.BookPage,
    name_too: bool = False,
) -> Looked:
    """The book, by the readers of the family's own copy, under a guardian's standing consent.

    The grant is locked against its end: once a family has taken it back nothing is shown.
    Raises NotFound for another's grant and for a child that moved to another town, GrantOver,
    or HandbookClosed.
    """
    grant = session.scalar(
        select(HandbookGrant)
        .where(HandbookGrant.id == grant_id, HandbookGrant.staff_id == desk.staff_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    child = None if grant is None else session.get(Child, grant.child_id)
    if grant is None or child is None or not desk.holds(child):
        raise NotFound
    rules.check_may_read(term_of(grant), clock.now())
    if child.duplicate_state is DuplicateState.SAME:  # joined since: the book is another one's
        raise rules.HandbookClosed
    parent_id = reading_guardian(session, documents, child)
    for action in (READ, NAME_REVEALED) if name_too else (READ,):
        audit.record(
            session,
            clock,
            actor=desk.actor,
            action=action,
            subject=f"child:{child.id}",
            detail={"grant": grant.id, "page": page.value, "purpose": grant.purpose.value},
        )
    whose = {"parent_id": parent_id, "child_id": child.id}
    book = read_book(session, clock, vault, programmes, **whose)
    return Looked(grant, book, family_doctor(session, vault, **whose))
