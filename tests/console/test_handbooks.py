"""手册: asked for, granted, read page by page, listed for the city, and seen by the family."""

import io
from datetime import timedelta

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.console.blueprint import bp
from backend.console.permissions import PERMISSIONS, Action
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.people.models import Role
from backend.rights.handbook_grants.models import GrantState, HandbookGrant
from tests.api.families import Phone, code_of
from tests.console.conftest import Desk, Enter, open_sign_in
from tests.factories import TOWN
from tests.rights.traces import ADVICE, DIARY, NAME, STREET, TEAM, child_of, make_family

Sessions = sessionmaker[Session]
OTHER_TOWN = "320281100"
ASKED = {"who": NAME, "birth": "2026-03-10", "purpose": "follow_up", "hours": "4"}
PAGES = ("vaccines", "checkups", "growth")
READERS_PAGES = {
    "handbooks",
    "ask_for_handbook",
    "end_own_grant",
    "read_handbook",
    "read_handbook_page",
    "reveal_handbook_name",
    "nowhere",
    "account",
    "change_password",
}
DOORS = {"static", "sign_in", "open_console", "sign_out"}


@pytest.fixture
def family(client: FlaskClient, sessions: Sessions, clock: FixedClock) -> Phone:
    return make_family(client, sessions, clock)


@pytest.fixture
def doctor(enter: Enter) -> Desk:
    return enter(Role.CHILD_HEALTH, town_code=TOWN, login="erbao")


@pytest.fixture
def officer(enter: Enter) -> Desk:
    return enter(Role.TOWN)


def newest(sessions: Sessions) -> HandbookGrant:
    with sessions() as session:
        return session.scalars(
            select(HandbookGrant).order_by(HandbookGrant.id.desc()).limit(1)
        ).one()


def ask(desk: Desk, sessions: Sessions, **changes: str) -> int:
    assert "已提交" in desk.post_and_read("/handbooks", **(ASKED | changes))
    return newest(sessions).id


def looks(sessions: Sessions, grant: int) -> list[str]:
    query = (
        select(AuditEntry)
        .where(AuditEntry.action.in_(("child.handbook_read", "child.name_revealed")))
        .order_by(AuditEntry.id)
    )
    with sessions() as session:
        return [
            f"{one.action} {one.detail['page']}"
            for one in session.scalars(query)
            if one.detail.get("grant") == grant
        ]


def test_from_the_request_to_the_three_pages_of_the_book(
    family: Phone, doctor: Desk, officer: Desk, sessions: Sessions
) -> None:
    assert "现在没有可以看的手册" in doctor.page("/handbooks")
    number = ask(doctor, sessions)
    page = officer.page("/handbook-grants")
    assert "欧***满" in page
    assert "测试妇幼保健院" in page
    assert NAME not in page
    done = officer.post_and_read(
        f"/handbook-grants/{number}/grant", reason="核对过名单", back="/console/handbook-grants"
    )
    assert "已批准" in done
    assert f'/console/handbooks/{number}"' in doctor.page("/handbooks")

    first = doctor.get(f"/handbooks/{number}")
    assert first.headers["Location"] == f"/console/handbooks/{number}/vaccines"
    shown = {name: doctor.page(f"/handbooks/{number}/{name}") for name in PAGES}

    for name, words in (
        ("vaccines", ("乙肝疫苗第1剂", "B2026", "接下来要打的", "出生体重：3100 克")),
        ("checkups", (ADVICE, "新生儿筛查", "发育筛查", TEAM)),
        ("growth", ("8.44 公斤", "<svg", "七条线")),
    ):
        for word in words:
            assert word in shown[name], (name, word)
    for page in shown.values():
        assert "欧***满" in page
        assert "2026年3月出生" in page
        for hidden in (NAME, "2026-03-10出生", STREET, DIARY, "表面抗原", 'style="'):
            assert hidden not in page, hidden
    assert looks(sessions, number) == [f"child.handbook_read {name}" for name in PAGES]


def test_the_name_is_shown_once_and_that_is_written_down(
    family: Phone, doctor: Desk, officer: Desk, sessions: Sessions
) -> None:
    number = ask(doctor, sessions)
    officer.post(f"/handbook-grants/{number}/grant")

    shown = doctor.post(f"/handbooks/{number}/vaccines/name").get_data(as_text=True)

    assert NAME in shown
    assert "2026-03-10出生" in shown
    assert NAME not in doctor.page(f"/handbooks/{number}/vaccines")
    assert looks(sessions, number) == [
        "child.handbook_read vaccines",
        "child.name_revealed vaccines",
        "child.handbook_read vaccines",
    ]


