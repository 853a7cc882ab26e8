"""纸质签字: many rows of a day at once, printed lines to sign, and what the evidence says of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.bookings.attendance_models import PaperConfirmation
from backend.kernel.clock import FixedClock
from backend.people.models import ParentToken
from tests.bookings.family import Family, act, make_family
from tests.bookings.visit import confirmed
from tests.console.conftest import Desk, Enter, open_sign_in
from tests.factories import MORNING, make_centre, make_slot

Sessions = sessionmaker[Session]
HERE = {"back": "/console/paper"}
SHEET = {"sheet": "7-20261126", "signed_on": "2026-11-26"}


@pytest.fixture
def families(sessions: Sessions, clock: FixedClock) -> list[Family]:
    """The last one is signed in on a phone."""
    made = [make_family(sessions, name=name) for name in ("王小一", "丁小满", "李小文")]
    with sessions.begin() as session:
        session.add(
            ParentToken(
                token_hash=b"1",
                parent_id=made[-1].parent,
                created_at=clock.now(),
                expires_at=clock.now() + timedelta(days=30),
            )
        )
    return made


@pytest.fixture
def bookings(
    sessions: Sessions, clock: FixedClock, families: list[Family], centre: int, clerk: Desk
) -> list[int]:
    """Attended; it is the hour of the session, and the clerk has signed in again."""
    slot = make_slot(sessions, centre_id=centre)
    made = [confirmed(sessions, clock, family, slot) for family in families]
    clock.set(MORNING + timedelta(days=3))
    clerk.remember(open_sign_in(sessions, "clerk", clock.now()))
    for booking in made:
        act(sessions, clock, service.mark_attended, booking)
    return made


def test_the_printed_list_has_lines_to_sign_for_those_without_a_phone(
    clerk: Desk, centre: int, bookings: list[int]
) -> None:
    page = clerk.page("/print")

    assert f'签到表编号 <strong class="num">{centre}-20261126</strong>' in page
    assert page.count('<td class="paper-sign"></td>') == 2
    assert page.count("手机确认") == 1


def test_many_rows_are_recorded_at_once_and_a_family_with_a_phone_is_refused(
    clerk: Desk, sessions: Sessions, bookings: list[int]
) -> None:
    page = clerk.page("/paper")
    assert page.count('name="booking"') == 2
    assert "请家长在手机上确认" in page

    page = clerk.post_and_read("/paper", booking=bookings, **SHEET, **HERE)

    assert "已登记 2 个纸质签字，签到表 7-20261126" in page
    assert "1 个没有登记（李*文 11月26日 10:00）：这个家庭用手机" in page
    with sessions() as session:
        assert set(session.scalars(select(PaperConfirmation.booking_id))) == set(bookings[:2])
    assert 'name="booking"' not in page
    page = clerk.post_and_read(f"/paper/{bookings[0]}/undo", **HERE)
    assert "已撤销这一条纸质签字" in page
    assert page.count('name="booking"') == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"signed_on": "x"}, "请填写签字日期"),
        ({"sheet": " "}, "请填写签到表编号"),
        ({"booking": []}, "请先勾选已签字的家庭"),
    ],
)
def test_a_form_that_says_too_little_writes_nothing(
    clerk: Desk, sessions: Sessions, bookings: list[int], form: dict[str, object], said: str
) -> None:
    fields = {"booking": bookings[:1], **SHEET, **HERE, **form}

    assert said in clerk.post_and_read("/paper", **fields)
    with sessions() as session:
        assert session.scalars(select(PaperConfirmation)).all() == []


def test_another_centres_sessions_are_not_signed_for(
    enter: Enter, sessions: Sessions, clock: FixedClock, bookings: list[int]
) -> None:
    stranger = enter(centre_id=make_centre(sessions), login="stranger")
    stranger.remember(open_sign_in(sessions, "stranger", clock.now()))

    page = stranger.post_and_read("/paper", booking=bookings[0], **SHEET, **HERE)

    assert "1 个没有登记（预约" in page
    assert stranger.post(f"/paper/{bookings[0]}/undo").status_code == 404
    assert "这一天没有到场记录" in stranger.page("/paper")
