"""A family answers the four signs, is led to the clinic, and writes down the visit."""

from playwright.sync_api import expect

from tests.browser.families import Parent, add_phone
from tests.browser.house import House
from tests.browser.pages import App, page_url, starting, tab_to

HINT = "本次筛查有需要留意的地方"
SIGNS = (
    "听到声音没应答",
    "分不清熟人和生人",
    "玩具不会从一只手换到另一只手",
    "不会自己坐",
)


def test_a_sign_leads_to_the_clinic_until_the_visit_is_written_down(
    app_window: App, house: House
) -> None:
    parent = Parent.of_phone(house.base, add_phone(house.base, "想问一问的妈妈"))
    child = parent.register("钟离小北")["id"]
    parent.call("PUT", f"/children/{child}/newborn-screening/heart", heart())
    app = app_window

    app.open(page_url("handbook"), phone=parent.phone)
    app.follow("发育筛查")
    app.follow(starting("8月龄，还没有填"))
    answer_by_keyboard(app)
    expect(app.heading("请与儿保门诊联系")).to_be_visible()
    expect(app.text("有一条不等于有病")).to_be_visible()

    app.press("已和门诊谈过")
    expect(app.text("2026年11月23日 已和门诊谈过")).to_be_visible()
    app.press("撤销“已和门诊谈过”")
    expect(app.button("已和门诊谈过")).to_be_visible()
    app.press("删除回答")
    app.press("撤销删除")
    expect(app.heading("请与儿保门诊联系")).to_be_visible()

    app.open(page_url("handbook"), phone=parent.phone)
    expect(app.link(starting(HINT))).to_be_visible()
    write_the_result_down(app, parent)
    app.open(page_url("handbook"), phone=parent.phone)
    expect(app.link("发育筛查")).to_be_visible()
    expect(app.link(starting(HINT))).to_have_count(0)

    app.follow("新生儿筛查")
    expect(app.text("2026年3月17日做的")).to_be_visible()
    app.press("删除：先天性心脏病筛查")
    app.press("撤销删除")
    expect(app.text("2026年3月17日做的")).to_be_visible()


def heart() -> dict[str, str]:
    return {"done_on": "2026-03-17", "result": "passed"}


def answer_by_keyboard(app: App) -> None:
    """The first sign is there, the others are not; an unfinished form says how many are open."""
    tab_to(app.page, f"有：{SIGNS[0]}", "radio")
    app.page.keyboard.press("Enter")
    for sign in SIGNS[1:3]:
        tab_to(app.page, f"没有：{sign}", "radio")
        app.page.keyboard.press("Enter")
    tab_to(app.page, "看结果")
    app.page.keyboard.press("Enter")
    expect(app.shown.get_by_role("alert")).to_have_text("还有 1 条没有选")
    app.shown.get_by_role("radio", name=f"没有：{SIGNS[3]}", exact=True).tap()
    app.press("看结果")


def write_the_result_down(app: App, parent: Parent) -> None:
    app.open(page_url("item", id="checkup:m8"), phone=parent.phone)
    app.press("记下结果")
    app.shown.get_by_role("textbox", name="长了几颗牙").fill("4")
    app.shown.get_by_role("textbox", name="医生的话").fill("多叫名字\n再看看")
    app.press("保存结果")
    expect(app.text("多叫名字 再看看")).to_be_visible()
    expect(app.text("2026年11月23日 已完成")).to_be_visible()
