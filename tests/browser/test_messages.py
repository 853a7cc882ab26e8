"""A message is in the app whatever WeChat does with it."""

import re

from playwright.sync_api import expect

from tests.browser.families import CLASS, Parent, add_phone, received, sandbox
from tests.browser.house import House
from tests.browser.looks import faint_words, overflowing
from tests.browser.pages import App, Desk, page_url, tab_to

CONFIRMED = re.compile("预约已确认")
IN_APP = "只在这里，没有发到微信"


def confirm(clerk: Desk, about: str) -> None:
    clerk.go("待确认")
    clerk.page.get_by_role("button", name=f"确认：{about}").click()
    expect(clerk.notice).to_contain_text("确认")


def test_who_refuses_the_subscription_reads_the_message_in_the_app(
    app_window: App, clerk: Desk, house: House
) -> None:
    parent = Parent.of_phone(house.base, add_phone(house.base, "不要通知的妈妈"))
    parent.register("司徒乐乐")
    app_window.open(page_url("book"), phone=parent.phone)
    app_window.press(re.compile(rf"^预约：.*{CLASS}"))
    app_window.dialog("确认预约").get_by_role("button", name="确认预约").tap()
    done = app_window.dialog("已提交")
    done.get_by_role("button", name="在微信里收到通知").tap()
    app_window.answer_wechat(accept=False)
    expect(done.get_by_role("status")).to_contain_text("结果会放在“消息”里")

    confirm(clerk, f"司**乐 {CLASS}")

    parent.message("booking_confirmed", "in_app")
    app_window.open(page_url("messages"), phone=parent.phone)
    expect(app_window.link(CONFIRMED)).to_contain_text(IN_APP)
    assert received(house.base, parent.phone) == []

    fold = app_window.shown.get_by_role(
        "button", name=re.compile("^还会收到哪些提醒，微信现在不会发")
    )
    tab_to(app_window.page, re.compile("^还会收到哪些提醒"))
    app_window.page.keyboard.press("Enter")
    row = app_window.shown.get_by_role("listitem").filter(has_text="预约结果通知")
    expect(row.get_by_text("只放在“消息”里")).to_be_visible()
    row.get_by_role("button", name="多收一次：预约结果通知").tap()
    app_window.answer_wechat(accept=True)
    expect(row.get_by_text("微信还能收 1 次")).to_be_visible()
    expect(fold).to_have_count(0)
    assert (overflowing(app_window.page), faint_words(app_window.page)) == ([], [])


def test_a_permission_that_wechat_no_longer_honours_leaves_the_message_in_the_app(
    app_window: App, clerk: Desk, house: House
) -> None:
    """WeChat answers 43101: turned off behind our back."""
    parent = Parent.of_phone(house.base, add_phone(house.base, "关掉通知的妈妈"))
    child = parent.register("诸葛安安")
    parent.book(child["id"])
    parent.subscribe("booking_confirmed")
    template = parent.template_id("booking_confirmed")
    sandbox(house.base, "POST", "balances", phone=parent.phone, template_id=template, balance=0)

    confirm(clerk, f"诸**安 {CLASS}")

    parent.message("booking_confirmed", "in_app")
    calls = sandbox(house.base, "GET", "calls?path=/cgi-bin/message/subscribe/send")["items"]
    assert calls[-1]["errcode"] == 43101
    app_window.open(page_url("messages"), phone=parent.phone)
    expect(app_window.link(CONFIRMED)).to_contain_text(IN_APP)
    assert received(house.base, parent.phone) == []


def test_turning_a_message_off_in_wechat_takes_the_permission_back(
    app_window: App, house: House
) -> None:
    parent = Parent.of_phone(house.base, add_phone(house.base, "改主意的妈妈"))
    parent.register("东方木木")
    parent.subscribe("handbook_reminder")
    app_window.open(page_url("handbook"), phone=parent.phone)
    expect(app_window.text("还能收 1 次")).to_be_visible()

    template = parent.template_id("handbook_reminder")
    sandbox(house.base, "POST", "refusals", phone=parent.phone, template_id=template)
    parent.balance_becomes("handbook_reminder", 0)

    app_window.open(page_url("handbook"), phone=parent.phone)
    expect(app_window.text("现在收不到，点“提醒我”")).to_be_visible()
