"""The desk's day: what a clerk sees, does, and takes back."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.bookings.models import Booking, BookingState
from backend.bookings.queries import policy_at
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.outbox.models import Message
from backend.people.documents import load_documents
from backend.people.models import Role
from tests.console.conftest import Desk, Enter, open_sign_in
from tests.factories import MORNING, make_centre, make_child, make_parent, make_slot

DOCUMENTS = load_documents(Path(__file__).parents[2] / "content")
IN_TWO_DAYS = MORNING + timedelta(days=2)

Sessions = sessionmaker[Session]


class Town:
    """A centre with a family that asks for sessions."""

    def __init__(self, sessions: Sessions, clock: FixedClock, centre: int) -> None:
        self.sessions, self.clock, self.centre = sessions, clock, centre
        self.parent = make_parent(sessions, documents=DOCUMENTS)

    def ask(self, name: str = "王小一", *, centre: int | None = None, capacity: int = 8) -> int:
        """A request for a session of a child of that name; the booking's id."""
        child = make_child(
            self.sessions, parent_id=self.parent, name=name, birth_date=date(2026, 1, 15)
        )
        slot = make_slot(
            self.sessions,
            centre_id=centre or self.centre,
            starts_at=IN_TWO_DAYS,
            capacity=capacity,
        )
        with self.sessions.begin() as session:
            return service.request_booking(
                session,
                self.clock,
                policy_at(session, self.clock.now()),
                parent_id=self.parent,
                child_id=child,
                slot_id=slot,
            ).id

    def state(self, booking: int) -> BookingState:
        with self.sessions() as session:
            return session.get_one(Booking, booking).state

    def audited(self, action: str) -> list[AuditEntry]:
        with self.sessions() as session:
            return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))

    def told(self) -> list[str]:
        with self.sessions() as session:
            return list(session.scalars(select(Message.template).order_by(Message.id)))


@pytest.fixture
def town(sessions: Sessions, clock: FixedClock, centre: int) -> Town:
    return Town(sessions, clock, centre)


def test_the_day_shows_a_masked_name_and_never_the_whole_one(clerk: Desk, town: Town) -> None:
    town.ask("王小一")

    page = clerk.page("/")

    assert "王*一" in page
    assert "王小一" not in page
    assert "10月龄" in page
    assert "1</strong> 个预约等待确认" in page


def test_an_empty_day_says_so(clerk: Desk) -> None:
    assert "没有安排" in clerk.page("/")
    assert "没有等待确认的预约" in clerk.page("/requests")


def test_confirming_tells_the_family_and_can_be_taken_back(clerk: Desk, town: Town) -> None:
    booking = town.ask()

    page = clerk.post_and_read(f"/bookings/{booking}/confirm")

    assert "已确认，家长会收到通知" in page
    assert f"/console/bookings/{booking}/undo" in page
    assert town.state(booking) is BookingState.CONFIRMED
    assert "booking_confirmed" in town.told()

    page = clerk.post_and_read(f"/bookings/{booking}/undo")
    assert "已撤销" in page
    assert town.state(booking) is BookingState.REQUESTED


def test_after_ten_minutes_nothing_is_taken_back(
    clerk: Desk, town: Town, clock: FixedClock
) -> None:
    booking = town.ask()
    assert "/undo" in clerk.post_and_read(f"/bookings/{booking}/confirm")
    clock.advance(timedelta(minutes=10, seconds=1))

    assert "/undo" not in clerk.page("/?from=2026-11-25")
    assert "只能在 10 分钟内撤销" in clerk.post_and_read(f"/bookings/{booking}/undo")
    assert town.state(booking) is BookingState.CONFIRMED


def test_declining_needs_a_reason_and_gives_the_place_back(clerk: Desk, town: Town) -> None:
    booking = town.ask()

    assert "请写明原因" in clerk.post_and_read(f"/bookings/{booking}/decline", reason="  ")
    assert town.state(booking) is BookingState.REQUESTED

    page = clerk.post_and_read(f"/bookings/{booking}/decline", reason="老师请假")
    assert "已婉拒" in page
    assert "老师请假" in page
    with town.sessions() as session:
        assert session.get_one(Booking, booking).quota_number is None


def test_attendance_is_marked_once_the_session_has_begun(
    clerk: Desk, town: Town, clock: FixedClock
) -> None:
    came, missed = town.ask("李安"), town.ask("赵乐乐")
    for booking in (came, missed):
        clerk.post(f"/bookings/{booking}/confirm")
    assert "还没有开始" in clerk.post_and_read(f"/bookings/{came}/attended")

    clock.set(IN_TWO_DAYS)
    clerk.remember(open_sign_in(town.sessions, "clerk", at=IN_TWO_DAYS))
    clerk.post(f"/bookings/{came}/attended")
    clerk.post(f"/bookings/{missed}/missed")

    assert town.state(came) is BookingState.ATTENDED
    assert town.state(missed) is BookingState.MISSED


def test_the_card_of_a_session_that_has_begun_says_so(
    clerk: Desk, town: Town, clock: FixedClock
) -> None:
    town.ask()
    assert "已开始" not in clerk.page("/?from=2026-11-25")

    for later, said in ((timedelta(0), "已开始"), (timedelta(hours=5), "已结束")):
        clock.set(IN_TWO_DAYS + later)
        clerk.remember(open_sign_in(town.sessions, "clerk", at=clock.now()))
        assert said in clerk.page()


