"""Each part of a copy as a row of its table, with the time at which it was first written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
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
from backend.handbook.diary import service as diary
from backend.handbook.growth_models import GrowthEntry
from backend.handbook.growth_queries import sealed
from backend.handbook.growth_rules import Measures
from backend.handbook.models import HandbookEntry
from backend.handbook.records import Done, sealed_done
from backend.handbook.screening_answers import ScreeningAnswered
from backend.handbook.sealed_notes import Note
from backend.kernel.clock import Clock
from backend.kernel.privacy import Vault
from backend.rights.take_along.files import (
    CheckupRow,
    DiaryRow,
    DoctorRow,
    EntryRow,
    GrowthRow,
    NewbornRow,
    Part,
    Row,
    ScreeningRow,
)


@dataclass(frozen=True)
class Target:
    """The child that takes the rows, and who brings them."""

    session: Session
    clock: Clock
    vault: Vault
    child_id: int
    parent_id: int

    def written(self, row: Row) -> dict[str, Any]:
        return {
            "child_id": self.child_id,
            "recorded_by": self.parent_id,
            "recorded_at": row.recorded_at,
        }

    def note(self, table: type[SealedNote], note: Note, row: Row, **key: Any) -> None:
        text = self.vault.seal(note.model_dump_json(), table.purpose)
        values = {"note_sealed": text, **key, **self.written(row)}
        self.session.execute(insert(table).values(values))


def _entry(target: Target, row: Row) -> None:
    assert isinstance(row, EntryRow)
    done = sealed_done(target.vault, Done(row.done_on, row.place, row.batch))
    target.session.add(HandbookEntry(item_id=row.item, **done, **target.written(row)))


def _measurement(target: Target, row: Row) -> None:
    assert isinstance(row, GrowthRow)
    measures = Measures(row.weight_g, row.length_mm, row.lying, row.head_mm)
    values = sealed(target.vault, measures)
    target.session.add(
        GrowthEntry(measured_on=row.measured_on, values_sealed=values, **target.written(row))
    )


def _checkup(target: Target, row: Row) -> None:
    assert isinstance(row, CheckupRow)
    note = CheckupResult.model_validate(row.model_dump())
    target.note(CheckupNote, note, row, visit_id=row.visit)


def _screening(target: Target, row: Row) -> None:
    assert isinstance(row, ScreeningRow)
    note = ScreeningAnswered.model_validate(row.model_dump())
    target.note(ScreeningNote, note, row, visit_id=row.visit)


def _newborn(target: Target, row: Row) -> None:
    assert isinstance(row, NewbornRow)
    note = NewbornResult.model_validate(row.model_dump())
    target.note(NewbornNote, note, row, test=row.test)


def _doctor(target: Target, row: Row) -> None:
    assert isinstance(row, DoctorRow)
    target.note(FamilyDoctorNote, FamilyDoctor.model_validate(row.model_dump()), row)


def _day(target: Target, row: Row) -> None:
    """Through the diary's own rules: a day that was just deleted gives way."""
    assert isinstance(row, DiaryRow)
    book = diary.open_book(target.session, parent_id=target.parent_id, child_id=target.child_id)
    made = diary.write(target.session, target.clock, target.vault, book, day=row.day, note=row.note)
    made.recorded_at = row.recorded_at


WRITERS: dict[Part, Callable[[Target, Row], None]] = {
    Part.HANDBOOK: _entry,
    Part.GROWTH: _measurement,
    Part.CHECKUPS: _checkup,
    Part.SCREENINGS: _screening,
    Part.NEWBORN: _newborn,
    Part.DOCTOR: _doctor,
    Part.DIARY: _day,
}
