"""The part of a family's copy that it copied itself from papers, or answered about signs."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from backend.handbook.checkup_models import (
    CheckupNote,
    FamilyDoctorNote,
    NewbornNote,
    ScreeningNote,
    SealedNote,
)
from backend.handbook.checkup_results import CheckupResult
from backend.handbook.clinic_papers import FamilyDoctor, NewbornResult
from backend.handbook.screening_answers import ScreeningAnswered
from backend.handbook.sealed_notes import Note, opened, rows_of
from backend.kernel.clock import city_time
from backend.kernel.privacy import Vault

Copy = dict[str, Any]
Row = TypeVar("Row", bound=SealedNote)


def papers_of(session: Session, vault: Vault, ids: Sequence[int]) -> dict[str, list[Copy]]:
    """By part of the copy. The day of a check-up stands with the handbook's entries."""

    def kept(table: type[Row], kind: type[Note]) -> Iterator[tuple[Row, Copy]]:
        for row in rows_of(session, table, ids):
            note = opened(vault, row, kind).model_dump(mode="json")
            at = city_time(row.recorded_at).isoformat(timespec="seconds")
            yield row, {**note, "recorded_at": at}

    return {
        "checkups": [{"visit": r.visit_id, **n} for r, n in kept(CheckupNote, CheckupResult)],
        "screenings": [
            {"visit": r.visit_id, **n} for r, n in kept(ScreeningNote, ScreeningAnswered)
        ],
        "newborn_screening": [
            {"test": r.test.value, **n} for r, n in kept(NewbornNote, NewbornResult)
        ],
        "family_doctor": [n for _, n in kept(FamilyDoctorNote, FamilyDoctor)],
    }
