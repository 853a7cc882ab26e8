"""What is kept of a child in the handbook: what was done, where, and what the family said once.

Places and batches tell where a family lives and goes; they and the facts are sealed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.handbook.doses import KnownFacts, Records
from backend.handbook.models import HandbookEntry, VaccineFacts
from backend.handbook.source import Mother
from backend.kernel.clock import Clock
from backend.kernel.privacy import Vault
from backend.people.children import registrations
from backend.people.models import Child

PLACE, BATCH = "handbook-place", "handbook-batch"  # the vault's purposes
MOTHER, WEIGHT = "vaccine-mother-hbsag", "vaccine-birth-weight"
VARICELLA, IMMUNOGLOBULIN = "vaccine-had-varicella", "vaccine-immunoglobulin"
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Done:
    """What a family writes of an item: the day, and for a dose perhaps where and which batch."""

    on: date
    place: str | None = None
    batch: str | None = None


@dataclass(frozen=True)
class Kept:
    """A child's records, with what only people read. `last_place`: where it was last time."""

    records: Records
    done: dict[str, Done]
    last_place: str | None

    def after(self, item_id: str, done: Done | None) -> Kept:
        """The same with one record written, or taken back: None."""
        others = {key: one for key, one in self.done.items() if key != item_id}
        now = others if done is None else {**others, item_id: done}
        days = {key: one.on for key, one in now.items()}
        return replace(self, records=replace(self.records, done=days), done=now)


def kept_of(session: Session, vault: Vault, child: Child) -> Kept:
    """With what second registrations recorded that were joined into the child."""
    ids = registrations(session, child.id)
    rows = session.execute(
        select(
            HandbookEntry.item_id,
            HandbookEntry.done_on,
            HandbookEntry.place_sealed,
            HandbookEntry.batch_sealed,
        )
        .where(HandbookEntry.child_id.in_(ids))
        .order_by(HandbookEntry.recorded_at)  # of two records the later one counts
    ).all()
    done = {
        row.item_id: Done(
            row.done_on,
            _opened(vault, row.place_sealed, PLACE),
            _opened(vault, row.batch_sealed, BATCH),
        )
        for row in rows
    }
    places = [row.place_sealed for row in rows if row.place_sealed is not None]
    days = {item_id: one.on for item_id, one in done.items()}
    return Kept(
        records=Records(child.birth_date, days, known_of(session, vault, ids)),
        done=done,
        last_place=vault.open(places[-1], PLACE) if places else None,
    )


def write_done(  # noqa: PLR0913  # who, which child, what and when are facts of their own
    session: Session,
    clock: Clock,
    vault: Vault,
    *,
    parent_id: int,
    child_id: int,
    item_id: str,
    done: Done,
) -> None:
    values = sealed_done(vault, done) | {"recorded_by": parent_id, "recorded_at": clock.now()}
    session.execute(
        insert(HandbookEntry)
        .values(child_id=child_id, item_id=item_id, **values)
        .on_conflict_do_update(index_elements=["child_id", "item_id"], set_=values)
    )


def sealed_done(vault: Vault, done: Done) -> dict[str, Any]:
    """What is said of an item, as its columns keep it."""
    return {
        "done_on": done.on,
        "place_sealed": _sealed(vault, done.place, PLACE),
        "batch_sealed": _sealed(vault, done.batch, BATCH),
    }


def known_of(session: Session, vault: Vault, ids: Sequence[int]) -> KnownFacts:
    """Of several registrations the fact that was said last; days of immunoglobulin add up."""
    rows = session.scalars(
        select(VaccineFacts)
        .where(VaccineFacts.child_id.in_(ids))
        .order_by(VaccineFacts.changed_at.desc(), VaccineFacts.child_id)
        .execution_options(populate_existing=True)
    ).all()

    def said(column: str, purpose: str) -> str | None:
        sealed = next((one for row in rows if (one := getattr(row, column)) is not None), None)
        return _opened(vault, sealed, purpose)

    mother, grams = said("mother_hbsag_sealed", MOTHER), said("birth_weight_sealed", WEIGHT)
    varicella = said("had_varicella_sealed", VARICELLA)
    used = {
        date.fromisoformat(day)
        for row in rows
        if row.immunoglobulin_sealed is not None
        for day in json.loads(vault.open(row.immunoglobulin_sealed, IMMUNOGLOBULIN))
    }
    return KnownFacts(
        mother=None if mother is None else Mother(mother),
        birth_grams=None if grams is None else int(grams),
        had_varicella=None if varicella is None else varicella == YES,
        immunoglobulin=tuple(sorted(used)),
    )


def write_known(
    session: Session,
    clock: Clock,
    vault: Vault,
    *,
    parent_id: int,
    child_id: int,
    known: KnownFacts,
) -> None:
    """The whole of what is said now: it stands in place of what any registration said before."""
    grams, varicella = known.birth_grams, known.had_varicella
    days = sorted({day.isoformat() for day in known.immunoglobulin})
    values: dict[str, Any] = {
        "mother_hbsag_sealed": _sealed(vault, known.mother, MOTHER),
        "birth_weight_sealed": _sealed(vault, None if grams is None else str(grams), WEIGHT),
        "had_varicella_sealed": _sealed(
            vault, None if varicella is None else (YES if varicella else NO), VARICELLA
        ),
        "immunoglobulin_sealed": _sealed(vault, json.dumps(days) if days else None, IMMUNOGLOBULIN),
        "changed_by": parent_id,
        "changed_at": clock.now(),
    }
    others = [one for one in registrations(session, child_id) if one != child_id]
    session.execute(delete(VaccineFacts).where(VaccineFacts.child_id.in_(others)))
    session.execute(
        insert(VaccineFacts)
        .values(child_id=child_id, **values)
        .on_conflict_do_update(index_elements=["child_id"], set_=values)
    )


def _sealed(vault: Vault, text: str | None, purpose: str) -> str | None:
    return None if text is None else vault.seal(text, purpose)


def _opened(vault: Vault, sealed: str | None, purpose: str) -> str | None:
    return None if sealed is None else vault.open(sealed, purpose)
