"""What a family answers about warning signs, age by age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.handbook.checkup_models import ScreeningNote
from backend.handbook.models import HandbookEntry
from backend.handbook.screening import (
    Answer,
    Answers,
    Fit,
    Visited,
    check_answers,
    check_reached,
    fit,
    needs_attention,
)
from backend.handbook.screening_file import Screening, ScreeningProgramme
from backend.handbook.sealed_notes import Note, forget, keep, opened, rows_of
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Invalid, NotFound
from backend.kernel.privacy import Vault
from backend.people.children import own_child, registrations
from backend.people.models import Child


class ScreeningAnswered(Note):
    answers: dict[str, Answer]
    answered_on: date
    talked_on: date | None = None


@dataclass(frozen=True)
class Overview:
    """What fits today, what was answered (by visit), and what still needs the clinic."""

    child: Child
    today: date
    fit: Fit
    answered: Mapping[str, Answers]
    attention: Answers | None


def overview(
    session: Session,
    clock: Clock,
    vault: Vault,
    programme: ScreeningProgramme,
    *,
    parent_id: int,
    child_id: int,
) -> Overview:
    """Raises NotFound."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    ids = registrations(session, child.id)
    answered = _answers(session, vault, programme, ids)
    today = city_date(clock.now())
    return Overview(
        child,
        today,
        fit(programme, child.birth_date, child.gestational_weeks, today),
        answered,
        needs_attention(list(answered.values()), _visits(session, ids)),
    )


def answer(  # noqa: PLR0913  # whose, which and what are its facts
    session: Session,
    clock: Clock,
    vault: Vault,
    programme: ScreeningProgramme,
    *,
    parent_id: int,
    child_id: int,
    visit_id: str,
    answers: Mapping[str, Answer],
) -> None:
    """Keep the answers of one age; answering again replaces them, and a talk that was noted.

    Raises NotFound, ScreeningTooEarly, ScreeningIncomplete.
    """
    screening = _screening(programme, visit_id)
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    today = city_date(clock.now())
    check_reached(screening, child.birth_date, today)
    check_answers(screening, answers)
    note = ScreeningAnswered(answers=dict(answers), answered_on=today)
    keep(
        session,
        clock,
        vault,
        ScreeningNote,
        note,
        child_id=child.id,
        parent_id=parent_id,
        visit_id=visit_id,
    )


def forget_answers(
    session: Session,
    programme: ScreeningProgramme,
    *,
    parent_id: int,
    child_id: int,
    visit_id: str,
) -> None:
    _screening(programme, visit_id)
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    forget(session, ScreeningNote, registrations(session, child.id), visit_id=visit_id)


def note_talk(  # noqa: PLR0913
    session: Session,
    clock: Clock,
    vault: Vault,
    *,
    parent_id: int,
    child_id: int,
    visit_id: str,
    talked_on: date | None,
) -> None:
    """Note when the family spoke with the clinic about its answers; None takes it back.

    Raises NotFound without answers, Invalid for a day before them or after today.
    """
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    rows = rows_of(session, ScreeningNote, registrations(session, child.id))
    row = next((row for row in reversed(rows) if row.visit_id == visit_id), None)
    if row is None:
        raise NotFound
    note = opened(vault, row, ScreeningAnswered)
    today = city_date(clock.now())
    if talked_on is not None and not note.answered_on <= talked_on <= today:
        raise Invalid("联系门诊的日期应在筛查那天以后、今天或今天以前")
    changed = note.model_copy(update={"talked_on": talked_on})
    row.note_sealed = vault.seal(changed.model_dump_json(), row.purpose)
    session.flush()


def _screening(programme: ScreeningProgramme, visit_id: str) -> Screening:
    screening = programme.screening(visit_id)
    if screening is None:
        raise NotFound
    return screening


def _answers(
    session: Session, vault: Vault, programme: ScreeningProgramme, ids: list[int]
) -> dict[str, Answers]:
    """By visit. Answers to an age that the content asks no more are left alone."""
    found: dict[str, Answers] = {}
    for row in rows_of(session, ScreeningNote, ids):
        if programme.screening(row.visit_id) is not None:
            note = opened(vault, row, ScreeningAnswered)
            found[row.visit_id] = Answers(
                row.visit_id, note.answers, note.answered_on, row.recorded_at, note.talked_on
            )
    return found


def _visits(session: Session, ids: list[int]) -> list[Visited]:
    rows = session.execute(
        select(HandbookEntry.done_on, HandbookEntry.recorded_at).where(
            HandbookEntry.child_id.in_(ids), HandbookEntry.item_id.startswith("checkup:")
        )
    )
    return [Visited(row.done_on, row.recorded_at) for row in rows]
