"""A day with a photo, from the phone's album into the diary; a check of the home."""

import re

import requests
from playwright.sync_api import expect

from tests.browser.families import TIMEOUT, Parent, add_phone
from tests.browser.house import House
from tests.browser.pages import App, page_url, starting
from tests.handbook.pictures import PHONE_MODEL, opened, phone_photo

WORDS = "会自己坐了，笑得很开心"


def test_a_day_is_kept_with_a_photo_that_tells_no_place(app_window: App, house: House) -> None:
    app, phone = app_window, add_phone(house.base, "写日记的妈妈")
    parent = Parent.of_phone(house.base, phone)
    child = parent.register("令狐小满")["id"]
    app.open(page_url("diary"), phone=phone)

    agree_to_the_diary(app)
    write_without_a_network(app)
    app.press("保存")

    day = app.link(starting("11月23日 周一"))
    expect(day).to_contain_text(WORDS)
    expect(day.locator("img")).to_be_visible()
    what_is_kept_is_clean(house, parent, child)
    remove_and_bring_back(app)
    take_along(app)
    check_the_home(app)


def agree_to_the_diary(app: App) -> None:
    app.press("先读说明")
    app.settled()
    expect(app.heading("成长日记和家庭安全自查说明")).to_be_visible()
    app.press(starting("阅读全文："))
    app.shown.get_by_role("checkbox").tap()
    app.press("同意并继续")
    expect(app.text("还没有写过")).to_be_visible()


def write_without_a_network(app: App) -> None:
    """What was typed and chosen stays."""
    app.press("写一天")
    app.settled()
    words = app.shown.get_by_role("textbox", name="这一天的话")
    words.fill(WORDS)
    with app.page.expect_file_chooser() as choosing:
        app.press("放一张照片")
    choosing.value.set_files(
        {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": phone_photo((1200, 900))}
    )
    expect(app.button(re.compile("这一天的照片"))).to_be_visible()
    app.page.context.set_offline(True)
    app.press("保存")
    expect(app.shown.get_by_role("alert")).to_contain_text("写的话留在这台手机上")
    expect(words).to_have_value(WORDS)
    app.page.context.set_offline(False)


def what_is_kept_is_clean(house: House, parent: Parent, child: int) -> None:
    """The family gets pixels alone; the folder holds nothing that could be looked at."""
    (entry,) = parent.call("GET", f"/children/{child}/diary")["items"]
    url = f"{house.base}/api/v1/children/{child}/diary/{entry['id']}/photo"
    answer = requests.get(url, headers={"Authorization": f"Bearer {parent.token}"}, timeout=TIMEOUT)
    assert dict(opened(answer.content).getexif()) == {}
    assert PHONE_MODEL.encode() not in answer.content
    assert answer.headers["Cache-Control"] == "private, no-store"
    kept = [file for file in (house.folder / "var/photos").rglob("*") if file.is_file()]
    assert len(kept) >= 2
    assert not any(b"JFIF" in file.read_bytes() for file in kept)


def remove_and_bring_back(app: App) -> None:
    app.follow(starting("11月23日"))
    app.press("删除这一天")
    app.page.get_by_role("dialog").get_by_role("button", name="删除", exact=True).tap()
    expect(app.text(re.compile("十分钟内可以找回"))).to_be_visible()
    app.press("找回")
    expect(app.link(starting("11月23日"))).to_be_visible()


def take_along(app: App) -> None:
    app.press("打包带走全部日记和照片")
    sharing = app.dialog("转发")
    expect(sharing).to_contain_text("成长日记.zip")
    sharing.get_by_role("button", name="发送").tap()
    expect(app.shown.get_by_role("alert")).to_have_count(0)


def check_the_home(app: App) -> None:
    app.follow("家庭安全自查")
    line = app.shown.get_by_role("radiogroup", name=starting("窗户装了护栏"))
    line.get_by_role("radio", name="还没有").tap()
    app.shown.get_by_role("radiogroup", name=starting("不用学步车")).get_by_role(
        "radio", name="做到了"
    ).tap()
    expect(app.text("未核对").first).to_be_visible()
    app.press("保存，看结果")
    expect(app.text("有 1 处现在就可以动手")).to_be_visible()
    app.page.reload()
    expect(app.text(re.compile("2026年11月23日查过"))).to_be_visible()
    expect(app.text(re.compile("今天先把窗边的家具搬开"))).to_be_visible()
