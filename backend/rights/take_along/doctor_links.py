"""A guardian shows one child to a doctor for fifteen minutes, and sees who looked when."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, NotFound, TooMany
from backend.people import consents
from backend.people.children import own_child, registrations
from backend.people.documents import Documents
from backend.people.models import Attempt, Departure
from backend.people.rules import ConsentNeeded
from backend.rights.take_along.doctor_models import DoctorLink
from backend.rights.take_along.doctor_tokens import (
    RANDOM_BYTES,
    DoctorTokens,
    LinkUnknown,
    digest,
)

MOST_OPEN = 3  # of a child at once: a doctor, a nurse, and one that went wrong
MOST_AN_HOUR = 12  # that one parent makes
MOST_LOOKS = 30  # of one link: a page that is loaded again and again is no doctor
LISTED = 20
SEEN = "child.shown_to_doctor"


class TooManyLinks(Conflict):
    code = "doctor_links_open"
    message = "同时最多开三个链接，请先收回一个"


class LinkNotOffered(Conflict):
    code = "doctor_link_not_offered"
    message = "这个孩子的手册可以存下来带走，不再生成给医生看的链接"


@dataclass(frozen=True)
class Opened:
    """`token` exists here and in the family's hands alone."""

    link: DoctorLink
    token: str


@dataclass(frozen=True)
class Listed:
    """A link and the moments at which it was looked at."""

    link: DoctorLink
    seen_at: tuple[datetime, ...]


def open_link(
    session: Session, clock: Clock, tokens: DoctorTokens, *, parent_id: int, child_id: int
) -> Opened:
    """A new link. Locks the child. A child that moved away sees doctors too.

    Raises NotFound, LinkNotOffered for a child that died, TooManyLinks, or TooMany in an hour.
    """
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    if child.departure is Departure.DIED:
        raise LinkNotOffered
    now = clock.now()
    standing = session.scalar(
        select(func.count()).where(
            DoctorLink.child_id == child.id,
            DoctorLink.expires_at > now,
            DoctorLink.revoked_at.is_(None),
        )
    )
    if (standing or 0) >= MOST_OPEN:
        raise TooManyLinks
    _count(session, f"doctor-links:{parent_id}", now, MOST_AN_HOUR, timedelta(hours=1))
    made = tokens.make(secrets.token_bytes(RANDOM_BYTES), now)
    link = DoctorLink(
        child_id=child.id,
        created_by=parent_id,
        token_hash=digest(made.token),
        created_at=now,
        expires_at=made.expires_at,
    )
    session.add(link)
    session.flush()
    audit.record(
        session,
        clock,
        actor=f"parent:{parent_id}",
        action="child.doctor_link_made",
        subject=f"child:{child.id}",
        detail={"link": link.id},
    )
    return Opened(link, made.token)


def revoke(session: Session, clock: Clock, *, parent_id: int, child_id: int, link_id: int) -> None:
    """End a link at once; twice is once. Any guardian may. Raises NotFound."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    link = session.get(DoctorLink, link_id)
    if link is None or link.child_id != child.id:
        raise NotFound
    session.execute(
        update(DoctorLink)
        .where(DoctorLink.id == link_id, DoctorLink.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def listed(session: Session, *, parent_id: int, child_id: int) -> list[Listed]:
    """The child's latest links, newest first, with each look. Raises NotFound."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    links = session.scalars(
        select(DoctorLink)
        .where(DoctorLink.child_id == child.id)
        .order_by(DoctorLink.id.desc())
        .limit(LISTED)
        .execution_options(populate_existing=True)
    ).all()
    seen = _seen(session, child.id, links)
    return [Listed(link, tuple(seen.get(actor_of(link.id), ()))) for link in links]


def look(
    session: Session, clock: Clock, documents: Documents, tokens: DoctorTokens, token: str
) -> DoctorLink:
    """The link of a good token, the look written down in the caller's transaction.

    Raises LinkUnknown, LinkExpired, or TooMany. A link ends with the guardian who made it: when
    it leaves the child, or takes back a consent.
    """
    now = clock.now()
    tokens.check(token, now)
    link = session.scalar(
        select(DoctorLink).where(
            DoctorLink.token_hash == digest(token),
            DoctorLink.expires_at > now,
            DoctorLink.revoked_at.is_(None),
        )
    )
    if link is None:
        raise LinkUnknown
    try:
        child = own_child(session, parent_id=link.created_by, child_id=link.child_id)
        consents.check_given(session, documents, link.created_by)
    except (NotFound, ConsentNeeded):
        raise LinkUnknown from None
    if child.departure is Departure.DIED:
        raise LinkUnknown
    _count(session, actor_of(link.id), now, MOST_LOOKS, timedelta(hours=1))
    audit.record(
        session, clock, actor=actor_of(link.id), action=SEEN, subject=f"child:{link.child_id}"
    )
    return link


def actor_of(link_id: int) -> str:
    return f"doctor-link:{link_id}"


def _seen(
    session: Session, child_id: int, links: Sequence[DoctorLink]
) -> dict[str, list[datetime]]:
    ids = registrations(session, child_id)
    rows = session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject.in_([f"child:{one}" for one in ids]),
            AuditEntry.action == SEEN,
            AuditEntry.actor.in_([actor_of(link.id) for link in links]),
        )
        .order_by(AuditEntry.id)
    )
    found: dict[str, list[datetime]] = {}
    for row in rows:
        found.setdefault(row.actor, []).append(row.at)
    return found


def _count(session: Session, subject: str, now: datetime, most: int, within: timedelta) -> None:
    """One more of something that is limited. Raises TooMany. One at a time counts."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:s, 0))"), {"s": subject})
    tries = session.scalar(
        select(func.count()).where(Attempt.subject == subject, Attempt.at > now - within)
    )
    if (tries or 0) >= most:
        raise TooMany
    session.add(Attempt(subject=subject, at=now))
