"""结算: draw up, look, submit, return, accept, pay, correct; who may, and where."""

import io
import re
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.attendance_models import CheckInWay
from backend.bookings.models import Booking, BookingState
from backend.bookings.settlement_models import LineKind, Statement, StatementLine
from backend.centres.place_models import Room
from backend.jobs.monthly import draw_up_statements
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.people.models import Child, Parent, Role, StaffSession
from tests.bookings.settling import CLERK, OCTOBER, Scene, at, make_contract, make_institution
from tests.console.conftest import Desk, Enter
from tests.factories import make_child, make_parent

Sessions = sessionmaker[Session]
SEEN = re.compile(r'name="seen" value="([^"]+)"')


@pytest.fixture
def clock() -> FixedClock:
    """Monday 2026-12-07: November is over."""
    return FixedClock(at(12, 7))


@pytest.fixture
def scene(sessions: Sessions) -> Scene:
    return Scene(sessions)


@pytest.fixture
def arrive(enter: Enter, sessions: Sessions, clock: FixedClock) -> Enter:
    """`enter`, on the day of these tests: its sign-ins begin in November and would be over."""

    def sign_in(role: Role = Role.CLERK, **values: Any) -> Desk:
        desk = enter(role, **values)
        with sessions.begin() as session:
            session.execute(
                update(StaffSession).values(created_at=clock.now(), seen_at=clock.now())
            )
        return desk

    return sign_in


@pytest.fixture
def clerk(arrive: Enter, scene: Scene) -> Desk:
    return arrive(centre_id=scene.centre, login="clerk")


@pytest.fixture
def town(arrive: Enter) -> Desk:
    return arrive(Role.TOWN, login="town")


@pytest.fixture
def city(arrive: Enter) -> Desk:
    return arrive(Role.CITY, login="city")


def seen(desk: Desk, statement: int) -> str:
    found = SEEN.search(desk.page(f"/statements/{statement}"))
    assert found is not None
    return found.group(1)


def step(desk: Desk, statement: int, name: str, **fields: str) -> str:
    fields.setdefault("seen", seen(desk, statement))
    return desk.post_and_read(
        f"/statements/{statement}/{name}", back=f"/console/statements/{statement}", **fields
    )