def test_a_confirmed_session_is_cancelled_with_a_reason(clerk: Desk, town: Town) -> None:
    booking = town.ask()
    clerk.post(f"/bookings/{booking}/confirm")

    assert "次数已退还家庭" in clerk.post_and_read(f"/bookings/{booking}/cancel", reason="停电")
    assert town.state(booking) is BookingState.CANCELLED_BY_CENTRE


def test_many_are_confirmed_at_once_and_one_refusal_keeps_no_other_back(
    clerk: Desk, town: Town
) -> None:
    first, second, done = town.ask("李安"), town.ask("赵乐乐"), town.ask("周知")
    clerk.post(f"/bookings/{done}/confirm")

    page = clerk.post_and_read(
        "/bookings/at-once", step="confirm", booking=[first, second, done], back="/console/requests"
    )

    assert "已确认 2 个" in page
    assert "1 个没有成功" in page
    assert {town.state(one) for one in (first, second, done)} == {BookingState.CONFIRMED}
    assert "请先勾选" in clerk.post_and_read("/bookings/at-once", step="confirm")


def test_the_slower_of_two_clerks_sees_who_was_faster_and_when(
    clerk: Desk, enter: Enter, town: Town
) -> None:
    booking = town.ask()
    other = enter(centre_id=town.centre, login="second")
    clerk.post(f"/bookings/{booking}/decline", reason="名额有限")

    page = other.post_and_read(f"/bookings/{booking}/confirm")

    assert "刚刚被处理过" in page
    assert "测试员 于 11月23日 10:00 处理：未通过" in page
    assert town.state(booking) is BookingState.DECLINED


@pytest.mark.parametrize(
    "step", ["confirm", "decline", "cancel", "attended", "missed", "undo", "name"]
)
def test_a_booking_of_another_centre_is_not_found(
    clerk: Desk, town: Town, sessions: Sessions, step: str
) -> None:
    booking = town.ask("欧阳思远", centre=make_centre(sessions))

    assert clerk.post(f"/bookings/{booking}/{step}", reason="x").status_code == 404
    assert clerk.get(f"/bookings/{booking}").status_code == 404
    assert "欧**远" not in clerk.page("/") + clerk.page("/requests")
    assert town.state(booking) is BookingState.REQUESTED


def test_many_at_once_does_not_reach_another_centre(
    clerk: Desk, town: Town, sessions: Sessions
) -> None:
    booking = town.ask(centre=make_centre(sessions))

    page = clerk.post_and_read("/bookings/at-once", step="confirm", booking=[booking])

    assert "没有找到" in page
    assert town.state(booking) is BookingState.REQUESTED


def test_a_centre_outside_the_scope_cannot_be_chosen(clerk: Desk, sessions: Sessions) -> None:
    elsewhere = make_centre(sessions)

    assert clerk.get(f"/?centre={elsewhere}").status_code == 404
    assert clerk.get(f"/slots?centre={elsewhere}").status_code == 404


def test_the_town_sees_its_centres_and_the_city_all(
    enter: Enter, town: Town, sessions: Sessions
) -> None:
    near, far = (
        town.ask("李安"),
        town.ask("周知", centre=make_centre(sessions, town_code="320281100")),
    )

    officer, city = enter(Role.TOWN), enter(Role.CITY)

    assert officer.get(f"/bookings/{near}").status_code == 200
    assert officer.get(f"/bookings/{far}").status_code == 404
    assert {city.get(f"/bookings/{one}").status_code for one in (near, far)} == {200}


def test_whose_record_was_read_is_written_down(clerk: Desk, town: Town) -> None:
    booking = town.ask("王小一")
    with town.sessions() as session:
        child = session.get_one(Booking, booking).child_id

    clerk.page(f"/bookings/{booking}")
    (read,) = town.audited("child.read")
    assert (read.subject, read.detail) == (f"child:{child}", {"booking": booking})
    assert read.actor.startswith("staff:")

    clerk.page("/requests")
    (listed,) = town.audited("child.listed")
    assert listed.detail == {"children": [child]}


def test_the_whole_name_is_shown_on_demand_and_that_is_written_down(
    clerk: Desk, town: Town
) -> None:
    booking = town.ask("王小一")
    assert "王小一" not in clerk.page(f"/bookings/{booking}")
    assert town.audited("child.name_revealed") == []

    page = clerk.post(f"/bookings/{booking}/name").get_data(as_text=True)

    assert "王小一" in page
    assert len(town.audited("child.name_revealed")) == 1


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "'; DROP TABLE bookings; --", '"><img src=x onerror=1>']
)
def test_script_and_sql_are_shown_as_the_text_they_are(clerk: Desk, town: Town, text: str) -> None:
    booking = town.ask(text)
    page = clerk.post_and_read(f"/bookings/{booking}/decline", reason=text)
    page += clerk.page(f"/bookings/{booking}")
    page += clerk.post(f"/bookings/{booking}/name").get_data(as_text=True)
    page += clerk.get(f"/?from={text}&centre={text}").get_data(as_text=True)

    assert text not in page or "<" not in text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert town.state(booking) is BookingState.DECLINED


def test_an_address_that_no_page_has_is_a_sentence(clerk: Desk) -> None:
    response = clerk.get("/no/such/page")

    assert response.status_code == 404
    assert "没有找到这一页" in response.get_data(as_text=True)
    assert clerk.get("/bookings/99999999999999999999").status_code == 404
