"""申诉, 评价 and 提醒效果 as staff meet them."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.bookings.attendance_models import Appeal, AppealState, Rating, RatingCheck
from backend.kernel.clock import FixedClock
from backend.people.models import Role
from tests.bookings.family import Family, act, make_family, state_of
from tests.bookings.visit import appeal, confirmed, rate
from tests.console.conftest import Desk, Enter, open_sign_in
from tests.factories import MORNING, TOWN, make_centre, make_slot

Sessions = sessionmaker[Session]


@pytest.fixture
def family(sessions: Sessions) -> Family:
    return make_family(sessions, name="王小一")


@pytest.fixture
def booking(sessions: Sessions, clock: FixedClock, family: Family, centre: int, clerk: Desk) -> int:
    """Confirmed; the session has just begun, and the clerk has signed in again."""
    booking = confirmed(sessions, clock, family, make_slot(sessions, centre_id=centre))
    clock.set(MORNING + timedelta(days=3))
    clerk.remember(open_sign_in(sessions, "clerk", clock.now()))
    return booking


@pytest.fixture
def appealed(sessions: Sessions, clock: FixedClock, family: Family, booking: int) -> int:
    act(sessions, clock, service.mark_missed, booking)
    appeal(sessions, clock, family, booking, "我们到了，签到台没人")
    return booking


def test_an_appeal_is_read_and_granted(clerk: Desk, appealed: int, sessions: Sessions) -> None:
    page = clerk.page("/appeals")
    assert "我们到了，签到台没人" in page
    assert "王*一" in page
    assert "王小一" not in page

    done = clerk.post_and_read(f"/appeals/{appealed}", decision="attended")

    assert "已改为到场，家长会收到答复" in done
    assert state_of(sessions, appealed)[0] == "attended"
    assert "没有待处理的申诉" in clerk.page("/appeals")
    assert "已同意" in clerk.page("/appeals?all=1")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"decision": "refused"}, "请写明答复"),
        ({"decision": "perhaps"}, "请选择处理结果"),
        ({}, "请选择处理结果"),
    ],
)
def test_an_answer_that_is_none_is_a_sentence_on_the_page(
    clerk: Desk, appealed: int, sessions: Sessions, fields: dict[str, str], said: str
) -> None:
    assert said in clerk.post_and_read(f"/appeals/{appealed}", **fields)
    with sessions() as session:
        assert session.get_one(Appeal, appealed).state is AppealState.OPEN


def test_another_centre_sees_and_decides_nothing(
    enter: Enter, appealed: int, sessions: Sessions, clock: FixedClock
) -> None:
    other = enter(centre_id=make_centre(sessions), login="other")
    other.remember(open_sign_in(sessions, "other", clock.now()))

    assert "签到台没人" not in other.page("/appeals?all=1")
    assert other.post(f"/appeals/{appealed}", decision="excused").status_code == 404


def test_words_that_wechat_was_not_sure_of_are_for_the_town(
    enter: Enter,
    clerk: Desk,
    family: Family,
    booking: int,
    sessions: Sessions,
    clock: FixedClock,
) -> None:
    act(sessions, clock, service.mark_attended, booking)
    rate(sessions, clock, family.parent, booking, 2, "老师是笨蛋")
    with sessions.begin() as session:
        session.get_one(Rating, booking).check_state = RatingCheck.REVIEW
    town = enter(Role.TOWN, town_code=TOWN, login="town")
    town.remember(open_sign_in(sessions, "town", clock.now()))

    assert "笨蛋" not in clerk.page("/ratings")
    assert clerk.post(f"/ratings/{booking}", show="1").status_code == 403
    assert "老师是笨蛋" in town.page("/ratings")
    assert "评价还少" in town.page("/ratings")

    assert "已隐藏" in town.post_and_read(f"/ratings/{booking}", show="0")
    assert "笨蛋" not in town.page("/ratings")
    again = town.post_and_read(f"/ratings/{booking}", show="1")
    assert "刚刚有人处理过" in again


def test_what_passed_is_read_at_the_centre_escaped(
    clerk: Desk, family: Family, booking: int, sessions: Sessions, clock: FixedClock
) -> None:
    act(sessions, clock, service.mark_attended, booking)
    rate(sessions, clock, family.parent, booking, 5, "<b>很好</b>")
    with sessions.begin() as session:
        session.get_one(Rating, booking).check_state = RatingCheck.PASSED

    page = clerk.page("/ratings")

    assert "&lt;b&gt;很好&lt;/b&gt;" in page
    assert "王" not in page.split("家长说")[1]


def test_the_two_wordings_stand_side_by_side_for_town_and_city(
    enter: Enter, clerk: Desk, booking: int, sessions: Sessions, clock: FixedClock
) -> None:
    act(sessions, clock, service.mark_missed, booking)
    city = enter(Role.CITY, login="city")
    city.remember(open_sign_in(sessions, "city", clock.now()))

    page = city.page("/no-shows?months=1")

    assert "甲：请提前取消" in page
    assert "乙：说明空一个名额的代价" in page
    assert "100.0%" in page
    assert "才能比较" in page
    assert city.get("/no-shows?month=nonsense&months=9").status_code == 200
    assert clerk.get("/no-shows").status_code == 403


def test_empty_pages_say_so(clerk: Desk) -> None:
    assert "没有待处理的申诉" in clerk.page("/appeals")
    assert "还没有评价" in clerk.page("/ratings")
