"""Without a network what was read stays readable, and nothing looks broken."""

import re

from playwright.sync_api import expect

from tests.browser.families import CLASS, Parent, add_phone
from tests.browser.house import House
from tests.browser.pages import App, page_url, starting

SLOT = re.compile(rf"^预约：.*{CLASS}")
BANNER = "当前离线，看到的是上次保存的内容"
# As a booking does, for it may have used a session: the first page stands without it.
FORGET_QUOTA = """() => {
  const quotas = Object.keys(localStorage).filter((name) => name.includes('kept:quota:'));
  if (!quotas.length) throw new Error('nothing was kept of the quota');
  for (const name of quotas) localStorage.removeItem(name);
}"""


def cut(app: App) -> None:
    """Take the network away; a request on its way may still complain about that."""
    app.watch.expect("net::ERR_INTERNET_DISCONNECTED")
    app.page.context.set_offline(True)


def test_a_guide_read_once_is_readable_without_a_network(app_window: App, house: House) -> None:
    app = app_window
    parent = Parent.of_phone(house.base, add_phone(house.base, "地铁里的妈妈"))
    child = parent.register("南宫小宝")
    age = parent.call("GET", f"/guides?age_days={child['age_days']}")["items"]
    read, unread = age[0]["title"], age[1]["title"]
    app.open(page_url("home"), phone=parent.phone)
    app.follow(starting(f"{read}，"))
    expect(app.heading(read)).to_be_visible()
    app.back()

    cut(app)
    app.follow(starting(f"{read}，"))

    expect(app.heading(read)).to_be_visible()
    expect(app.shown.locator("wx-rich-text").first).not_to_be_empty()
    expect(app.text(BANNER)).to_be_visible()
    app.back()
    app.follow(starting(f"{unread}，"))
    expect(app.text("没有连上网络")).to_be_visible()
    app.press("重新加载")
    expect(app.text("没有连上网络")).to_be_visible()

    app.page.context.set_offline(False)  # nobody has to press anything then
    expect(app.heading(unread)).to_be_visible()
    expect(app.text(BANNER)).to_have_count(0)


def test_a_server_that_does_not_answer_can_be_asked_again(app_window: App, house: House) -> None:
    app = app_window
    phone = add_phone(house.base, "再试一次的妈妈")
    app.watch.expect("net::ERR_FAILED")
    app.page.route(re.compile(r"/api/v1/guides\b"), lambda route: route.abort())
    app.open(page_url("guides"), phone=phone)
    expect(app.button("重新加载")).to_be_visible()

    app.page.unroute_all()
    app.press("重新加载")

    expect(app.link(re.compile("，待审$"))).not_to_have_count(0)


def test_home_and_handbook_show_what_was_kept(app_window: App, house: House) -> None:
    app = app_window
    parent = Parent.of_phone(house.base, add_phone(house.base, "山里的妈妈"))
    parent.register("呼延小满")
    app.open(page_url("home"), phone=parent.phone)
    app.tab("手册")
    expect(app.heading("呼延小满的手册")).to_be_visible()

    app.page.evaluate(FORGET_QUOTA)
    cut(app)
    app.tab("首页")
    expect(app.heading("呼延小满")).to_be_visible()
    expect(app.text(BANNER)).to_be_visible()
    app.tab("手册")
    expect(app.heading("呼延小满的手册")).to_be_visible()
    expect(app.text(BANNER)).to_be_visible()
    app.tab("预约")
    expect(app.text("没有连上网络").first).to_be_visible()


def test_a_booking_made_without_a_network_says_so_and_can_be_sent_again(
    app_window: App, house: House
) -> None:
    app = app_window
    parent = Parent.of_phone(house.base, add_phone(house.base, "断网的妈妈"))
    parent.register("尉迟朵朵")
    app.open(page_url("home"), phone=parent.phone)  # which keeps that there is no booking
    app.tab("预约")
    app.press(SLOT)
    question = app.dialog("确认预约")
    expect(question).to_contain_text("第 1 次")

    cut(app)
    question.get_by_role("button", name="确认预约").tap()
    expect(question.get_by_role("alert")).to_be_visible()
    app.page.context.set_offline(False)
    question.get_by_role("button", name="确认预约").tap()

    expect(app.dialog("已提交")).to_be_visible()
    assert len(parent.call("GET", "/bookings")["items"]) == 1
    cut(app)
    app.dialog("已提交").get_by_role("button", name="看我的预约").tap()
    expect(app.text("没有连上网络").first).to_be_visible()
    expect(app.text("还没有预约")).to_have_count(0)
