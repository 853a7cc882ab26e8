"""A parent's phone: optional, sealed, found again only by fingerprint."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.kernel.privacy import Vault
from backend.people.children import lock_identity
from backend.people.models import Parent

PHONE = "phone"  # the vault's purpose


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


def forget(session: Session, *, parent_id: int) -> None:
    session.execute(
        update(Parent)
        .where(Parent.id == parent_id)
        .values(phone_sealed=None, phone_fingerprint=None)
    )
