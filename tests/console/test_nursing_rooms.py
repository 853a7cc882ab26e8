"""母婴室 in the console: towns keep their own, the city all, centres only read."""

import re
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.centres.models import NursingRoom
from backend.people.models import Role
from tests.console.conftest import Desk, Enter
from tests.factories import TOWN, make_nursing_room

Sessions = sessionmaker[Session]
OTHER_TOWN = "320281100"
LIST = "/console/nursing-rooms"


def form(**changes: object) -> dict[str, object]:
    return {
        "town_code": TOWN,
        "name": "演示商场",
        "spot": "三楼东侧",
        "address": "演示路1号",
        "opening_hours": "每天 10:00–21:30",
        "facilities": ["chair", "warmer"],
        "phone_public": "0510-00000000",
        "checked_on": "2026-11-20",
    } | changes


def rooms(sessions: Sessions) -> list[NursingRoom]:
    with sessions() as session:
        return list(session.scalars(select(NursingRoom).order_by(NursingRoom.id)))


@pytest.fixture
def officer(enter: Enter) -> Desk:
    """Of 澄江街道."""
    return enter(Role.TOWN)


@pytest.fixture
def city(enter: Enter) -> Desk:
    return enter(Role.CITY)


def test_a_room_is_added_and_shown(officer: Desk, sessions: Sessions) -> None:
    assert "名录还是空的" in officer.page("/nursing-rooms")

    page = officer.post_and_read("/nursing-rooms", **form())

    assert "已加入名录" in page
    for words in ("演示商场", "三楼东侧", "温奶器", "11月20日核对"):
        assert words in page
    (room,) = rooms(sessions)
    assert (room.facilities, room.checked_on) == (["chair", "warmer"], date(2026, 11, 20))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "请检查标出的几项"),
        ({"town_code": OTHER_TOWN}, "请检查标出的几项"),
        ({"facilities": ["sauna"]}, "请检查标出的几项"),
        ({"checked_on": "昨天"}, "请检查标出的几项"),
        ({"checked_on": "2026-11-24"}, "今天或以前"),
        ({"phone_public": "总机"}, "电话请写成"),
    ],
)
def test_what_cannot_be_is_said_on_the_form(
    officer: Desk, sessions: Sessions, changes: dict[str, object], sentence: str
) -> None:
    response = officer.post("/nursing-rooms", **form(**changes))

    assert response.status_code == 422
    assert sentence in response.get_data(as_text=True)
    assert rooms(sessions) == []


def test_the_same_room_a_second_time_is_refused(officer: Desk, sessions: Sessions) -> None:
    officer.post("/nursing-rooms", **form())

    response = officer.post("/nursing-rooms", **form())

    assert "已有同名、同位置的母婴室" in response.get_data(as_text=True)
    assert len(rooms(sessions)) == 1


def test_a_room_is_changed_and_one_is_back_in_the_list_as_it_was(
    officer: Desk, sessions: Sessions
) -> None:
    room = make_nursing_room(sessions, name="演示商场", facilities=("cot",))
    page = officer.page(f"/nursing-rooms/{room}?next={LIST}?q=演示")
    assert 'value="演示商场"' in page
    assert re.search(r'<input[^>]*checked[^>]*value="cot"', page)

    response = officer.post(f"/nursing-rooms/{room}", **form(spot="四楼", back=f"{LIST}?q=演示"))

    assert response.headers["Location"].startswith(f"{LIST}?q=")
    assert rooms(sessions)[0].spot == "四楼"
    assert officer.post(f"/nursing-rooms/{room}", **form(name="")).status_code == 422


def test_a_room_is_closed_and_that_can_be_taken_back(officer: Desk, sessions: Sessions) -> None:
    room = make_nursing_room(sessions, name="演示商场")

    page = officer.post_and_read(f"/nursing-rooms/{room}/close")
    assert "已停用" in page
    assert f'action="{LIST}/{room}/reopen"' in page
    assert "演示商场" not in officer.page("/nursing-rooms")
    assert "演示商场" in officer.page("/nursing-rooms?show=closed")
    assert "已经停用" in officer.post_and_read(f"/nursing-rooms/{room}/close")

    assert "已恢复" in officer.post_and_read(f"/nursing-rooms/{room}/reopen")
    assert rooms(sessions)[0].closed_at is None


