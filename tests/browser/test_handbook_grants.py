"""A doctor asks, the town approves, the book opens; the mother sees it and takes it back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import SCREEN
from tests.browser.families import EIGHT_MONTHS, Parent, add_phone
from tests.browser.house import House
from tests.browser.looks import faint_words, overflowing
from tests.browser.pages import App, Desk, page_url
from tests.browser.watch import Watch


@pytest.fixture
def enter(
    windows: Callable[..., tuple[BrowserContext, Watch]], house: House
) -> Callable[[str], Desk]:
    def sign_in(login: str) -> Desk:
        desk = Desk(windows(viewport=SCREEN)[0].new_page(), house.base)
        desk.sign_in(login, house.logins[login])
        return desk

    return sign_in


def test_from_the_request_to_the_mother_who_takes_it_back(
    enter: Callable[[str], Desk], app_window: App, house: House
) -> None:
    app = app_window
    parent = Parent.of_phone(house.base, add_phone(house.base, "儿保随访的妈妈"))
    child = parent.register("苏小麦")["id"]
    parent.call("PUT", f"/children/{child}/growth/{EIGHT_MONTHS}", {"weight_g": 3250})
    doctor, town = enter("erbao"), enter("jiezhen")

    doctor.page.get_by_label("孩子的全名").fill("苏小麦")
    doctor.page.get_by_label("出生日期").fill(EIGHT_MONTHS)
    doctor.page.get_by_label("用途").select_option("转诊会诊")
    doctor.page.get_by_role("button", name="提交申请").click()
    expect(doctor.notice).to_contain_text("等负责人审批")
    town.go("手册授权")
    town.page.get_by_label("批准：演示儿保医生 苏*麦", exact=True).click()
    town.page.get_by_role("button", name="批准 4 小时").locator("visible=true").click()
    expect(town.notice).to_contain_text("已批准")

    doctor.go("手册")
    doctor.page.get_by_role("link", name="看手册：苏*麦").click()
    doctor.page.get_by_role("link", name="生长").click()
    expect(doctor.page.get_by_role("img", name="体重：1 次测量")).to_be_visible()
    assert (overflowing(doctor.page), faint_words(doctor.page)) == ([], [])

    app.open(page_url("take-along", child=child), phone=parent.phone)
    looked = app.shown.get_by_role("list", name="儿保人员")
    expect(looked).to_contain_text("转诊会诊 · 可以看")
    expect(looked).to_contain_text(re.compile(r"看过：今天 10:\d\d 接种、生长"))
    assert (overflowing(app.page), faint_words(app.page)) == ([], [])
    app.press("收回 演示·澄江街道社区卫生服务中心")
    expect(looked).to_contain_text("家长收回")
    doctor.page.reload()
    expect(doctor.notice).to_contain_text("授权已经到时或结束")
