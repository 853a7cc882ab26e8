"""A child's measurements, beside the standard that the family chose."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.handbook.growth.assessment import Assessment, assess
from backend.handbook.growth.changes import Change, changes
from backend.handbook.growth.measurements import BY_LENGTH, OF_WEIGHT, Indicator
from backend.handbook.growth.standards import Standard
from backend.handbook.growth_models import GrowthEntry
from backend.handbook.growth_rules import Measures
from backend.kernel.privacy import Vault
from backend.people.children import own_child, registrations
from backend.people.models import Child

PURPOSE = "measurement"  # the vault's
OF_LENGTH = frozenset({Indicator.LENGTH, Indicator.BMI, *BY_LENGTH})


@dataclass(frozen=True)
class Recorded:
    measured_on: date
    measures: Measures
    recorded_at: datetime


@dataclass(frozen=True)
class Shown:
    """A measurement with what the standard says. `changes`: since the one before that has the
    same thing measured."""

    recorded: Recorded
    assessment: Assessment
    changes: tuple[Change, ...]


def growth_of(
    session: Session, vault: Vault, standard: Standard, *, parent_id: int, child_id: int
) -> tuple[Child, list[Shown]]:
    """The child and all its measurements, oldest first. Raises NotFound."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    entries = recorded(session, vault, registrations(session, child.id))
    return child, compared(entries, [assessed(standard, child, one) for one in entries])


def recorded(session: Session, vault: Vault, ids: Sequence[int]) -> list[Recorded]:
    """What was measured of these registrations, by day. Of two of one day the later one counts."""
    return list({one.measured_on: one for one in everything(session, vault, ids)}.values())


def everything(session: Session, vault: Vault, ids: Sequence[int]) -> list[Recorded]:
    """All that is kept, also where two joined registrations measured on one day."""
    rows = session.scalars(
        select(GrowthEntry)
        .where(GrowthEntry.child_id.in_(ids))
        .order_by(GrowthEntry.measured_on, GrowthEntry.recorded_at)
    )
    return [
        Recorded(row.measured_on, opened(vault, row.values_sealed), row.recorded_at) for row in rows
    ]


def sealed(vault: Vault, measures: Measures) -> str:
    said = {name: value for name, value in asdict(measures).items() if value is not None}
    return vault.seal(json.dumps(said), PURPOSE)


def opened(vault: Vault, text: str) -> Measures:
    return Measures(**json.loads(vault.open(text, PURPOSE)))


def gestational_days(child: Child) -> int | None:
    """Weeks alone are known: a child of 36 weeks and some days counts from 36 weeks."""
    return None if child.gestational_weeks is None else child.gestational_weeks * 7


def assessed(standard: Standard, child: Child, one: Recorded) -> Assessment:
    return assess(
        standard,
        one.measures.of(child.sex),
        child.birth_date,
        one.measured_on,
        gestational_days=gestational_days(child),
    )


def compared(entries: Sequence[Recorded], assessments: Sequence[Assessment]) -> list[Shown]:
    """Each beside the last one before it in which the same thing was measured."""
    last: dict[Indicator, Assessment] = {}
    shown = []
    for entry, found in zip(entries, assessments, strict=True):
        measured = tuple(_measured(found))
        shown.append(Shown(entry, found, tuple(_changes(last, found, measured))))
        last.update((indicator, found) for indicator in measured)
    return shown


def _measured(assessment: Assessment) -> Iterable[Indicator]:
    """The indicators for which everything is there that they are made of."""
    measurement = assessment.measurement
    for indicator in Indicator:
        if indicator in OF_WEIGHT and measurement.weight_kg is None:
            continue
        if indicator in OF_LENGTH and measurement.lenhei_cm is None:
            continue
        if indicator is Indicator.HEAD and measurement.head_cm is None:
            continue
        yield indicator


def _changes(
    last: Mapping[Indicator, Assessment], later: Assessment, measured: Iterable[Indicator]
) -> Iterable[Change]:
    known: dict[date, tuple[Change, ...]] = {}
    for indicator in measured:
        earlier = last.get(indicator)
        if earlier is None:
            continue
        day = earlier.measured_on
        if day not in known:
            known[day] = changes(earlier, later).changes
        yield from (one for one in known[day] if one.indicator is indicator)
