"""A child died, a mistaken tap: said in the app, quiet everywhere, taken back."""

from playwright.sync_api import expect

from tests.browser.families import Parent, add_phone
from tests.browser.house import House
from tests.browser.pages import App, page_url, starting


def test_what_is_said_by_mistake_is_taken_back_and_till_then_the_pages_are_quiet(
    app_window: App, house: House
) -> None:
    parent = Parent.of_phone(house.base, add_phone(house.base, "点错的妈妈"))
    parent.register("慕容小满")
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
    expect(app_window.text("不再提醒和预约，手册保留着，随时可以看。")).to_be_visible()

    app_window.open(page_url("me"), phone=parent.phone)
    app_window.press(starting("慕容小满"))
    app_window.dialog("慕容小满").get_by_role("button", name="孩子的情况有变化").tap()
    changing.get_by_role("button", name="撤销这项登记").tap()
    expect(changing).to_be_hidden()
    app_window.open(page_url("home"), phone=parent.phone)
    expect(app_window.heading("要做的事")).to_be_visible()
