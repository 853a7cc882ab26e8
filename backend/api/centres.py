"""Towns, centres, and the slots that a child may book."""

import hashlib
from collections import Counter
from datetime import date
from functools import lru_cache
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from backend.api.auth import signed_in, viewer
from backend.api.guides import unless_known
from backend.api.schemas import CityTime, Id, Out, PageQuery, Word
from backend.bookings import queries as bookings
from backend.bookings.openings import open_sessions
from backend.bookings.rules import Policy, free_cancel_until
from backend.centres import queries
from backend.centres.models import KIND_TITLES, SlotKind
from backend.centres.places import Places, TownKind
from backend.centres.queries import CentreRow, SlotRow
from backend.centres.rooms import opening_of_centres
from backend.deps import deps
from backend.kernel.errors import Invalid
from backend.people.children import own_child

bp = APIBlueprint("centres", __name__, tag="中心与时段")

MOST_MONTHS = 84  # registered until seven
GCJ02 = "GCJ-02 degrees, as WeChat's maps take them; null with its twin where nobody wrote it"
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2200, 1, 1))]


class VillageOut(Out):
    code: str
    name: str


class TownOut(Out):
    code: str
    name: str
    kind: TownKind
    villages: list[VillageOut]


class TownsOut(Out):
    items: list[TownOut]
    next: str | None = None


@bp.get("/towns")
@bp.output(TownsOut)
@bp.doc(responses={304: "Unchanged"})
def list_towns() -> Response:
    """The towns, subdistricts and zones of the city, each with its villages."""
    return unless_known(*_towns_json(deps().places))


@lru_cache(maxsize=4)
def _towns_json(places: Places) -> tuple[bytes, str]:
    """Body and ETag; the places never change while a process runs."""
    items = [
        TownOut(
            code=town.code,
            name=town.name,
            kind=town.kind,
            villages=[VillageOut.model_validate(one) for one in places.villages(town.code)],
        )
        for town in places.towns
    ]
    body = TownsOut(items=items).model_dump_json().encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


class CentreQuery(PageQuery):
    town: Annotated[Word | None, Field(description="Only the centres of this town")] = None
    own_town: Annotated[Word | None, Field(description="Its centres come first")] = None
    age_months: Annotated[
        int | None,
        Field(ge=0, le=MOST_MONTHS, description="Count only sessions for this age"),
    ] = None


class OpenSessionsOut(Out):
    kind: SlotKind
    kind_title: str
    count: int


class CentreOut(Out):
    id: int
    name: str
    town_code: str
    town: str
    address: str
    phone_public: str | None
    latitude: Annotated[float | None, Field(ge=-90, le=90, description=GCJ02)]
    longitude: Annotated[float | None, Field(ge=-180, le=180, description=GCJ02)]
    opening_hours: Annotated[str | None, Field(description="In words; null where nobody said")]
    open_sessions: Annotated[
        list[OpenSessionsOut],
        Field(description="Of each kind: open for booking now, with a place for anybody"),
    ]


class CentresOut(Out):
    items: list[CentreOut]
    next: str | None = None


@bp.get("/centres")
@bp.input(CentreQuery, location="query")
@bp.output(CentresOut)
@bp.doc(responses={422: "No such town"})
def list_centres(query_data: CentreQuery) -> CentresOut:
    """The centres of a town or of the whole city, by town. No position is asked for."""
    for code in (query_data.town, query_data.own_town):
        if code is not None:
            deps().places.town(code)
    now = deps().clock.now()
    with deps().reads() as session:
        page = queries.centres(
            session,
            town=query_data.town,
            own_town=query_data.own_town,
            after=query_data.after,
            limit=query_data.limit,
        )
        ids = [row.id for row in page.items]
        hours = opening_of_centres(session, ids)
        openings = open_sessions(
            session,
            bookings.policy_at(session, now),
            now,
            centre_ids=ids,
            age_months=query_data.age_months,
        )
    items = [
        _centre_out(row, hours.get(row.id), openings.get(row.id, Counter())) for row in page.items
    ]
    return CentresOut(items=items, next=page.next)


def _centre_out(row: CentreRow, hours: str | None, openings: Counter[SlotKind]) -> CentreOut:
    return CentreOut(
        id=row.id,
        name=row.name,
        town_code=row.town_code,
        town=deps().places.name_of(row.town_code),
        address=row.address,
        phone_public=row.phone_public,
        latitude=None if row.latitude is None else float(row.latitude),
        longitude=None if row.longitude is None else float(row.longitude),
        opening_hours=hours,
        open_sessions=[
            OpenSessionsOut(kind=kind, kind_title=title, count=openings[kind])
            for kind, title in KIND_TITLES.items()
        ],
    )


class SlotQuery(PageQuery):
    child_id: Id
    centre_id: Id | None = None
    kind: SlotKind | None = None
    from_day: Annotated[Day | None, Field(alias="from")] = None
    to_day: Annotated[Day | None, Field(alias="to")] = None


class SlotOut(Out):
    """`reason` is the code of the rule that stands against a booking; null when bookable.

    `free_cancel_until`: cancelled later, the session stays used; null where nobody asks.
    """

    id: int
    centre_id: int
    centre: str
    kind: SlotKind
    kind_title: str
    title: str
    starts_at: CityTime
    ends_at: CityTime
    age_from_months: int
    age_to_months: int
    capacity: int
    taken: int
    bookable: bool
    reason: str | None
    teacher: str | None
    free_cancel_until: CityTime | None


class SlotsOut(Out):
    items: list[SlotOut]
    next: str | None = None


@bp.get("/slots")
@signed_in
@bp.input(SlotQuery, location="query")
@bp.output(SlotsOut)
@bp.doc(responses={404: "Not a child of this parent"})
def list_slots(query_data: SlotQuery) -> SlotsOut:
    """Coming slots with what this child may book; without days, as far as booking is open."""
    now = deps().clock.now()
    with deps().reads() as session:
        child = own_child(session, parent_id=viewer(), child_id=query_data.child_id)
        policy = bookings.policy_at(session, now)
        first, last = bookings.usual_days(policy, now)
        which = bookings.SlotFilter(
            day_from=query_data.from_day or first,
            day_to=query_data.to_day or max(last, query_data.from_day or last),
            centre_id=query_data.centre_id,
            kind=query_data.kind,
        )
        if which.day_to < which.day_from:
            raise Invalid("结束日期不能早于开始日期")
        page = bookings.slots_for_child(
            session,
            policy,
            now,
            child=child,
            which=which,
            page=(query_data.after, query_data.limit),
        )
    return SlotsOut(items=[_offered(one, policy) for one in page.items], next=page.next)


def _offered(offered: bookings.OfferedSlot, policy: Policy) -> SlotOut:
    slot = slot_out(offered.slot, bookable=offered.bookable, reason=offered.reason)
    slot.free_cancel_until = free_cancel_until(policy, slot.starts_at)
    return slot


def slot_out(slot: SlotRow, *, bookable: bool, reason: str | None) -> SlotOut:
    return SlotOut(
        id=slot.id,
        centre_id=slot.centre_id,
        centre=slot.centre,
        kind=slot.kind,
        kind_title=slot.kind_title,
        title=slot.title,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        age_from_months=slot.age_from_months,
        age_to_months=slot.age_to_months,
        capacity=slot.capacity,
        taken=slot.taken,
        bookable=bookable,
        reason=reason,
        teacher=slot.teacher,
        free_cancel_until=None,
    )
