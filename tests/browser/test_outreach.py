"""An office writes a menu and publishes a guide; a follower taps, asks and is answered."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.families import add_phone, sandbox
from tests.browser.house import House
from tests.browser.looks import faint_words, overflowing
from tests.browser.pages import Desk
from tests.process.waiting import eventually

CITY = "wxsandboxpublic00"
ADDRESS = f"/console/settings/wechat-accounts/{CITY}"


def test_a_menu_and_a_guide_reach_the_phone(desk: Desk, house: House) -> None:
    phone = add_phone(house.base, "问问题的爸爸")
    page = desk.page
    desk.sign_in("shiji", house.logins["shiji"])

    def menu_allowed() -> bool:  # the worker asks WeChat in the first minute
        page.goto(f"{house.base}{ADDRESS}/menu")
        return page.get_by_text("没有给这个账号自定义菜单的权限").count() == 0

    eventually(menu_allowed, seconds=60)
    page.get_by_label("一级菜单 1", exact=True).fill("发烧怎么办")
    page.get_by_label("一级菜单 1：去哪里").select_option("answer")
    page.get_by_label("一级菜单 1：指南标题或关键词").fill("发烧")
    page.get_by_label("一级菜单 2", exact=True).fill("预约")
    page.get_by_label("一级菜单 2：去哪里").select_option("page:pages/book/book")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", name="草稿，和手机上的不一样")).to_be_visible()
    assert (overflowing(page), faint_words(page)) == ([], [])
    page.get_by_role("button", name="发布到公众号").click()
    expect(desk.notice).to_contain_text("已发布")

    at: dict[str, Any] = {"phone": phone, "appid": CITY}
    sandbox(house.base, "POST", "follow", **at, follow=True)
    sandbox(house.base, "POST", "taps", **at, button=[0])

    def answered() -> bool:
        lines = sandbox(house.base, "GET", f"chat?phone={phone}&appid={CITY}")["lines"]
        return any("/g/fare-zenme-ban" in line.get("text", "") for line in lines)

    eventually(answered, seconds=20)

    page.goto(f"{house.base}{ADDRESS}/publications/new")
    page.get_by_label("第 1 篇").fill("便秘")
    page.get_by_role("button", name="做成草稿").click()
    assert (overflowing(page), faint_words(page)) == ([], [])
    page.get_by_role("button", name="现在发布").click()

    def done() -> bool:
        page.reload()
        return page.get_by_role("link", name="看文章").count() == 1

    eventually(done, seconds=90)
    expect(page.locator(".pill-publication-done")).to_have_text("已完成")
    assert (overflowing(page), faint_words(page)) == ([], [])
