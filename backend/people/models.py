"""Who: parents, children, guardians, consents, staff."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, enum_column
from backend.kernel.sex import Sex as Sex


class Relation(StrEnum):
    MOTHER = "mother"
    FATHER = "father"
    GRANDPARENT = "grandparent"
    OTHER = "other"


class Purpose(StrEnum):
    """What a consent is for. Separate ticks: PIPL 2021 art. 29, 31."""

    PRIVACY = "privacy"
    CHILDREN = "children"
    PRIORITY = "priority"  # asked only when a family asks for priority
    ADDRESS = "address"  # asked only before a home visit
    PREGNANCY = "pregnancy"  # asked only when the pregnancy handbook is opened
    DIARY = "diary"  # asked only when the diary is first opened


OF_EVERYBODY = (Purpose.PRIVACY, Purpose.CHILDREN)  # without these two nobody is served


class DuplicateState(StrEnum):
    """A second registration of the same name, sex and birth date in the city."""

    POSSIBLE = "possible"  # may read, may not book
    DIFFERENT = "different"  # staff: two children
    SAME = "same"  # joined into the other child


class Departure(StrEnum):
    """Why a child is a child of this city no more. Nothing is sent about it and nothing booked."""

    MOVED = "moved"  # out of the city; can be taken back
    DIED = "died"


class Role(StrEnum):
    """What a member of staff may do; the scope says where."""

    CLERK = "clerk"  # one centre
    TOWN = "town"
    CITY = "city"
    REVIEWER = "reviewer"  # of a named medical office; signs texts and sees no family
    CHILD_HEALTH = "child_health"  # of a named institution; reads a handbook under a grant


class Parent(Base):
    """An adult who signed in by WeChat. The phone is optional and comes by WeChat's code."""

    __tablename__ = "parents"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    phone_sealed: Mapped[str | None] = mapped_column(Text)
    phone_fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    # Both consents of OF_EVERYBODY stand; kept by the database itself (migration 0044), for
    # statements over a whole city. A single parent's consents are asked for where they are.
    agreed: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), deferred=True, deferred_raiseload=True
    )
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ParentIdentity(Base):
    """The same parent at one WeChat account; openids differ per appid."""

    __tablename__ = "parent_identities"
    __table_args__ = (UniqueConstraint("parent_id", "appid"), Index(None, "unionid"))

    appid: Mapped[str] = mapped_column(Text, primary_key=True)
    openid: Mapped[str] = mapped_column(Text, primary_key=True)
    unionid: Mapped[str | None] = mapped_column(Text)
    parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id", ondelete="CASCADE"))