WRONG = [
    ({"who": "欧阳测试"}, "没有找到"),
    ({"who": ""}, "请填姓名或手册编号"),
    ({"birth": "2026-03-11"}, "没有找到"),
    ({"birth": "gestern"}, "请填出生日期"),
    ({"purpose": ""}, "请选择用途"),
    ({"hours": "169"}, "请选择要看多久"),
    ({"hours": "lang"}, "请选择要看多久"),
]


def test_what_is_wrong_in_a_request_is_said_beside_what_was_typed(
    family: Phone, doctor: Desk
) -> None:
    for changes, sentence in WRONG:
        answer = doctor.post("/handbooks", **(ASKED | changes))

        assert answer.status_code == 422, changes
        page = answer.get_data(as_text=True)
        assert sentence in page, changes
        assert f'value="{(ASKED | changes)["who"]}"' in page, changes


def test_a_second_request_and_one_from_another_town_are_refused(
    family: Phone, doctor: Desk, enter: Enter, sessions: Sessions
) -> None:
    ask(doctor, sessions)
    by_number = ASKED | {"who": str(child_of(family))}
    assert "已经有申请或授权" in doctor.post("/handbooks", **by_number).get_data(as_text=True)

    elsewhere = enter(Role.CHILD_HEALTH, town_code=OTHER_TOWN)
    assert "没有找到" in elsewhere.post("/handbooks", **ASKED).get_data(as_text=True)
    everywhere = enter(Role.CHILD_HEALTH)
    assert "已提交" in everywhere.post_and_read("/handbooks", **ASKED)


def test_another_town_neither_sees_nor_decides(
    family: Phone, doctor: Desk, enter: Enter, sessions: Sessions
) -> None:
    number = ask(doctor, sessions)
    stranger = enter(Role.TOWN, town_code=OTHER_TOWN)
    colleague = enter(Role.CHILD_HEALTH, town_code=TOWN, login="other")

    assert f"grant-{number}" not in stranger.page("/handbook-grants")
    for step in ("grant", "refuse", "end"):
        assert stranger.post(f"/handbook-grants/{number}/{step}", reason="x").status_code == 404
    assert f"grant-{number}" not in colleague.page("/handbooks")
    assert colleague.post(f"/handbooks/{number}/end").status_code == 404
    for name in PAGES:
        assert colleague.get(f"/handbooks/{number}/{name}").status_code == 404


def test_a_refusal_says_why_and_opens_nothing(
    family: Phone, doctor: Desk, officer: Desk, sessions: Sessions
) -> None:
    number = ask(doctor, sessions)
    assert "请写明" in officer.post_and_read(
        f"/handbook-grants/{number}/refuse", back="/console/handbook-grants"
    )
    officer.post(f"/handbook-grants/{number}/refuse", reason="请先征得家长同意")

    page = doctor.page("/handbooks")
    assert "没有批准" in page
    assert "请先征得家长同意" in page
    assert "授权已经到时或结束" in over(doctor, number)
    assert "刚刚被处理过" in officer.post_and_read(
        f"/handbook-grants/{number}/grant", back="/console/handbook-grants"
    )


def over(doctor: Desk, number: int) -> str:
    """Where a page of the book leads when nothing may be read."""
    answer = doctor.get(f"/handbooks/{number}/growth")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/handbooks")
    return doctor.page("/handbooks")


def test_after_its_hours_it_is_closed_and_says_so(
    family: Phone, doctor: Desk, officer: Desk, sessions: Sessions, clock: FixedClock
) -> None:
    number = ask(doctor, sessions, hours="1")
    officer.post(f"/handbook-grants/{number}/grant")
    clock.advance(timedelta(hours=1))
    doctor.remember(open_sign_in(sessions, "erbao", clock.now()))

    page = over(doctor, number)

    assert "授权已经到时或结束" in page
    assert "到时结束" in page
    assert looks(sessions, number) == []


def test_the_family_sees_who_looked_and_takes_it_back(
    family: Phone, doctor: Desk, officer: Desk, sessions: Sessions
) -> None:
    child, number = child_of(family), ask(doctor, sessions)
    officer.post(f"/handbook-grants/{number}/grant")
    doctor.page(f"/handbooks/{number}/growth")

    shown, *_ = family.get(f"/children/{child}/handbook-grants").json["items"]

    assert (shown["office"], shown["why"], shown["title"], shown["open"]) == (
        "测试妇幼保健院",
        "儿保随访",
        "可以看",
        True,
    )
    assert [(one["at"][11:16], one["page"]) for one in shown["looks"]] == [("10:00", "生长")]
    assert "测试员" not in str(shown)  # the institution, not the person
    path = f"/children/{child}/handbook-grants/{number}"
    assert [family.delete(path).status_code for _ in range(2)] == [204, 204]
    assert "授权已经到时或结束" in over(doctor, number)
    assert "家长收回" in officer.page("/handbook-grants")
    again = ask(doctor, sessions)
    assert "收回过一次" in officer.page("/handbook-grants")
    assert family.delete(f"/children/{child}/handbook-grants/{again}").status_code == 204
    assert newest(sessions).state is GrantState.WITHDRAWN


