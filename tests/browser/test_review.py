"""The reviewers' desk: two texts are signed and taken back, one is sent back, all by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, SCREEN, Windows
from tests.browser.house import House
from tests.browser.looks import faint_words
from tests.browser.pages import Desk

PAGES = (
    "content",
    "content?state=due",
    "content/du-dong-kusheng",
    "content/man-liuyue-tian-fushi",
    "content/man-liuyue-tian-fushi/versions",
    "content/jigan-ni",
)


@pytest.fixture
def reviewer(desk: Desk, house: House) -> Desk:
    desk.sign_in("shending", house.logins["shending"])
    return desk


def test_two_texts_are_signed_at_once_and_taken_back(reviewer: Desk) -> None:
    page = reviewer.page
    expect(page.get_by_role("heading", level=1)).to_have_text("内容")
    send = page.get_by_role("button", name="勾选的审定通过")

    reviewer.open("content?series=recipes")
    expect(send).to_have_count(0)
    page.get_by_label("选中 鸡肝泥").check()
    page.get_by_label("选中 苹果泥").check()
    expect(send).to_have_text("勾选的审定通过（2）")
    send.click()

    expect(reviewer.notice).to_contain_text("2 篇审定通过")
    assert page.url.endswith("content?series=recipes")
    reviewer.notice.get_by_role("button", name="撤销").click()
    expect(reviewer.notice).to_contain_text("误点撤销")


def test_a_text_is_sent_back_without_a_mouse(reviewer: Desk) -> None:
    page = reviewer.page
    reviewer.open("content/du-dong-kusheng")
    expect(page.get_by_text("没有见到来源，请定").first).to_be_visible()

    page.locator("summary", has_text="退回修改").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("请写明尿量的来源")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(reviewer.notice).to_contain_text("已退回")
    expect(page.get_by_role("heading", level=1)).to_contain_text("退回")
    expect(page.get_by_text("请写明尿量的来源").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [SCREEN, PHONE], ids=["screen", "phone"])
def test_the_pages_fit_their_window_and_every_word_can_be_read(
    windows: Windows, house: House, size: dict[str, int], scheme: str
) -> None:
    desk = Desk(windows(viewport=size, color_scheme=scheme)[0].new_page(), house.base)
    desk.sign_in("shending", house.logins["shending"])
    faint, wide = {}, {}
    for path in PAGES:
        desk.open(path)
        expect(desk.page.get_by_role("heading", level=1)).to_be_visible()
        faint[path] = faint_words(desk.page)
        wide[path] = desk.page.evaluate("document.documentElement.scrollWidth")

    assert {path: found for path, found in faint.items() if found} == {}
    assert {path: found for path, found in wide.items() if found > size["width"]} == {}
