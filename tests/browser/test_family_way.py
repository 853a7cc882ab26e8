"""One family's way through the mother-and-child handbook, from a due date to a book on paper."""

import io
import re

import pypdf
from playwright.sync_api import expect

from tests.browser.families import Parent, add_phone
from tests.browser.house import House
from tests.browser.pages import App, page_url, starting

NAME = "独孤小满"
BORN = "2026-11-20"  # the house's clock says 2026-11-23
FIRST_DOSE, SECOND_DOSE = "乙肝疫苗第1剂", "乙肝疫苗第2剂"


def test_from_a_due_date_to_a_printed_book(app_window: App, house: House) -> None:
    app = app_window
    parent = Parent.of_phone(house.base, add_phone(house.base, "从孕期开始的妈妈"))
    parent.agree("privacy", "children", "pregnancy")
    app.open(page_url("pregnancy"), phone=parent.phone)

    expect_a_child(app)
    record_the_birth(app)
    record_a_dose(app)
    measure(app)
    text = "".join("".join(paper_of(app)).split())

    for said in (NAME, BORN, FIRST_DOSE, "3.35公斤", "50.5厘米"):
        assert said in text


def expect_a_child(app: App) -> None:
    """The page of one week, reached from the page of the due date."""
    app.press("填预产期，开始用")
    app.settled()
    app.shown.get_by_role("radio", name="医生核定").tap()
    app.choose_date("预产期", "2026-11-25")
    app.press("保存")
    expect(app.heading("孕39周+5天")).to_be_visible()
    expect(app.heading("下一次产检")).to_be_visible()
    app.follow(starting("体重和胎动"))
    expect(app.heading("胎动")).to_be_visible()
    app.back()


def record_the_birth(app: App) -> None:
    app.press("宝宝出生了")
    app.settled()
    app.shown.get_by_role("textbox", name="第1个宝宝的姓名").fill(NAME)
    app.shown.get_by_role("radio", name="女孩").tap()
    app.choose_date("第1个宝宝的出生日期", BORN)
    app.choose("居住的镇街", "澄江街道")
    app.press("登记")
    expect(app.heading(f"{NAME}的手册")).to_be_visible()


def record_a_dose(app: App) -> None:
    """What is written down is no more asked for, and the step after it is offered."""
    app.follow(starting(f"接种：{FIRST_DOSE}，"))
    app.choose_date("接种日期", BORN)
    app.press("记录打过了")
    expect(app.text("2026年11月20日 已完成")).to_be_visible()
    expect(app.heading("下一步")).to_be_visible()
    expect(app.link(starting(f"接种：{SECOND_DOSE}，12月20日 起"))).to_be_visible()
    app.back()
    expect(app.link(starting(f"接种：{FIRST_DOSE}，"))).to_have_count(0)
    app.tab("首页")
    expect(app.heading("要做的事")).to_be_visible()
    expect(app.link(starting(f"接种：{FIRST_DOSE}，"))).to_have_count(0)
    app.tab("手册")


def measure(app: App) -> None:
    """The first measurement, and the curve with its point in the child's colour."""
    app.follow(starting("生长曲线"))
    app.press("记一次测量")
    app.settled()
    app.shown.get_by_role("textbox", name="体重，公斤").fill("3.35")
    app.shown.get_by_role("textbox", name="身长（身高），厘米").fill("50.5")
    app.press("保存")
    row = app.shown.get_by_role("table", name="年龄别体重的记录").get_by_role("row").nth(1)
    expect(row).to_contain_text(re.compile(r"11月23日.*3\.35[+−]\d\.\d\dP\d"))
    drawn = app.shown.locator("canvas").evaluate(
        "(c) => { const ink = new Uint32Array("
        "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer);"
        " return [ink.includes(0xff2a49a8), ink.includes(0xff3f6645)] }"
    )
    assert drawn == [True, True], "a point of the child and the median line"
    app.back()


def paper_of(app: App) -> list[str]:
    """The pages of the PDF that the phone has opened, as text."""
    app.tab("我的")
    app.press(starting(NAME))
    app.dialog(NAME).get_by_role("button", name="带走手册").tap()
    app.press("打开 PDF")
    link = app.page.get_by_role("link", name="打开 PDF 文件")
    expect(link).to_be_visible()
    data = link.evaluate(
        "async (a) => [...new Uint8Array(await (await fetch(a.href)).arrayBuffer())]"
    )
    app.page.get_by_role("button", name="关闭").tap()
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(bytes(data))).pages]
