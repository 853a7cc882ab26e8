"""A family writes down what was measured and sees it among the lines."""

import re

from playwright.sync_api import expect

from tests.browser.families import Parent, add_phone
from tests.browser.house import House
from tests.browser.pages import App, page_url, starting, tab_to

NEWEST, BIRTH = "2026年11月23日", "2026年3月15日"


def test_from_the_handbook_to_a_curve_and_back_again(app_window: App, house: House) -> None:
    app = app_window
    parent = Parent.of_phone(house.base, add_phone(house.base, "量身长的妈妈"))
    child = parent.register("令狐小满")["id"]
    app.open(page_url("handbook"), phone=parent.phone)
    app.follow("生长曲线")
    expect(app.text("还没有测量记录")).to_be_visible()

    app.press("记一次测量")
    app.settled()
    fill(app, "体重，公斤", "83")
    expect(app.shown.get_by_role("radio", name="躺着量")).to_have_attribute("aria-checked", "true")
    app.press("保存")
    question = app.dialog("请再核对一下")
    expect(question).to_contain_text("体重83公斤，这个月龄很少见")
    question.get_by_role("button", name="回去改").tap()
    fill(app, "体重，公斤", "8.325")
    app.press("保存")
    expect(app.text("请看一下：体重用公斤，最多两位小数")).to_be_visible()
    fill(app, "体重，公斤", "8.3")
    fill(app, "身长（身高），厘米", "70.5")
    app.press("保存")

    expect(app.shown.get_by_role("status")).to_contain_text("已记下11月23日的测量")
    row = app.shown.get_by_role("table").get_by_role("row").nth(1)
    expect(row).to_contain_text("8.30")
    expect(row).to_contain_text(re.compile(r"[+−]\d\.\d\dP\d"))
    parent.call("PUT", f"/children/{child}/growth/2026-03-15", {"weight_g": 3250})
    look_around(app, parent.phone)
    remove_and_undo(app)


def fill(app: App, label: str, text: str) -> None:
    app.shown.get_by_role("textbox", name=label).fill(text)


def look_around(app: App, phone: int) -> None:
    """By finger and by keyboard: a point, the buttons, two fingers, the other standard."""
    app.open(page_url("growth"), phone=phone)
    region = app.shown.get_by_role("region", name="这一次")
    expect(region).to_contain_text(NEWEST)
    expect(region).to_contain_text("体重：253天里长了5.05公斤")
    canvas = app.shown.locator("canvas")
    box = canvas.bounding_box()
    assert box is not None
    app.page.touchscreen.tap(box["x"] + 38, box["y"] + box["height"] - 52)  # the weight at birth
    expect(region).to_contain_text(BIRTH)
    ink = canvas.evaluate(
        "(c) => new Set(new Uint32Array("
        "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size"
    )
    assert ink > 20, "lines, bands and names have many colours"

    everything = app.button("看全部")
    app.press("看全部")
    expect(everything).to_have_attribute("aria-disabled", "true")
    tab_to(app.page, "放大")
    app.page.keyboard.press("Enter")
    expect(everything).not_to_have_attribute("aria-disabled", "true")
    app.press("看全部")
    pinch(app, box["x"] + 180, box["y"] + 150)
    expect(everything).not_to_have_attribute("aria-disabled", "true")
    app.shown.get_by_role("radio", name="世卫标准").tap()
    expect(app.text("标准：世界卫生组织儿童生长标准（2006）")).to_be_visible()
    app.shown.get_by_role("radio", name="身长别体重").tap()
    expect(app.heading("身长别体重的记录")).to_be_visible()
    app.shown.get_by_role("radio", name="体重", exact=True).tap()


def pinch(app: App, x: float, y: float) -> None:
    """Two fingers that part; Playwright has no words for that."""
    session = app.page.context.new_cdp_session(app.page)
    for kind, apart in (("touchStart", 20), ("touchMove", 60), ("touchMove", 100)):
        fingers = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def remove_and_undo(app: App) -> None:
    app.press("修改11月23日的测量")
    app.settled()
    expect(app.shown.get_by_role("textbox", name="身长（身高），厘米")).to_have_value("70.5")
    app.press("删除这次测量")
    told = app.shown.get_by_role("status").filter(has_text="已删除11月23日的测量")
    expect(told).to_be_visible()
    rows = app.shown.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(2)
    app.press(starting("撤销："))
    expect(rows).to_have_count(3)
    expect(told).to_have_count(0)
