"""The whole way, as the people go it: a parent asks, a clerk confirms, a phone rings."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.families import CLASS, Parent, add_phone, phone_called
from tests.browser.house import House
from tests.browser.pages import App, Desk, SandboxPage, page_url, starting, tab_to

CLASS_SLOT = re.compile(rf"^预约：.*{CLASS}")


def test_a_parent_books_the_centre_confirms_and_the_phone_rings(
    app_window: App, clerk: Desk, sandbox_page: SandboxPage
) -> None:
    app, name, masked = app_window, "闻人小禾", "闻**禾"
    sandbox_page.open()
    sandbox_page.choose("爸爸手机")
    sandbox_page.choose("妈妈手机")
    app.open()

    register(app, name)
    see_home(app, name)
    read_a_guide(app)
    book_a_class(app)
    confirm_by_keyboard(clerk, f"{masked} {CLASS}")

    message = sandbox_page.messages_of("妈妈手机").get_by_role("article").first
    expect(message).to_contain_text("预约成功通知")
    expect(message).to_contain_text(CLASS)
    expect(message).to_contain_text(masked)
    app.back()
    app.tab("首页")
    app.follow(starting("消息"))
    expect(app.link(re.compile("预约已确认"))).to_contain_text("已发到微信")
    app.follow(re.compile("预约已确认"))
    expect(app.text("已确认")).to_be_visible()
    expect(app.text("2026 年第 1 次")).to_be_visible()
    app.open()
    expect(app.text("今年还有 5 次免费指导")).to_be_visible()
    do_and_undo_an_item(app)
    cancel(app)
    app.open()
    expect(app.text("今年还有 6 次免费指导")).to_be_visible()
    see_cancelled(clerk, masked)


def register(app: App, name: str) -> None:
    app.press("登记孩子")
    app.settled()
    expect(app.heading("登记孩子前，请先读")).to_be_visible()
    expect(app.button("同意并继续")).to_have_attribute("aria-disabled", "true")
    app.agree()
    app.shown.get_by_role("textbox", name="孩子的姓名").fill(name)
    app.choose_date("出生日期", "2026-03-15")
    app.shown.get_by_role("radio", name="女孩").tap()
    app.choose("居住的镇街", "澄江街道")
    app.choose("村或社区", "文定社区")
    app.shown.get_by_role("radio", name="妈妈").tap()
    app.press("登记")


def see_home(app: App, name: str) -> None:
    expect(app.heading(name)).to_be_visible()
    expect(app.text("8月龄又8天")).to_be_visible()
    expect(app.heading("要做的事")).to_be_visible()
    expect(app.link(starting("体检："))).not_to_have_count(0)
    expect(app.text("今年还有 6 次免费指导")).to_be_visible()
    expect(app.heading("正适合现在读")).to_be_visible()


def read_a_guide(app: App) -> None:
    app.follow(re.compile("，待审$"))
    expect(app.text("待审").first).to_be_visible()
    expect(app.text("本文还没有经妇幼保健机构审定")).to_be_visible()
    expect(app.heading("来源")).to_be_visible()
    expect(app.shown.locator("wx-rich-text").first).not_to_be_empty()
    app.press("字号")
    sizes = app.dialog("字号")
    sizes.get_by_role("radio", name="字号特大").tap()
    sizes.get_by_role("button", name="关闭").tap()
    app.back()


def book_a_class(app: App) -> None:
    app.tab("预约")
    expect(app.link(starting("中心：澄江街道亲子活动中心"))).to_be_visible()
    app.press(CLASS_SLOT)
    question = app.dialog("确认预约")
    expect(question).to_contain_text("澄江街道亲子活动中心")
    expect(question).to_contain_text("用掉 2026 年的第 1 次")
    question.get_by_role("button", name="确认预约").tap()
    done = app.dialog("已提交")
    done.get_by_role("button", name="在微信里收到通知").tap()
    app.answer_wechat(accept=True)
    expect(done.get_by_role("status")).to_contain_text("确认后会在微信里告诉你")
    done.get_by_role("button", name="看我的预约").tap()
    expect(app.text("等待中心确认")).to_be_visible()


def confirm_by_keyboard(clerk: Desk, about: str) -> None:
    tab_to(clerk.page, "待确认")
    clerk.page.keyboard.press("Enter")
    expect(clerk.page.get_by_role("heading", name="待确认")).to_be_visible()
    expect(clerk.page.get_by_text("闻人小禾")).to_have_count(0)
    tab_to(clerk.page, f"确认：{about}")
    clerk.page.keyboard.press("Enter")
    expect(clerk.notice).to_contain_text("确认")
    expect(clerk.page.get_by_role("button", name=f"确认：{about}")).to_have_count(0)


def do_and_undo_an_item(app: App) -> None:
    app.tab("手册")
    expect(app.heading("现在要做")).to_be_visible()
    app.follow(starting("体检："))
    expect(app.heading("来源")).to_be_visible()
    app.press("标记为已完成")
    expect(app.text("2026年11月23日 已完成")).to_be_visible()
    app.press("撤销完成")
    expect(app.button("标记为已完成")).to_be_visible()
    app.back()


def cancel(app: App) -> None:
    app.tab("我的")
    app.follow("我的预约")
    app.press(starting("取消预约："))
    question = app.dialog("取消这次预约？")
    expect(question).to_contain_text("这一次会退回")
    question.get_by_role("button", name="确定取消").tap()
    expect(question).to_have_count(0)
    expect(app.text("次数已经退回。")).to_be_visible()
    app.press(starting("详情："))
    expect(app.button("约别的时间")).to_be_visible()
    app.back()


def see_cancelled(clerk: Desk, masked: str) -> None:
    clerk.go("今天")
    line = clerk.page.get_by_role("listitem").filter(has_text=masked)
    expect(line).to_contain_text("家庭已取消")


def test_a_second_guardian_joins_by_a_code_and_sees_the_same_booking(
    new_app: Callable[..., App], house: House
) -> None:
    mother = Parent.of_phone(house.base, add_phone(house.base, "邀请的妈妈"))
    child = mother.register("欧阳一诺")
    mother.book(child["id"])
    inviting, joining = new_app(), new_app()

    inviting.open(page_url("me"), phone=mother.phone)
    inviting.press(starting("欧阳一诺"))
    inviting.dialog("欧阳一诺").get_by_role("button", name="邀请家人一起照看").tap()
    inviting.settled()
    code = inviting.shown.get_by_label(starting("邀请码 ")).get_attribute("aria-label")
    assert code is not None
    joining.open(page_url("me"), phone=phone_called(house.base, "爸爸手机"))
    joining.watch.expect("status of 403")  # the documents have to be read first
    join(joining, code.removeprefix("邀请码 "))

    expect(joining.heading("已加入欧阳一诺的家庭")).to_be_visible()
    joining.press("去首页")
    expect(joining.text("今年还有 5 次免费指导")).to_be_visible()
    joining.open(page_url("bookings"), phone=phone_called(house.base, "爸爸手机"))
    expect(joining.text(CLASS)).to_be_visible()
    expect(joining.text("孩子：欧阳一诺")).to_be_visible()


def join(app: App, code: str) -> None:
    """Type the code; the documents come between, and the code is still there after them."""
    app.press("输入邀请码")
    app.settled()
    field = app.shown.get_by_role("textbox", name="邀请码")
    field.fill(code.lower())
    app.shown.get_by_role("radio", name="爸爸").tap()
    app.press("加入")
    expect(app.heading("登记孩子前，请先读")).to_be_visible()
    app.agree()
    expect(field).to_have_value(code)
    app.shown.get_by_role("radio", name="爸爸").tap()
    app.press("加入")


def test_a_clerk_declines_with_a_reason_and_the_parent_reads_it(
    app_window: App, clerk: Desk, house: House
) -> None:
    parent = Parent.of_phone(house.base, add_phone(house.base, "被婉拒的妈妈"))
    child = parent.register("上官子衿")
    parent.book(child["id"])

    clerk.go("待确认")
    clerk.decline(f"上**衿 {CLASS}", "这一场名额有限，请改约其他时间")
    expect(clerk.notice).to_contain_text("婉拒")

    app_window.open(page_url("bookings"), phone=parent.phone)
    expect(app_window.text("中心未能安排")).to_be_visible()
    expect(app_window.text("中心说明：这一场名额有限，请改约其他时间")).to_be_visible()
    app_window.open(page_url("home"), phone=parent.phone)
    expect(app_window.text("今年还有 6 次免费指导")).to_be_visible()
