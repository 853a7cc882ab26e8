"""What is shown for a look, from which number on, and what is not."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.attendance_models import CheckIn, CheckInWay
from backend.bookings.sign_models import SignKind
from backend.bookings.statement_queries import statement_in_scope
from backend.centres.place_models import Room
from backend.kernel.clock import FixedClock
from backend.people.models import Child, DuplicateState, Parent, Role
from backend.people.scopes import Scope
from backend.statistics.fraud_signs import signs
from backend.statistics.sign_rules import (
    Item,
    Thresholds,
    area_of,
    is_crowd,
    is_mostly_unconfirmed,
    is_too_fast,
)
from tests.bookings.settling import Scene, at, make_institution
from tests.factories import MORNING, make_child, make_parent

Sessions = sessionmaker[Session]
CITY = Scope(Role.CITY, None, None)
LIMITS = Thresholds()
PHONES, LISTS, TEACHERS, ROOMS, UNCONFIRMED, TWO_CENTRES, NO_TEACHER, PAPER = range(8)

Find = Callable[[int], list[Item]]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(at(12, 3))


@pytest.fixture
def scene(sessions: Sessions) -> Scene:
    return Scene(sessions)


@pytest.fixture
def find(scene: Scene, clock: FixedClock) -> Find:
    """The items of one kind of sign of November, after it has been drawn up."""

    def look(kind: int) -> list[Item]:
        statement = scene.statement(clock)
        with scene.sessions() as session:
            found = signs(session, area_of(statement_in_scope(session, CITY, statement)))
        others = [sign.title for sign in found if sign.items and sign is not found[kind]]
        assert others == [] or kind in {ROOMS, PHONES, TEACHERS, TWO_CENTRES}
        return found[kind].items

    return look


def test_an_ordinary_month_has_nothing_to_look_at(scene: Scene, find: Find) -> None:
    scene.attended()
    scene.attended(starts_at=at(11, 6))

    for kind in range(len(SignKind)):
        assert find(kind) == []


def with_phone(sessions: Sessions) -> int:
    parent = make_parent(sessions)
    with sessions.begin() as session:
        session.get_one(Parent, parent).phone_fingerprint = b"1"
    return parent


def test_four_children_of_one_phone(scene: Scene, find: Find) -> None:
    parent, slot = with_phone(scene.sessions), scene.slot()
    children = [make_child(scene.sessions, parent_id=parent) for _ in range(4)]
    bookings = [scene.attended(slot=slot, child=child) for child in children[:3]]
    assert find(PHONES) == []

    bookings.append(scene.attended(slot=slot, child=children[3]))

    (item,) = find(PHONES)
    assert item.text == "4 个孩子，到场 4 次"
    assert list(item.bookings) == sorted(bookings)


def test_registrations_of_one_child_count_once(scene: Scene, find: Find) -> None:
    parent, slot = with_phone(scene.sessions), scene.slot()
    children = [make_child(scene.sessions, parent_id=parent) for _ in range(4)]
    with scene.sessions.begin() as session:
        second = session.get_one(Child, children[3])
        second.duplicate_of_id, second.duplicate_state = children[0], DuplicateState.SAME
    for child in children:
        scene.attended(slot=slot, child=child)

    assert find(PHONES) == []


@pytest.mark.parametrize(("seconds", "shown"), [(10, True), (11, False)])
def test_five_ticks_of_a_list_within_ten_seconds(
    scene: Scene, find: Find, seconds: int, shown: bool
) -> None:
    slot = scene.slot()
    for number in range(5):
        booking = scene.attended(slot=slot, way=CheckInWay.LIST)
        with scene.sessions.begin() as session:
            late = timedelta(seconds=seconds) * number / 4
            session.get_one(CheckIn, booking).scanned_at = MORNING + late

    assert [item.text.split("：")[1] for item in find(LISTS)] == (
        ["5 个签到在 10 秒内"] if shown else []
    )


def test_scans_of_codes_may_come_fast(scene: Scene, find: Find) -> None:
    slot = scene.slot()
    for _ in range(6):
        scene.attended(slot=slot)

    assert find(LISTS) == []


@pytest.mark.parametrize(("minutes", "shown"), [(19, True), (20, False)])
def test_a_teacher_who_cannot_have_got_there(
    scene: Scene, find: Find, minutes: int, shown: bool
) -> None:
    scene.attended(starts_at=at(11, 5, 10))
    far = scene.another_centre()
    scene.attended(
        slot=scene.slot(at(11, 5, 11) + timedelta(minutes=minutes), centre_id=far, room=None)
    )

    items = find(TEACHERS)

    assert [("间隔 19 分钟" in item.text, item.centre_id) for item in items] == (
        [(True, far)] if shown else []
    )


def test_two_sessions_one_after_the_other_at_one_centre_are_usual(scene: Scene, find: Find) -> None:
    scene.attended(starts_at=at(11, 5, 10))
    scene.attended(starts_at=at(11, 5, 11))

    assert find(TEACHERS) == []


def test_more_children_than_the_room_holds(scene: Scene, find: Find) -> None:
    with scene.sessions.begin() as session:
        session.get_one(Room, scene.room).capacity = 2
    slot = scene.slot()
    for _ in range(2):
        scene.attended(slot=slot)
    assert find(ROOMS) == []

    scene.attended(slot=slot)

    assert "大教室可容 2 人，到场 3 人" in find(ROOMS)[0].text


@pytest.mark.parametrize(
    ("unconfirmed", "confirmed", "shown"), [(10, 10, 1), (9, 0, 0), (10, 11, 0)]
)
def test_many_without_the_guardians_word(
    scene: Scene, find: Find, unconfirmed: int, confirmed: int, shown: int
) -> None:
    slot = scene.slot(capacity=60)
    with scene.sessions.begin() as session:
        session.get_one(Room, scene.room).capacity = 60
    for number in range(unconfirmed + confirmed):
        scene.attended(slot=slot, confirmed=number >= unconfirmed)

    assert len(find(UNCONFIRMED)) == shown


@pytest.mark.parametrize(
    ("paper", "phone", "shown"), [(10, 23, 1), (10, 0, 1), (10, 24, 0), (9, 0, 0)]
)
def test_many_signatures_on_paper_are_to_be_looked_at(
    scene: Scene, find: Find, paper: int, phone: int, shown: int
) -> None:
    slot = scene.slot(capacity=60, room=None)
    bookings = [scene.attended(slot=slot, confirmed=n >= paper) for n in range(paper + phone)]
    for booking in bookings[:paper]:
        scene.signed(booking, date(2026, 11, 5))

    found = find(PAPER)  # and no other sign: a signature is the guardian's word

    assert len(found) == shown
    if found:
        assert found[0].text.endswith(f"：{paper + phone} 次到场，10 次纸质签字，请抽查签到表")
        assert found[0].bookings == tuple(bookings[:10])


def test_a_child_at_two_centres_on_one_day(scene: Scene, find: Find) -> None:
    child = make_child(scene.sessions)
    far = scene.another_centre(town_code="320281107", institution=make_institution(scene.sessions))
    here = scene.attended(child=child, starts_at=at(11, 5, 9))
    there = scene.attended(
        child=child,
        slot=scene.slot(at(11, 5, 20), centre_id=far, room=None, teacher=None),
        quota_number=2,
    )

    (item,) = find(TWO_CENTRES)

    assert item.text == "11月5日，2 个中心，2 次到场"
    assert set(item.bookings) == {here, there}


def test_a_session_without_a_teacher(scene: Scene, find: Find) -> None:
    scene.attended(slot=scene.slot(teacher=None))

    assert "到场 1 人" in find(NO_TEACHER)[0].text


def test_thresholds_are_the_named_settings() -> None:
    strict = Thresholds(
        list_check_ins=2, list_within=timedelta(seconds=1), travel=timedelta(hours=1)
    )

    assert is_crowd(2, 1, strict)
    assert not is_crowd(2, 1.5, strict)
    assert is_too_fast(timedelta(minutes=59), strict)
    assert is_mostly_unconfirmed(10, 20, LIMITS)
    assert not is_mostly_unconfirmed(10, 21, LIMITS)


def test_nothing_is_worded_as_an_accusation(scene: Scene, clock: FixedClock) -> None:
    statement = scene.statement(clock)
    with scene.sessions() as session:
        found = signs(session, area_of(statement_in_scope(session, CITY, statement)))

    said = "".join(sign.title + sign.rule for sign in found)
    for word in ("作弊", "造假", "骗", "虚假", "违规", "嫌疑"):
        assert word not in said
