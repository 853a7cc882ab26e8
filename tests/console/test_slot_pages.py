"""时段: the week on the wall, weekly patterns, changes and cancellations shown before."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.centres.models import Slot, SlotState
from backend.kernel.clock import FixedClock, city_time
from tests.bookings.family import book, make_family, told
from tests.centres.scene import HOUR, TOMORROW, Scene, make_room, make_scene, offer
from tests.console.conftest import Desk, Enter

Sessions = sessionmaker[Session]


@pytest.fixture
def scene(sessions: Sessions, clock: FixedClock) -> Scene:
    return make_scene(sessions, clock)


@pytest.fixture
def clerk(enter: Enter, scene: Scene) -> Desk:
    return enter(centre_id=scene.centre, login="clerk")


def form(scene: Scene, **changes: object) -> dict[str, object]:
    return {
        "centre_id": scene.centre,
        "kind": "activity",
        "title": "绘本时光",
        "starts": "10:00",
        "ends": "11:00",
        "capacity": 8,
        "age_from": 0,
        "age_to": 36,
        "room_id": scene.room,
        "teacher_id": scene.teacher,
    } | changes


def series_form(scene: Scene, **changes: object) -> dict[str, object]:
    days = {
        "weekdays": ["1"],
        "first_day": "2026-11-24",
        "last_day": "2026-12-15",
        "skip_holidays": "y",
        "on_makeup_days": "y",
    }
    return form(scene) | days | changes


def slots(sessions: Sessions) -> list[Slot]:
    with sessions() as session:
        return list(session.scalars(select(Slot).order_by(Slot.starts_at)))


def seen(page: str) -> str:
    found = re.search(r'name="seen"[^>]*value="([^"]*)"', page)
    assert found is not None
    return found.group(1)


def write(clerk: Desk, scene: Scene, **changes: object) -> None:
    wanted = series_form(scene, **changes)
    page = clerk.post("/slots/series/preview", **wanted).get_data(as_text=True)
    clerk.post("/slots/series", **wanted | {"seen": seen(page)})


def test_a_session_is_opened_with_room_teacher_and_priority_places(
    clerk: Desk, scene: Scene, sessions: Sessions
) -> None:
    page = clerk.page("/slots/new")
    assert "活动室" in page
    assert "王老师" in page

    clerk.post("/slots", **form(scene, day="2026-11-25", held_places=2))

    (slot,) = slots(sessions)
    assert (slot.room_id, slot.teacher_id, slot.held_places) == (scene.room, scene.teacher, 2)
    assert slot.held_until == slot.starts_at - timedelta(hours=48)
    answer = clerk.post("/slots", **form(scene, day="2026-11-25"))
    assert answer.status_code == 422
    assert "场地在这个时间已有安排" in answer.get_data(as_text=True)


def test_a_home_visit_has_a_way(clerk: Desk, scene: Scene, sessions: Sessions) -> None:
    visit = form(scene, kind="home_visit", room_id="", travel_minutes=30, day="2026-11-25")
    clerk.post("/slots", **visit)

    (slot,) = slots(sessions)
    assert slot.busy_from == slot.starts_at - HOUR / 2


def test_the_room_of_another_centre_cannot_be_chosen(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    other = make_scene(sessions, clock)
    answer = clerk.post("/slots", **form(scene, room_id=other.room, day="2026-11-25"))
    assert answer.status_code == 422
    assert slots(sessions) == []


def test_the_week_shows_room_and_teacher_by_day_and_hour(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    assert "这一周还没有时段" in clerk.page("/slots/week")
    slot = offer(sessions, clock, scene.slot())

    page = clerk.page("/slots/week?from=2026-11-26")

    assert "周一 11月23日" in page
    assert '<th scope="row" class="num">10:00</th>' in page
    assert f'href="/console/slots/{slot}"' in page
    assert "活动室" in page
    assert "王老师" in page
    assert "这一周还没有时段" in clerk.page("/slots/week?from=2026-12-07")
    holiday = clerk.page("/slots/week?from=2026-10-01")
    assert "这一周还没有时段" in holiday


def test_a_pattern_is_looked_at_before_it_is_written(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    assert "每周重复" in clerk.page("/slots/week")
    assert 'name="weekdays"' in clerk.page("/slots/series/new")
    offer(sessions, clock, scene.slot())

    answer = clerk.post("/slots/series/preview", **series_form(scene, exceptions="2026-12-08"))
    page = answer.get_data(as_text=True)

    assert answer.status_code == 200
    assert "写入 <strong>2</strong> 次，跳过 2 次" in page
    assert "您排除的日期" in page
    assert "活动室" in page
    assert "11月24日 10:00–11:00 一起爬一爬" in page
    assert seen(page) == "2026-12-01 2026-12-15"
    assert len(slots(sessions)) == 1

    fields = series_form(scene, exceptions="2026-12-08", seen=seen(page))
    assert "已开放 2 次" in clerk.post_and_read("/slots/series", **fields)
    written = slots(sessions)[1:]
    assert [f"{city_time(slot.starts_at):%m-%d %H:%M}" for slot in written] == [
        "12-01 10:00",
        "12-15 10:00",
    ]
    assert len({slot.series_id for slot in written}) == 1


def test_a_preview_that_is_no_longer_true_is_shown_again(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    page = clerk.post("/slots/series/preview", **series_form(scene)).get_data(as_text=True)
    offer(sessions, clock, scene.slot())

    answer = clerk.post("/slots/series", **series_form(scene, seen=seen(page)))

    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "一次也没有写入" in text
    assert "写入 <strong>3</strong> 次，跳过 1 次" in text
    assert seen(text) == "2026-12-01 2026-12-08 2026-12-15"
    assert len(slots(sessions)) == 1
    assert clerk.post("/slots/series", **series_form(scene, seen="x")).status_code == 422


def test_next_year_is_marked_as_not_announced(clerk: Desk, scene: Scene) -> None:
    fields = series_form(scene, last_day="2027-01-19")
    page = clerk.post("/slots/series/preview", **fields).get_data(as_text=True)

    assert page.count("节假日安排未公布") == 4  # the note above, and three Tuesdays


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weekdays": []}, "请检查标出的几项"),
        ({"exceptions": "过年"}, "请检查标出的几项"),
        ({"first_day": "2026-11-01"}, "第一天已经过去"),
        ({"last_day": "2026-11-01"}, "最后一天不能早于第一天"),
        ({"last_day": "9999-12-31"}, "一次最多安排一年"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused_on_the_form(
    clerk: Desk, scene: Scene, changes: dict[str, object], said: str
) -> None:
    answer = clerk.post("/slots/series/preview", **series_form(scene, **changes))

    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


def edit_form(scene: Scene, **changes: object) -> dict[str, object]:
    return {
        "title": "绘本时光",
        "day": "2026-11-24",
        "starts": "10:00",
        "ends": "11:00",
        "capacity": 8,
        "room_id": scene.room,
        "teacher_id": scene.teacher,
        "reach": "this",
    } | changes


def test_a_small_change_is_made_at_once(clerk: Desk, scene: Scene, sessions: Sessions) -> None:
    write(clerk, scene)
    first = slots(sessions)[0].id
    page = clerk.page(f"/slots/{first}")
    assert 'value="绘本时光"' in page
    assert "这次及以后" in page

    assert "已改 1 次" in clerk.post_and_read(f"/slots/{first}", **edit_form(scene, capacity=10))
    assert [slot.capacity for slot in slots(sessions)] == [10, 8, 8, 8]
    answer = clerk.post(f"/slots/{first}", **edit_form(scene, capacity=10))
    assert "没有要改的" in answer.get_data(as_text=True)


def test_what_families_would_feel_is_shown_first(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    write(clerk, scene)
    first, second, *_ = (slot.id for slot in slots(sessions))
    family = make_family(sessions)
    book(sessions, clock, family, second)
    change = edit_form(scene, starts="15:00", ends="16:00", reach="later")

    page = clerk.post(f"/slots/{first}", **change).get_data(as_text=True)

    assert "改 4 次，<strong>1 个家庭</strong>会收到通知" in page
    assert "通知 1 个家庭" in page
    assert city_time(slots(sessions)[0].starts_at).hour == 10
    page = clerk.post_and_read(f"/slots/{first}", **change, sure="1")
    assert "已改 4 次，1 个家庭会收到通知" in page
    assert {city_time(slot.starts_at).hour for slot in slots(sessions)} == {15}
    assert told(sessions, family.parent)[-1] == "booking_moved"


def test_a_change_that_cannot_be_is_named_and_nothing_is_written(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    write(clerk, scene)
    first = slots(sessions)[0].id
    small = make_room(sessions, clock, scene.centre, capacity=4)
    change = edit_form(scene, room_id=small, reach="later", sure="1")

    page = clerk.post(f"/slots/{first}", **change).get_data(as_text=True)

    assert page.count("名额超过了场地能容纳的人数") == 4
    assert "就一次也不改" in page
    assert {slot.room_id for slot in slots(sessions)} == {scene.room}
    assert clerk.post(f"/slots/{first}", **edit_form(scene, title="")).status_code == 422


def test_this_and_later_are_cancelled_after_a_look(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    write(clerk, scene)
    _, second, third, fourth = (slot.id for slot in slots(sessions))
    family = make_family(sessions)
    book(sessions, clock, family, second)

    page = clerk.page(f"/slots/{second}/cancel?reach=later")
    assert "取消 <strong>3</strong> 次" in page
    assert "<strong>1 个家庭</strong>的次数退还" in page
    assert f'name="slot" value="{fourth}"' in page

    fields = {"slot": [third, fourth], "back": f"/console/slots/{second}/cancel"}
    no_reason = clerk.post_and_read(f"/slots/{second}/cancel", reason=" ", **fields)
    assert "请写明原因" in no_reason
    page = clerk.post_and_read(f"/slots/{second}/cancel", reason="老师生病", **fields)
    assert "已取消 3 场，1 个家庭的次数已退还，会收到通知" in page
    assert [slot.state for slot in slots(sessions)] == [SlotState.OPEN, *[SlotState.CANCELLED] * 3]
    assert told(sessions, family.parent)[-1] == "booking_cancelled"
    assert "不能再改" in clerk.page(f"/slots/{second}")
    assert "取消 <strong>1</strong> 次" in clerk.page(
        f"/slots/{slots(sessions)[0].id}/cancel?reach=x"
    )


def test_the_sessions_of_another_centre_are_not_found(
    clerk: Desk, sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    other = make_scene(sessions, clock)
    far = offer(sessions, clock, other.slot())
    mine = offer(sessions, clock, scene.slot(starts_at=TOMORROW, ends_at=TOMORROW + HOUR))

    for path in (f"/slots/{far}", f"/slots/{far}/cancel"):
        assert clerk.get(path).status_code == 404
        assert clerk.post(path, **edit_form(scene), reason="x").status_code == 404
    assert clerk.post(f"/slots/{mine}/cancel", reason="x", slot=far).status_code == 404
    assert {slot.state for slot in slots(sessions)} == {SlotState.OPEN}


UNDO = re.compile(r'action="/console(/slots/cancellations/[0-9]+/undo)"')


def test_a_cancellation_is_undone_from_its_notice_or_its_page(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock, enter: Enter
) -> None:
    write(clerk, scene)
    first, second, *_ = (slot.id for slot in slots(sessions))
    back, stays = (make_family(sessions, name="王小一") for _ in range(2))
    for family in (back, stays):
        book(sessions, clock, family, first)
    page = clerk.post_and_read(f"/slots/{first}/cancel", reason="点错了", slot=second)
    (address,) = UNDO.findall(page)
    assert UNDO.findall(clerk.page(f"/slots/{second}")) == [address]
    for _ in range(2):
        far = TOMORROW + timedelta(days=1, hours=_)
        book(
            sessions,
            clock,
            stays,
            offer(sessions, clock, scene.slot(starts_at=far, ends_at=far + HOUR)),
        )

    stranger = enter(centre_id=make_scene(sessions, clock).centre)
    assert stranger.post(address).status_code == 404
    page = clerk.post_and_read(address)

    assert "已恢复 2 场，1 个家庭的预约照旧" in page
    assert "1 个预约或候补没有恢复，请电话联系：王*一 11月24日 10:00（宝宝手上的预约已满" in page
    assert {slot.state for slot in slots(sessions)} == {SlotState.OPEN}
    assert "这一步不能撤销了" in clerk.post_and_read(address)
    assert UNDO.findall(clerk.page(f"/slots/{second}")) == []


def test_sessions_that_stay_cancelled_are_named_in_one_notice(
    clerk: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    """Half a year's pattern fits: the notice travels in a cookie of 4 kB."""
    write(clerk, scene, last_day="2027-05-25")
    made = slots(sessions)
    off = [slot.id for slot in made]
    page = clerk.post_and_read(f"/slots/{off[0]}/cancel", reason="点错了", slot=off[1:])
    (address,) = UNDO.findall(page)
    for slot in made[1:]:
        taken = scene.slot(starts_at=slot.starts_at, ends_at=slot.ends_at, teacher_id=None)
        offer(sessions, clock, taken)

    page = clerk.post_and_read(address)

    assert "已恢复 1 场" in page
    assert f"{len(off) - 1} 场没有恢复：12月1日 10:00（" in page
    assert page.count("没有恢复") == 1
    assert "） 等" in page
