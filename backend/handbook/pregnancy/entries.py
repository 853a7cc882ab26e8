"""What a family writes down: check-ups done, weight, counts of movements. Only while it is open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.handbook.pregnancy import messages, service
from backend.handbook.pregnancy.dating import TERM
from backend.handbook.pregnancy.models import EntryKind, Pregnancy, PregnancyEntry
from backend.handbook.pregnancy.programme import Programme
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Invalid, NotFound
from backend.kernel.privacy import Vault

VALUE = "pregnancy-entry"  # the vault's purpose
MOST_ENTRIES = 1000  # of one pregnancy; more is a misuse
LEAST_KG, MOST_KG = Decimal(25), Decimal(250)  # beyond is a typing error
MOST_COUNT, MOST_MINUTES = 999, 24 * 60
FAST_PHONE = timedelta(minutes=5)  # how far the clock of a phone may be ahead


class EntryDateOutOfRange(Invalid):
    code = "entry_date_out_of_range"
    message = "日期应在怀孕期间、今天或今天以前，请检查"


class TooManyEntries(Invalid):
    code = "too_many_entries"
    message = "记录太多了，请先删除一些旧的"


@dataclass(frozen=True)
class Weight:
    day: date
    kg: Decimal


@dataclass(frozen=True)
class Movements:
    """One count: from when, how many minutes, how many movements."""

    id: int
    started_at: datetime
    minutes: int
    count: int


@dataclass(frozen=True)
class Diary:
    checkups: dict[str, date]
    weights: tuple[Weight, ...]
    movements: tuple[Movements, ...]


def diary(session: Session, vault: Vault, pregnancy: Pregnancy) -> Diary:
    """Everything that was written down; weights oldest first, counts newest first."""
    rows = session.scalars(
        select(PregnancyEntry)
        .where(PregnancyEntry.pregnancy_id == pregnancy.id)
        .order_by(PregnancyEntry.day, PregnancyEntry.key)
    ).all()
    opened = [
        (row, {} if row.value_sealed is None else json.loads(vault.open(row.value_sealed, VALUE)))
        for row in rows
    ]
    counts = [
        Movements(row.id, datetime.fromisoformat(row.key), value["minutes"], value["count"])
        for row, value in opened
        if row.kind is EntryKind.MOVEMENTS
    ]
    return Diary(
        checkups={row.key: row.day for row in rows if row.kind is EntryKind.CHECKUP},
        weights=tuple(
            Weight(row.day, Decimal(value["kg"]))
            for row, value in opened
            if row.kind is EntryKind.WEIGHT
        ),
        movements=tuple(reversed(counts)),
    )


def record_checkup(
    session: Session,
    clock: Clock,
    programme: Programme,
    *,
    parent_id: int,
    checkup_id: str,
    done_on: date,
) -> Pregnancy:
    """A check-up is done; its reminder that still waits goes. Again changes the day.

    Raises NoOpenPregnancy, NotFound for an unknown check-up, or EntryDateOutOfRange.
    """
    if programme.checkup(checkup_id) is None:
        raise NotFound
    pregnancy = _open(session, clock, parent_id, done_on)
    _put(session, clock, pregnancy, EntryKind.CHECKUP, checkup_id, done_on, None)
    messages.stop_checkup(session, pregnancy, checkup_id)
    return pregnancy


def undo_checkup(
    session: Session, programme: Programme, *, parent_id: int, checkup_id: str
) -> Pregnancy:
    """Take the record back; without one this changes nothing."""
    if programme.checkup(checkup_id) is None:
        raise NotFound
    pregnancy = service.open_one(session, parent_id, lock=True)
    _remove(session, pregnancy, EntryKind.CHECKUP, PregnancyEntry.key == checkup_id)
    return pregnancy


def record_weight(
    session: Session, clock: Clock, vault: Vault, *, parent_id: int, day: date, kg: Decimal
) -> Pregnancy:
    """One weight a day; again changes it. Raises NoOpenPregnancy, EntryDateOutOfRange, Invalid."""
    if not LEAST_KG <= kg <= MOST_KG:
        raise Invalid(f"体重应在 {LEAST_KG} 到 {MOST_KG} 公斤之间")
    pregnancy = _open(session, clock, parent_id, day)
    value = _sealed(vault, {"kg": str(kg.quantize(Decimal("0.1")))})
    _put(session, clock, pregnancy, EntryKind.WEIGHT, day.isoformat(), day, value)
    return pregnancy


def remove_weight(session: Session, *, parent_id: int, day: date) -> Pregnancy:
    """Without one of that day this changes nothing."""
    pregnancy = service.open_one(session, parent_id, lock=True)
    _remove(session, pregnancy, EntryKind.WEIGHT, PregnancyEntry.day == day)
    return pregnancy


def record_movements(  # noqa: PLR0913  # a count is these facts
    session: Session,
    clock: Clock,
    vault: Vault,
    *,
    parent_id: int,
    started_at: datetime,
    minutes: int,
    count: int,
) -> Pregnancy:
    """One count. The same start again is the same count.

    Raises NoOpenPregnancy, EntryDateOutOfRange or Invalid.
    """
    if not (0 <= count <= MOST_COUNT and 1 <= minutes <= MOST_MINUTES):
        raise Invalid("胎动次数或时长不对，请检查")
    now = clock.now()
    if started_at > now + FAST_PHONE:
        raise EntryDateOutOfRange
    day = city_date(min(started_at, now))
    pregnancy = _open(session, clock, parent_id, day)
    key = started_at.astimezone(UTC).isoformat(timespec="seconds")
    value = _sealed(vault, {"minutes": minutes, "count": count})
    _put(session, clock, pregnancy, EntryKind.MOVEMENTS, key, day, value)
    return pregnancy


def remove_movements(session: Session, *, parent_id: int, entry_id: int) -> Pregnancy:
    """Raises NotFound for a count that is not there or another family's."""
    pregnancy = service.open_one(session, parent_id, lock=True)
    if not _remove(session, pregnancy, EntryKind.MOVEMENTS, PregnancyEntry.id == entry_id):
        raise NotFound
    return pregnancy


