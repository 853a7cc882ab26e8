"""A family writes down what was measured, puts it right, takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.handbook.growth.standards import Standard
from backend.handbook.growth_models import GrowthEntry
from backend.handbook.growth_queries import Recorded, assessed, recorded, sealed
from backend.handbook.growth_rules import (
    MOST,
    Measures,
    TooManyMeasurements,
    asked_about,
    check_day,
    check_measures,
)
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import NotFound
from backend.kernel.privacy import Vault
from backend.people.children import own_child, registrations


@dataclass(frozen=True)
class Told:
    """What a family wants to be written down.

    `was_on`: the day of the measurement that is put right, None for a new one; it may move to
    another day. `confirmed`: the family has seen the questions and says that it is right.
    """

    measured_on: date
    measures: Measures
    was_on: date | None = None
    confirmed: bool = False


def record(  # noqa: PLR0913  # who, which child, by which standard and what are four facts
    session: Session,
    clock: Clock,
    vault: Vault,
    standard: Standard,
    *,
    parent_id: int,
    child_id: int,
    told: Told,
) -> list[str]:
    """Keep a measurement; with something to be asked first nothing is kept, and it is returned.

    Locks the child. Raises NotFound for another family's child, or when `was_on` has none any
    more; what `check_day` and `check_measures` raise; TooManyMeasurements.
    """
    check_measures(told.measures)
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    now = clock.now()
    check_day(told.measured_on, birth=child.birth_date, today=city_date(now))
    ids = registrations(session, child.id)
    kept = {one.measured_on: one for one in recorded(session, vault, ids)}
    if told.was_on is not None and kept.pop(told.was_on, None) is None:
        raise NotFound
    replaced = kept.pop(told.measured_on, None) is not None
    if len(kept) >= MOST:
        raise TooManyMeasurements
    if not told.confirmed:
        new = assessed(standard, child, Recorded(told.measured_on, told.measures, now))
        others = [assessed(standard, child, one) for one in kept.values()]
        asked = asked_about(new, others, replaced=replaced)
        if asked:
            return asked
    _remove(session, ids, told.measured_on)
    if told.was_on is not None:
        _remove(session, ids, told.was_on)
    session.execute(
        insert(GrowthEntry).values(
            child_id=child.id,
            measured_on=told.measured_on,
            values_sealed=sealed(vault, told.measures),
            recorded_by=parent_id,
            recorded_at=now,
        )
    )
    return []


def remove(session: Session, *, parent_id: int, child_id: int, measured_on: date) -> None:
    """Take a measurement back; without one this changes nothing. Raises NotFound."""
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=True)
    _remove(session, registrations(session, child.id), measured_on)


def _remove(session: Session, ids: list[int], day: date) -> None:
    session.execute(
        delete(GrowthEntry).where(GrowthEntry.child_id.in_(ids), GrowthEntry.measured_on == day)
    )
