"""The preview without a finger: reached, pressed, and the place kept."""

import pytest
from playwright.sync_api import expect

from tests.miniprogram.conftest import Phone

pytestmark = pytest.mark.browser


def test_a_whole_visit_needs_nothing_but_a_keyboard(phone: Phone) -> None:
    page = phone.open()
    card = page.get_by_role("button", name="新生儿护理")
    card.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(card).to_have_css("outline-style", "solid")

    page.keyboard.press("Enter")
    expect(card).to_contain_text("新生儿护理 1")
    page.get_by_role("link", name="去详情").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_title("详情 7")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="返回上一页")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("link", name="去详情")).to_be_focused()
    page.get_by_role("tab", name="调用").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="填写")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="modal", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")

    expect(page.locator("#outcome")).to_contain_text('"cancel":true')
    expect(page.get_by_role("button", name="modal", exact=True)).to_be_focused()
    page.get_by_role("button", name="jump", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="拿走")).to_be_focused()
    page.keyboard.press("Enter")  # the button goes, another comes in its place
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="放回")).to_be_focused()
