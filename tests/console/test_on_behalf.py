"""代约, the printed slip, the printed day, the feed's address, and many at once by name."""

import re
from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.bookings.models import Booking
from backend.centres.feed_models import CentreFeed
from backend.centres.models import Slot, SlotState
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.people.models import Role
from tests.bookings.home import make_visit
from tests.console.conftest import Desk, Enter
from tests.console.test_bookings import Town
from tests.factories import MORNING, make_centre, make_slot
from tests.people.private import STREET, sealed_addresses

Sessions = sessionmaker[Session]
WHO = {"name": "丁小满", "sex": "f", "birth_date": "2026-01-15"}
SIGNED = {"relation": "grandparent", "signed_on": "2026-11-23"}
HERE = {"back": "/console/on-behalf"}
ADDRESS = re.compile(r"http://localhost(/api/v1/calendars/[\w-]+\.ics)")


@pytest.fixture
def worker(enter: Enter) -> Desk:
    return enter(Role.TOWN)


def test_a_worker_registers_books_and_prints(
    worker: Desk, sessions: Sessions, clock: FixedClock
) -> None:
    slot = make_slot(sessions)
    assert "本街镇没有这样登记的孩子" in worker.post_and_read("/on-behalf/find", **WHO)

    page = worker.post_and_read("/on-behalf/register", **WHO, **SIGNED, **HERE)
    assert "已登记" in page
    assert "丁*满" in page
    assert "丁小满" not in page
    assert f'name="slot" value="{slot}"' in page

    page = worker.post_and_read("/on-behalf/book", slot=slot, **SIGNED, **HERE)
    assert "预约单" in page
    assert "测试路1号" in page
    with sessions() as session:
        booking = session.scalars(select(Booking)).one()
        assert booking.on_behalf_of_by is not None
        actions = set(session.scalars(select(AuditEntry.action)))
    assert {"child.searched", "consent.on_paper", "booking.on_behalf"} <= actions
    assert f">{booking.id}<" in page
    assert 'src="data:image/svg+xml' in page
    assert re.search(r"<strong class=.paper-code.>[3-9A-Y]{4} [3-9A-Y]{4}<", page)
    assert "监护人签字" in page
    assert "中心确认以后才能用" in page
    with sessions.begin() as session:
        service.decline(session, clock, booking_id=booking.id, actor="staff:1", reason="名额有限")
    page = worker.page(f"/on-behalf/slip/{booking.id}")
    assert "不能再用来签到" in page
    assert "data:image/svg" not in page
    with sessions() as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.subject == "page:slip")).all()
    assert [one.detail for one in seen] == [{"children": [booking.child_id]}] * 2
    worker.post_and_read("/on-behalf/book", slot=slot, **SIGNED, **HERE)
    assert "已经预约了这个时段" in worker.page("/on-behalf")


def test_a_home_visit_is_booked_with_an_address_that_the_desk_writes_and_never_reads(
    worker: Desk, sessions: Sessions
) -> None:
    visit = make_visit(sessions, None)
    worker.post("/on-behalf/register", **WHO, **SIGNED, **HERE)
    assert "入户指导要上门" in worker.page("/on-behalf")
    assert "门牌号" in worker.post_and_read("/on-behalf/address", address="六号", **SIGNED, **HERE)

    page = worker.post_and_read("/on-behalf/address", address=STREET, **SIGNED, **HERE)
    assert "地址已保存" in page
    assert STREET not in page
    assert "预约单" in worker.post_and_read("/on-behalf/book", slot=visit, **SIGNED, **HERE)

    assert STREET not in str(sealed_addresses(sessions))
    with sessions() as session:
        papers = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "consent.on_paper")
        ).all()
    assert [set(one.detail.get("documents", {})) for one in papers][1] == {"address"}
    assert STREET not in str([one.detail for one in papers])


def test_a_second_search_forgets_the_first_child(worker: Desk, sessions: Sessions) -> None:
    slot = make_slot(sessions)
    worker.post("/on-behalf/register", **WHO, **SIGNED, **HERE)
    assert "丁*满" in worker.post_and_read("/on-behalf/find", **WHO)

    worker.post("/on-behalf/find", **WHO | {"name": "丁大满"})

    assert "丁*满" not in worker.page("/on-behalf")
    page = worker.post_and_read("/on-behalf/book", slot=slot, **SIGNED, **HERE)
    assert "请先查找孩子" in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"relation": "x"}, "纸质同意书"),
        ({"signed_on": ""}, "纸质同意书"),
        ({"signed_on": "2026-11-24"}, "签字日期不能晚于今天"),
        ({"slot": "x"}, "请选择时段"),
    ],
)
def test_without_a_paper_or_a_slot_nothing_is_booked(
    worker: Desk, sessions: Sessions, form: dict[str, str], said: str
) -> None:
    slot = str(make_slot(sessions))
    worker.post("/on-behalf/register", **WHO, **SIGNED, **HERE)

    page = worker.post_and_read("/on-behalf/book", **{"slot": slot, **SIGNED, **HERE, **form})

    assert said in page
    with sessions() as session:
        assert session.scalars(select(Booking)).all() == []


