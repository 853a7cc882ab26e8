"""The library as a parent uses it: reads, searches, saves, goes offline, answers, cooks."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.families import Parent, add_phone
from tests.browser.house import House
from tests.browser.pages import App, page_url, starting
from tests.process.waiting import eventually

FEVER, FEVER_SLUG = "发热怎么办", "fare-zenme-ban"
WITH_PICTURE = "liu-ba-yue-caidan"
WITH_EGG = "蛋黄菠菜粥"
BANNER = "当前离线，看到的是上次保存的内容"


@pytest.fixture
def reader(house: House) -> Iterator[Parent]:
    """The mother of a child of eight months, with a phone of her own.

    The child goes again: a second one of its name would be a possible duplicate.
    """
    parent = Parent.of_phone(house.base, add_phone(house.base, "爱读书的妈妈"))
    child = parent.register("慕容小书")["id"]
    yield parent
    parent.call("DELETE", f"/children/{child}")


def test_a_parent_searches_saves_reads_and_reads_again_without_a_network(
    app_window: App, reader: Parent
) -> None:
    app = app_window
    app.open(page_url("guides"), phone=reader.phone)
    expect(app.heading("适合慕容小书今天看")).to_be_visible()

    search_for_fever(app)
    save(app)
    read_to_the_end(app)
    app.open(page_url("favourites"), phone=reader.phone)
    expect(app.link(starting(f"{FEVER}，"))).to_have_attribute(
        "aria-label", re.compile("已读，已收藏")
    )
    app.watch.expect("net::ERR_INTERNET_DISCONNECTED")
    app.page.context.set_offline(True)
    app.follow(starting(f"{FEVER}，"))

    expect(app.heading(FEVER)).to_be_visible()
    expect(app.shown.locator("wx-rich-text").first).not_to_be_empty()
    expect(app.text(BANNER)).to_be_visible()
    app.press("取消收藏")  # cannot be told to the service, so it is taken back
    expect(app.button("取消收藏")).to_be_visible()
    kept = {"favourites": [FEVER_SLUG], "read": [FEVER_SLUG]}
    eventually(lambda: marks_of(reader) == kept)


def search_for_fever(app: App) -> None:
    app.follow("搜索指南和菜谱")
    field = app.shown.get_by_role("textbox", name="搜索指南和菜谱")
    field.fill("发烧")
    first = app.link(re.compile("，适合")).first
    expect(first).to_contain_text(FEVER)
    expect(first.locator(".hit").first).to_have_text("发热")  # a synonym is a hit
    first.tap()
    app.settled()
    expect(app.heading(FEVER)).to_be_visible()


def save(app: App) -> None:
    app.press("收藏")
    expect(app.button("取消收藏")).to_be_visible()


def read_to_the_end(app: App) -> None:
    app.press("目录")
    app.dialog("目录").get_by_role("link", name="什么时候去看医生").tap()
    expect(app.heading("什么时候去看医生")).to_be_in_viewport()
    app.shown.locator("#end").scroll_into_view_if_needed()
    expect(app.text("已读完")).to_be_visible()


def marks_of(parent: Parent) -> dict[str, Any]:
    marks: dict[str, Any] = parent.call("GET", "/marks")
    return marks


def test_what_was_read_without_a_network_is_told_when_it_is_back(
    app_window: App, reader: Parent
) -> None:
    app = app_window
    age = reader.call("GET", "/children")["items"][0]["age_days"]
    first = reader.call("GET", f"/guides?age_days={age}")["items"][0]
    app.open(page_url("guide", slug=first["slug"]), phone=reader.phone)
    expect(app.heading(first["title"])).to_be_visible()
    app.watch.expect("net::ERR_INTERNET_DISCONNECTED")
    app.page.context.set_offline(True)
    app.shown.locator("#end").scroll_into_view_if_needed()
    expect(app.text("已读完")).to_be_visible()
    assert marks_of(reader)["read"] == []

    app.page.context.set_offline(False)
    app.open(page_url("guides"), phone=reader.phone)

    expect(app.link(starting(f"{first['title']}，")).first).to_contain_text("已读")
    eventually(lambda: marks_of(reader)["read"] == [first["slug"]])


def test_a_picture_has_its_words_and_follows_the_night(app_window: App, reader: Parent) -> None:
    app = app_window
    app.open(page_url("guide", slug=WITH_PICTURE), phone=reader.phone)
    picture = app.shown.locator(".picture")
    drawn = picture.locator("img")
    expect(picture).to_have_attribute("aria-label", re.compile(".{10,}"))
    expect(drawn).to_have_attribute("src", re.compile(r"food-6-12m\.svg$"))

    app.page.emulate_media(color_scheme="dark")

    expect(drawn).to_have_attribute("src", re.compile(r"food-6-12m-dark\.svg$"))
    app.page.route(re.compile("/pictures/"), lambda route: route.abort())
    app.watch.expect("net::ERR_FAILED")
    app.page.emulate_media(color_scheme="light")
    app.open(page_url("guide", slug="si-shiyi-yue-shuimian"), phone=reader.phone)
    app.shown.locator(".frame, .words").scroll_into_view_if_needed()
    expect(app.text(starting("图："))).to_be_visible()


def test_a_guide_is_shared_with_its_card(app_window: App, reader: Parent) -> None:
    app = app_window
    app.open(page_url("guide", slug=FEVER_SLUG), phone=reader.phone)

    app.press("分享图")
    sheet = app.dialog("分享图")
    expect(sheet.get_by_role("img", name=starting(f"分享图：{FEVER}"))).to_be_visible()
    sheet.get_by_role("button", name="转发给家人").tap()
    friend = app.dialog("转发")
    expect(friend.get_by_role("heading", name=FEVER)).to_be_visible()
    expect(friend.locator("img")).to_have_attribute("src", starting("blob:"))
    friend.get_by_role("button", name="取消").tap()
    sheet.get_by_role("button", name="保存图片").tap()
    app.dialog("相册").get_by_role("button", name="拒绝").tap()
    expect(sheet.get_by_role("alert")).to_contain_text("没有相册权限")
    app.page.reload()
    app.press("分享图")
    sheet.get_by_role("button", name="保存图片").tap()
    app.dialog("相册").get_by_role("button", name="允许").tap()

    expect(sheet).to_have_count(0)


def test_a_quiz_is_left_resumed_and_answered_to_its_end(app_window: App, reader: Parent) -> None:
    app = app_window
    app.open(page_url("quiz"), phone=reader.phone)
    app.press("开始答题")
    app.settled()
    expect(app.text("1/10")).to_be_visible()
    answer(app)
    expect(app.shown.locator(".why")).to_contain_text("来源")
    app.back()

    app.press(starting("接着答"))
    for position in range(2, 11):
        expect(app.text(f"{position}/10")).to_be_visible()
        answer(app)
        app.press("看结果" if position == 10 else "下一题")

    [done] = reader.call("GET", "/quizzes")["items"]
    assert (done["state"], done["answered"]) == ("finished", 10)
    expect(app.shown.get_by_label(f"答对{done['correct']}题，共10题")).to_be_visible()
    wrong = app.link(starting("去读："))
    expect(wrong).to_have_count(10 - done["correct"])
    app.press("再来一套")
    expect(app.link(starting("6～12月龄，答对"))).to_be_visible()


def test_a_newcomer_reads_the_documents_before_the_first_question(
    app_window: App, house: House
) -> None:
    app = app_window
    app.open(page_url("quiz"), phone=add_phone(house.base, "先答题的奶奶"))
    app.shown.get_by_role("radio", name="1～2岁").tap()
    app.watch.expect("status of 403")

    app.press("开始答题")

    expect(app.heading("答题前，请先读")).to_be_visible()
    app.agree()
    app.press("开始答题")
    expect(app.text("1/10")).to_be_visible()


def answer(app: App) -> None:
    """Take the first option; which one is right is said in words, whichever it was."""
    options(app).first.tap()
    expect(app.shown.get_by_role("button", name=re.compile("正确(答案)?$"))).to_have_count(1)
    expect(app.link(starting("去读："))).to_be_visible()


def options(app: App) -> Locator:
    return app.shown.get_by_role("group", name="选项").get_by_role("button")


def test_recipes_without_egg_are_remembered_and_a_dish_warns(
    app_window: App, reader: Parent
) -> None:
    app = app_window
    app.open(page_url("recipes"), phone=reader.phone)
    expect(app.link(starting(f"{WITH_EGG}，"))).to_be_visible()

    app.press("不含哪些，去选")
    app.dialog("不含这些").get_by_role("checkbox", name="不含鸡蛋").tap()
    app.dialog("不含这些").get_by_role("button", name=re.compile("^看 .* 道菜$")).tap()
    expect(app.link(re.compile("含鸡蛋"))).to_have_count(0)
    expect(app.link(starting("鸡肝泥，"))).to_be_visible()
    app.open(page_url("recipes"), phone=reader.phone)
    expect(app.button("不含鸡蛋，修改")).to_be_visible()
    expect(app.link(re.compile("含鸡蛋"))).to_have_count(0)

    app.open(page_url("recipe", slug="danhuang-bocai-zhou"), phone=reader.phone)
    expect(app.shown.get_by_role("alert")).to_contain_text("你选了不含鸡蛋，这道菜里有")
    expect(app.shown.get_by_role("table", name="用料")).to_contain_text("菠菜")
    expect(app.shown.get_by_role("listitem").first).to_contain_text("1")


def test_a_favourite_that_was_removed_can_be_taken_back(app_window: App, reader: Parent) -> None:
    app = app_window
    for slug in (FEVER_SLUG, "danhuang-bocai-zhou"):
        reader.call("PUT", f"/marks/{slug}/favourite")
    app.watch.expect("net::ERR_FAILED")
    app.page.route("**/api/v1/marks", lambda route: route.abort())
    app.open(page_url("favourites"), phone=reader.phone)
    expect(app.text("没有连上网络")).to_be_visible()  # and not 还没有收藏
    app.page.unroute_all()
    app.press("重新加载")
    expect(app.link(starting(f"{WITH_EGG}，菜谱"))).to_be_visible()

    app.press(f"取消收藏：{FEVER}")
    expect(app.link(starting(f"{FEVER}，"))).to_have_count(0)
    app.press(f"撤销，重新收藏：{FEVER}")

    expect(app.link(starting(f"{FEVER}，"))).to_be_visible()
    both = {FEVER_SLUG, "danhuang-bocai-zhou"}
    eventually(lambda: set(marks_of(reader)["favourites"]) == both)


def test_the_cards_about_pregnancy_are_found_by_their_age(app_window: App, reader: Parent) -> None:
    app = app_window
    app.open(page_url("guides"), phone=reader.phone)

    app.shown.get_by_role("radio", name="孕期").tap()

    expect(app.link(starting("备孕和早孕：叶酸，"))).to_be_visible()
    expect(app.shown.get_by_role("tab", name="手册卡片")).to_have_attribute("aria-selected", "true")
