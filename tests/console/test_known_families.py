"""家庭, as a centre knows them: masked, findable, with what is ahead and how it went."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.bookings.desk_families import known_families
from backend.bookings.models import Booking, BookingState
from backend.kernel.clock import CITY, FixedClock
from backend.people import phones
from backend.people.models import Child, Role
from tests.bookings.family import act, book, make_family
from tests.console.conftest import Desk, Enter
from tests.console.test_bookings import Town
from tests.factories import MORNING, default_vault, make_booking, make_centre, make_child, make_slot

Sessions = sessionmaker[Session]
S = BookingState


@pytest.fixture
def town(sessions: Sessions, clock: FixedClock, centre: int) -> Town:
    return Town(sessions, clock, centre)


def past(sessions: Sessions, centre: int, child: int, state: BookingState, days: int) -> int:
    """A booking of a session so many days ago."""
    slot = make_slot(sessions, centre_id=centre, starts_at=MORNING - timedelta(days=days))
    return make_booking(sessions, child_id=child, slot_id=slot, state=state, quota_number=None)


def test_a_child_is_one_line_with_what_was_and_what_comes(sessions: Sessions, centre: int) -> None:
    coming, gone, elsewhere = (make_child(sessions) for _ in range(3))
    slot = make_slot(sessions, centre_id=centre)
    later = make_slot(sessions, centre_id=centre, starts_at=MORNING + timedelta(days=9))
    mine = {
        past(sessions, centre, coming, S.ATTENDED, 20),
        past(sessions, centre, coming, S.MISSED, 10),
        make_booking(sessions, child_id=coming, slot_id=slot),
        make_booking(sessions, child_id=coming, slot_id=later, quota_number=2),
    }
    past(sessions, centre, gone, S.ATTENDED, 5)
    make_booking(sessions, child_id=elsewhere, slot_id=make_slot(sessions))

    with sessions() as session:
        first, second = known_families(session, [centre], now=MORNING)

    assert (first.child_id, first.attended, first.missed, first.coming) == (coming, 1, 1, 2)
    assert first.next_at == MORNING + timedelta(days=3)
    assert first.booking_ids == mine
    assert first.last_booking == max(mine)
    assert first.age_months == 10
    assert (second.child_id, second.attended, second.coming, second.next_at) == (gone, 1, 0, None)


def test_in_december_the_sessions_of_january_are_told_and_in_january_last_year_is_over(
    sessions: Sessions, centre: int
) -> None:
    family = make_child(sessions)
    past(sessions, centre, family, S.ATTENDED, 5)
    new_year = datetime(2027, 1, 1, tzinfo=CITY)
    january = make_slot(sessions, centre_id=centre, starts_at=new_year)
    make_booking(sessions, child_id=family, slot_id=january)

    with sessions() as session:
        (before,) = known_families(session, [centre], now=new_year - timedelta(seconds=1))
        (after,) = known_families(session, [centre], now=new_year + timedelta(hours=1))

    assert (before.attended, before.coming, before.next_at) == (1, 1, new_year)
    assert (after.attended, after.coming, after.next_at) == (0, 0, None)


def test_years_from_birthday_to_birthday_do_not_hide_a_family(
    sessions: Sessions, centre: int
) -> None:
    """Such a year has the number of the one in which it ends (decision 13)."""
    slot = make_slot(sessions, centre_id=centre)
    booking = make_booking(sessions, child_id=make_child(sessions), slot_id=slot)
    with sessions.begin() as session:
        session.get_one(Booking, booking).quota_year += 1

    with sessions() as session:
        assert [one.coming for one in known_families(session, [centre], now=MORNING)] == [1]


def test_another_year_and_a_family_that_left_are_not_listed(
    sessions: Sessions, centre: int
) -> None:
    left, old = make_child(sessions), make_child(sessions, birth_date=date(2025, 1, 1))
    past(sessions, centre, left, S.ATTENDED, 5)
    past(sessions, centre, old, S.ATTENDED, 400)
    with sessions.begin() as session:
        session.get_one(Child, left).deleted_at = MORNING

    with sessions() as session:
        assert known_families(session, [centre], now=MORNING) == []


def test_the_clerk_finds_a_family_and_opens_its_bookings(
    clerk: Desk, town: Town, sessions: Sessions, clock: FixedClock
) -> None:
    town.ask("王小一")
    family = make_family(sessions, name="赵小三")
    slot = make_slot(sessions, centre_id=town.centre)
    booking = book(sessions, clock, family, slot)
    later = make_slot(sessions, centre_id=town.centre, starts_at=MORNING + timedelta(days=5))
    other = book(sessions, clock, family, later)
    with sessions.begin() as session:
        phones.keep(session, default_vault(), parent_id=family.parent, phone="13800138642")

    page = clerk.page("/families/known")
    assert "今年预约过的 2 个宝宝" in page
    assert "王*一" in page
    assert "赵小三" not in page
    assert "可能重复" not in page  # the town decides about those
    for who in ("8642", "赵*", f"{booking:07}"):
        page = clerk.page(f"/families/known?who={who}")
        assert "找到 1 个" in page
        assert "赵*三" in page
        assert "王*一" not in page
    assert [one.subject for one in town.audited("child.searched")] == ["page:families"]
    assert "没有找到这样的家庭" in clerk.page("/families/known?who=8643")
    answer = clerk.get("/families/known?who=赵小三")
    assert answer.status_code == 303

    assert f"/console/bookings/{other}" in page
    page = clerk.page(f"/bookings/{other}")
    assert "同一个宝宝的其他预约" in page
    assert f"/console/bookings/{booking}" in page


def test_only_those_who_are_still_to_come(
    clerk: Desk, town: Town, sessions: Sessions, clock: FixedClock
) -> None:
    asked = town.ask("王小一")
    town.ask("李小二")
    act(sessions, clock, service.decline, asked, reason="满了")

    page = clerk.page("/families/known?coming=1")

    assert "李*二" in page
    assert "王*一" not in page


def test_an_empty_year_says_so_and_another_centre_sees_nothing(
    enter: Enter, clerk: Desk, sessions: Sessions, clock: FixedClock
) -> None:
    slot = make_slot(sessions)
    book(sessions, clock, make_family(sessions, name="王小一"), slot)

    assert "今年还没有家庭预约" in clerk.page("/families/known")
    page = enter(Role.TOWN).page("/families/known")
    assert "王*一" in page
    assert "可能重复" in page


def test_the_city_chooses_a_centre_first(
    enter: Enter, sessions: Sessions, clock: FixedClock, centre: int
) -> None:
    slot = make_slot(sessions, centre_id=centre)
    book(sessions, clock, make_family(sessions, name="王小一"), slot)
    make_centre(sessions)
    city = enter(Role.CITY)

    page = city.page("/families/known")
    assert "请先选择中心" in page
    assert "王*一" not in page
    assert "王*一" in city.page(f"/families/known?centre={centre}")
