"""The thirteen check-ups of a child, and what the family copies of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from backend.handbook.checkup_models import CheckupNote
from backend.handbook.records import Done
from backend.handbook.schedule import Schedule
from backend.handbook.screening_file import ScreeningProgramme
from backend.handbook.sealed_notes import Note, forget, keep, opened, rows_of
from backend.handbook.service import read_timeline, record_done
from backend.handbook.source import Visit
from backend.handbook.timeline import Item
from backend.kernel.clock import Clock
from backend.kernel.errors import NotFound
from backend.kernel.privacy import Vault
from backend.people.children import own_child, registrations
from backend.people.models import Child


class CheckupResult(Note):
    """As the paper says it. Weight, length and head have their own place: measurements."""

    place: str = ""
    haemoglobin: int | None = None  # g/L
    teeth: int | None = None
    hearing: str = ""
    vision: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Checkup:
    """One check-up of one child. `item` has its window, its state and the day it was done."""

    visit: Visit
    item: Item
    result: CheckupResult | None


def checkups_of(  # noqa: PLR0913  # the parts it reads with, and whose child
    session: Session,
    clock: Clock,
    vault: Vault,
    schedule: Schedule,
    programme: ScreeningProgramme,
    *,
    parent_id: int,
    child_id: int,
) -> tuple[Child, list[Checkup]]:
    """All of them in the order of their ages. Raises NotFound."""
    book = read_timeline(session, clock, vault, schedule, parent_id=parent_id, child_id=child_id)
    by_id = {item.id: item for item in book.items}
    results = {
        row.visit_id: opened(vault, row, CheckupResult)
        for row in rows_of(session, CheckupNote, registrations(session, book.child.id))
    }
    return book.child, [
        Checkup(visit, by_id[item_of(visit.id)], results.get(visit.id))
        for visit in programme.checkups.visits
    ]


def record_result(  # noqa: PLR0913
    session: Session,
    clock: Clock,
    vault: Vault,
    schedule: Schedule,
    *,
    parent_id: int,
    child_id: int,
    visit_id: str,
    done_on: date,
    result: CheckupResult,
) -> None:
    """Write what was found, and in the same transaction that the check-up is done.

    So its reminder goes too. Raises NotFound, DoneDateOutOfRange.
    """
    record_done(
        session,
        clock,
        vault,
        schedule,
        parent_id=parent_id,
        child_id=child_id,
        item_id=item_of(visit_id),
        done=Done(done_on),
    )
    keep(
        session,
        clock,
        vault,
        CheckupNote,
        result,
        child_id=child_id,
        parent_id=parent_id,
        visit_id=visit_id,
    )


def forget_result(
    session: Session, schedule: Schedule, *, parent_id: int, child_id: int, visit_id: str
) -> None:
    """Delete what was copied; that the check-up is done stays, and has its own undo."""
    if schedule.rule(item_of(visit_id)) is None:
        raise NotFound
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    forget(session, CheckupNote, registrations(session, child.id), visit_id=visit_id)


def item_of(visit_id: str) -> str:
    return f"checkup:{visit_id}"
