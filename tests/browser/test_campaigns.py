"""群发 from the first word to the phone: a town writes, the city approves, a family reads."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import SCREEN, Windows
from tests.browser.families import Parent, add_phone, received
from tests.browser.house import House
from tests.browser.pages import Desk
from tests.process.waiting import eventually

HEADLINE = "这周六可以补种疫苗"
SENTENCE = "预防接种门诊周六上午也开，带上接种证。"


def write(desk: Desk) -> None:
    """A campaign of the town, for today at ten: it is ten."""
    page = desk.page
    desk.go("群发")
    page.get_by_role("link", name="写一条").click()
    page.get_by_label("标题").fill(HEADLINE)
    page.get_by_label("正文").fill(SENTENCE)
    page.get_by_label("点开读哪一篇").select_option(label="接种后怎么看")
    page.get_by_label("到不满几个月").fill("36")
    page.get_by_label("哪一天").fill("2026-11-23")
    page.get_by_label("几点").select_option("10")
    page.get_by_role("button", name="存为草稿，看人数").click()


def submit(page: Page, answer: str = "已提交") -> None:
    page.get_by_role("link", name="回到这一条").click()
    page.get_by_role("button", name="提交审批").click()
    expect(page.locator(".notices")).to_contain_text(answer)


def test_a_campaign_from_the_first_word_to_the_phone(windows: Windows, house: House) -> None:
    parent = Parent.of_phone(house.base, add_phone(house.base, "等通知的妈妈"))
    parent.register("端木小满")
    parent.subscribe("campaign")
    town, city = (
        Desk(windows(viewport=SCREEN)[0].new_page(), house.base) for _ in ("town", "city")
    )
    town.sign_in("jiezhen", house.logins["jiezhen"])

    write(town)
    expect(town.page.get_by_role("heading", level=1)).to_contain_text("位家长")
    expect(town.page.get_by_role("heading", name="前 10 位会收到的样子")).to_be_visible()
    submit(town.page)

    city.sign_in("shiji", house.logins["shiji"])
    city.go("群发")
    city.page.get_by_role("link", name=HEADLINE).click()
    city.page.get_by_role("button", name="批准").click()
    town.page.reload()  # from here on it follows by itself
    expect(city.notice).to_contain_text("已批准")
    eventually(lambda: received(house.base, parent.phone))
    city.page.reload()
    expect(city.page.get_by_role("heading", level=1)).to_contain_text("已发完")
    expect(city.page.get_by_role("rowheader", name="澄江街道")).to_be_visible()

    (push,) = received(house.base, parent.phone)
    assert HEADLINE in str(push)
    assert "端**满" in str(push)
    told = parent.call("GET", "/messages")["items"][0]
    assert told["body"] == f"给端木小满的家人：{HEADLINE}。{SENTENCE}"
    assert told["page"] == "pages/guide/guide?slug=ka-jiezhong-hou"


def test_who_writes_to_expecting_families_sees_tens_and_no_list(
    windows: Windows, house: House
) -> None:
    city = Desk(windows(viewport=SCREEN)[0].new_page(), house.base)
    city.sign_in("shiji", house.logins["shiji"])
    page = city.page
    city.go("群发")
    page.get_by_role("link", name="写一条").click()
    page.get_by_label("标题").fill("孕妇学校周六开课")
    page.get_by_label("正文").fill("周六上午讲产前筛查，欢迎两个人一起来。")
    page.get_by_label("点开读哪一篇").select_option(label="接种后怎么看")
    expect(page.get_by_label("孕期从满几周")).to_be_hidden()
    page.get_by_label("孕期家庭").check()
    expect(page.get_by_label("到不满几个月")).to_be_hidden()
    page.get_by_label("孕期从满几周").fill("12")
    page.get_by_label("孕期到满几周").fill("28")
    page.get_by_label("哪一天").fill("2026-11-24")
    page.get_by_role("button", name="存为草稿，看人数").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("孕期家庭 少于 10 个")
    expect(page.get_by_role("heading", name="会收到的样子")).to_be_visible()
    submit(page, "少于 10 个，不能群发")
