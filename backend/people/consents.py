"""What guardians have agreed to. Given per document version, withdrawn per purpose."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock
from backend.people import addresses, priority
from backend.people.documents import Documents
from backend.people.models import OF_EVERYBODY, Child, Consent, Guardian, Purpose
from backend.people.rules import ConsentNeeded, ConsentOutdated

DROPS = {Purpose.PRIORITY: priority.withdraw, Purpose.ADDRESS: addresses.remove}
"""What goes when the consent for it goes."""


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
    """End every standing consent of that purpose. Pushes stop at once; reading goes on.

    What was kept for priority or for home visits goes too, whichever guardian takes it back:
    one no is enough. The children are locked first, so that nothing is written meanwhile.
    """
    if purpose in DROPS:
        for child_id in lock_children(session, parent_id):
            DROPS[purpose](session, clock, child_id=child_id, actor=f"parent:{parent_id}")
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
    return [one for one in OF_EVERYBODY if (one, documents[one].hash) not in agreed]


def check_policy(session: Session, documents: Documents, parent_id: int) -> None:
    """Raises ConsentNeeded unless the present privacy policy is agreed to (PIPL art. 13)."""
    if Purpose.PRIVACY in needed(session, documents, parent_id):
        raise ConsentNeeded


def check_agreed(session: Session, documents: Documents, parent_id: int, purpose: Purpose) -> None:
    """Raises ConsentNeeded unless this parent has agreed to the present text of a purpose.

    For what is asked only when it is used. Call it with the child locked: `withdraw` waits then.
    """
    if not agrees(session, documents, parent_id, purpose):
        raise ConsentNeeded(f"请先阅读并同意《{documents[purpose].title}》")


def agrees(session: Session, documents: Documents, parent_id: int, purpose: Purpose) -> bool:
    found = session.scalar(
        select(Consent.id).where(
            Consent.parent_id == parent_id,
            Consent.purpose == purpose,
            Consent.document_hash == documents[purpose].hash,
            Consent.withdrawn_at.is_(None),
        )
    )
    return found is not None


def agrees_to_all(
    session: Session, documents: Documents, parent_id: int, purposes: Sequence[Purpose]
) -> bool:
    return all(agrees(session, documents, parent_id, one) for one in purposes)


def stands_for_everybody(session: Session, parent_id: int) -> bool:
    """Whether this parent agrees to what every guardian does, in whatever version."""
    standing = session.scalars(
        select(Consent.purpose).where(
            Consent.parent_id == parent_id, Consent.withdrawn_at.is_(None)
        )
    )
    return set(standing) >= set(OF_EVERYBODY)


def drop_unagreed(session: Session, clock: Clock, *, child_id: int, actor: str) -> None:
    """A guardian has left: what no other guardian agreed to is kept no longer."""
    standing = set(
        session.scalars(
            select(Consent.purpose)
            .join(Guardian, Guardian.parent_id == Consent.parent_id)
            .where(Guardian.child_id == child_id, Consent.withdrawn_at.is_(None))
        )
    )
    for purpose, drop in DROPS.items():
        if purpose not in standing:
            drop(session, clock, child_id=child_id, actor=actor)


def lock_children(session: Session, parent_id: int) -> Sequence[int]:
    """The children of a parent, joined registrations too, locked in the order of their ids."""
    return session.scalars(
        select(Child.id)
        .join(Guardian, Guardian.child_id == Child.id)
        .where(Guardian.parent_id == parent_id)
        .order_by(Child.id)
        .with_for_update(of=Child, key_share=True)
    ).all()


def check_given(session: Session, documents: Documents, parent_id: int) -> None:
    """Raises ConsentNeeded unless both present documents are agreed to (PIPL art. 29, 31)."""
    if needed(session, documents, parent_id):
        raise ConsentNeeded
