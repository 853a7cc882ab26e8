"""A clerk's whole day at one desk, from opening the months ahead to handing in the month behind.

The web application alone, on a database of the test's own, with a clock that stands still until
the story moves it. Every step is checked twice: in the sentence on the page, and in the rows.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from backend.app import create_app
from backend.bookings.attendance_models import CheckIn
from backend.bookings.models import Booking, BookingState
from backend.bookings.passes import Holder, Passes
from backend.bookings.settlement_models import Statement
from backend.bookings.waiting_models import WaitingEntry
from backend.centres.models import Slot, SlotKind, SlotState
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.db import make_engine, session_factory
from backend.outbox.models import Message
from backend.people import phones
from backend.people.models import Role
from tests.bookings.family import book, make_family
from tests.bookings.settling import Scene, at
from tests.bookings.waiting import line
from tests.browser.conftest import SCREEN
from tests.browser.pages import Desk, starting, tab_to
from tests.conftest import make_settings
from tests.console.conftest import HASH, PASSWORD
from tests.factories import MORNING, default_vault, make_booking, make_slot, make_staff
from tests.fakes import FakeLogin

Sessions = sessionmaker[Session]
S = BookingState
OPENING = MORNING - timedelta(minutes=30)  # 9:30; the first session begins at ten
THAT_DAY = MORNING + timedelta(days=2)  # the session for which so many ask
FAMILIES = 51
COMING = 22
FAMILY_NAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "一二三四五六"
NAMES = [f"{family}小{given}" for given in GIVEN for family in FAMILY_NAMES]
RING = """() => { const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; }"""


@dataclass
class Centre:
    """A centre and its day: who comes at ten, who asks for Wednesday, who waits in line."""

    url: str
    sessions: Sessions
    clock: FixedClock
    id: int
    coming: list[int] = field(default_factory=list)
    asking: dict[str, int] = field(default_factory=dict)  # the child's masked name: the booking
    lined_up: int = 0  # the slot with a line
    caller: int = 0  # the child whose guardian's phone ends in 8642

    def states(self, bookings: list[int]) -> Counter[str]:
        with self.sessions() as session:
            rows = session.scalars(select(Booking.state).where(Booking.id.in_(bookings)))
            return Counter(state.value for state in rows)

    def told(self, template: str) -> int:
        with self.sessions() as session:
            return len(
                session.scalars(select(Message.id).where(Message.template == template)).all()
            )

    def rows(self, kind: type[Any], *where: Any) -> list[Any]:
        with self.sessions() as session:
            return list(session.scalars(select(kind).where(*where).order_by(kind.id)))

    def short_code(self, booking: int) -> str:
        with self.sessions() as session:
            holder = Holder(booking, session.get_one(Booking, booking).child_id)
        passes, now = Passes("s" * 32), self.clock.now()
        return passes.issue(holder, MORNING + timedelta(hours=1), now).short_code


def furnish(url: str, sessions: Sessions, clock: FixedClock) -> Centre:
    """The centre as the clerk finds it in the morning."""
    scene = Scene(sessions)
    centre = Centre(url, sessions, clock, scene.centre)
    make_staff(sessions, centre_id=scene.centre, password_hash=HASH, login="clerk")
    make_staff(
        sessions, role=Role.TOWN, town_code="320281001", password_hash=HASH, login="community"
    )
    scene.attended(starts_at=at(10, 20), name="何小满")
    now = make_slot(sessions, centre_id=centre.id, starts_at=MORNING, capacity=COMING)
    for name in NAMES[:COMING]:
        child = make_family(sessions, name=name).child
        made = make_booking(sessions, child_id=child, slot_id=now, state=S.CONFIRMED)
        centre.coming.append(made)
    asked = make_slot(
        sessions, centre_id=centre.id, starts_at=THAT_DAY, capacity=60, title="辅食怎么开始"
    )
    for name in NAMES[:FAMILIES]:
        family = make_family(sessions, name=name)
        centre.asking[f"{name[0]}*{name[2]}"] = book(sessions, clock, family, asked)
    lined = make_slot(
        sessions,
        centre_id=centre.id,
        starts_at=THAT_DAY + timedelta(days=1),
        capacity=1,
        title="喂养咨询",
        kind=SlotKind.CONSULTATION,
    )
    family = make_family(sessions, name="秦小雨")
    book(sessions, clock, family, lined)
    with sessions.begin() as session:
        phones.keep(session, default_vault(), parent_id=family.parent, phone="13800138642")
    line(sessions, clock, lined, 2)
    centre.lined_up, centre.caller = lined, family.child
    return centre


@pytest.fixture
def centre(make_database: Callable[[], str]) -> Iterator[Centre]:
    url = make_database()
    engine = make_engine(url, pool_size=5)
    sessions, clock = session_factory(engine), FixedClock(OPENING)
    app = create_app(make_settings(url), clock=clock, sessions=sessions, login=FakeLogin())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield furnish(f"http://127.0.0.1:{server.server_port}", sessions, clock)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        engine.dispose()


@pytest.fixture
def page(browser: Browser, centre: Centre) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", viewport=SCREEN)  # type: ignore[arg-type]  # width and height
    context.set_default_timeout(15_000)
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console", lambda said: complaints.append(said.text) if said.type == "error" else None
    )
    context.add_init_script("window.print = () => { window.printed = true };")
    yield context.new_page()
    context.close()
    assert complaints == []


def test_a_clerks_whole_day(page: Page, centre: Centre) -> None:
    desk = Desk(page, centre.url)
    desk.sign_in("clerk", PASSWORD)  # by keyboard

    open_a_weekly_pattern(desk, centre)
    change_it_from_one_day_on_and_cancel_one(desk, centre)
    find_what_matters_among_the_requests(desk, centre)
    decline_one(desk, centre)
    confirm_fifty_in_one_action(desk, centre)
    take_one_back_and_look_at_the_week(desk, centre)
    tell_a_family_when_it_comes(desk, centre)
    see_who_waits_in_line(desk, centre)
    print_the_list_of_the_day(desk)
    check_one_family_in_by_its_code(desk, centre)
    mark_twenty_in_one_action(desk, centre)
    hand_in_last_months_statement(desk, centre)
    sign_out(desk)
    book_for_a_family_without_a_smartphone(desk, centre)


def open_a_weekly_pattern(desk: Desk, centre: Centre) -> None:
    page = desk.page
    desk.go("时段")
    page.get_by_role("link", name="每周重复").click()
    page.get_by_label("名称").fill("绘本时光")
    page.get_by_label("场地").select_option(label="大教室")
    page.get_by_label("名额", exact=True).fill("8")
    page.get_by_label("周二", exact=True).check()
    page.get_by_label("第一天").fill("2026-12-01")
    page.get_by_label("最后一天").fill("2026-12-22")
    page.get_by_role("button", name="先看一遍").click()

    expect(page.get_by_role("heading", name="还没有写入，先看一遍")).to_be_visible()
    assert centre.rows(Slot, Slot.title == "绘本时光") == []
    page.get_by_role("button", name="写入这 4 次").click()

    expect(desk.notice).to_contain_text("已开放 4 次，家长现在可以看到")
    written = centre.rows(Slot, Slot.title == "绘本时光")
    assert [(one.starts_at.day, one.capacity) for one in written] == [
        (1, 8),
        (8, 8),
        (15, 8),
        (22, 8),
    ]


def change_it_from_one_day_on_and_cancel_one(desk: Desk, centre: Centre) -> None:
    page = desk.page
    page.get_by_role("link", name="绘本时光").nth(1).click()  # of 8 December
    page.get_by_label("名额", exact=True).fill("6")
    page.get_by_label("这次及以后").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", name="还没有改，先看影响")).to_be_visible()
    page.get_by_role("button", name="确定，改 3 次").click()
    expect(desk.notice).to_contain_text("已改 3 次")
    slots = centre.rows(Slot, Slot.title == "绘本时光")
    assert [one.capacity for one in slots] == [8, 6, 6, 6]

    page.get_by_role("link", name="绘本时光").click()
    page.get_by_role("link", name="取消这一次").click()
    page.get_by_label("写给家长的原因").fill("场地临时停电")
    page.get_by_role("button", name="取消这 1 次").click()
    expect(desk.notice).to_contain_text("已取消 1 场")
    slots = centre.rows(Slot, Slot.title == "绘本时光")
    assert [one.state for one in slots].count(SlotState.CANCELLED) == 1
    assert slots[1].state is SlotState.CANCELLED


def find_what_matters_among_the_requests(desk: Desk, centre: Centre) -> None:
    """A family calls; then the session of Wednesday. The choice survives reload and back."""
    page = desk.page
    desk.go("待确认")
    expect(page.get_by_role("heading", level=1)).to_have_text(starting("待确认 52 个"))
    look_for = page.get_by_label("查找家庭")
    look_for.fill("13800138642")
    look_for.press("Enter")
    expect(lines(page)).to_have_count(1)
    expect(lines(page)).to_contain_text("秦*雨")
    assert page.url.endswith("/requests?who=8642")
    searched = centre.rows(AuditEntry, AuditEntry.action == "child.searched")
    assert [one.detail for one in searched] == [{"by": "phone_end"}]

    look_for.fill("王小一")
    look_for.press("Enter")
    expect(lines(page)).to_contain_text("王*一")
    assert "%E5%B0%8F" not in page.url  # 小: a full name never stands in an address
    look_for.fill("")
    look_for.press("Enter")
    expect(lines(page)).to_have_count(52)  # the next page is there before it is asked
    page.get_by_label("哪一天").select_option(value="2026-11-25")
    expect(lines(page)).to_have_count(FAMILIES)
    page.reload()
    expect(lines(page)).to_have_count(FAMILIES)
    lines(page).first.get_by_role("link").click()
    page.go_back()
    expect(lines(page)).to_have_count(FAMILIES)
    expect(page.get_by_label("哪一天")).to_have_value("2026-11-25")


def decline_one(desk: Desk, centre: Centre) -> None:
    desk.decline("罗*一 辅食怎么开始", "这一场名额有限，请改约其他时间")
    expect(desk.notice).to_contain_text("已婉拒，家长会看到原因")
    expect(desk.page.get_by_label("哪一天")).to_have_value("2026-11-25")
    (declined,) = centre.rows(Booking, Booking.id == centre.asking["罗*一"])
    assert declined.state is S.DECLINED
    assert declined.reason == "这一场名额有限，请改约其他时间"
    assert declined.quota_number is None
    assert centre.told("booking_declined") == 1


def confirm_fifty_in_one_action(desk: Desk, centre: Centre) -> None:
    """With the keyboard: one Space, one Tab, one Enter."""
    page = desk.page
    fifty = [one for name, one in centre.asking.items() if name != "罗*一"]
    tab_to(page, starting("全选"))
    page.keyboard.press("Space")
    button = page.get_by_role("button", name="确认勾选的")
    expect(button).to_have_text("确认勾选的（50）")
    page.keyboard.press("Tab")  # past 全部显示
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    assert page.evaluate(RING)
    page.keyboard.press("Enter")

    expect(desk.notice).to_contain_text("已确认 50 个")
    expect(desk.notice.get_by_role("button", name="撤销")).to_be_visible()
    expect(page.get_by_text("没有符合条件的预约")).to_be_visible()
    assert centre.states(fifty) == {"confirmed": 50}
    assert centre.told("booking_confirmed") == 50


def take_one_back_and_look_at_the_week(desk: Desk, centre: Centre) -> None:
    page = desk.page
    desk.go("今天")
    expect(page.get_by_role("heading", level=1)).to_contain_text("起 7 天")
    asked = page.get_by_role("article").filter(has_text="辅食怎么开始")
    one = asked.get_by_role("listitem").filter(has_text="王*三")
    expect(one).to_contain_text("已确认")
    one.get_by_role("button", name=starting("撤销")).click()
    expect(desk.notice).to_contain_text("已撤销")
    expect(one).to_contain_text("待确认")
    assert centre.states([centre.asking["王*三"]]) == {"requested": 1}

    desk.go("时段")
    page.get_by_role("link", name="周历").click()
    wall = page.get_by_role("region", name=starting("周历"))
    expect(wall.get_by_role("columnheader", name="周三 11月25日")).to_be_visible()
    expect(wall).to_contain_text("辅食怎么开始")


def tell_a_family_when_it_comes(desk: Desk, centre: Centre) -> None:
    page = desk.page
    desk.go("家庭")
    page.get_by_label("查找家庭").fill("秦小雨")
    page.get_by_label("查找家庭").press("Enter")
    row = page.get_by_role("row").filter(has_text="秦*雨")
    expect(row).to_contain_text("11月26日 周四 10:00")
    expect(page.get_by_role("row")).to_have_count(2)
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("秦*雨")
    read = centre.rows(AuditEntry, AuditEntry.action == "child.read")
    assert read[-1].subject == f"child:{centre.caller}"


def see_who_waits_in_line(desk: Desk, centre: Centre) -> None:
    page = desk.page
    desk.go("候补")
    card = page.get_by_role("article").filter(has_text="喂养咨询")
    expect(card).to_contain_text("2 个家庭在候补")
    expect(card.get_by_role("listitem")).to_have_count(2)
    expect(card.get_by_role("listitem").first).to_contain_text("第 1 位")
    assert len(centre.rows(WaitingEntry, WaitingEntry.slot_id == centre.lined_up)) == 2


def print_the_list_of_the_day(desk: Desk) -> None:
    page = desk.page
    desk.go("今天")
    page.get_by_role("link", name="打印名单").click()
    expect(page.get_by_role("img", name="待勾选")).to_have_count(COMING)
    expect(page.get_by_role("cell", name="王*一")).to_be_visible()
    page.get_by_role("button", name="打印").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 962})  # A4 within its margins
    expect(page.get_by_role("navigation", name="工作台")).to_be_hidden()
    expect(page.get_by_role("columnheader", name="备注")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    page.emulate_media(media="screen")
    page.set_viewport_size(SCREEN)  # type: ignore[arg-type]  # width and height


def check_one_family_in_by_its_code(desk: Desk, centre: Centre) -> None:
    page = desk.page
    centre.clock.set(MORNING - timedelta(minutes=10))
    desk.go("签到")
    page.get_by_label("8 位签到码").fill(centre.short_code(centre.coming[0]))
    page.get_by_label("8 位签到码").press("Enter")
    expect(page.locator("[data-come]")).to_have_text("1")
    with centre.sessions() as session:
        assert session.get_one(CheckIn, centre.coming[0]).way.value == "typed"
    assert centre.states(centre.coming) == {"attended": 1, "confirmed": 21}


def mark_twenty_in_one_action(desk: Desk, centre: Centre) -> None:
    """At five past ten: one did not come, the others did; and then she came after all."""
    page = desk.page
    centre.clock.set(MORNING + timedelta(minutes=5))
    desk.go("今天")
    card = page.get_by_role("article").filter(has_text="一起爬一爬")
    missing = card.get_by_role("listitem").filter(has_text="李*一")
    tab_to(page, starting("未到：李*一"))
    page.keyboard.press("Enter")
    expect(missing).to_contain_text("未到场")
    tab_to(page, "全部到场（20）")
    assert page.evaluate(RING)
    page.keyboard.press("Enter")

    expect(desk.notice).to_contain_text("已记为到场 20 个")
    assert centre.states(centre.coming) == {"attended": 21, "missed": 1}
    missing.get_by_role("button", name=starting("撤销")).click()
    expect(desk.notice).to_contain_text("已撤销")
    assert centre.states(centre.coming) == {"attended": 21, "confirmed": 1}
    missing.get_by_role("button", name=starting("到场")).click()
    expect(missing).to_contain_text("已到场")
    assert centre.states(centre.coming) == {"attended": 22}


def hand_in_last_months_statement(desk: Desk, centre: Centre) -> None:
    page = desk.page
    desk.go("结算")
    page.get_by_role("button", name="计算2026年10月").click()
    expect(desk.notice).to_contain_text("已计算 1 份结算单")
    page.get_by_role("rowheader").get_by_role("link").first.click()
    expect(page.locator(".total")).to_contain_text("80.00")
    (draft,) = centre.rows(Statement)
    assert draft.state.value == "draft"
    page.locator("summary").filter(has_text="提交审核").click()
    page.get_by_role("button", name="提交：80.00 元").click()
    expect(desk.notice).to_contain_text("已提交，等待街镇或市级审核")
    (handed_in,) = centre.rows(Statement)
    assert handed_in.state.value == "submitted"
    expect(page.get_by_text("受理并锁定")).to_have_count(0)  # that is the town's


def sign_out(desk: Desk) -> None:
    desk.page.get_by_role("button", name="退出").click()
    expect(desk.page.get_by_text("已退出")).to_be_visible()
    desk.open("requests")
    expect(desk.page.get_by_label("账号")).to_be_visible()


def book_for_a_family_without_a_smartphone(desk: Desk, centre: Centre) -> None:
    """Grandmother stands in the community office: its worker books, the centre's clerk does not."""
    page = desk.page
    desk.sign_in("community", PASSWORD)
    desk.go("代约")
    page.get_by_text("没有登记过？在这里登记").click()
    form = page.locator("form").filter(has=page.get_by_role("button", name="登记", exact=True))
    form.get_by_label("姓名").fill("丁小满")
    form.get_by_label("性别").select_option(label="女")
    form.get_by_label("出生日期").fill("2026-01-15")
    form.get_by_label("同意书签字人").select_option(value="grandparent")
    form.get_by_role("button", name="登记", exact=True).click()
    expect(desk.notice).to_contain_text("已登记，可以代约")
    page.get_by_role("radio", name="辅食怎么开始").check()
    signed = page.locator("form").filter(has=page.get_by_role("button", name="代约选中的一场"))
    signed.get_by_label("同意书签字人").select_option(value="grandparent")
    page.get_by_role("button", name="代约选中的一场").click()
    expect(page.get_by_role("heading", name="预约单")).to_be_visible()
    (made,) = centre.rows(Booking, Booking.on_behalf_of_by.is_not(None))
    expect(page.get_by_text(str(made.id), exact=True)).to_be_visible()


def lines(page: Page) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("checkbox"))
