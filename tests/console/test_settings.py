"""设置: centres, rooms, teachers, contracts, closures and the calendar; and who may what."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.centres.models import Centre, Slot, SlotState
from backend.centres.place_models import CalendarDay, Closure, Contract, Room, Teacher
from backend.kernel.clock import FixedClock
from backend.people.models import Role
from tests.bookings.family import book, make_family, state_of
from tests.centres.scene import Scene, make_room, make_scene, make_teacher, offer
from tests.console.conftest import Desk, Enter
from tests.factories import TOWN, make_centre

Sessions = sessionmaker[Session]
OTHER_TOWN = "320281100"


@pytest.fixture
def scene(sessions: Sessions, clock: FixedClock) -> Scene:
    return make_scene(sessions, clock)


@pytest.fixture
def clerk(enter: Enter, scene: Scene) -> Desk:
    return enter(centre_id=scene.centre, login="clerk")


@pytest.fixture
def officer(enter: Enter, scene: Scene) -> Desk:
    """Of 澄江街道, whose centre the scene is."""
    return enter(Role.TOWN)


@pytest.fixture
def city(enter: Enter) -> Desk:
    return enter(Role.CITY)


def centre_form(**changes: object) -> dict[str, object]:
    return {
        "town_code": TOWN,
        "name": "要塞亲子活动中心",
        "address": "要塞路1号",
        "village_code": "",
        "institution_id": "",
        "latitude": "31.91",
        "longitude": "120.28",
    } | changes


def test_a_centre_is_added_and_changed(officer: Desk, scene: Scene, sessions: Sessions) -> None:
    assert "已加入" in officer.post_and_read("/settings/centres", **centre_form())
    page = officer.page("/settings")
    assert "要塞亲子活动中心" in page
    assert "还没有运营机构" in page
    with sessions() as session:
        made = session.scalars(select(Centre).where(Centre.name == "要塞亲子活动中心")).one()
    assert (made.latitude, made.town_code) == (Decimal("31.91"), TOWN)

    changed = centre_form(institution_id=scene.institution, name="要塞中心")
    assert "已保存" in officer.post_and_read(f"/settings/centres/{made.id}", **changed)
    with sessions() as session:
        assert session.get_one(Centre, made.id).institution_id == scene.institution
    assert 'value="要塞中心"' in officer.page(f"/settings/centres/{made.id}")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "请检查标出的几项"),
        ({"name": " "}, "请填写名称"),
        ({"longitude": ""}, "经纬度要么都填"),
        ({"latitude": "1", "longitude": "2"}, "经纬度不对"),
        ({"latitude": "北"}, "请检查标出的几项"),
        ({"town_code": OTHER_TOWN}, "请检查标出的几项"),
        ({"village_code": "1"}, "请检查标出的几项"),
    ],
)
def test_a_centre_that_cannot_be_is_refused_on_the_form(
    officer: Desk, changes: dict[str, object], said: str
) -> None:
    answer = officer.post("/settings/centres", **centre_form(**changes))

    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


def test_two_centres_of_one_name_are_refused(officer: Desk) -> None:
    officer.post("/settings/centres", **centre_form())
    answer = officer.post("/settings/centres", **centre_form())
    assert "这个名称已经有了" in answer.get_data(as_text=True)


def room_form(centre: int, **changes: object) -> dict[str, object]:
    weekdays = {f"day{number}": "9:00-12:00、13:30-17:00" for number in range(5)}
    return {"centre_id": centre, "name": "绘本角", "capacity": 12} | weekdays | changes


def test_a_room_is_added_changed_closed_and_reopened(
    officer: Desk, scene: Scene, sessions: Sessions
) -> None:
    page = officer.post_and_read("/settings/rooms", **room_form(scene.centre))
    assert "绘本角" in page
    assert "周一至周五 09:00-12:00、13:30-17:00" in page
    with sessions() as session:
        room = session.scalars(select(Room).where(Room.name == "绘本角")).one().id

    assert 'value="09:00-12:00、13:30-17:00"' in officer.page(f"/settings/rooms/{room}")
    changed = room_form(scene.centre, capacity=15)
    assert "可容纳 15 人" in officer.post_and_read(f"/settings/rooms/{room}", **changed)
    assert "/reopen" in officer.post_and_read(f"/settings/rooms/{room}/close")
    assert "已恢复" in officer.post_and_read(f"/settings/rooms/{room}/reopen")
    wrong = officer.post(f"/settings/rooms/{room}", **room_form(scene.centre, day0="上午"))
    assert "周一请写成" in wrong.get_data(as_text=True)


def test_teachers_show_the_rate_and_who_expires(
    officer: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    make_teacher(sessions, clock, scene.institution, until=date(2026, 12, 31), name="李老师")
    make_teacher(sessions, clock, scene.institution, until=None, name="吴老师")

    page = officer.page("/settings/teachers")

    assert "持证率 <strong>66%</strong>" in page
    assert "60 天内到期" in page
    assert "（" in page.split("60 天内到期")[1].split("</section>")[0]
    assert "2026-12-31" in page
    assert "不能授课" in page


def test_a_teacher_gets_a_certificate_and_leaves(
    officer: Desk, scene: Scene, sessions: Sessions
) -> None:
    fields = {"institution_id": scene.institution, "display_name": "陈老师"}
    assert "请登记证书" in officer.post_and_read("/settings/teachers", **fields)
    with sessions() as session:
        teacher = session.scalars(select(Teacher).where(Teacher.display_name == "陈老师")).one().id
    path = f"/settings/teachers/{teacher}"
    certificate = {
        "title": "育婴员",
        "number": "3202812000011234",
        "valid_from": "2026-01-01",
        "valid_until": "2027-01-01",
    }

    page = officer.post_and_read(f"{path}/certificates", **certificate)
    assert "····1234" in page
    assert "3202812000011234" not in page
    wrong = certificate | {"valid_until": "2025-01-01"}
    answer = officer.post(f"{path}/certificates", **wrong)
    assert answer.status_code == 422
    assert "到期日不能早于" in answer.get_data(as_text=True)

    assert "已记为离开" in officer.post_and_read(f"{path}/leave")
    assert "已恢复" in officer.post_and_read(f"{path}/return")
    page = officer.post_and_read(f"{path}/name", display_name="陈老师", login="nobody")
    assert "没有这个账号" in page
    page = officer.post_and_read(f"{path}/name", display_name="小陈老师", login="")
    assert "小陈老师" in page
    remove = page.split('action="/console')[-3:]
    target = next(part.split('"')[0] for part in remove if "/remove" in part)
    assert "已删去" in officer.post_and_read(target)


def contract_form(**changes: object) -> dict[str, object]:
    return {
        "town_code": TOWN,
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "unit": "session",
        "price": "80.5",
        "ceiling": "50000",
    } | changes


def test_an_institution_with_its_contract(officer: Desk, scene: Scene, sessions: Sessions) -> None:
    assert "已加入" in officer.post_and_read("/settings/institutions", name="澄育托育有限公司")
    path = f"/settings/institutions/{scene.institution}/contracts"

    page = officer.post_and_read(path, **contract_form())
    assert "80.50 元" in page
    assert "50,000 元" in page
    assert "在期" in page
    again = officer.post(path, **contract_form())
    assert again.status_code == 422
    assert "已有同期合同" in again.get_data(as_text=True)
    assert officer.post(path, **contract_form(town_code=OTHER_TOWN)).status_code == 422
    assert officer.post(path, **contract_form(price="0")).status_code == 422
    with sessions() as session:
        made = session.scalars(select(Contract)).one()
    assert (made.price_fen, made.ceiling_fen) == (8050, 5_000_000)

    end = f"/settings/contracts/{made.id}/end"
    assert "合同期已改" in officer.post_and_read(end, last_day="2026-12-01")
    assert "请填写最后一天" in officer.post_and_read(end, last_day="明天")
    renamed = f"/settings/institutions/{scene.institution}"
    assert "已保存" in officer.post_and_read(renamed, name="新名字", filing_number="备2026")
    assert "备2026" in officer.page("/settings/contracts")


def closure_form(scene: Scene, **changes: object) -> dict[str, object]:
    return {
        "centre_id": scene.centre,
        "room_id": "",
        "starts": "2026-11-24T00:00",
        "ends": "2026-11-24T23:59",
        "reason": "消防检修",
    } | changes


def test_a_closure_shows_what_it_hits_and_cancels_it(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    slot = offer(sessions, clock, scene.slot())
    booking = book(sessions, clock, make_family(sessions), slot)

    page = clerk.post_and_read("/settings/closures", **closure_form(scene))
    assert "一起爬一爬" in page
    assert "1 个家庭" in page
    with sessions() as session:
        closure = session.scalars(select(Closure)).one().id
    path = f"/settings/closures/{closure}"
    assert "请先勾选要取消的场次" in clerk.post_and_read(f"{path}/cancel", reason="消防检修")

    page = clerk.post_and_read(f"{path}/cancel", slot=slot, reason="消防检修")
    assert "已取消 1 场，1 个家庭的次数已退还" in page
    assert "没有要开的场次" in page
    assert state_of(sessions, booking) == ("cancelled_by_centre", None, 0)
    assert "消防检修" in clerk.page("/settings/closures")
    assert "停用" in clerk.page("/slots/week?from=2026-11-24")
    assert "已恢复开放" in clerk.post_and_read(f"{path}/remove")
    assert clerk.post("/settings/closures", **closure_form(scene, ends="")).status_code == 422


def test_the_city_keeps_the_calendar_and_others_look(
    city: Desk, clerk: Desk, officer: Desk, sessions: Sessions
) -> None:
    page = clerk.page("/settings/calendar?year=2026")
    assert 'title="国庆节"' in page
    assert "<small>休</small>" in page
    assert "<small>班</small>" in page
    assert "未公布" not in page
    assert "2027 年节假日安排未公布" in officer.page("/settings/calendar?year=2027")
    for desk in (clerk, officer):
        assert desk.post("/settings/calendar", day="2027-01-01").status_code == 403
        assert desk.post("/settings/calendar/import", days="").status_code == 403

    days = "2027-01-01,放假,元旦\n2027-10-01\t"
    answer = city.post("/settings/calendar/import?year=2027", days=days)
    assert answer.status_code == 422
    assert "第 1 行" in answer.get_data(as_text=True)
    days = "2027-01-01,放假,元旦\n2027-10-01,放假,国庆节"
    page = city.post_and_read("/settings/calendar/import", days=days)
    assert "已写入 2 天" in page
    assert "未公布" not in page
    page = city.post_and_read("/settings/calendar", day="2027-01-02", kind="workday", name="调休")
    assert "已写入市里的日历" in page
    assert city.post("/settings/calendar", day="", kind="workday", name="x").status_code == 422
    assert "2027-01-02,上班,调休" in city.page("/settings/calendar.csv?year=2027")
    assert "已删去" in city.post_and_read("/settings/calendar/2027-01-02/forget")
    with sessions() as session:
        assert len(session.scalars(select(CalendarDay)).all()) == 2
    assert "=" in city.post("/settings/calendar/import", days="2027-01-01,放假,=1").get_data(
        as_text=True
    )


@pytest.mark.parametrize("year", ["1", "9999", "x", "-5"])
def test_a_year_at_the_end_of_the_calendar_shows_this_one(clerk: Desk, year: str) -> None:
    assert "2026 年 1 月" in clerk.page(f"/settings/calendar?year={year}")


def test_a_clerk_sees_the_own_centre_and_changes_nothing(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    far = make_centre(sessions, name="远处中心")
    make_room(sessions, clock, far, name="远处的场地")

    pages = [clerk.page(path) for path in ("/settings", "/settings/rooms", "/settings/teachers")]
    assert "远处" not in "".join(pages)
    for page in pages:
        assert "新增" not in page
        assert "机构与合同" not in page
    for path in (
        "/settings/contracts",
        "/settings/centres/new",
        f"/settings/centres/{scene.centre}",
        f"/settings/rooms/{scene.room}",
        f"/settings/teachers/{scene.teacher}",
    ):
        assert clerk.get(path).status_code == 403
    elsewhere = closure_form(scene, centre_id=far)
    assert clerk.post("/settings/closures", **elsewhere).status_code == 422


def test_a_town_reaches_only_what_is_its_own(
    enter: Enter, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    stranger = enter(Role.TOWN, town_code=OTHER_TOWN)
    with sessions.begin() as session:
        closure = Closure(
            centre_id=scene.centre,
            starts_at=clock.now(),
            ends_at=clock.now() + timedelta(days=1),
            reason="停电",
            created_at=clock.now(),
            created_by="staff:1",
        )
        contract = Contract(
            institution_id=scene.institution,
            town_code=TOWN,
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            unit="session",
            price_fen=1,
            created_at=clock.now(),
            created_by="staff:1",
        )
        session.add_all([closure, contract])
    gets = (
        f"/settings/centres/{scene.centre}",
        f"/settings/rooms/{scene.room}",
        f"/settings/teachers/{scene.teacher}",
        f"/settings/closures/{closure.id}",
    )
    assert {stranger.get(path).status_code for path in gets} == {404}
    posts: dict[str, dict[str, Any]] = {
        f"/settings/centres/{scene.centre}": centre_form(),
        f"/settings/rooms/{scene.room}": room_form(scene.centre),
        f"/settings/rooms/{scene.room}/close": {},
        f"/settings/teachers/{scene.teacher}/leave": {},
        f"/settings/closures/{closure.id}/remove": {},
        f"/settings/closures/{closure.id}/cancel": {},
        f"/settings/contracts/{contract.id}/end": {"last_day": "2026-06-01"},
    }
    assert {stranger.post(path, **fields).status_code for path, fields in posts.items()} == {404}
    assert "停电" not in stranger.page("/settings/closures")
    assert "2026-12-31" not in stranger.page("/settings/contracts")


def test_empty_settings_say_so(enter: Enter) -> None:
    stranger = enter(Role.TOWN, town_code=OTHER_TOWN)

    assert "还没有中心" in stranger.page("/settings")
    assert "还没有场地" in stranger.page("/settings/rooms")
    assert "还没有老师" in stranger.page("/settings/teachers")
    assert "没有停用" in stranger.page("/settings/closures")


def test_script_is_shown_as_the_text_it_is(officer: Desk, scene: Scene) -> None:
    page = officer.post_and_read(
        "/settings/rooms", **room_form(scene.centre, name="<script>alert(1)</script>")
    )
    assert "<script>alert" not in page


def test_a_cancelled_session_stays_out_of_the_week(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    slot = offer(sessions, clock, scene.slot())
    assert "一起爬一爬" in clerk.page("/slots/week")
    with sessions.begin() as session:
        session.get_one(Slot, slot).state = SlotState.CANCELLED
    assert "一起爬一爬" not in clerk.page("/slots/week")
    assert "已取消" in clerk.page("/slots")
