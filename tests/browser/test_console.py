"""The console as staff meet it: many at once, undone again, empty, in a small window."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREEN, Windows
from tests.browser.families import CLASS, Parent, add_phone
from tests.browser.house import House
from tests.browser.looks import faint_words
from tests.browser.pages import Desk, starting


def test_two_requests_are_confirmed_at_once_and_one_is_taken_back(
    clerk: Desk, house: House
) -> None:
    for phone, name in (("同一天的妈妈", "皇甫小米"), ("另一位妈妈", "宇文小麦")):
        parent = Parent.of_phone(house.base, add_phone(house.base, phone))
        parent.book(parent.register(name)["id"])
    send = clerk.page.get_by_role("button", name="确认勾选的")

    clerk.go("待确认")
    expect(send).to_have_count(0)
    for masked in ("皇**米", "宇**麦"):
        clerk.page.get_by_label(f"选中 {masked} {CLASS}").check()
    expect(send).to_have_text("确认勾选的（2）")
    send.click()

    expect(clerk.notice).to_contain_text("2 个")
    clerk.go("今天")
    line = clerk.page.get_by_role("listitem").filter(has_text="皇**米")
    expect(line).to_contain_text("已确认")
    line.get_by_role("button", name="撤销").click()
    expect(line).to_contain_text("待确认")


def test_a_decision_about_two_registrations_is_taken_and_taken_back(
    desk: Desk, house: House
) -> None:
    desk.sign_in("shiji", house.logins["shiji"])
    desk.go("家庭")
    same = desk.page.get_by_role("button", name=starting("同一个孩子："))
    expect(same.first).to_be_visible()  # the demonstration has such a pair
    pairs = same.count()  # and other families of this house may have made one

    same.first.click()
    expect(same).to_have_count(pairs - 1)
    decided = desk.page.get_by_role("listitem").filter(has_text="同一个孩子").first
    decided.get_by_role("button", name=starting("撤销：")).click()

    expect(same).to_have_count(pairs)
    expect(decided).to_contain_text("已撤销")


def test_a_refused_form_leads_to_its_field_and_back_to_the_form(
    windows: Windows, house: House
) -> None:
    context, watch = windows(viewport=SCREEN)
    watch.expect("status of 422")
    desk = Desk(context.new_page(), house.base)
    desk.sign_in("shiji", house.logins["shiji"])
    desk.open("settings/rooms/new")
    desk.page.get_by_role("button", name="保存").click()
    expect(desk.page.locator("[aria-invalid]").first).to_be_focused()

    desk.go("微信触达")
    month = desk.page.get_by_label("月份")
    month.press("ArrowDown")
    desk.page.wait_for_url("**month=**")
    expect(month).to_be_focused()
    desk.page.go_back()
    desk.page.go_back()

    expect(desk.page.get_by_role("button", name="保存")).to_be_visible()


def test_a_centre_without_requests_says_so(desk: Desk, house: House) -> None:
    desk.sign_in("shiji", house.logins["shiji"])

    desk.open("requests?centre=2")

    expect(desk.page.get_by_text("没有等待确认的预约")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 768])
def test_the_console_fits_its_window(windows: Windows, house: House, width: int) -> None:
    desk = Desk(windows(viewport={"width": width, "height": 800})[0].new_page(), house.base)
    desk.sign_in("zhongxin", house.logins["zhongxin"])
    wide = {}
    for path in ("", "requests", "slots", "slots/new", "content", "account"):
        desk.open(path)
        expect(desk.page.get_by_role("heading", level=1)).to_be_visible()
        wide[path] = desk.page.evaluate("document.documentElement.scrollWidth")

    assert {path: found for path, found in wide.items() if found > width} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_of_the_desk_can_be_read_by_day_and_by_night(
    windows: Windows, house: House, scheme: str
) -> None:
    page = windows(viewport=SCREEN, color_scheme=scheme)[0].new_page()
    desk = Desk(page, house.base)
    faint = {}
    desk.open()
    faint["sign-in"] = faint_words(page)
    desk.sign_in("zhongxin", house.logins["zhongxin"])
    for path in ("", "requests", "slots", "slots/new", "content", "account"):
        desk.open(path)
        faint[path] = faint_words(page)
    for path in ("/", "/sandbox/"):
        page.goto(house.base + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        faint[path] = faint_words(page)

    assert {path: found for path, found in faint.items() if found} == {}
