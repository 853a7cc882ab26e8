"""Teachers and their certificates. Nobody teaches on a day without a valid one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.centres.place_models import Institution, Teacher, TeacherCertificate
from backend.centres.rooms import NameUsed
from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.kernel.privacy import Vault
from backend.people.models import Staff

CERTIFICATE_NUMBER = "certificate-number"  # what the vault authenticates the text with
WARNED_BEFORE = timedelta(days=60)
LONGEST_NAME = 20  # characters
LONGEST_TITLE = 40


@dataclass(frozen=True)
class NewCertificate:
    """Both days included."""

    title: str
    number: str | None
    valid_from: date
    valid_until: date


@dataclass(frozen=True)
class CertificateRow:
    """`number` is masked: the last four characters."""

    id: int
    title: str
    number: str | None
    valid_from: date
    valid_until: date

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day <= self.valid_until


@dataclass(frozen=True)
class TeacherRow:
    """A teacher in a list, the longest certificate first."""

    id: int
    institution_id: int
    institution: str
    display_name: str
    staff: str | None
    left_on: date | None
    certificates: tuple[CertificateRow, ...]

    def is_here_on(self, day: date) -> bool:
        return self.left_on is None or day < self.left_on

    def is_certified_on(self, day: date) -> bool:
        return any(one.holds_on(day) for one in self.certificates)

    @property
    def valid_until(self) -> date | None:
        """The last day of all certificates."""
        return max((one.valid_until for one in self.certificates), default=None)


@dataclass(frozen=True)
class Roll:
    """The teachers of a scope, and how many of those who teach may teach."""

    rows: list[TeacherRow]
    today: date

    @property
    def present(self) -> list[TeacherRow]:
        return [row for row in self.rows if row.is_here_on(self.today)]

    @property
    def certified(self) -> int:
        return sum(row.is_certified_on(self.today) for row in self.present)

    @property
    def rate(self) -> int | None:
        """Certified staff in percent, rounded down: 100 only when it is all of them."""
        return 100 * self.certified // len(self.present) if self.present else None

    @property
    def expiring(self) -> list[TeacherRow]:
        """Whose last certificate ends within 60 days or has ended, the most urgent first."""
        limit = self.today + WARNED_BEFORE
        found = [row for row in self.present if row.valid_until and row.valid_until <= limit]
        return sorted(found, key=lambda row: (row.valid_until or limit, row.id))


def add_teacher(
    session: Session, clock: Clock, *, institution_id: int, display_name: str, actor: str
) -> Teacher:
    """A new teacher of an institution. Raises NotFound, Invalid, or NameUsed."""
    if session.get(Institution, institution_id) is None:
        raise NotFound("没有这家机构")
    teacher = Teacher(institution_id=institution_id, created_at=clock.now())
    _write(session, teacher, display_name)
    _note(session, clock, actor, "added", teacher.id)
    return teacher


def rename_teacher(
    session: Session, clock: Clock, teacher: Teacher, display_name: str, *, actor: str
) -> None:
    _write(session, teacher, display_name)
    _note(session, clock, actor, "renamed", teacher.id)


def link_account(
    session: Session, clock: Clock, teacher: Teacher, *, login: str, actor: str
) -> None:
    """Say with which account this teacher signs in; an empty login says with none.

    Raises Invalid for an unknown account, Conflict for another teacher's.
    """
    staff_id = None
    if login.strip():
        staff_id = session.scalar(select(Staff.id).where(Staff.login == login.strip().casefold()))
        if staff_id is None:
            raise Invalid("没有这个账号")
    teacher.staff_id = staff_id
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("这个账号已经是另一位老师的") from error
    _note(session, clock, actor, "linked", teacher.id)


def let_go(
    session: Session, clock: Clock, teacher: Teacher, *, left_on: date | None, actor: str
) -> None:
    """From `left_on` the teacher gives no sessions; None takes that back."""
    teacher.left_on = left_on
    _note(session, clock, actor, "left" if left_on else "returned", teacher.id)


def add_certificate(
    session: Session,
    clock: Clock,
    vault: Vault,
    *,
    teacher: Teacher,
    new: NewCertificate,
    actor: str,
) -> TeacherCertificate:
    """A certificate with its term; the number is sealed. Raises Invalid."""
    title, number = " ".join(new.title.split()), (new.number or "").strip()
    if not title or len(title) > LONGEST_TITLE:
        raise Invalid(f"请写证书名称，不超过 {LONGEST_TITLE} 字")
    if new.valid_until < new.valid_from:
        raise Invalid("证书的到期日不能早于起始日")
    certificate = TeacherCertificate(
        teacher_id=teacher.id,
        title=title,
        number_sealed=vault.seal(number, CERTIFICATE_NUMBER) if number else None,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
        created_at=clock.now(),
    )
    session.add(certificate)
    session.flush()
    _note(session, clock, actor, "certified", teacher.id)
    return certificate


def remove_certificate(
    session: Session, clock: Clock, teacher: Teacher, certificate_id: int, *, actor: str
) -> None:
    """Take back a certificate that was written down by mistake. Raises NotFound."""
    found = session.get(TeacherCertificate, certificate_id)
    if found is None or found.teacher_id != teacher.id:
        raise NotFound("没有这张证书")
    session.delete(found)
    _note(session, clock, actor, "certificate_removed", teacher.id)


def teachers_of(
    session: Session, clock: Clock, vault: Vault, institution_ids: Collection[int] | None
) -> Roll:
    """The teachers of these institutions (None: of all), those who have left last."""
    query = (
        select(Teacher, Institution.name, Staff.login)
        .join(Institution, Institution.id == Teacher.institution_id)
        .outerjoin(Staff, Staff.id == Teacher.staff_id)
        .order_by(Teacher.left_on.is_not(None), Institution.name, Teacher.display_name)
    )
    if institution_ids is not None:
        query = query.where(Teacher.institution_id.in_(institution_ids))
    rows = session.execute(query).all()
    held = _certificates(session, vault, [row.Teacher.id for row in rows])
    return Roll(
        [
            TeacherRow(
                id=teacher.id,
                institution_id=teacher.institution_id,
                institution=name,
                display_name=teacher.display_name,
                staff=login,
                left_on=teacher.left_on,
                certificates=held.get(teacher.id, ()),
            )
            for teacher, name, login in rows
        ],
        city_date(clock.now()),
    )


def teacher_in_scope(
    session: Session, teacher_id: int, institution_ids: Collection[int] | None
) -> Teacher:
    """A teacher of one of these institutions. Raises NotFound."""
    teacher = session.get(Teacher, teacher_id)
    if teacher is None or (
        institution_ids is not None and teacher.institution_id not in institution_ids
    ):
        raise NotFound("没有这位老师")
    return teacher


def _certificates(
    session: Session, vault: Vault, teacher_ids: Sequence[int]
) -> dict[int, tuple[CertificateRow, ...]]:
    rows = session.scalars(
        select(TeacherCertificate)
        .where(TeacherCertificate.teacher_id.in_(teacher_ids))
        .order_by(TeacherCertificate.valid_until.desc(), TeacherCertificate.id)
    )
    found: dict[int, tuple[CertificateRow, ...]] = {}
    for row in rows:
        number = row.number_sealed and mask_number(
            vault.open(row.number_sealed, CERTIFICATE_NUMBER)
        )
        shown = CertificateRow(row.id, row.title, number, row.valid_from, row.valid_until)
        found[row.teacher_id] = (*found.get(row.teacher_id, ()), shown)
    return found


def mask_number(number: str) -> str:
    """····1234; a short one shows nothing."""
    return f"····{number[-4:]}" if len(number) >= 8 else "····"


def _write(session: Session, teacher: Teacher, display_name: str) -> None:
    name = " ".join(display_name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(f"请写称呼，例如“王老师”，不超过 {LONGEST_NAME} 字")
    teacher.display_name = name
    session.add(teacher)
    try:
        session.flush()
    except IntegrityError as error:
        raise NameUsed from error


def _note(session: Session, clock: Clock, actor: str, act: str, teacher_id: int) -> None:
    audit.record(
        session, clock, actor=actor, action=f"teacher.{act}", subject=f"teacher:{teacher_id}"
    )
