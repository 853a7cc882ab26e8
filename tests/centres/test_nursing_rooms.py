"""The directory of nursing rooms: what may stand in it, who finds what, what staff do with it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.centres import nursing_rooms, room_keeping
from backend.centres.models import NursingRoom
from backend.centres.nursing_rooms import (
    FACILITIES,
    STALE_AFTER,
    RoomEntry,
    RoomFilter,
    RoomKnown,
    Show,
    tidy,
)
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Conflict, Invalid, NotFound
from tests.factories import TOWN, make_nursing_room

Sessions = sessionmaker[Session]
TODAY = date(2026, 11, 23)
OTHER_TOWN = "320281100"
ENTRY = RoomEntry(
    town_code=TOWN,
    name="演示商场",
    address="演示路1号",
    spot="三楼东侧",
    opening_hours="每天 10:00–21:30",
    facilities=("chair", "basin"),
    phone_public="0510-00000000",
    checked_on=TODAY,
)


def add(sessions: Sessions, clock: FixedClock, entry: RoomEntry = ENTRY) -> int:
    with sessions.begin() as session:
        return room_keeping.add_room(session, clock, entry, actor="staff:3").id


def found(sessions: Sessions, **asked: Any) -> list[str]:
    with sessions() as session:
        return [row.name for row in nursing_rooms.rooms(session, **asked)]


def listed(sessions: Sessions, **asked: Any) -> list[str]:
    with sessions() as session:
        page = nursing_rooms.rooms_page(session, RoomFilter(**asked), TODAY)
    return [row.name for row in page.items]


def test_an_entry_is_tidied() -> None:
    wild = replace(
        ENTRY,
        name="  演示\n商场 ",
        facilities=("basin", "chair", "basin"),
        phone_public=" 0510-0000 0000",
    )

    assert tidy(wild, TODAY) == replace(ENTRY, name="演示 商场")
    assert tidy(replace(ENTRY, phone_public=" "), TODAY).phone_public is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "请填写名称"),
        ({"address": ""}, "请填写地址"),
        ({"spot": ""}, "请填写位置"),
        ({"opening_hours": ""}, "请填写开放时间"),
        ({"name": "长" * 41}, "名称不超过 40 字"),
        ({"name": "=HYPERLINK(1)"}, "名称不能以"),
        ({"spot": "-1层"}, "位置不能以"),
        ({"name": "商\u202e场"}, "无法识别的字符"),
        ({"facilities": ("sauna",)}, "设施不在可选范围内"),
        ({"phone_public": "051000000000"}, "0510-12345678"),
        ({"phone_public": "请问前台"}, "0510-12345678"),
        ({"checked_on": TODAY + timedelta(days=1)}, "今天或以前"),
        ({"checked_on": date(1999, 12, 31)}, "今天或以前"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid) as refusal:
        tidy(replace(ENTRY, **wrong), TODAY)
    assert said in str(refusal.value.detail)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        tidy(replace(ENTRY, name="", phone_public="x"), TODAY)
    assert refusal.value.detail == "请填写名称；电话请写成 0510-12345678 这样，或手机号"


@pytest.mark.parametrize(
    "phone", ["0510-12345678", "010-12345678-801", "13800000000", "400-000-0000", "12345"]
)
def test_phones_that_a_phone_can_dial_are_taken(phone: str) -> None:
    assert tidy(replace(ENTRY, phone_public=phone), TODAY).phone_public == phone


def test_a_room_is_added_and_that_is_written_down(sessions: Sessions, clock: FixedClock) -> None:
    room = add(sessions, clock)

    with sessions() as session:
        (row,) = nursing_rooms.rooms(session)
        entry = session.scalars(select(AuditEntry)).one()
    assert (row.id, row.key, row.facility_titles) == (room, ENTRY.key, ["哺乳椅", "洗手池"])
    assert (entry.actor, entry.action, entry.subject) == (
        "staff:3",
        "room.added",
        f"nursing_room:{room}",
    )


def test_a_second_room_at_the_same_spot_is_refused(sessions: Sessions, clock: FixedClock) -> None:
    add(sessions, clock)
    upstairs = add(sessions, clock, replace(ENTRY, spot="四楼"))

    with pytest.raises(RoomKnown):
        add(sessions, clock, replace(ENTRY, name=" 演示商场 "))
    with sessions() as session:
        room = session.get_one(NursingRoom, upstairs)
        with pytest.raises(RoomKnown):
            room_keeping.change_room(session, clock, room, ENTRY, actor="staff:3")


def test_a_room_is_changed(sessions: Sessions, clock: FixedClock) -> None:
    id = add(sessions, clock)
    clock.advance(timedelta(hours=1))
    with sessions.begin() as session:
        room = session.get_one(NursingRoom, id)
        new = replace(ENTRY, spot="四楼", facilities=("water",), phone_public=None)
        room_keeping.change_room(session, clock, room, new, actor="staff:4")

    with sessions() as session:
        room = session.get_one(NursingRoom, id)
    assert (room.spot, room.facilities, room.phone_public) == ("四楼", ["water"], None)
    assert room.changed_at == clock.now() > room.created_at


def test_a_closed_room_is_hidden_until_it_is_reopened(
    sessions: Sessions, clock: FixedClock
) -> None:
    room = add(sessions, clock)
    with sessions.begin() as session:
        room_keeping.close_room(session, clock, room_id=room, actor="staff:3")
    assert found(sessions) == []
    assert listed(sessions, show=Show.CLOSED) == ["演示商场"]
    with pytest.raises(Conflict), sessions.begin() as session:
        room_keeping.close_room(session, clock, room_id=room, actor="staff:4")

    with sessions.begin() as session:
        room_keeping.reopen_room(session, clock, room_id=room, actor="staff:3")
    assert found(sessions) == ["演示商场"]
    with pytest.raises(Conflict), sessions.begin() as session:
        room_keeping.reopen_room(session, clock, room_id=room, actor="staff:4")

    with sessions() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["room.added", "room.closed", "room.reopened"]


def test_an_unknown_room_is_not_found(sessions: Sessions, clock: FixedClock) -> None:
    with pytest.raises(NotFound), sessions.begin() as session:
        room_keeping.close_room(session, clock, room_id=10**12, actor="staff:3")
    with pytest.raises(NotFound), sessions() as session:
        nursing_rooms.room_in_scope(session, 10**12, None)


def test_a_room_of_another_town_is_not_found(sessions: Sessions) -> None:
    room = make_nursing_room(sessions)

    with sessions() as session:
        assert nursing_rooms.room_in_scope(session, room, TOWN).id == room
        assert nursing_rooms.room_in_scope(session, room, None).id == room
        with pytest.raises(NotFound):
            nursing_rooms.room_in_scope(session, room, OTHER_TOWN)


def test_a_look_today_makes_a_stale_room_fresh(sessions: Sessions, clock: FixedClock) -> None:
    fresh = TODAY - STALE_AFTER
    make_nursing_room(sessions, name="半年整", checked_on=fresh)
    room = make_nursing_room(sessions, name="更久", checked_on=fresh - timedelta(days=1))
    make_nursing_room(sessions, name="停了", checked_on=date(2024, 1, 1), closed=True)
    assert listed(sessions, show=Show.STALE) == ["更久"]
    with sessions() as session:
        assert nursing_rooms.count_stale(session, None, TODAY) == 1
        assert nursing_rooms.count_stale(session, OTHER_TOWN, TODAY) == 0
        assert [row.is_stale(TODAY) for row in nursing_rooms.rooms(session)] == [False, True]

    with sessions.begin() as session:
        found_room = session.get_one(NursingRoom, room)
        room_keeping.confirm_room(session, clock, found_room, actor="staff:3")

    assert listed(sessions, show=Show.STALE) == []
    with sessions() as session:
        assert session.get_one(NursingRoom, room).checked_on == TODAY
        assert session.scalars(select(AuditEntry.action)).all() == ["room.confirmed"]


def test_rooms_are_found_by_town_words_and_facility(sessions: Sessions) -> None:
    make_nursing_room(sessions, name="演示商场", spot="三楼", facilities=("warmer",))
    make_nursing_room(sessions, name="演示车站", spot="候车厅", facilities=())
    make_nursing_room(sessions, name="远处医院", town_code=OTHER_TOWN)

    assert found(sessions) == ["演示商场", "演示车站", "远处医院"]
    assert found(sessions, town=OTHER_TOWN) == ["远处医院"]
    assert found(sessions, q="候车") == ["演示车站"]
    assert found(sessions, q=" 演示  三楼 ") == ["演示商场"]
    assert found(sessions, q="温奶") == ["演示商场"]
    assert found(sessions, facility="warmer") == ["演示商场"]
    assert found(sessions, facility="sauna") == []
    assert found(sessions, q="测试路") == ["演示商场", "演示车站", "远处医院"]


@pytest.mark.parametrize("q", ["%", "_", "\\", "'; DROP TABLE nursing_rooms; --"])
def test_signs_of_sql_are_only_letters(sessions: Sessions, q: str) -> None:
    make_nursing_room(sessions)

    assert found(sessions, q=q) == []


def test_the_list_comes_in_pages_that_follow_one_another(sessions: Sessions) -> None:
    names = [f"商场{number}" for number in range(5)]
    for name in reversed(names):
        make_nursing_room(sessions, name=name)

    seen: list[str] = []
    after: str | None = None
    with sessions() as session:
        for _ in range(3):
            page = nursing_rooms.rooms_page(session, RoomFilter(), TODAY, after=after, limit=2)
            seen += [row.name for row in page.items]
            after = page.next

    assert seen == names
    assert after is None


def test_a_facility_that_left_the_list_is_not_shown(sessions: Sessions) -> None:
    make_nursing_room(sessions, facilities=("sauna", "cot"))

    with sessions() as session:
        (row,) = nursing_rooms.rooms(session)
    assert row.facility_titles == ["婴儿床"]
    assert len(set(FACILITIES.values())) == len(FACILITIES)
