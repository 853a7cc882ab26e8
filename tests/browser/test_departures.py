"""A child died, a mistaken tap: said in the app, quiet everywhere, taken back."""

from playwright.sync_api import expect

from tests.browser.families import EIGHT_MONTHS, Parent, add_phone
from tests.browser.house import House
from tests.browser.pages import App, page_url, starting


def test_what_is_said_by_mistake_is_taken_back_and_till_then_the_pages_are_quiet(
    app_window: App, house: House
) -> None:
    parent = Parent.of_phone(house.base, add_phone(house.base, "点错的妈妈"))
    child = parent.register("慕容小满")["id"]
    path = f"/children/{child}/handbook/vaccine:hepb-1"
    parent.call("PUT", path, {"done_on": EIGHT_MONTHS})
    app_window.open(page_url("me"), phone=parent.phone)
    app_window.press(starting("慕容小满"))
    app_window.dialog("慕容小满").get_by_role("button", name="孩子的情况有变化").tap()
    changing = app_window.dialog("孩子的情况有变化")
    changing.get_by_role("button", name="孩子离世了").tap()
    app_window.dialog("请节哀").get_by_role("button", name="返回").tap()
    changing.get_by_role("button", name="孩子离世了").tap()
    app_window.dialog("请节哀").get_by_role("button", name="确认").tap()
    expect(changing).to_be_hidden()

    app_window.open(page_url("home"), phone=parent.phone)
    expect(app_window.heading("慕容小满")).to_be_visible()
    expect(app_window.heading("要做的事")).to_be_hidden()
    app_window.open(page_url("handbook"), phone=parent.phone)
    look_at_the_quiet_book(app_window)

    app_window.open(page_url("me"), phone=parent.phone)
    app_window.press(starting("慕容小满"))
    app_window.dialog("慕容小满").get_by_role("button", name="孩子的情况有变化").tap()
    changing.get_by_role("button", name="撤销这项登记").tap()
    expect(changing).to_be_hidden()
    app_window.open(page_url("home"), phone=parent.phone)
    expect(app_window.heading("要做的事")).to_be_visible()


def look_at_the_quiet_book(app: App) -> None:
    """What was kept, without an age, a number, or anything that is to be done."""
    expect(app.text("不再提醒和预约，手册保留着，随时可以看。")).to_be_visible()
    expect(app.heading("记下的")).to_be_visible()
    expect(app.shown.locator(".pill")).to_have_count(0)
    for asking in ("接种本", "发育筛查", "家庭安全自查"):
        expect(app.link(asking)).to_have_count(0)
    app.follow("接种：乙肝疫苗第1剂，3月15日 已完成")
    expect(app.button("撤销完成")).to_be_visible()
    expect(app.heading("漏打了")).to_have_count(0)
    app.back()
    app.follow("生长曲线")
    expect(app.text("没有记过测量。")).to_be_visible()
    expect(app.text(starting("8月龄"))).to_have_count(0)
    expect(app.button("记一次测量")).to_have_count(0)
    app.back()
    app.follow("成长日记")
    expect(app.link("家庭安全自查")).to_have_count(0)
    app.back()