def audited(sessions: Sessions, action: str) -> list[AuditEntry]:
    with sessions() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def test_the_clerk_finds_the_draft_of_the_night_on_the_first_page(
    clerk: Desk, town: Desk, scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    scene.attended()
    scene.attended(starts_at=at(11, 30), state=BookingState.CONFIRMED)
    assert "结算草稿" not in clerk.page()

    draw_up_statements(sessions, clock, at(12, 1, 2, 30))

    hint = "11月结算草稿已生成，还有 1 个预约没有登记到场或未到"
    assert hint in clerk.page()
    assert "结算草稿" not in town.page()
    with sessions() as session:
        (statement,) = session.scalars(select(Statement.id))
    assert f'href="/console/statements/{statement}"' in clerk.page()
    assert "每月自动生成" in clerk.page(f"/statements/{statement}")
    step(clerk, statement, "submit")
    assert "结算草稿" not in clerk.page()


def line_of(sessions: Sessions, booking: int) -> int:
    with sessions() as session:
        return session.scalars(
            select(StatementLine.id).where(StatementLine.booking_id == booking)
        ).one()


def the_statement(sessions: Sessions) -> int:
    with sessions() as session:
        return session.scalars(select(Statement.id).order_by(Statement.id.desc())).first() or 0


def test_from_an_empty_month_to_payment(clerk: Desk, town: Desk, city: Desk, scene: Scene) -> None:
    scene.attended()
    scene.attended(starts_at=at(11, 6), confirmed=False)
    page = clerk.page("/statements")
    assert "这个月有合同，还没有计算" in page
    assert "请选择月份" in clerk.post_and_read("/statements/draw-up", month="9999-12")

    page = clerk.post_and_read(
        "/statements/draw-up", month="2026-11", back="/console/statements?month=2026-11"
    )
    assert "已计算 1 份结算单" in page
    assert "80.00" in page
    statement = the_statement(scene.sessions)
    page = clerk.page(f"/statements/{statement}")
    assert "捌拾元整" in page
    assert "家长未确认" in page
    assert "受理并锁定" not in page

    assert "已提交" in step(clerk, statement, "submit")
    assert "要改什么" in town.page(f"/statements/{statement}")
    assert "请写明原因" in step(town, statement, "return", note=" ")
    assert "已退回" in step(town, statement, "return", note="请补 6 日的确认")
    assert "请补 6 日的确认" in clerk.page(f"/statements/{statement}")
    step(clerk, statement, "submit")
    assert "已受理" in step(town, statement, "accept")
    assert "已记为付款" in step(city, statement, "pay", note="凭证 2026-118")
    assert "凭证 2026-118" in clerk.page(f"/statements/{statement}")


def test_who_has_looked_too_early_is_told_who_was_faster(
    clerk: Desk, town: Desk, city: Desk, scene: Scene, clock: FixedClock
) -> None:
    statement = scene.submitted(clock)
    early = seen(city, statement)
    step(town, statement, "accept")

    page = step(city, statement, "return", note="x", seen=early)

    assert "这份结算单刚刚有变化" in page
    assert "测试员 于 12月7日 10:00 处理：已受理" in page
    assert "请刷新后再试" in step(city, statement, "accept", seen="yesterday")


def test_town_staff_that_submitted_do_not_accept(
    town: Desk, city: Desk, scene: Scene, clock: FixedClock
) -> None:
    statement = scene.statement(clock)
    step(town, statement, "submit")

    page = town.page(f"/statements/{statement}")
    assert "您提交的结算单要由另一人受理" in page
    assert "受理并锁定" not in page
    assert "提交人不能审核" in step(town, statement, "accept")
    assert "已受理" in step(city, statement, "accept")


def test_a_month_that_runs_is_shown_but_not_submitted(
    clerk: Desk, scene: Scene, clock: FixedClock
) -> None:
    statement = scene.statement(clock, at(12, 1).date())

    page = clerk.page(f"/statements/{statement}")

    assert "2026年12月结束后可以提交" in page
    assert 'name="seen"' not in page


def test_what_changed_since_is_announced_and_computed(
    clerk: Desk, scene: Scene, clock: FixedClock
) -> None:
    booking = scene.attended(confirmed=False)
    scene.attended(starts_at=at(11, 20), state=BookingState.CONFIRMED)
    statement = scene.statement(clock)
    scene.confirm(booking)

    page = clerk.page(f"/statements/{statement}")
    assert "到场记录有变化" in page
    assert "还有 1 个预约已过时间" in page
    page = clerk.page(f"/statements/{statement}/changes")
    assert "家长未确认" in page
    assert "80.00" in page
    assert "变更 1 行" in step(clerk, statement, "recompute")
    assert "没有变化" in step(clerk, statement, "recompute", seen="-")
    assert "结算单和今天的记录一致" in clerk.page(f"/statements/{statement}/changes")


def test_corrections_from_the_changes_of_an_accepted_month(
    clerk: Desk, scene: Scene, clock: FixedClock
) -> None:
    booking = scene.attended(starts_at=at(10, 8))
    october = scene.accepted(clock, OCTOBER)
    november = scene.statement(clock)
    with scene.sessions.begin() as session:
        session.get_one(Booking, booking).state = BookingState.MISSED

    page = clerk.page(f"/statements/{october}/changes")
    assert "在2026年11月更正" in page
    page = clerk.page(f"/statements/{november}?of={october}&booking={booking}&amount=-80.00")
    assert 'value="-80.00"' in page

    fields = {"of": str(october), "booking": str(booking), "note": "误记到场", "seen": "-"}
    assert "金额请写数字" in step(clerk, november, "corrections", amount="八十", **fields)
    assert "小于零" in step(clerk, november, "corrections", amount="-80.01", **fields)
    page = step(clerk, november, "corrections", amount="-80", **fields)
    assert "已加入更正" in page
    assert "应收回" in page
    with scene.sessions() as session:
        line = session.scalars(
            select(StatementLine.id).where(StatementLine.kind == LineKind.CORRECTION)
        ).one()
    assert "已移除" in step(clerk, november, f"corrections/{line}/remove", seen="-")
    assert clerk.post(f"/statements/{october}/corrections/{line}/remove").status_code == 303


# Who, and where


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        (Role.CLERK, ["return", "accept", "pay"]),
        (Role.TOWN, ["pay"]),
        (Role.CITY, ["submit", "recompute", "corrections"]),
    ],
)
def test_each_role_has_its_steps(
    arrive: Enter, scene: Scene, clock: FixedClock, role: Role, refused: list[str]
) -> None:
    statement = scene.statement(clock)
    desk = arrive(role, login="x", centre_id=scene.centre if role is Role.CLERK else None)
    for name in refused:
        assert desk.post(f"/statements/{statement}/{name}").status_code == 403


