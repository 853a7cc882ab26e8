"""Children and their guardians: register and find."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import NotFound
from backend.kernel.privacy import Vault
from backend.people import rules
from backend.people.models import Child, DuplicateState, Guardian, Relation, Sex

NAME = "child-name"  # the vault's purpose for a child's name


@dataclass(frozen=True)
class Correction:
    """What a guardian may put right. The whole of it, as the form shows it."""

    name: str
    birth_date: date
    sex: Sex
    gestational_weeks: int | None
    town_code: str
    village_code: str | None
    home_cared: bool


@dataclass(frozen=True)
class Registration(Correction):
    """What a parent tells of a child. No identity number is asked."""

    relation: Relation


def register(
    session: Session, clock: Clock, vault: Vault, *, parent_id: int, new: Registration
) -> Child:
    """A child of this parent; 可能重复 if the city knows the same name, sex and birth date.

    Raises BirthDateOutOfRange or TooManyChildren. Consents are checked by the caller.
    """
    now = clock.now()
    rules.check_birth_date(new.birth_date, city_date(now))
    lock_registrations(session, parent_id)
    if len(children_of(session, parent_id)) >= rules.MOST_CHILDREN:
        raise rules.TooManyChildren
    identity = rules.child_identity(vault, new.name, new.sex, new.birth_date)
    lock_identity(session, identity)
    first = _first_of(session, identity)
    child = Child(
        name_sealed=vault.seal(new.name, NAME),
        identity=identity,
        birth_date=new.birth_date,
        sex=new.sex,
        gestational_weeks=new.gestational_weeks,
        town_code=new.town_code,
        village_code=new.village_code,
        home_cared=new.home_cared,
        duplicate_of_id=first,
        duplicate_state=None if first is None else DuplicateState.POSSIBLE,
        created_at=now,
    )
    session.add(child)
    session.flush()
    session.add(Guardian(child_id=child.id, parent_id=parent_id, relation=new.relation, since=now))
    return child


def correct(
    session: Session, clock: Clock, vault: Vault, *, parent_id: int, child_id: int, new: Correction
) -> Child:
    """Put a child's data right (PIPL art. 46).

    Name, sex and birth date say who a child is: they may change for a day after the
    registration, and as long as no other registration has the new identity; later, staff do it.
    Raises NotFound, BirthDateOutOfRange, IdentityFixed or PossibleDuplicate.
    """
    now = clock.now()
    rules.check_birth_date(new.birth_date, city_date(now))
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    identity = rules.child_identity(vault, new.name, new.sex, new.birth_date)
    if identity != child.identity:
        if now - child.created_at > rules.IDENTITY_MAY_CHANGE:
            raise rules.IdentityFixed
        rules.check_may_book(child)
        lock_identity(session, identity)
        if _first_of(session, identity) is not None:
            raise rules.PossibleDuplicate
    child.identity = identity
    child.name_sealed = vault.seal(new.name, NAME)
    child.birth_date, child.sex = new.birth_date, new.sex
    child.gestational_weeks = new.gestational_weeks
    child.town_code, child.village_code = new.town_code, new.village_code
    child.home_cared = new.home_cared
    session.flush()
    return child


def lock_identity(session: Session, identity: bytes) -> None:
    """One registration or deletion of an identity at a time, so that the next one sees it."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(:key)"),
        {"key": int.from_bytes(identity[:8], "big", signed=True)},
    )


def lock_identities(session: Session, vault: Vault, all_new: Sequence[Correction]) -> None:
    """Lock several at once, in an order that does not depend on who is named first.

    Both parents may register their twins in the same moment.
    """
    identities = {rules.child_identity(vault, one.name, one.sex, one.birth_date) for one in all_new}
    for identity in sorted(identities):
        lock_identity(session, identity)


def _first_of(session: Session, identity: bytes) -> int | None:
    return session.scalar(
        select(Child.id).where(
            Child.identity == identity,
            Child.duplicate_of_id.is_(None),
            Child.deleted_at.is_(None),
        )
    )


def lock_registrations(session: Session, parent_id: int) -> None:
    """One registration of a parent at a time."""
    session.execute(
        text("SELECT 1 FROM parents WHERE id = :id FOR NO KEY UPDATE"), {"id": parent_id}
    )


def children_of(session: Session, parent_id: int) -> Sequence[Child]:
    """The children of a parent, oldest registration first."""
    return session.scalars(
        select(Child)
        .join(Guardian, Guardian.child_id == Child.id)
        .where(
            Guardian.parent_id == parent_id,
            Child.deleted_at.is_(None),
            Child.duplicate_state.is_distinct_from(DuplicateState.SAME),
        )
        .order_by(Child.id)
    ).all()


OWN_CHILD = (
    select(Child)
    .join(Guardian, Guardian.child_id == Child.id)
    .where(
        Child.id == bindparam("child"),
        Guardian.parent_id == bindparam("parent"),
        Child.deleted_at.is_(None),
        Child.duplicate_state.is_distinct_from(DuplicateState.SAME),
    )
)
OWN_CHILD_LOCKED = OWN_CHILD.with_for_update(of=Child, key_share=True)


def own_child(session: Session, *, parent_id: int, child_id: int, lock: bool = False) -> Child:
    """A child of this parent. Raises NotFound for an unknown child and for another family's."""
    who = {"child": child_id, "parent": parent_id}
    child = session.scalar(OWN_CHILD_LOCKED if lock else OWN_CHILD, who)
    if child is None:
        raise NotFound
    return child


def merged_into(session: Session, child_id: int) -> Sequence[Child]:
    """Second registrations that turned out to be this child, by id."""
    return session.scalars(
        select(Child)
        .where(
            Child.duplicate_of_id == child_id,
            Child.duplicate_state == DuplicateState.SAME,
            Child.deleted_at.is_(None),
        )
        .order_by(Child.id)
    ).all()


def registrations(session: Session, child_id: int) -> list[int]:
    """The child and second registrations joined into it, by id; what these keep is the child's."""
    return [child_id, *(one.id for one in merged_into(session, child_id))]


def guardians_of(session: Session, child_id: int) -> list[int]:
    """The parents of a child, by id."""
    return list(
        session.scalars(
            select(Guardian.parent_id)
            .where(Guardian.child_id == child_id)
            .order_by(Guardian.parent_id)
        )
    )


def guardian_counts(session: Session, child_ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(Guardian.child_id, func.count().label("guardians"))
        .where(Guardian.child_id.in_(child_ids))
        .group_by(Guardian.child_id)
    )
    return {row.child_id: row.guardians for row in rows}


def name_of(vault: Vault, child: Child) -> str:
    return vault.open(child.name_sealed, NAME)
