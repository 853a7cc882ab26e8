"""Reads of centres and their slots for screens."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case, select, tuple_
from sqlalchemy.orm import Session, aliased

from backend.centres.models import KIND_TITLES, Centre, Slot, SlotKind, SlotState
from backend.centres.place_models import Teacher
from backend.kernel.clock import city_midnight
from backend.kernel.errors import NotFound
from backend.kernel.paging import LIMIT, Page, decode_cursor, page_of


@dataclass(frozen=True)
class CentreRow:
    """A centre as everybody may see it. Coordinates are GCJ-02; None where nobody wrote them."""

    id: int
    name: str
    town_code: str
    address: str
    phone_public: str | None
    latitude: Decimal | None
    longitude: Decimal | None


@dataclass(frozen=True)
class SlotRow:
    """A slot as everybody may see it."""

    id: int
    centre_id: int
    centre: str
    kind: SlotKind
    title: str
    starts_at: datetime
    ends_at: datetime
    age_from_months: int
    age_to_months: int
    capacity: int
    taken: int
    state: SlotState
    town_code: str
    held_places: int
    held_until: datetime | None
    teacher: str | None = None  # as families read it: 王老师

    @property
    def kind_title(self) -> str:
        return KIND_TITLES[self.kind]


SLOTS_TEACHER = aliased(Teacher)
TEACHER = (
    select(SLOTS_TEACHER.display_name)
    .where(SLOTS_TEACHER.id == Slot.teacher_id)
    .correlate(Slot)
    .scalar_subquery()
)
SLOT_COLUMNS = (
    Slot.id,
    Slot.centre_id,
    Centre.name.label("centre"),
    Slot.kind,
    Slot.title,
    Slot.starts_at,
    Slot.ends_at,
    Slot.age_from_months,
    Slot.age_to_months,
    Slot.capacity,
    Slot.taken,
    Slot.state,
    Centre.town_code,
    Slot.held_places,
    Slot.held_until,
    TEACHER.label("slot_teacher"),
)
"""What `slot_row` wants, for other features' joins; each needs Slot joined with Centre."""


def slot_row(row: Sequence[Any]) -> SlotRow:
    """The slot in the first columns of a row selected by SLOT_COLUMNS."""
    return SlotRow(*row[: len(SLOT_COLUMNS)])


def row_of(slot: Slot) -> SlotRow:
    """A slot that is loaded with its centre."""
    return SlotRow(
        id=slot.id,
        centre_id=slot.centre_id,
        centre=slot.centre.name,
        kind=slot.kind,
        title=slot.title,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        age_from_months=slot.age_from_months,
        age_to_months=slot.age_to_months,
        capacity=slot.capacity,
        taken=slot.taken,
        state=slot.state,
        town_code=slot.centre.town_code,
        held_places=slot.held_places,
        held_until=slot.held_until,
    )


CENTRE_COLUMNS = (
    Centre.id,
    Centre.name,
    Centre.town_code,
    Centre.address,
    Centre.phone_public,
    Centre.latitude,
    Centre.longitude,
)


def centres(
    session: Session,
    *,
    town: str | None = None,
    own_town: str | None = None,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[CentreRow]:
    """Centres of a town or of the city, by town, those of `own_town` before all others.

    Raises Invalid for a cursor that is not ours.
    """
    elsewhere = case((Centre.town_code == own_town, 0), else_=1)
    query = select(*CENTRE_COLUMNS)
    if town is not None:
        query = query.where(Centre.town_code == town)
    if after is not None:
        last = decode_cursor(after, (int, str, int))
        query = query.where(tuple_(elsewhere, Centre.town_code, Centre.id) > last)
    rows = session.execute(query.order_by(elsewhere, Centre.town_code, Centre.id).limit(limit + 1))
    return page_of(
        [CentreRow(*row) for row in rows],
        limit,
        lambda row: (int(row.town_code != own_town), row.town_code, row.id),
    )


def centre(session: Session, centre_id: int) -> Centre:
    """Raises NotFound."""
    found = session.get(Centre, centre_id)
    if found is None:
        raise NotFound("没有这个中心")
    return found


def centre_ids_of_town(session: Session, town_code: str) -> frozenset[int]:
    return frozenset(session.scalars(select(Centre.id).where(Centre.town_code == town_code)))


def slots_of_centres(
    session: Session, centre_ids: Collection[int] | None, day_from: date, day_to: date
) -> list[SlotRow]:
    """Slots that start on the city days `day_from` to `day_to`, both included, in order.

    `centre_ids` None means all centres.
    """
    query = select(*SLOT_COLUMNS).join(Slot.centre).where(on_days(day_from, day_to))
    if centre_ids is not None:
        query = query.where(Slot.centre_id.in_(centre_ids))
    return [slot_row(row) for row in session.execute(query.order_by(Slot.starts_at, Slot.id))]


def on_days(day_from: date, day_to: date) -> ColumnElement[bool]:
    """Slots that start on these days of the city, both included."""
    return and_(
        Slot.starts_at >= city_midnight(day_from),
        Slot.starts_at < city_midnight(day_to + timedelta(days=1)),
    )