def test_a_look_today_is_one_click(officer: Desk, sessions: Sessions) -> None:
    room = make_nursing_room(sessions, name="演示商场", checked_on=date(2025, 11, 3))
    page = officer.page("/nursing-rooms?show=stale")
    assert "2025年11月3日核对" in page
    assert "<strong>1</strong>间超过半年没有核对" in officer.page("/nursing-rooms")

    page = officer.post_and_read(f"/nursing-rooms/{room}/checked", back=f"{LIST}?show=stale")

    assert "演示商场：已记为今天核对过" in page
    assert "没有符合的母婴室" in page
    page = officer.page("/nursing-rooms")
    assert "今天核对" in page
    assert f"/{room}/checked" not in page


def test_the_filter_stays_in_the_address(city: Desk, sessions: Sessions) -> None:
    make_nursing_room(sessions, name="演示商场", facilities=("warmer",))
    make_nursing_room(sessions, name="远处医院", town_code=OTHER_TOWN, facilities=())

    page = city.page(f"/nursing-rooms?town={TOWN}&q=温奶")

    assert "演示商场" in page
    assert "远处医院" not in page
    assert f'<option value="{TOWN}" selected>' in page
    assert 'value="温奶"' in page
    assert f"export.csv?town={TOWN}&amp;q=" in page
    assert "没有符合的母婴室" in city.page("/nursing-rooms?q=宇宙")
    assert "远处医院" in city.page("/nursing-rooms?town=x&show=y&after=")


def test_a_long_list_has_a_next_page(city: Desk, sessions: Sessions) -> None:
    for number in range(51):
        make_nursing_room(sessions, name=f"商场{number:02}")

    page = city.page("/nursing-rooms?q=商场")
    assert "商场49" in page
    assert "商场50" not in page
    further = page.split('rel="next" href="/console')[1].split('"')[0].replace("&amp;", "&")
    assert "商场50" in city.page(further)
    assert city.get("/nursing-rooms?after=x").status_code == 303


def test_a_town_keeps_only_its_own_rooms(officer: Desk, city: Desk, sessions: Sessions) -> None:
    room = make_nursing_room(sessions, name="远处医院", town_code=OTHER_TOWN)

    assert "远处医院" not in officer.page(f"/nursing-rooms?town={OTHER_TOWN}")
    assert officer.get(f"/nursing-rooms/{room}").status_code == 404
    for act in ("", "/close", "/reopen", "/checked"):
        assert officer.post(f"/nursing-rooms/{room}{act}", **form()).status_code == 404
    assert city.get(f"/nursing-rooms/{room}").status_code == 200
    assert city.post(f"/nursing-rooms/{room}/close").status_code == 303


def test_a_centre_reads_and_does_not_write(clerk: Desk, sessions: Sessions) -> None:
    room = make_nursing_room(sessions, name="演示商场")

    page = clerk.page("/nursing-rooms")

    assert "演示商场" in page
    for words in ("今天核对过", "停用</button>", "新增一间", "导入表格"):
        assert words not in page
    for path in ("/nursing-rooms/new", f"/nursing-rooms/{room}", "/nursing-rooms/import"):
        assert clerk.get(path).status_code == 403
    for path in ("", f"/{room}", f"/{room}/close", f"/{room}/checked", "/import", "/import/write"):
        assert clerk.post(f"/nursing-rooms{path}", **form()).status_code == 403
    assert clerk.get("/nursing-rooms/export.csv").status_code == 200


def test_the_city_chooses_a_town_first(city: Desk, sessions: Sessions) -> None:
    assert '<option selected value="">请选择</option>' in city.page("/nursing-rooms/new")
    assert f'selected value="{OTHER_TOWN}"' in city.page(f"/nursing-rooms/new?town={OTHER_TOWN}")
    assert city.post("/nursing-rooms", **form(town_code="")).status_code == 422
    assert city.post("/nursing-rooms", **form(town_code=OTHER_TOWN)).status_code == 303
    assert rooms(sessions)[0].town_code == OTHER_TOWN


def test_script_is_shown_as_the_text_it_is(officer: Desk) -> None:
    page = officer.post_and_read("/nursing-rooms", **form(name="<script>alert(1)</script>"))

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