def test_a_worker_books_in_the_towns_own_centres_only(worker: Desk, sessions: Sessions) -> None:
    far = make_slot(sessions, centre_id=make_centre(sessions, town_code="320281100"))
    worker.post("/on-behalf/register", **WHO, **SIGNED, **HERE)

    assert worker.post("/on-behalf/book", slot=far, **SIGNED, **HERE).status_code == 404
    with sessions() as session:
        assert session.scalars(select(Booking)).all() == []
        assert session.get_one(Slot, far).taken == 0


def test_a_clerk_and_the_city_do_not_book_on_behalf(clerk: Desk, enter: Enter) -> None:
    for desk in (clerk, enter(Role.CITY)):
        assert desk.get("/on-behalf").status_code == 403
        assert desk.post("/on-behalf/find", **WHO).status_code == 403


def test_the_days_list_prints_masked_names_with_boxes(
    clerk: Desk, centre: int, sessions: Sessions, clock: FixedClock
) -> None:
    town = Town(sessions, clock, centre)
    booking = town.ask("欧阳思远")
    gone = town.ask("李安")
    clerk.post(f"/bookings/{gone}/decline", reason="满了")

    page = clerk.page("/print?from=2026-11-25")

    assert "欧**远" in page
    assert "思远" not in page
    assert "李*" not in page
    assert 'class="paper-box"' in page
    assert f">{booking}<" in page
    assert "这一天没有安排" in clerk.page("/print?from=2026-12-25")
    assert [one.subject for one in town.audited("child.listed")] == ["page:print"]


def test_a_feed_opens_by_its_secret_until_it_is_renewed(
    clerk: Desk, centre: int, sessions: Sessions
) -> None:
    make_slot(sessions, centre_id=centre, title="一起爬一爬")
    off = make_slot(sessions, centre_id=centre, starts_at=MORNING + timedelta(days=4))
    make_slot(sessions, title="别处的")
    with sessions.begin() as session:
        session.execute(
            update(Slot).where(Slot.id == off).values(state=SlotState.CANCELLED, title="不办了")
        )
    assert "还没有生成过地址" in clerk.page("/feed")

    found = ADDRESS.search(clerk.post(f"/feed/{centre}").get_data(as_text=True))
    assert found is not None
    answer = clerk.client.get(found.group(1))

    assert answer.content_type == "text/calendar; charset=utf-8"
    events = Calendar.from_ical(answer.get_data()).walk("VEVENT")
    assert [(str(one["summary"]), str(one["status"])) for one in events] == [
        ("亲子活动：一起爬一爬", "CONFIRMED"),
        ("亲子活动：不办了", "CANCELLED"),
    ]
    assert str(events[0]["description"]) == "已约 0/8"
    with sessions() as session:
        row = session.scalars(select(CentreFeed)).one()
        assert found.group(1).encode() not in row.token_hash
    assert found.group(1) not in clerk.page("/feed")

    clerk.post(f"/feed/{centre}")
    assert clerk.client.get(found.group(1)).status_code == 404
    assert clerk.client.get("/api/v1/calendars/x.ics").status_code == 404


def test_another_centres_feed_is_not_renewed(clerk: Desk, sessions: Sessions) -> None:
    assert clerk.post(f"/feed/{make_centre(sessions)}").status_code == 404


def test_fifty_are_confirmed_in_one_action_and_what_failed_is_named(
    clerk: Desk, centre: int, sessions: Sessions, clock: FixedClock
) -> None:
    town = Town(sessions, clock, centre)
    asked = [town.ask(f"李安{number}") for number in range(48)]
    declined = [town.ask("欧阳思远"), town.ask("周知")]
    for booking in declined:
        clerk.post(f"/bookings/{booking}/decline", reason="名额调整")

    page = clerk.post_and_read(
        "/bookings/at-once", step="confirm", booking=[*asked, *declined], back="/console/requests"
    )

    assert "已确认 48 个" in page
    assert "2 个没有成功（欧**远 11月25日 10:00、周* 11月25日 10:00）" in page
    assert "处理：未通过" in page
    assert {town.state(one).value for one in asked} == {"confirmed"}
    assert "已撤销" in clerk.post_and_read(f"/bookings/{asked[7]}/undo")