def test_no_other_family_reads_or_ends_it(
    family: Phone, doctor: Desk, sessions: Sessions, client: FlaskClient
) -> None:
    number, other = ask(doctor, sessions), Phone(client)
    own, child = other.add_child(name="林小树")["id"], child_of(family)

    assert code_of(other.get(f"/children/{child}/handbook-grants")) == "not_found"
    for their in (child, own):
        answer = other.delete(f"/children/{their}/handbook-grants/{number}")
        assert code_of(answer) == "not_found"
    assert newest(sessions).state is GrantState.ASKED


def test_the_city_reads_the_log_narrows_it_and_takes_it_along(
    family: Phone, doctor: Desk, officer: Desk, enter: Enter, sessions: Sessions
) -> None:
    city = enter(Role.CITY)
    assert "还没有人看过手册" in city.page("/handbook-grants/log")
    child, number = child_of(family), ask(doctor, sessions)
    officer.post(f"/handbook-grants/{number}/grant")
    doctor.page(f"/handbooks/{number}/growth")
    doctor.post(f"/handbooks/{number}/checkups/name")

    page = city.page("/handbook-grants/log")

    for word in ("欧***满", f"编号 {child}", "儿保随访", "生长", "体检和筛查，显示了姓名"):
        assert word in page, word
    assert NAME not in page
    who = newest(sessions).staff_id
    for query in (f"staff={who}", f"child={child}", "day=2026-11-23", "day=morgen", "child=x"):
        assert "欧***满" in city.page(f"/handbook-grants/log?{query}"), query
    for query in ("staff=999999", "child=999999", "day=2026-11-22"):
        assert "没有这样的记录" in city.page(f"/handbook-grants/log?{query}"), query
    book = openpyxl.load_workbook(
        io.BytesIO(city.get(f"/handbook-grants/log.xlsx?child={child}").data)
    )
    rows = list(book["查看记录"].iter_rows(min_row=2, values_only=True))
    assert [row[5] for row in rows] == ["体检和筛查，显示了姓名", "体检和筛查", "生长"]
    assert {row[4] for row in rows} == {"欧***满"}
    assert "可以看" in {row[7] for row in book["授权"].iter_rows(min_row=2, values_only=True)}
    with sessions() as session:
        exported = select(AuditEntry).where(AuditEntry.action == "handbook_log.exported")
        assert session.scalars(exported).one().detail["child"] == child


def test_what_was_looked_at_stays_in_the_log_when_the_child_is_deleted(
    family: Phone, doctor: Desk, officer: Desk, enter: Enter, sessions: Sessions
) -> None:
    number = ask(doctor, sessions)
    officer.post(f"/handbook-grants/{number}/grant")
    doctor.page(f"/handbooks/{number}/growth")
    assert family.delete(f"/children/{child_of(family)}").status_code == 204

    assert doctor.get(f"/handbooks/{number}/growth").status_code == 404
    page = enter(Role.CITY).page("/handbook-grants/log")
    assert "已删除" in page
    assert "欧" not in page


def test_child_health_staff_see_handbooks_and_nothing_else(app: Flask, doctor: Desk) -> None:
    mine = PERMISSIONS[Role.CHILD_HEALTH]
    for rule in app.url_map.iter_rules():
        name = rule.endpoint.removeprefix(f"{bp.name}.")
        if not rule.endpoint.startswith(f"{bp.name}.") or name in DOORS:
            continue
        allowed = getattr(app.view_functions[rule.endpoint], "requires", None) in mine
        assert allowed == (name in READERS_PAGES), name
    assert doctor.get("/").headers["Location"] == "/console/handbooks"
    assert doctor.get("/handbook-grants").status_code == 403


def test_nobody_else_reads_and_the_city_alone_sees_the_log(
    family: Phone, doctor: Desk, officer: Desk, clerk: Desk, sessions: Sessions
) -> None:
    number = ask(doctor, sessions)
    officer.post(f"/handbook-grants/{number}/grant")

    for desk in (officer, clerk):
        for path in ("/handbooks", f"/handbooks/{number}/growth", "/handbook-grants/log"):
            assert desk.get(path).status_code == 403, path
    assert clerk.get("/handbook-grants").status_code == 403
    allowed = {role for role, may in PERMISSIONS.items() if Action.SEE_HANDBOOK_LOG in may}
    assert allowed == {Role.CITY}
