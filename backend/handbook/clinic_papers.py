"""What a family copies from two more papers: newborn screenings, and the family doctor."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from backend.handbook.checkup_models import FamilyDoctorNote, NewbornNote
from backend.handbook.screening_file import NewbornTest
from backend.handbook.sealed_notes import Note, forget, keep, opened, rows_of
from backend.handbook.service import DoneDateOutOfRange
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Invalid
from backend.kernel.privacy import Vault
from backend.people.children import own_child, registrations


class PaperResult(StrEnum):
    """As the paper says it; what it means the hospital says."""

    PASSED = "passed"
    RECHECK = "recheck"
    UNCLEAR = "unclear"


class NewbornResult(Note):
    done_on: date
    result: PaperResult
    note: str = ""


class FamilyDoctor(Note):
    team: str
    doctor: str = ""
    phone: str = ""
    signed_on: date | None = None


def newborn_results(
    session: Session, vault: Vault, *, parent_id: int, child_id: int
) -> dict[NewbornTest, NewbornResult]:
    """Raises NotFound."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    rows = rows_of(session, NewbornNote, registrations(session, child.id))
    return {row.test: opened(vault, row, NewbornResult) for row in rows}


def record_newborn(  # noqa: PLR0913  # whose, which and what are its facts
    session: Session,
    clock: Clock,
    vault: Vault,
    *,
    parent_id: int,
    child_id: int,
    test: NewbornTest,
    result: NewbornResult,
) -> None:
    """Raises NotFound, DoneDateOutOfRange before the birth or after today."""
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    if not child.birth_date <= result.done_on <= city_date(clock.now()):
        raise DoneDateOutOfRange
    keep(
        session,
        clock,
        vault,
        NewbornNote,
        result,
        child_id=child.id,
        parent_id=parent_id,
        test=test,
    )


def forget_newborn(session: Session, *, parent_id: int, child_id: int, test: NewbornTest) -> None:
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    forget(session, NewbornNote, registrations(session, child.id), test=test)


def family_doctor(
    session: Session, vault: Vault, *, parent_id: int, child_id: int
) -> FamilyDoctor | None:
    """Raises NotFound for another family's child."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    rows = rows_of(session, FamilyDoctorNote, registrations(session, child.id))
    return opened(vault, rows[-1], FamilyDoctor) if rows else None


def record_family_doctor(
    session: Session,
    clock: Clock,
    vault: Vault,
    *,
    parent_id: int,
    child_id: int,
    doctor: FamilyDoctor,
) -> None:
    """Raises NotFound, Invalid for a day after today. A family may have signed up before."""
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    if doctor.signed_on is not None and doctor.signed_on > city_date(clock.now()):
        raise Invalid("签约日期应在今天或今天以前")
    keep(session, clock, vault, FamilyDoctorNote, doctor, child_id=child.id, parent_id=parent_id)


def forget_family_doctor(session: Session, *, parent_id: int, child_id: int) -> None:
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    forget(session, FamilyDoctorNote, registrations(session, child.id))