def _open(session: Session, clock: Clock, parent_id: int, day: date) -> Pregnancy:
    """The open pregnancy, locked, for an entry of that day."""
    pregnancy = service.open_one(session, parent_id, lock=True)
    if not pregnancy.due_date - TERM <= day <= city_date(clock.now()):
        raise EntryDateOutOfRange
    entries = session.scalar(
        select(func.count()).where(PregnancyEntry.pregnancy_id == pregnancy.id)
    )
    if entries is not None and entries >= MOST_ENTRIES:
        raise TooManyEntries
    return pregnancy


def _put(  # noqa: PLR0913  # a row is these facts
    session: Session,
    clock: Clock,
    pregnancy: Pregnancy,
    kind: EntryKind,
    key: str,
    day: date,
    value: str | None,
) -> None:
    """Insert, or change what stands under the same key."""
    facts = {"day": day, "value_sealed": value, "recorded_at": clock.now()}
    session.execute(
        insert(PregnancyEntry)
        .values(pregnancy_id=pregnancy.id, kind=kind, key=key, **facts)
        .on_conflict_do_update(index_elements=["pregnancy_id", "kind", "key"], set_=facts)
    )


def _remove(
    session: Session, pregnancy: Pregnancy, kind: EntryKind, which: ColumnElement[bool]
) -> bool:
    gone = session.scalars(
        delete(PregnancyEntry)
        .where(PregnancyEntry.pregnancy_id == pregnancy.id, PregnancyEntry.kind == kind, which)
        .returning(PregnancyEntry.id)
        .execution_options(synchronize_session=False)
    )
    return bool(gone.all())


def _sealed(vault: Vault, value: dict[str, Any]) -> str:
    return vault.seal(json.dumps(value), VALUE)