def test_another_town_and_another_institution_see_nothing(
    arrive: Enter, scene: Scene, clock: FixedClock
) -> None:
    booking = scene.attended()
    statement = scene.statement(clock)
    line = line_of(scene.sessions, booking)
    foreign = scene.another_centre(institution=make_institution(scene.sessions))
    far = scene.another_centre(town_code="320281107")
    desks = [
        arrive(Role.TOWN, town_code="320281107", login="other-town"),
        arrive(Role.CLERK, centre_id=foreign, login="other-institution"),
        arrive(Role.CLERK, centre_id=far, login="same-institution-far"),
    ]
    for desk in desks:
        assert "没有结算单" in desk.page("/statements?month=2026-11")
        for path in (
            "",
            "/lines",
            f"/lines/{line}",
            f"/bookings/{booking}",
            "/changes",
            ".xlsx",
            ".pdf",
        ):
            assert desk.get(f"/statements/{statement}{path}").status_code == 404, path
        answer = desk.post(f"/statements/{statement}/recompute")
        assert answer.status_code == 404


def test_lists_are_filtered_by_town_state_and_month(
    city: Desk, scene: Scene, clock: FixedClock
) -> None:
    scene.statement(clock)
    far = make_institution(scene.sessions, "璜土测试机构")
    scene.statement(clock, contract=make_contract(scene.sessions, far, town_code="320281107"))

    assert "本页合计" in city.page("/statements?month=2026-11")
    assert "璜土测试机构" in city.page("/statements?month=2026-11&town=320281107")
    assert "璜土测试机构" not in city.page("/statements?month=2026-11&town=320281001")
    assert "没有结算单" in city.page("/statements?month=2026-11&state=paid")
    assert "没有结算单" in city.page("/statements?month=2026-09")
    assert city.page("/statements?month=9999-12") == city.page("/statements")  # the usual month
    assert "璜土测试机构" in city.page("/statements?month=all")
    assert "计算2026年11月" not in city.page("/statements?month=2026-11")


# Evidence


def test_every_figure_opens_its_evidence(clerk: Desk, scene: Scene, clock: FixedClock) -> None:
    booking = scene.attended(name="王小一", way=CheckInWay.TYPED)
    statement = scene.statement(clock)
    page = clerk.page(f"/statements/{statement}")
    assert f"/statements/{statement}/lines?centre={scene.centre}" in page

    page = clerk.page(f"/statements/{statement}/lines?kind=session")
    assert "王*一" in page
    assert "王小一" not in page
    line = line_of(scene.sessions, booking)
    assert f"/statements/{statement}/lines/{line}" in page
    page = clerk.page(f"/statements/{statement}/lines/{line}")
    for word in (
        "输入短码",
        "11月23日 10:00",
        "大教室",
        "可容 20 人",
        "育婴员",
        "第 1 次",
        "已到场",
    ):
        assert word in page, word
    assert "王小一" not in page
    assert {entry.detail["statement"] for entry in audited(scene.sessions, "child.read")} == {
        statement
    }
    assert audited(scene.sessions, "child.listed")


def test_a_name_is_shown_once_and_that_is_logged(
    clerk: Desk, scene: Scene, clock: FixedClock
) -> None:
    line = line_of_new(scene, clock, scene.attended(name="王小一"))

    answer = clerk.post(f"{line}/name")

    assert "王小一" in answer.get_data(as_text=True)
    assert len(audited(scene.sessions, "child.name_revealed")) == 1
    assert "王小一" not in clerk.page(line)


def test_names_of_another_centre_stay_masked_for_a_clerk(
    clerk: Desk, scene: Scene, clock: FixedClock
) -> None:
    elsewhere = scene.slot(centre_id=scene.another_centre(), room=None)
    line = line_of_new(scene, clock, scene.attended(slot=elsewhere, name="王小一"))

    assert "显示姓名" not in clerk.page(line)
    assert clerk.post(f"{line}/name").status_code == 404
    assert audited(scene.sessions, "child.name_revealed") == []


def test_a_family_that_left_has_no_name_and_stays_in_the_accounts(
    clerk: Desk, scene: Scene, clock: FixedClock
) -> None:
    child = make_child(scene.sessions)
    line = line_of_new(scene, clock, scene.attended(child=child))
    with scene.sessions.begin() as session:
        session.get_one(Child, child).name_sealed = ""

    assert "已删除" in clerk.page(line)
    statement = the_statement(scene.sessions)
    assert "已删除" in clerk.page(f"/statements/{statement}/lines")
    assert clerk.get(f"/statements/{statement}.xlsx").status_code == 200


def line_of_new(scene: Scene, clock: FixedClock, booking: int) -> str:
    statement = scene.statement(clock)
    return f"/statements/{statement}/lines/{line_of(scene.sessions, booking)}"


