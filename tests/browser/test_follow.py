"""A parent follows the city's 公众号 by the code on the phone, and the city sees it counted."""

from playwright.sync_api import expect

from tests.browser.families import Parent, add_phone, sandbox
from tests.browser.house import House
from tests.browser.looks import faint_words, overflowing
from tests.browser.pages import App, Desk, page_url
from tests.process.waiting import eventually

CITY = "wxsandboxpublic00"
NAME = "市妇幼服务号（演示）"


def test_a_parent_follows_by_a_code_and_takes_it_back(
    app_window: App, desk: Desk, house: House
) -> None:
    app = app_window
    parent = Parent.of_phone(house.base, add_phone(house.base, "关注公众号的妈妈"))
    parent.register("端木青青")
    # the worker asks WeChat what the accounts may do in the first minute
    eventually(lambda: parent.call("GET", "/me/following")["account_name"] == NAME, seconds=60)
    app.open(page_url("me"), phone=parent.phone)
    app.follow("关注公众号接收提醒")
    expect(app.shown.get_by_text(NAME)).to_be_visible()
    app.press("显示公众号二维码")
    expect(app.shown.get_by_label("公众号二维码，长按识别")).to_be_visible()
    expect(app.shown.get_by_role("timer")).to_contain_text("只能用一次")
    assert (overflowing(app.page), faint_words(app.page)) == ([], [])

    newest = sandbox(house.base, "GET", f"tickets?appid={CITY}")["items"]
    ticket = next(one["ticket"] for one in newest if one["scene"].startswith("L."))
    sandbox(house.base, "POST", "scans", phone=parent.phone, ticket=ticket)
    expect(app.shown.get_by_text("已绑定。")).to_be_visible()
    assert (overflowing(app.page), faint_words(app.page)) == ([], [])

    desk.sign_in("shiji", house.logins["shiji"])
    desk.page.goto(f"{house.base}/console/settings/wechat-accounts")
    expect(desk.page.get_by_role("heading", name=NAME)).to_be_visible()
    expect(desk.page.get_by_text("其中已绑定的家长 1 人")).to_be_visible()
    assert (overflowing(desk.page), faint_words(desk.page)) == ([], [])
    desk.page.get_by_role("button", name=f"重新询问微信：{NAME}").click()
    expect(desk.notice).to_contain_text("微信的回答见下表")

    app.press("解除绑定")
    app.page.get_by_role("button", name="解除").last.tap()
    expect(app.shown.get_by_role("button", name="显示公众号二维码")).to_be_visible()
    assert parent.call("GET", "/me/following")["linked"] is False
