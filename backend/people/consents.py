"""What guardians have agreed to. Given per document version, withdrawn per purpose."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock
from backend.people.documents import Documents
from backend.people.models import Consent, Purpose
from backend.people.rules import ConsentNeeded, ConsentOutdated


@dataclass(frozen=True)
class Acceptance:
    """One ticked document, as the parent saw it."""

    purpose: Purpose
    version: str
    hash: str


def give(
    session: Session,
    clock: Clock,
    documents: Documents,
    *,
    parent_id: int,
    accepted: Sequence[Acceptance],
) -> None:
    """Keep consents; agreeing twice is agreeing once.

    Raises ConsentOutdated when what was shown is not what stands here now.
    """
    for item in accepted:
        document = documents[item.purpose]
        if (document.version, document.hash) != (item.version, item.hash):
            raise ConsentOutdated
        session.execute(
            insert(Consent)
            .values(
                parent_id=parent_id,
                purpose=item.purpose,
                version=item.version,
                document_hash=item.hash,
                channel="mini-program",
                given_at=clock.now(),
            )
            .on_conflict_do_nothing()
        )


def withdraw(session: Session, clock: Clock, *, parent_id: int, purpose: Purpose) -> None:
    """End every standing consent of that purpose. Pushes stop at once; reading goes on."""
    session.execute(
        update(Consent)
        .where(
            Consent.parent_id == parent_id,
            Consent.purpose == purpose,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=clock.now())
    )


def given(session: Session, parent_id: int) -> Sequence[Consent]:
    return session.scalars(
        select(Consent).where(Consent.parent_id == parent_id).order_by(Consent.id)
    ).all()


def needed(session: Session, documents: Documents, parent_id: int) -> list[Purpose]:
    """The purposes whose present version this parent has not agreed to."""
    standing = session.execute(
        select(Consent.purpose, Consent.document_hash).where(
            Consent.parent_id == parent_id, Consent.withdrawn_at.is_(None)
        )
    )
    agreed = {(row.purpose, row.document_hash) for row in standing}
    return [purpose for purpose, text in documents.items() if (purpose, text.hash) not in agreed]


def check_policy(session: Session, documents: Documents, parent_id: int) -> None:
    """Raises ConsentNeeded unless the present privacy policy is agreed to (PIPL art. 13)."""
    if Purpose.PRIVACY in needed(session, documents, parent_id):
        raise ConsentNeeded


def check_given(session: Session, documents: Documents, parent_id: int) -> None:
    """Raises ConsentNeeded unless both present documents are agreed to (PIPL art. 29, 31)."""
    if needed(session, documents, parent_id):
        raise ConsentNeeded