class ParentToken(Base):
    """A sign-in. Only the hash is kept, so a stolen table signs nobody in."""

    __tablename__ = "parent_tokens"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Consent(Base):
    """That a guardian agreed to one version of one document. Withdrawn, never deleted."""

    __tablename__ = "consents"
    __table_args__ = (
        Index(
            "uq_consents_given",
            "parent_id",
            "purpose",
            "version",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id", ondelete="CASCADE"))
    purpose: Mapped[Purpose] = mapped_column(enum_column(Purpose))
    version: Mapped[str] = mapped_column(Text)
    document_hash: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


def _word() -> Mapped[int]:
    """63 bits that statements over a whole city read, and no code a child at a time."""
    return mapped_column(
        BigInteger, server_default=text("0"), nullable=False, deferred=True, deferred_raiseload=True
    )


def _days() -> Mapped[list[date] | None]:
    """By bit; `infinity` (which Python cannot read) where an item has none or is not wanted."""
    return mapped_column(ARRAY(Date), deferred=True, deferred_raiseload=True)


class Child(Base):
    """A child of the city. The birth date is plain: planning and age rules are SQL on it.

    `identity` = HMAC(name, sex, birth date) finds a second registration of the same child.
    """

    __tablename__ = "children"
    __table_args__ = (
        CheckConstraint("birth_date BETWEEN DATE '2000-01-01' AND DATE '2200-01-01'", "birth_date"),
        CheckConstraint("gestational_weeks BETWEEN 20 AND 44", "gestational_weeks"),
        CheckConstraint("(duplicate_of_id IS NULL) = (duplicate_state IS NULL)", "duplicate"),
        CheckConstraint("duplicate_of_id <> id", "not_its_own_duplicate"),
        CheckConstraint("(departure IS NULL) = (departed_at IS NULL)", "departure"),
        Index(None, "birth_date"),
        Index(None, "identity"),
        # Of all registrations with one identity, one alone is not somebody's duplicate.
        Index(
            "uq_children_first_of_identity",
            "identity",
            unique=True,
            postgresql_where=text("duplicate_of_id IS NULL AND deleted_at IS NULL"),
        ),
        Index(None, "town_code"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name_sealed: Mapped[str] = mapped_column(Text)
    identity: Mapped[bytes] = mapped_column(LargeBinary)
    birth_date: Mapped[date]
    sex: Mapped[Sex] = mapped_column(enum_column(Sex))
    gestational_weeks: Mapped[int | None] = mapped_column(SmallInteger)
    town_code: Mapped[str] = mapped_column(Text)
    village_code: Mapped[str | None] = mapped_column(Text)
    home_cared: Mapped[bool] = mapped_column(Boolean)
    duplicate_of_id: Mapped[int | None] = mapped_column(
        ForeignKey("children.id", ondelete="RESTRICT"), index=True
    )
    duplicate_state: Mapped[DuplicateState | None] = mapped_column(enum_column(DuplicateState))
    departure: Mapped[Departure | None] = mapped_column(enum_column(Departure))
    departed_at: Mapped[datetime | None]
    replanned_on: Mapped[date | None]  # the day on which a record last moved its plan
    # Bits by `item_bits`, kept by the database itself (migration 0043): what is in
    # `handbook_entries`, what has a day of its own in `item_dates`, and that day.
    recorded_doses: Mapped[int] = _word()
    recorded_checkups: Mapped[int] = _word()
    moved_doses: Mapped[int] = _word()
    moved_checkups: Mapped[int] = _word()
    dose_days: Mapped[list[date] | None] = _days()
    checkup_days: Mapped[list[date] | None] = _days()
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Guardian(Base):
    """That a parent looks after a child. Several parents, one child, one quota."""

    __tablename__ = "guardians"

    child_id: Mapped[int] = mapped_column(
        ForeignKey("children.id", ondelete="CASCADE"), primary_key=True
    )
    parent_id: Mapped[int] = mapped_column(
        ForeignKey("parents.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    relation: Mapped[Relation] = mapped_column(enum_column(Relation))
    since: Mapped[datetime]


class Invitation(Base):
    """A code of eight letters by which another guardian joins; once, within a day."""

    __tablename__ = "invitations"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("children.id", ondelete="CASCADE"), index=True)
    invited_by: Mapped[int] = mapped_column(ForeignKey("parents.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None] = mapped_column(ForeignKey("parents.id", ondelete="SET NULL"))


class DuplicateDecision(Base):
    """Same child or different, decided by an invitation or by staff; can be taken back."""

    __tablename__ = "duplicate_decisions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("children.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("children.id", ondelete="CASCADE"))
    same: Mapped[bool] = mapped_column(Boolean)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    moved: Mapped[dict[str, Any]] = mapped_column(JSONB)
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(Text)


class IdempotentAnswer(Base):
    """What was answered to a parent's key on a route; lives 24 hours.

    Written in the transaction of the work itself, so an answer exists if and only if the
    work does.
    """

    __tablename__ = "idempotent_answers"

    parent_id: Mapped[int] = mapped_column(
        ForeignKey("parents.id", ondelete="CASCADE"), primary_key=True
    )
    route: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str] = mapped_column(Text)  # sealed: answers hold children's names
    created_at: Mapped[datetime] = mapped_column(index=True)


class Staff(Base):
    """A person who works with the console. The scope fits the role (CHECK)."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint(
            "(role = 'clerk' AND centre_id IS NOT NULL AND town_code IS NULL)"
            " OR (role = 'town' AND town_code IS NOT NULL AND centre_id IS NULL)"
            " OR (role IN ('city', 'reviewer') AND town_code IS NULL AND centre_id IS NULL)"
            " OR (role = 'child_health' AND centre_id IS NULL)",  # of a town, or of the city
            "scope_fits_role",
        ),
        CheckConstraint(
            "(role IN ('reviewer', 'child_health')) = (office IS NOT NULL)",
            "office_of_medical_staff",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    login: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(enum_column(Role))
    centre_id: Mapped[int | None] = mapped_column(ForeignKey("centres.id", ondelete="RESTRICT"))
    town_code: Mapped[str | None] = mapped_column(Text)
    # Of a reviewer: whose name stands under a text. Of child health: who looked, for the family.
    office: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class StaffSession(Base):
    """A sign-in to the console, kept on the server so that it can be revoked and times out."""

    __tablename__ = "staff_sessions"

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Attempt(Base):
    """A failed try at a password or a code, counted per subject to slow guessing down."""

    __tablename__ = "attempts"
    __table_args__ = (Index(None, "subject", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)  # "staff-login:<login>", "invitation:<parent id>"
    at: Mapped[datetime]
