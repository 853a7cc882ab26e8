"""Rooms, closures and institutions: what stands against a session, and what says so."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.centres import closures, institutions, obstacles, rooms, service
from backend.centres.closures import NewClosure
from backend.centres.institutions import ContractOverlaps, NewContract
from backend.centres.models import Slot, SlotKind
from backend.centres.place_models import ContractUnit, Room
from backend.centres.rooms import (
    RoomEntry,
    opening_together,
    opening_words,
    read_opening,
    write_opening,
)
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Conflict, DomainError, Invalid, NotFound
from tests.centres.scene import ACTOR, HOUR, TOMORROW, Scene, make_room, make_scene, offer
from tests.factories import TOWN, make_centre

Sessions = sessionmaker[Session]


@pytest.fixture
def scene(sessions: Sessions, clock: FixedClock) -> Scene:
    return make_scene(sessions, clock)


def refusal(sessions: Sessions, clock: FixedClock, scene: Scene, **changes: Any) -> DomainError:
    with pytest.raises(DomainError) as refused:
        offer(sessions, clock, scene.slot(**changes))
    return refused.value


def test_opening_hours_are_read_and_written_as_people_write_them() -> None:
    week = ["9:00-12:00、13:30–17:00", "9:00 - 17:00", "09:00-17:00", "", "", "", "9：00~12：00"]

    opening = read_opening(week)

    assert opening["0"] == [["09:00", "12:00"], ["13:30", "17:00"]]
    assert set(opening) == {"0", "1", "2", "6"}
    assert read_opening(write_opening(opening)) == opening
    assert opening_words(opening) == (
        "周一 09:00-12:00、13:30-17:00；周二至周三 09:00-17:00；周日 09:00-12:00"
    )
    assert opening_words({}) == "不限时间"


def test_a_centre_is_open_when_one_of_its_rooms_is() -> None:
    mornings = read_opening(["9:00-12:00"] * 5 + ["", ""])
    long_days = read_opening(["11:00-17:00", "13:30-17:00"] + [""] * 4 + ["9:00-11:00"])

    together = opening_together([mornings, {}, long_days])

    assert opening_words(together) == (
        "周一 09:00-17:00；周二 09:00-12:00、13:30-17:00；周三至周五 09:00-12:00；周日 09:00-11:00"
    )
    assert opening_together([{}, {}]) == {}


@pytest.mark.parametrize("text", ["早上", "9-12", "25:00-26:00", "12:00-9:00", "9:00-12:00 午休"])
def test_opening_hours_that_nobody_can_read_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_opening([text, *[""] * 6])
    assert "周一" in str(refused.value.detail)


@pytest.mark.parametrize(
    ("minutes", "is_open"),
    [(0, True), (-1, False), (60, True), (61, False), (180, False), (240, True)],
)
def test_a_session_lies_within_one_period_of_its_room(minutes: int, is_open: bool) -> None:
    opening = {"1": [["10:00", "12:00"], ["13:30", "17:00"]]}  # tomorrow is a Tuesday
    start = TOMORROW + timedelta(minutes=minutes)

    assert rooms.is_open(opening, start, start + HOUR) is is_open


def test_a_room_is_unique_in_its_centre(sessions: Sessions, clock: FixedClock) -> None:
    centre = make_centre(sessions)
    make_room(sessions, clock, centre, name="爬行区")
    with pytest.raises(rooms.NameUsed):
        make_room(sessions, clock, centre, name=" 爬行区 ")
    make_room(sessions, clock, make_centre(sessions), name="爬行区")
    with pytest.raises(Invalid):
        make_room(sessions, clock, centre, name=" ")
    with pytest.raises(Invalid):
        make_room(sessions, clock, centre, capacity=0)


def test_a_room_is_closed_and_reopened_once(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    with sessions.begin() as session:
        room = rooms.room_in_scope(session, scene.room, {scene.centre})
        rooms.close_room(session, clock, room, actor=ACTOR)
        with pytest.raises(Conflict):
            rooms.close_room(session, clock, room, actor=ACTOR)
    assert isinstance(refusal(sessions, clock, scene), obstacles.RoomNotOfCentre)
    with sessions.begin() as session:
        room = session.get_one(Room, scene.room)
        rooms.reopen_room(session, clock, room, actor=ACTOR)
        (row,) = rooms.rooms_of(session, {scene.centre})
        assert not row.closed
        with pytest.raises(NotFound):
            rooms.room_in_scope(session, scene.room, {scene.centre + 1})
    offer(sessions, clock, scene.slot())


def test_a_session_has_its_room_and_teacher(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    new = scene.slot(held_places=2, held_before=timedelta(hours=48))

    with sessions() as session:
        slot = session.get_one(Slot, offer(sessions, clock, new))

    assert (slot.room_id, slot.teacher_id) == (scene.room, scene.teacher)
    assert (slot.busy_from, slot.busy_until) == (None, None)
    assert (slot.held_places, slot.held_until) == (2, TOMORROW - timedelta(hours=48))


def test_the_way_to_a_home_visit_is_busy_too(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    visit = scene.slot(kind=SlotKind.HOME_VISIT, room_id=None, travel_minutes=30)
    with sessions() as session:
        slot = session.get_one(Slot, offer(sessions, clock, visit))
    assert slot.busy_from == TOMORROW - HOUR / 2
    assert slot.busy_until == TOMORROW + HOUR * 3 / 2

    after = {"starts_at": TOMORROW + HOUR, "ends_at": TOMORROW + 2 * HOUR}
    found = refusal(sessions, clock, scene, **after)
    assert isinstance(found, obstacles.TeacherTaken)
    assert "11月24日 09:30–11:30" in str(found.detail)
    later = {"starts_at": TOMORROW + HOUR * 3 / 2, "ends_at": TOMORROW + 2 * HOUR}
    offer(sessions, clock, scene.slot(**later))


@pytest.mark.parametrize(
    "wrong",
    [
        {"travel_minutes": 10},  # only to a home visit
        {"travel_minutes": -1},
        {"travel_minutes": 181, "kind": SlotKind.HOME_VISIT},
        {"held_places": 9, "held_before": HOUR},
        {"held_places": 1},
    ],
)
def test_what_cannot_be_is_refused(
    sessions: Sessions, clock: FixedClock, scene: Scene, wrong: dict[str, Any]
) -> None:
    assert isinstance(refusal(sessions, clock, scene, **wrong), Invalid)


def test_each_rule_about_a_room_has_its_own_refusal(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    elsewhere = make_room(sessions, clock, make_centre(sessions))
    small = make_room(sessions, clock, scene.centre, capacity=5)
    monday = make_room(sessions, clock, scene.centre, opening={"0": [["09:00", "17:00"]]})
    offer(sessions, clock, scene.slot(teacher_id=None))

    for room, kind, said in [
        (elsewhere, obstacles.RoomNotOfCentre, ""),
        (10**12, obstacles.RoomNotOfCentre, ""),
        (small, obstacles.RoomTooSmall, "可容纳 5 人"),
        (monday, obstacles.RoomNotOpen, "开放时间"),
        (scene.room, obstacles.RoomTaken, "11月24日 10:00–11:00 一起爬一爬"),
    ]:
        found = refusal(sessions, clock, scene, room_id=room)
        assert type(found) is kind
        assert said in str(found.detail)


def test_of_two_sessions_that_touch_neither_is_refused(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    offer(sessions, clock, scene.slot())
    offer(sessions, clock, scene.slot(starts_at=TOMORROW + HOUR, ends_at=TOMORROW + 2 * HOUR))
    offer(sessions, clock, scene.slot(starts_at=TOMORROW - HOUR, ends_at=TOMORROW))


def close(sessions: Sessions, clock: FixedClock, new: NewClosure) -> list[int]:
    """Add a closure; the sessions that it hits."""
    with sessions.begin() as session:
        made = closures.add_closure(session, clock, new, actor=ACTOR)
        return closures.slots_hit(session, made, clock.now())


def test_a_closure_of_a_centre_hits_everything_there_and_of_a_room_only_what_is_in_it(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    inside = offer(sessions, clock, scene.slot())
    anywhere = offer(sessions, clock, scene.slot(room_id=None, teacher_id=None))
    new = NewClosure(scene.centre, scene.room, TOMORROW, TOMORROW + HOUR, " 换地垫 ")

    assert close(sessions, clock, new) == [inside]
    assert close(sessions, clock, replace(new, room_id=None)) == [inside, anywhere]

    afterwards = {"starts_at": TOMORROW + HOUR, "ends_at": TOMORROW + 2 * HOUR}
    offer(sessions, clock, scene.slot(**afterwards))
    found = refusal(sessions, clock, scene, room_id=None, teacher_id=None)
    assert isinstance(found, obstacles.PlaceClosed)
    assert "换地垫" in str(found.detail)


def test_closures_are_listed_and_taken_back(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    new = NewClosure(scene.centre, scene.room, TOMORROW, TOMORROW + HOUR, "换地垫")
    close(sessions, clock, new)
    close(sessions, clock, replace(new, room_id=None, reason="停电"))

    with sessions.begin() as session:
        rows = closures.closures_of(session, {scene.centre}, clock.now())
        assert [(row.room is None, row.reason) for row in rows] == [
            (False, "换地垫"),
            (True, "停电"),
        ]
        assert closures.closures_of(session, {scene.centre + 1}, clock.now()) == []
        assert closures.closures_of(session, None, TOMORROW + 2 * HOUR) == []
        for row in rows:
            closure = closures.closure_in_scope(session, row.id, {scene.centre})
            closures.remove_closure(session, clock, closure, actor=ACTOR)
    offer(sessions, clock, scene.slot())


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": " "},
        {"ends_at": TOMORROW},
        {"ends_at": TOMORROW + timedelta(days=400)},
        {"starts_at": TOMORROW - timedelta(days=3), "ends_at": TOMORROW - timedelta(days=2)},
    ],
)
def test_a_closure_that_cannot_be_is_refused(
    sessions: Sessions, clock: FixedClock, scene: Scene, wrong: dict[str, Any]
) -> None:
    new = NewClosure(scene.centre, None, TOMORROW, TOMORROW + HOUR, "停电")
    with pytest.raises(Invalid):
        close(sessions, clock, replace(new, **wrong))


def test_a_closure_of_another_centres_room_is_not_found(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    new = NewClosure(make_centre(sessions), scene.room, TOMORROW, TOMORROW + HOUR, "停电")
    with pytest.raises(NotFound):
        close(sessions, clock, new)


def contract(scene: Scene, **changes: Any) -> NewContract:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    new = NewContract(scene.institution, TOWN, first, last, ContractUnit.SESSION, 8000, 5_000_000)
    return replace(new, **changes)


def test_contracts_of_one_institution_and_town_never_overlap(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    with sessions.begin() as session:
        made = institutions.add_contract(session, clock, contract(scene), actor=ACTOR).id
    overlapping = contract(scene, valid_from=date(2026, 12, 31), valid_until=date(2027, 12, 31))
    with pytest.raises(ContractOverlaps), sessions.begin() as session:
        institutions.add_contract(session, clock, overlapping, actor=ACTOR)
    with sessions.begin() as session:
        old = institutions.contract_in_scope(session, made, TOWN)
        institutions.end_contract(session, clock, old, last_day=date(2026, 6, 30), actor=ACTOR)
        with pytest.raises(Invalid):
            institutions.end_contract(session, clock, old, last_day=date(2027, 1, 1), actor=ACTOR)
    with sessions.begin() as session:
        again = contract(scene, valid_from=date(2026, 7, 1), unit=ContractUnit.FAMILY)
        institutions.add_contract(session, clock, again, actor=ACTOR)
        elsewhere = contract(scene, town_code="320281100")
        institutions.add_contract(session, clock, elsewhere, actor=ACTOR)

    with sessions() as session:
        (mine,) = [
            row for row in institutions.institutions(session, TOWN) if row.id == scene.institution
        ]
        assert [row.unit_title for row in mine.contracts] == ["按户（每月一次）", "按人次"]
        with pytest.raises(NotFound):
            institutions.contract_in_scope(session, made, "320281100")
        own = institutions.institutions_of_scope(session, {scene.centre}, None)
        assert own == frozenset({scene.institution})
        sells = institutions.institutions_of_scope(session, frozenset(), "320281100")
        assert sells == frozenset({scene.institution})


@pytest.mark.parametrize(
    "wrong",
    [
        {"valid_until": date(2025, 1, 1)},
        {"valid_until": date(2040, 1, 1)},
        {"price_fen": 0},
        {"ceiling_fen": 1},
    ],
)
def test_a_contract_that_cannot_be_is_refused(
    sessions: Sessions, clock: FixedClock, scene: Scene, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Invalid), sessions.begin() as session:
        institutions.add_contract(session, clock, contract(scene, **wrong), actor=ACTOR)


def test_a_room_that_shrank_keeps_what_is_planned_in_it(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slot = offer(sessions, clock, scene.slot())
    with sessions.begin() as session:
        room = session.get_one(Room, scene.room)
        rooms.change_room(session, clock, room, RoomEntry("爬行区", 4, {}), actor=ACTOR)
        service.close_slot(session, clock, slot_id=slot, actor=ACTOR)
        service.reopen_slot(session, clock, slot_id=slot, actor=ACTOR)