def test_lines_come_in_pages_and_by_reason(clerk: Desk, scene: Scene, clock: FixedClock) -> None:
    slot = scene.slot(capacity=60)
    for number in range(52):
        scene.attended(slot=slot, confirmed=number > 0)
    statement = scene.statement(clock)

    page = clerk.page(f"/statements/{statement}/lines?kind=session")
    after = re.search(r"after=([\w=%-]+)", page)
    assert after is not None
    page = clerk.page(f"/statements/{statement}/lines?kind=session&after={after.group(1)}")
    assert page.count("/lines/") == 1
    page = clerk.page(f"/statements/{statement}/lines?reason=no_guardian_confirmation")
    assert page.count("/lines/") == 1
    assert "没有这样的到场记录" in clerk.page(f"/statements/{statement}/lines?reason=over_age")
    assert clerk.get(f"/statements/{statement}/lines?after=x").status_code == 303


# What needs a look


def test_signs_are_listed_with_numbers_and_links(
    town: Desk, clerk: Desk, scene: Scene, clock: FixedClock
) -> None:
    with scene.sessions.begin() as session:
        session.get_one(Room, scene.room).capacity = 4
    parent = make_parent(scene.sessions)
    with scene.sessions.begin() as session:
        session.get_one(Parent, parent).phone_fingerprint = b"1"
    slot = scene.slot()
    bookings = [
        scene.attended(
            slot=slot, way=CheckInWay.LIST, child=make_child(scene.sessions, parent_id=parent)
        )
        for _ in range(5)
    ]
    statement = scene.statement(clock)

    page = town.page(f"/statements/{statement}/signs")

    assert "需要核对的情况" in page
    assert "5 个孩子，到场 5 次" in page
    assert "5 个签到在 0 秒内" in page
    assert "大教室可容 4 人，到场 5 人" in page
    assert "作弊" not in page
    assert "造假" not in page
    link = f"/statements/{statement}/bookings/{bookings[0]}"
    assert link in page
    assert "/lines/" in town.get(link).headers["Location"]
    assert town.get(f"/statements/{statement}/bookings/987654").status_code == 404
    assert clerk.get(f"/statements/{statement}/signs").status_code == 403


# Files


def test_the_workbook_sums_and_runs_no_formula(
    clerk: Desk, scene: Scene, clock: FixedClock
) -> None:
    scene.attended(name="王小一", slot=scene.slot(title="=1+1"))
    scene.attended(starts_at=at(11, 6), confirmed=False)
    statement = scene.statement(clock)

    content = clerk.get(f"/statements/{statement}.xlsx").get_data()

    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["汇总", "明细", "扣减", "更正"]
    head, paid = list(book["明细"].iter_rows())
    row = {str(name.value): cell for name, cell in zip(head, paid, strict=True)}
    assert (row["金额（元）"].value, row["金额（元）"].data_type) == (80, "n")
    assert row["开始"].value == at(11, 5).replace(tzinfo=None)
    assert (row["活动"].value, row["活动"].data_type) == ("=1+1", "s")
    assert row["孩子"].value == "王*一"
    (_, deducted) = list(book["扣减"].iter_rows(values_only=True))
    assert "家长未确认" in deducted
    assert ("应付（元）", 80, None, None) in list(book["汇总"].iter_rows(values_only=True))
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert all("王小一".encode() not in parts.read(name) for name in parts.namelist())
    (taken,) = audited(scene.sessions, "statement.exported")
    assert taken.detail == {"format": "xlsx", "lines": 2}


def test_the_paper_is_a_pdf_and_says_the_same_twice(
    clerk: Desk, scene: Scene, clock: FixedClock
) -> None:
    scene.attended()
    scene.attended(starts_at=at(11, 6), confirmed=False)
    statement = scene.accepted(clock)

    first = clerk.get(f"/statements/{statement}.pdf")
    clock.advance(timedelta(minutes=5))
    second = clerk.get(f"/statements/{statement}.pdf")

    assert first.mimetype == "application/pdf"
    assert first.get_data().startswith(b"%PDF")
    assert first.get_data() == second.get_data()


def test_actor_of_the_fixtures_is_nobody_here(scene: Scene) -> None:
    """So that no account of a test can be the one that submitted."""
    assert int(CLERK.removeprefix("staff:")) > 9000


def test_the_evidence_tells_a_signature_from_a_tap_on_the_phone(
    clerk: Desk, scene: Scene, clock: FixedClock
) -> None:
    slot = scene.slot(at(11, 5))
    on_phone = scene.attended(slot=slot)
    on_paper = scene.attended(slot=slot, confirmed=False)
    scene.signed(on_paper, date(2026, 11, 5))
    statement = scene.statement(clock)

    page = clerk.page(f"/statements/{statement}/lines/{line_of(scene.sessions, on_paper)}")
    assert "纸质签字" in page
    assert "签到表 1-20261105，2026年11月5日签字" in page
    page = clerk.page(f"/statements/{statement}/lines/{line_of(scene.sessions, on_phone)}")
    assert "手机确认" in page
    assert "纸质签字" not in page
    assert "纸质签字" in clerk.page(f"/statements/{statement}/lines")
