"""Every page for every eye: dark, large type, long names, empty, by keyboard alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.families import Parent, add_phone
from tests.browser.house import House
from tests.browser.looks import brightness, faint_words, overflowing
from tests.browser.pages import App, page_url, starting, tab_to
from tests.soak import SOAK

LONG_NAME = "阿卜杜热依木江买买提依明艾尔肯古丽娜扎尔"
LARGEST = 26


@pytest.fixture(scope="session")
def family(house: House) -> tuple[Parent, dict[str, int]]:
    """A parent with a booking and messages, and two children, one with a very long name."""
    parent = Parent.of_phone(house.base, add_phone(house.base, "名字很长的妈妈"))
    child = parent.register(LONG_NAME)
    parent.book(child["id"])
    parent.register("端木果果", birth_date="2024-02-29", sex="m")
    parent.expect_a_child()
    return parent, child


def of_the_handbook(child: int) -> list[str]:
    return [
        page_url("screenings"),
        page_url("screening", visit="m8"),
        page_url("newborn-screening"),
        page_url("eye-care"),
        page_url("family-doctor"),
        page_url("growth", child=child),
        page_url("measure"),
        page_url("item", id="vaccine:jel-1"),
        page_url("vaccines"),
        page_url("vaccine-facts", child=child),
        page_url("diary", child=child),
        page_url("diary-day", child=child),
        page_url("home-check", child=child),
        page_url("chapter", name="policy"),
    ]


def every_page(parent: Parent, child: dict[str, int]) -> list[str]:
    """The address of every page in app.json, with something on it."""
    guide = parent.call("GET", "/guides")["items"][0]["slug"]
    items = parent.call("GET", f"/children/{child['id']}/handbook")["items"]
    parent.call("PUT", f"/marks/{guide}/favourite")
    measured = {"weight_g": 8300, "length_mm": 705, "lying": False, "head_mm": 437}
    parent.call(
        "PUT", f"/children/{child['id']}/growth/2026-11-20", {**measured, "confirmed": True}
    )
    quiz = parent.call("POST", "/quizzes", {"child_id": child["id"]})["id"]
    booking = parent.call("GET", "/bookings")["items"][0]["id"]
    return [
        page_url("home"),
        page_url("guides"),
        page_url("book"),
        page_url("handbook"),
        page_url("me"),
        page_url("guide", slug=guide),
        page_url("guide", slug="liu-ba-yue-caidan"),  # with a picture and links
        page_url("search"),
        page_url("search", q="发烧"),
        page_url("search", q="宇宙飞船"),
        page_url("recipes"),
        page_url("recipe", slug="danhuang-bocai-zhou"),
        page_url("favourites"),
        page_url("quiz"),
        page_url("quiz-set", id=quiz),
        page_url("item", id=items[0]["id"]),
        page_url("item", id="checkup:m8"),
        *of_the_handbook(child["id"]),
        page_url("bookings"),
        page_url("visit", id=booking),
        page_url("address", child=child["id"]),
        page_url("priority", child=child["id"]),
        page_url("pregnancy"),
        page_url("pregnancy-dates"),
        page_url("pregnancy-diary"),
        page_url("pregnancy-birth"),
        page_url("pregnancy-share"),
        page_url("messages"),
        page_url("follow"),
        page_url("centres", kind="activity"),
        page_url("rooms"),
        page_url("child-form"),
        page_url("consent", read="privacy"),
        page_url("consent", ask="address"),
        page_url("invite"),
        page_url("invite", child=child["id"]),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("font", [20, 23, LARGEST] if SOAK else [LARGEST])
def test_nothing_reaches_over_the_edge_with_large_type_and_a_long_name(
    app_window: App, family: tuple[Parent, dict[str, int]], font: int
) -> None:
    parent, child = family
    over = {}
    for route in every_page(parent, child):
        app_window.open(route, phone=parent.phone, font=font)
        over[route] = overflowing(app_window.page)

    assert {route: found for route, found in over.items() if found} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read_by_day_and_by_night(
    new_app: Callable[..., App], family: tuple[Parent, dict[str, int]], scheme: str
) -> None:
    parent, child = family
    app = new_app(color_scheme=scheme)
    faint = {}
    for route in every_page(parent, child):
        app.open(route, phone=parent.phone)
        faint[route] = faint_words(app.page)
        assert (brightness(app.page) < 0.5) == (scheme == "dark"), route

    assert {route: found for route, found in faint.items() if found} == {}


def test_a_keyboard_alone_reads_a_guide_and_comes_back(app_window: App, house: House) -> None:
    phone = add_phone(house.base, "用键盘的妈妈")
    Parent.of_phone(house.base, phone).register("公孙小树")
    app_window.open(phone=phone)
    guide = app_window.link(re.compile("，待审$")).first
    name = guide.get_attribute("aria-label")
    assert name is not None

    tab_to(app_window.page, name)
    app_window.page.keyboard.press("Enter")
    expect(app_window.heading(name.split("，")[0])).to_be_visible()
    tab_to(app_window.page, "返回")
    app_window.page.keyboard.press("Enter")

    expect(guide).to_be_focused()


def test_empty_pages_say_what_to_do(app_window: App, house: House) -> None:
    phone = add_phone(house.base, "新来的妈妈")
    expected = {
        "home": "从登记孩子开始",
        "book": "先登记孩子",
        "handbook": "还没有孩子的手册",
        "bookings": "还没有预约",
        "messages": "还没有消息",
        "me": "还没有登记孩子。",
    }
    for route, words in expected.items():
        app_window.open(page_url(route), phone=phone)
        expect(app_window.text(words)).to_be_visible()
        expect(app_window.button(re.compile("^(登记孩子|去预约|看看手册)$")).first).to_be_visible()


def test_a_search_without_a_hit_offers_words_that_are_near(app_window: App, house: House) -> None:
    app_window.open(page_url("guides"), phone=add_phone(house.base, "找不到的妈妈"))
    app_window.follow("搜索指南和菜谱")
    app_window.shown.get_by_role("textbox", name="搜索指南和菜谱").fill("摔伤")
    expect(app_window.text("没有找到“摔伤”")).to_be_visible()

    app_window.press("搜：摔倒")

    expect(app_window.link(re.compile("，待审$"))).not_to_have_count(0)


def test_a_missing_field_is_named_where_it_is(app_window: App, house: House) -> None:
    parent = Parent.of_phone(house.base, add_phone(house.base, "匆忙的妈妈"))
    parent.agree()
    app_window.open(page_url("child-form"), phone=parent.phone)

    app_window.press("登记")

    for words in ("请填孩子的姓名", "请选出生日期", "请选居住的镇街"):
        expect(app_window.shown.get_by_role("alert").filter(has_text=words)).to_be_visible()
    expect(app_window.text("请填孩子的姓名")).to_be_in_viewport()  # the first; 登记 is far below
    app_window.shown.get_by_role("textbox", name="孩子的姓名").fill("长孙小雨")
    expect(app_window.text("请填孩子的姓名")).to_have_count(0)
    expect(app_window.button(starting("出生日期"))).to_be_visible()


def test_a_sheet_takes_the_keyboard_keeps_it_and_gives_it_back(
    app_window: App, house: House
) -> None:
    page = app_window.page
    app_window.open(page_url("pregnancy"), phone=add_phone(house.base, "用键盘的奶奶"))
    tab_to(page, "有危险信号，现在怎么办")
    opener = app_window.button("有危险信号，现在怎么办")

    page.keyboard.press("Enter")

    sheet = app_window.dialog("有一样，就别等")
    expect(sheet).to_be_focused()
    reached = []
    for key in ("Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab"):
        page.keyboard.press(key)
        assert sheet.evaluate("(sheet) => sheet.contains(document.activeElement)")
        reached.append(page.evaluate("document.activeElement.ariaLabel"))
    assert "打电话 120" in reached
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(opener).to_be_focused()
