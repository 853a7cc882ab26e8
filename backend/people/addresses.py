"""Where a home visit goes: kept for the family, sealed, and gone when they say so.

The assigned teacher reads it around the visit (bookings.home_visits); nobody else of the staff.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid
from backend.kernel.privacy import Vault
from backend.people.priority_models import HomeAddress

ADDRESS = "home-address"  # the vault's purpose
SHORTEST, LONGEST = 5, 100  # characters


class AddressNeeded(Conflict):
    code = "address_needed"
    message = "入户指导要上门，请先填写上门地址"


@dataclass(frozen=True)
class Address:
    text: str
    changed_at: datetime


def put(
    session: Session, clock: Clock, vault: Vault, *, child_id: int, text: str, actor: str
) -> Address:
    """Keep the address of a child that the caller has locked, its consent seen after that.

    Raises Invalid for what leads to no door.
    """
    text, now = " ".join(text.split()), clock.now()
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid(f"地址请写到门牌号，{SHORTEST}–{LONGEST} 字")
    values = {"address_sealed": vault.seal(text, ADDRESS), "changed_at": now}
    session.execute(
        insert(HomeAddress)
        .values(child_id=child_id, **values)
        .on_conflict_do_update(index_elements=[HomeAddress.child_id], set_=values)
    )
    _note(session, clock, actor, "put", child_id)
    return Address(text, now)


def remove(session: Session, clock: Clock, *, child_id: int, actor: str) -> None:
    """Forget the address; twice is once. Call with the child locked."""
    gone = session.scalar(
        delete(HomeAddress)
        .where(HomeAddress.child_id == child_id)
        .returning(HomeAddress.child_id)
        .execution_options(synchronize_session=False)
    )
    if gone is not None:
        _note(session, clock, actor, "removed", child_id)


def address_of(session: Session, vault: Vault, child_id: int) -> Address | None:
    """The address, for those who may read it: the caller has seen to that."""
    row = session.execute(
        select(HomeAddress.address_sealed, HomeAddress.changed_at).where(
            HomeAddress.child_id == child_id
        )
    ).one_or_none()
    return None if row is None else Address(vault.open(row.address_sealed, ADDRESS), row.changed_at)


HAS = select(HomeAddress.child_id).where(HomeAddress.child_id == bindparam("child"))


def has_address(session: Session, child_id: int) -> bool:
    return session.scalar(HAS, {"child": child_id}) is not None


def check_address(known: bool) -> None:
    """Asked only before a home visit. Raises AddressNeeded, which says where to give it."""
    if not known:
        raise AddressNeeded("请在“我的—上门地址”里同意说明并填写，只给上门的老师看")


def hand_over(session: Session, from_id: int, into_id: int) -> str | None:
    """Of two registrations that are one child, the first keeps the address. Both are locked.

    Returns a mark of what came from the second, for `hand_back`.
    """
    row = session.get(HomeAddress, from_id, populate_existing=True)
    if row is None or has_address(session, into_id):
        return None
    _move(session, row, into_id)
    return row.changed_at.isoformat()


def hand_back(session: Session, mark: str, into_id: int, from_id: int) -> None:
    """Part the two again. What the first family has written since is theirs and stays."""
    row = session.get(HomeAddress, into_id, populate_existing=True)
    unchanged = row is not None and row.changed_at.isoformat() == mark
    if row is not None and unchanged and not has_address(session, from_id):
        _move(session, row, from_id)


def _move(session: Session, row: HomeAddress, child_id: int) -> None:
    moved = HomeAddress(
        child_id=child_id, address_sealed=row.address_sealed, changed_at=row.changed_at
    )
    session.delete(row)
    session.add(moved)
    session.flush()


def _note(session: Session, clock: Clock, actor: str, act: str, child_id: int) -> None:
    audit.record(session, clock, actor=actor, action=f"address.{act}", subject=f"child:{child_id}")
