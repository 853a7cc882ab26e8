"""A parent's phone: optional, sealed, found again by fingerprint, or by its end at a desk."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.kernel.privacy import Vault
from backend.people.children import lock_identity
from backend.people.models import Guardian, Parent

PHONE = "phone"  # the vault's purpose
END = 4  # digits: what a masked number shows, and a family says at a desk


def keep(session: Session, vault: Vault, *, parent_id: int, phone: str) -> None:
    """Keep a number that WeChat has verified.

    A number belongs to one parent: WeChat says who holds it now, so an earlier holder loses it.
    """
    fingerprint = vault.fingerprint(PHONE, phone)
    lock_identity(session, fingerprint)  # two accounts may bring one number at once
    parents = session.scalars(
        select(Parent)
        .where((Parent.phone_fingerprint == fingerprint) | (Parent.id == parent_id))
        .order_by(Parent.id)
        .with_for_update(key_share=True)
    ).all()
    for parent in parents:
        if parent.id != parent_id:
            parent.phone_sealed, parent.phone_fingerprint = None, None
    session.flush()
    owner = next(parent for parent in parents if parent.id == parent_id)
    owner.phone_sealed, owner.phone_fingerprint = vault.seal(phone, PHONE), fingerprint


def holder(session: Session, vault: Vault, phone: str) -> int | None:
    """The parent whose number this is now."""
    return session.scalar(
        select(Parent.id).where(
            Parent.phone_fingerprint == vault.fingerprint(PHONE, phone),
            Parent.deleted_at.is_(None),
        )
    )


def forget(session: Session, *, parent_id: int) -> None:
    session.execute(
        update(Parent)
        .where(Parent.id == parent_id)
        .values(phone_sealed=None, phone_fingerprint=None)
    )


def ends_of(
    session: Session, vault: Vault, child_ids: Collection[int]
) -> Mapping[int, Collection[str]]:
    """The last digits of the phones of each child's guardians, of those who gave one."""
    rows = session.execute(
        select(Guardian.child_id, Parent.phone_sealed)
        .join(Parent, Parent.id == Guardian.parent_id)
        .where(Guardian.child_id.in_(child_ids), Parent.phone_sealed.is_not(None))
    )
    ends: defaultdict[int, set[str]] = defaultdict(set)
    for child_id, sealed in rows:
        if sealed is not None:
            ends[child_id].add(vault.open(sealed, PHONE)[-END:])
    return ends
