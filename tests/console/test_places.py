"""Slots, families, messages and guides in the console, and who may see which."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.centres.models import Slot, SlotKind, SlotState
from backend.config import make_vault
from backend.console.words import FAILURES
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock, city_time
from backend.outbox.messenger import FailureKind
from backend.outbox.models import Message, MessageState
from backend.people.children import Registration, register
from backend.people.models import Child, DuplicateState, Guardian, Relation, Role, Sex
from tests.conftest import make_settings
from tests.console.conftest import Desk, Enter
from tests.factories import MORNING, TOWN, make_centre, make_parent, make_slot

Sessions = sessionmaker[Session]
VAULT = make_vault(make_settings("unused"))
OTHER_TOWN = "320281100"


def form(centre: int, **changes: object) -> dict[str, object]:
    return {
        "centre_id": centre,
        "kind": "class",
        "title": "辅食怎么加",
        "day": "2026-11-30",
        "starts": "09:30",
        "ends": "10:30",
        "capacity": 12,
        "age_from": 5,
        "age_to": 12,
    } | changes


def twins(sessions: Sessions, clock: FixedClock, town: str = TOWN) -> tuple[int, int]:
    """The same child registered by two families: (first, second)."""
    ids = []
    for _ in range(2):
        parent = make_parent(sessions)
        with sessions.begin() as session:
            new = Registration(
                "冯天天", date(2026, 3, 3), Sex.MALE, None, town, None, True, Relation.MOTHER
            )
            ids.append(register(session, clock, VAULT, parent_id=parent, new=new).id)
    return ids[0], ids[1]


def state_of(sessions: Sessions, child: int) -> DuplicateState | None:
    with sessions() as session:
        return session.get_one(Child, child).duplicate_state


def test_a_slot_is_offered_and_listed(clerk: Desk, centre: int, sessions: Sessions) -> None:
    page = clerk.post_and_read("/slots", **form(centre))

    assert "时段已开放" in page
    assert "辅食怎么加" in page
    with sessions() as session:
        slot = session.scalars(select(Slot)).one()
    assert f"{city_time(slot.starts_at):%Y-%m-%d %H:%M}" == "2026-11-30 09:30"
    assert (slot.kind, slot.capacity) == (SlotKind.CLASS, 12)
    assert (slot.age_from_months, slot.age_to_months) == (5, 12)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends": "09:00"}, "结束时间要晚于开始时间"),
        ({"day": "2026-11-22"}, "已经过去"),
        ({"capacity": 0}, "请检查标出的几项"),
        ({"capacity": "很多"}, "请检查标出的几项"),
        ({"title": ""}, "请检查标出的几项"),
        ({"age_from": 12, "age_to": 12}, "月龄范围"),
        ({"day": "明天"}, "请检查标出的几项"),
        ({"kind": "party"}, "请检查标出的几项"),
    ],
)
def test_a_slot_that_cannot_be_is_refused_on_the_form(
    clerk: Desk, centre: int, sessions: Sessions, changes: dict[str, object], sentence: str
) -> None:
    response = clerk.post("/slots", **form(centre, **changes))

    assert response.status_code == 422
    assert sentence in response.get_data(as_text=True)
    with sessions() as session:
        assert session.scalars(select(Slot)).all() == []


def test_a_slot_for_another_centre_is_refused(clerk: Desk, sessions: Sessions) -> None:
    assert clerk.post("/slots", **form(make_centre(sessions))).status_code == 422


def test_a_slot_is_closed_and_opened_again(clerk: Desk, centre: int, sessions: Sessions) -> None:
    slot = make_slot(sessions, centre_id=centre)

    page = clerk.post_and_read(f"/slots/{slot}/close", back="/console/slots")
    assert "已停止预约" in page
    assert f"/console/slots/{slot}/reopen" in page
    assert "已经关闭" in clerk.post_and_read(f"/slots/{slot}/close")

    clerk.post(f"/slots/{slot}/reopen")
    with sessions() as session:
        assert session.get_one(Slot, slot).state is SlotState.OPEN


def test_a_slot_of_another_centre_is_not_found(clerk: Desk, sessions: Sessions) -> None:
    slot = make_slot(sessions, title="别的中心")

    assert clerk.post(f"/slots/{slot}/close").status_code == 404
    assert "别的中心" not in clerk.page("/slots")


def test_a_fortnight_without_slots_says_so(clerk: Desk) -> None:
    assert "这两周还没有时段" in clerk.page("/slots")
    assert "这两周还没有时段" in clerk.page("/slots?from=2027-02-30")


def test_two_registrations_are_shown_masked_and_that_is_written_down(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    first, second = twins(sessions, clock)

    page = enter(Role.TOWN).page("/families")

    assert page.count("冯*天") >= 2
    assert "冯天天" not in page
    assert "2026年3月" in page
    with sessions() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "child.listed")).one()
    assert entry.detail == {"children": [first, second]}


@pytest.mark.parametrize(
    ("same", "state"), [("yes", DuplicateState.SAME), ("no", DuplicateState.DIFFERENT)]
)
def test_a_decision_about_two_registrations_can_be_taken_back(
    enter: Enter, sessions: Sessions, clock: FixedClock, same: str, state: DuplicateState
) -> None:
    first, second = twins(sessions, clock)
    officer = enter(Role.TOWN)

    page = officer.post_and_read(f"/families/{second}", same=same, back="/console/families")
    assert state_of(sessions, second) is state
    undo = page.split('action="/console/families/decisions/')[1].split('"')[0]

    assert "没有待核实的登记" in page
    assert "重新列为可能重复" in officer.post_and_read(f"/families/decisions/{undo}")
    assert state_of(sessions, second) is DuplicateState.POSSIBLE
    with sessions() as session:
        guardians = session.scalars(select(Guardian).where(Guardian.child_id == first)).all()
    assert len(guardians) == 1


def test_a_town_decides_only_about_its_own_families(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    _, second = twins(sessions, clock, OTHER_TOWN)
    officer = enter(Role.TOWN)

    assert "冯*天" not in officer.page("/families")
    assert officer.post(f"/families/{second}", same="yes").status_code == 404
    assert state_of(sessions, second) is DuplicateState.POSSIBLE

    city = enter(Role.CITY)
    city.post(f"/families/{second}", same="no")
    assert state_of(sessions, second) is DuplicateState.DIFFERENT
    assert officer.post("/families/decisions/1/undo").status_code == 404


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (Role.CLERK, "/families", 403),
        (Role.CLERK, "/messages", 403),
        (Role.TOWN, "/families", 200),
        (Role.TOWN, "/messages", 403),
        (Role.CITY, "/families", 200),
        (Role.CITY, "/messages", 200),
    ],
)
def test_each_role_sees_its_own_pages(enter: Enter, role: Role, path: str, status: int) -> None:
    desk = enter(role)

    assert desk.get(path).status_code == status
    assert (f'href="/console{path}"' in desk.page("/")) == (status == 200)


def test_the_city_sees_what_did_not_arrive_and_nothing_else(
    enter: Enter, sessions: Sessions
) -> None:
    parent = make_parent(sessions)
    with sessions.begin() as session:
        for state in MessageState:
            session.add(
                Message(
                    key=f"test:{state}",
                    parent_id=parent,
                    template="booking_confirmed",
                    data={},
                    state=state,
                    problem=f"problem-{state}",
                    due_at=MORNING,
                    not_before=MORNING,
                    created_at=MORNING,
                )
            )

    page = enter(Role.CITY).page("/messages")

    assert "problem-unknown" in page
    assert "problem-failed" in page
    assert page.count("problem-") == 2


@pytest.mark.parametrize(
    ("state", "errcode", "problem", "said"),
    [
        (MessageState.FAILED, 47003, "47003 argument invalid", "内容不合微信模板的要求"),
        (MessageState.FAILED, 43004, "user block", "家长没有订阅"),
        (MessageState.FAILED, 99999, "99999 new rule", "微信没有接受"),
        (MessageState.FAILED, None, "HTTP 403", "没有发出去"),
        (MessageState.UNKNOWN, None, "no answer", "没有得到微信的明确答复"),
    ],
)
def test_a_failure_is_said_in_chinese_before_the_words_of_wechat(
    enter: Enter,
    sessions: Sessions,
    state: MessageState,
    errcode: int | None,
    problem: str,
    said: str,
) -> None:
    parent = make_parent(sessions)
    with sessions.begin() as session:
        session.add(
            Message(
                key="test",
                parent_id=parent,
                template="booking_confirmed",
                data={},
                state=state,
                errcode=errcode,
                problem=problem,
                due_at=MORNING,
                created_at=MORNING,
            )
        )

    page = enter(Role.CITY).page("/messages")

    assert page.index(said) < page.index(problem)
    assert errcode is None or page.count(str(errcode)) == 1


def test_every_kind_of_failure_has_a_sentence() -> None:
    assert set(FAILURES) == set(FailureKind)


def test_old_messages_are_a_page_further(enter: Enter, sessions: Sessions) -> None:
    parent = make_parent(sessions)
    with sessions.begin() as session:
        session.add_all(
            Message(
                key=f"test:{number}",
                parent_id=parent,
                template="a-template-of-last-year",
                data={},
                state=MessageState.FAILED,
                problem=f"<{number}>",
                due_at=MORNING + timedelta(minutes=number),
                created_at=MORNING,
            )
            for number in range(51)
        )
    city = enter(Role.CITY)

    page = city.page("/messages")
    assert "&lt;50&gt;" in page
    assert "&lt;0&gt;" not in page
    assert "&lt;0&gt;" in city.page(page.split('href="/console')[-1].split('"')[0])


def test_guides_are_listed_with_their_review(clerk: Desk, app: Flask) -> None:
    page = clerk.page("/content")

    assert "读懂哭声和饿的信号" in page
    assert "待审" in page
    assert "来源" in clerk.page("/content/du-dong-kusheng")
    assert clerk.get("/content/no-such-guide").status_code == 404


@pytest.mark.parametrize("page", ["/", "/slots"])
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_at_the_end_of_the_calendar_shows_today(clerk: Desk, page: str, day: str) -> None:
    assert "11月23日" in clerk.page(f"{page}?from={day}")


def test_a_slot_in_a_far_year_is_refused(clerk: Desk, centre: int, sessions: Sessions) -> None:
    answer = clerk.post("/slots", **form(centre, day="9999-12-31"))

    assert answer.status_code == 422
    assert "日期太远" in answer.get_data(as_text=True)
    with sessions() as session:
        assert session.scalars(select(Slot)).all() == []


def test_a_nul_in_a_form_is_refused(clerk: Desk, centre: int) -> None:
    assert clerk.post("/slots", **form(centre, title="辅食\0")).status_code == 400


def test_a_number_that_no_row_has_finds_nothing(enter: Enter) -> None:
    city = enter(Role.CITY)

    assert city.get(f"/messages?before={10**30}").status_code == 200
    assert "请先勾选" in city.post_and_read("/bookings/at-once", booking=10**30, step="confirm")
