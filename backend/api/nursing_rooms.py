"""The public directory of nursing rooms: no token, revalidated by ETag."""

import hashlib
from datetime import date

from apiflask import APIBlueprint
from flask import Response

from backend.api.guides import unless_known
from backend.api.schemas import Out, Query, Word
from backend.centres import nursing_rooms
from backend.centres.nursing_rooms import FACILITIES, RoomRow
from backend.centres.places import Places
from backend.deps import deps
from backend.kernel.clock import city_date

bp = APIBlueprint("nursing_rooms", __name__, tag="母婴室")


class RoomQuery(Query):
    town: Word | None = None
    q: Word = ""


class FacilityOut(Out):
    id: str
    title: str


class RoomOut(Out):
    """`spot`: where in the building. `stale`: nobody has looked for half a year."""

    id: int
    name: str
    town_code: str
    town: str
    address: str
    spot: str
    opening_hours: str
    facilities: list[FacilityOut]
    phone_public: str | None
    checked_on: date
    stale: bool


class RoomsOut(Out):
    items: list[RoomOut]
    next: str | None = None


@bp.get("/nursing-rooms")
@bp.input(RoomQuery, location="query")
@bp.output(RoomsOut)
@bp.doc(responses={304: "Unchanged", 422: "No such town"})
def list_nursing_rooms(query_data: RoomQuery) -> Response:
    """The open nursing rooms of a town or of the whole city, all at once."""
    parts = deps()
    if query_data.town is not None:
        parts.places.town(query_data.town)
    with parts.reads() as session:
        rows = nursing_rooms.rooms(session, query_data.town, query_data.q)
    today = city_date(parts.clock.now())
    items = [_room_out(row, parts.places, today) for row in rows]
    body = RoomsOut(items=items).model_dump_json().encode()
    return unless_known(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _room_out(row: RoomRow, places: Places, today: date) -> RoomOut:
    return RoomOut(
        id=row.id,
        name=row.name,
        town_code=row.town_code,
        town=places.name_of(row.town_code),
        address=row.address,
        spot=row.spot,
        opening_hours=row.opening_hours,
        facilities=[
            FacilityOut(id=id, title=title)
            for id, title in FACILITIES.items()
            if id in row.facilities
        ],
        phone_public=row.phone_public,
        checked_on=row.checked_on,
        stale=row.is_stale(today),
    )
