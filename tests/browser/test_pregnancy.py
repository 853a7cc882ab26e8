"""The pregnancy handbook in the hands of a parent: consent, due date, weight, a quiet end."""

from playwright.sync_api import expect

from tests.browser.families import add_phone
from tests.browser.house import House
from tests.browser.looks import faint_words, overflowing
from tests.browser.pages import App, page_url, starting

MANY_WEEKS_AGO = "2026-05-11"  # 28 weeks before the clock's 2026-11-23


def test_from_the_due_date_to_a_quiet_end_that_can_be_taken_back(
    app_window: App, house: House
) -> None:
    app = app_window
    phone = add_phone(house.base, "怀孕的妈妈")  # without a child, and nothing agreed to yet
    app.open(page_url("pregnancy"), phone=phone)
    app.press("先读说明")
    app.agree()
    app.press("填预产期，开始用")
    app.choose_date("末次月经第一天", MANY_WEEKS_AGO)
    app.press("保存")

    expect(app.heading("孕28周")).to_be_visible()
    expect(app.text("预产期 2027年2月15日 · 还有84天")).to_be_visible()
    app.press("有危险信号，现在怎么办")
    expect(app.dialog("有一样，就别等").get_by_text("胎动减少或停止")).to_be_visible()
    app.dialog("有一样，就别等").get_by_role("button", name="关闭").tap()
    weigh_and_count(app)

    app.open(page_url("home"), phone=phone)
    app.follow(starting("孕期手册，孕28周"))

    app.press("孕期已结束，停止所有孕期提醒")
    expect(app.heading("孕期提醒已全部停止")).to_be_visible()
    expect(app.button("打电话 12356")).to_be_visible()
    assert (overflowing(app.page), faint_words(app.page)) == ([], [])
    app.press("恢复孕期手册")
    expect(app.heading("孕28周")).to_be_visible()
    assert (overflowing(app.page), faint_words(app.page)) == ([], [])


def weigh_and_count(app: App) -> None:
    app.follow(starting("体重和胎动"))
    app.shown.get_by_label("体重，公斤").locator("input").fill("61.5")
    app.press("记下体重")
    expect(app.shown.get_by_role("list", name="体重记录")).to_contain_text("61.5 公斤")
    app.press("开始数胎动")
    for _ in range(3):
        app.press("动了一次")
    app.press("撤销一次")
    expect(app.shown.get_by_role("status").filter(has_text="2 次")).to_be_visible()
    app.press("数完了，记下")
    expect(app.shown.get_by_role("list", name="胎动记录")).to_contain_text("2 次")
    assert overflowing(app.page) == []
    app.back()
