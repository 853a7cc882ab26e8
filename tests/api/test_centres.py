"""What a centre says of itself before a family chooses it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.centres.models import Centre, Slot, SlotKind, SlotState
from backend.centres.rooms import read_opening
from backend.kernel.clock import FixedClock
from tests.api.families import code_of
from tests.centres.scene import make_room
from tests.conftest import MORNING
from tests.factories import TOWN, make_centre, make_slot

Sessions = sessionmaker[Session]
PATH = "/api/v1/centres"
OTHER_TOWN = "320281100"


def place(sessions: Sessions, centre: int, latitude: str, longitude: str) -> None:
    with sessions.begin() as session:
        row = session.get_one(Centre, centre)
        row.latitude, row.longitude = Decimal(latitude), Decimal(longitude)


def write(sessions: Sessions, slot: int, **values: Any) -> None:
    with sessions.begin() as session:
        row = session.get_one(Slot, slot)
        for name, value in values.items():
            setattr(row, name, value)


def counts(client: FlaskClient, query: str = "") -> dict[str, int]:
    """Kind → open sessions of the only centre."""
    [centre] = client.get(f"{PATH}?{query}").json["items"]
    return {one["kind"]: one["count"] for one in centre["open_sessions"]}


def test_a_centre_says_where_it_is_and_when_it_is_open(
    client: FlaskClient, sessions: Sessions, clock: FixedClock
) -> None:
    centre = make_centre(sessions, name="演示中心")
    place(sessions, centre, "31.92011", "120.28522")
    make_room(sessions, clock, centre, opening=read_opening(["9:00-17:00"] * 5 + ["", ""]))

    [shown] = client.get(PATH).json["items"]

    assert shown == {
        "id": centre,
        "name": "演示中心",
        "town_code": TOWN,
        "town": "澄江街道",
        "address": "测试路1号",
        "phone_public": None,
        "latitude": 31.92011,
        "longitude": 120.28522,
        "opening_hours": "周一至周五 09:00-17:00",
        "open_sessions": [
            {"kind": "home_visit", "kind_title": "入户指导", "count": 0},
            {"kind": "activity", "kind_title": "亲子活动", "count": 0},
            {"kind": "class", "kind_title": "家长课堂", "count": 0},
            {"kind": "consultation", "kind_title": "专家咨询", "count": 0},
        ],
    }


def test_what_nobody_wrote_down_is_null(client: FlaskClient, sessions: Sessions) -> None:
    make_centre(sessions)

    [shown] = client.get(PATH).json["items"]

    assert (shown["latitude"], shown["longitude"], shown["opening_hours"]) == (None, None, None)


def test_the_own_town_comes_first(client: FlaskClient, sessions: Sessions) -> None:
    here, there = make_centre(sessions), make_centre(sessions, town_code=OTHER_TOWN)

    def ids(query: str) -> list[int]:
        return [one["id"] for one in client.get(f"{PATH}?{query}").json["items"]]

    assert ids("") == [here, there]
    assert ids(f"own_town={OTHER_TOWN}") == [there, here]
    assert ids(f"own_town={OTHER_TOWN}&town={TOWN}") == [here]
    assert code_of(client.get(f"{PATH}?own_town=1")) == "unknown_town"


def test_only_what_can_be_booked_now_is_counted(client: FlaskClient, sessions: Sessions) -> None:
    centre = make_centre(sessions)

    def slot(**changes: Any) -> int:
        return make_slot(sessions, centre_id=centre, **changes)

    def at(delta: timedelta) -> datetime:
        return MORNING + delta

    slot()
    slot(starts_at=at(timedelta(days=14)))  # the last moment that is open
    slot(kind=SlotKind.CLASS)
    slot(starts_at=at(timedelta(days=14, minutes=1)))  # not open yet
    slot(starts_at=at(timedelta(hours=2)))  # booking has ended
    write(sessions, slot(capacity=1), taken=1)
    write(sessions, slot(), state=SlotState.CLOSED)
    write(sessions, slot(capacity=2), taken=1, held_places=1, held_until=at(timedelta(days=1)))
    write(sessions, slot(capacity=2), taken=1, held_places=1, held_until=at(timedelta(days=-1)))

    assert counts(client) == {"home_visit": 0, "activity": 3, "class": 1, "consultation": 0}


def test_sessions_for_another_age_are_not_counted_when_an_age_is_given(
    client: FlaskClient, sessions: Sessions
) -> None:
    make_slot(sessions, ages=(6, 12))

    assert [counts(client, f"age_months={n}")["activity"] for n in (5, 6, 11, 12)] == [0, 1, 1, 0]
    assert code_of(client.get(f"{PATH}?age_months=-1")) == "validation_failed"
