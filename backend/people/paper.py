"""Families without a smartphone: found by exactly who the child is, registered on paper.

Nobody browses: only who knows name, sex and birth date finds a child, and each search is in the
audit log without what was typed.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict, Invalid
from backend.kernel.privacy import Vault
from backend.people import addresses, rules
from backend.people.children import NAME, lock_identity
from backend.people.documents import Document, Documents
from backend.people.models import OF_EVERYBODY, Child, Relation, Sex

LONGEST_NAME = 50
WORDS = {
    Relation.MOTHER: "妈妈",
    Relation.FATHER: "爸爸",
    Relation.GRANDPARENT: "祖辈",
    Relation.OTHER: "其他监护人",
}


class KnownElsewhere(Conflict):
    code = "child_known"
    message = "这个孩子已在市里登记，不能再登记一次，请联系市级工作人员"


@dataclass(frozen=True)
class Who:
    """What a family says at the counter."""

    name: str
    sex: Sex
    birth_date: date


@dataclass(frozen=True)
class Paper:
    """The signed form: who signed, and when. The form itself, with the name, stays in the file."""

    relation: Relation
    signed_on: date


def find(
    session: Session, clock: Clock, vault: Vault, who: Who, *, town_code: str, actor: str
) -> Child | None:
    """The child of this town who is exactly that, or None; the search is written down."""
    child = session.scalars(
        select(Child).where(
            Child.identity == _identity(vault, who),
            Child.town_code == town_code,
            Child.duplicate_of_id.is_(None),
            Child.deleted_at.is_(None),
        )
    ).one_or_none()
    subject = "child:none" if child is None else f"child:{child.id}"
    audit.record(session, clock, actor=actor, action="child.searched", subject=subject)
    return child


def register(  # noqa: PLR0913  # a registration on paper is these facts
    session: Session,
    clock: Clock,
    vault: Vault,
    documents: Documents,
    who: Who,
    paper: Paper,
    *,
    town_code: str,
    actor: str,
) -> Child:
    """A child without a guardian on WeChat, whose family has signed both documents on paper.

    Raises Invalid, BirthDateOutOfRange, or KnownElsewhere for a child that the city knows.
    """
    now = clock.now()
    check_paper(paper, city_date(now))
    if not 1 <= len(who.name) <= LONGEST_NAME:
        raise Invalid("请填写孩子的姓名")
    rules.check_birth_date(who.birth_date, city_date(now))
    identity = _identity(vault, who)
    lock_identity(session, identity)
    if session.scalar(_first(identity)) is not None:
        raise KnownElsewhere
    child = Child(
        name_sealed=vault.seal(who.name, NAME),
        identity=identity,
        birth_date=who.birth_date,
        sex=who.sex,
        town_code=town_code,
        home_cared=True,
        created_at=now,
    )
    session.add(child)
    session.flush()
    versions = {purpose.value: documents[purpose].version for purpose in OF_EVERYBODY}
    note_paper(session, clock, child.id, paper, actor=actor, documents=versions)
    return child


@dataclass(frozen=True)
class Signed:
    """One document, agreed to on paper, and who of the staff has seen that."""

    paper: Paper
    document: Document
    actor: str


def put_address(
    session: Session, clock: Clock, vault: Vault, signed: Signed, *, child_id: int, text: str
) -> None:
    """Where a home visit goes, of a family without a smartphone. Staff write it, never read it.

    Raises Invalid for what leads to no door, or a paper from tomorrow.
    """
    check_paper(signed.paper, city_date(clock.now()))
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update(key_share=True))
    addresses.put(session, clock, vault, child_id=child_id, text=text, actor=signed.actor)
    version = {signed.document.purpose.value: signed.document.version}
    note_paper(session, clock, child_id, signed.paper, actor=signed.actor, documents=version)


def check_paper(paper: Paper, today: date) -> None:
    """Raises Invalid for a form that is signed tomorrow."""
    if paper.signed_on > today:
        raise Invalid("签字日期不能晚于今天")


def note_paper(  # who, what, when, by whom
    session: Session,
    clock: Clock,
    child_id: int,
    paper: Paper,
    *,
    actor: str,
    documents: dict[str, str] | None = None,
) -> None:
    """Write down that a guardian has agreed on paper, who and when."""
    audit.record(
        session,
        clock,
        actor=actor,
        action="consent.on_paper",
        subject=f"child:{child_id}",
        detail={
            "relation": paper.relation.value,
            "signed_on": paper.signed_on.isoformat(),
            **({} if documents is None else {"documents": documents}),
        },
    )


def _first(identity: bytes) -> Select[int]:
    return (
        select(Child.id)
        .where(
            Child.identity == identity,
            Child.deleted_at.is_(None),
            Child.duplicate_of_id.is_(None),
        )
        .limit(1)
    )


def _identity(vault: Vault, who: Who) -> bytes:
    return rules.child_identity(vault, who.name, who.sex, who.birth_date)
