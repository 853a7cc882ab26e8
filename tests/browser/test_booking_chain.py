"""What a family does around a session: wait for a place, take it, show the pass, say how it was."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
from playwright.sync_api import expect

from tests.browser.families import Parent, add_phone
from tests.browser.house import House
from tests.browser.looks import faint_words, overflowing
from tests.browser.pages import App, Desk, page_url, starting
from tests.process.waiting import eventually

SMALL = "睡眠和作息咨询"  # three places, every Thursday


def one_more(house: House, phone: str, name: str) -> tuple[Parent, dict[str, Any]]:
    parent = Parent.of_phone(house.base, add_phone(house.base, phone))
    return parent, parent.register(name)


def soon(house: House, slot_id: int) -> None:
    """As if the days until the session had gone by: it begins in half an hour."""
    with psycopg.connect(database_of(house)) as connection:
        connection.execute(
            "UPDATE slots SET starts_at = %(at)s::timestamptz, room_id = NULL, teacher_id = NULL,"
            " ends_at = %(at)s::timestamptz + (ends_at - starts_at) WHERE id = %(id)s",
            {"at": "2026-11-23T10:40:00+08:00", "id": slot_id},
        )


def said(parent: Parent, kind: str) -> bool:
    return any(one["kind"] == kind for one in parent.call("GET", "/messages")["items"])


def database_of(house: House) -> str:
    folder = house.folder / "var/postgres"
    socket = next(folder.rglob(".s.PGSQL.*[0-9]")).parent
    return f"host={socket} user=postgres dbname=chengyu"


def test_a_family_waits_takes_the_place_comes_and_says_how_it_was(
    new_app: Callable[..., App], clerk: Desk, house: House
) -> None:
    others = [one_more(house, f"先到的{n}号", f"尉迟{n}") for n in "甲乙丙"]
    taken = [parent.book(child["id"], SMALL) for parent, child in others]
    assert len({one["slot_id"] for one in taken}) == 1
    parent, _ = one_more(house, "候补的妈妈", "公孙小满")
    app = new_app()

    wait_in_line(app, parent, taken[0]["slot"]["starts_at"])
    others[0][0].call("POST", f"/bookings/{taken[0]['id']}/cancel")
    eventually(lambda: parent.call("GET", "/waiting")["items"][0]["state"] == "offered")
    eventually(lambda: said(parent, "waiting_offered"))
    take_the_place(app, parent)
    soon(house, taken[0]["slot_id"])
    code = show_the_pass(app, parent)
    clerk.open("check-in")
    clerk.page.get_by_label("8 位签到码").fill(code)
    clerk.page.get_by_role("button", name="签到", exact=True).click()
    booking = parent.call("GET", "/bookings")["items"][0]
    eventually(
        lambda: parent.call("GET", f"/bookings/{booking['id']}/visit")["checked_in_at"] is not None
    )
    confirm_and_rate(app, parent, booking["id"])


def wait_in_line(app: App, parent: Parent, starts_at: str) -> None:
    month, day = int(starts_at[5:7]), int(starts_at[8:10])
    app.open(page_url("book"), phone=parent.phone)
    app.press(re.compile(rf"^候补：{month}月{day}日.*{SMALL}"))
    question = app.dialog("候补这一场")
    expect(question).to_contain_text("候补不占用今年的次数")
    question.get_by_role("button", name="加入候补").tap()
    done = app.dialog("已加入候补")
    expect(done).to_contain_text("第 1 位")
    done.get_by_role("button", name="看我的预约").tap()
    expect(app.text("候补第 1 位")).to_be_visible()
    assert overflowing(app.page) == []


def take_the_place(app: App, parent: Parent) -> None:
    app.open(page_url("messages"), phone=parent.phone)
    app.follow(re.compile("候补有名额了"))
    expect(app.shown.get_by_text("有名额了", exact=True)).to_be_visible()
    expect(app.text(re.compile("前接受，还有 [12] 小时"))).to_be_visible()
    assert faint_words(app.page) == []
    app.press(starting("接受名额："))
    expect(app.shown.get_by_text("已确认", exact=True)).to_be_visible()
    expect(app.button(starting("接受名额："))).to_have_count(0)


def show_the_pass(app: App, parent: Parent) -> str:
    """The typed code of the pass."""
    app.open(page_url("bookings"), phone=parent.phone)
    app.press(starting("入场码："))
    expect(app.shown.get_by_role("timer")).to_contain_text("到时自动换新")
    picture = app.shown.locator("wx-image.qr img")
    assert picture.evaluate("e => e.complete && e.naturalWidth > 0")
    assert overflowing(app.page) == []
    return app.shown.locator(".code").inner_text().replace(" ", "")


def confirm_and_rate(app: App, parent: Parent, booking_id: int) -> None:
    app.open(page_url("visit", id=booking_id), phone=parent.phone)
    app.press("我们来了")
    expect(app.text("你确认到场")).to_be_visible()
    app.shown.get_by_role("radio", name="4 星").tap()
    app.shown.get_by_role("textbox", name="评价").fill("老师讲得很清楚")
    app.press("提交评价")
    expect(app.heading("你的评价")).to_be_visible()
    expect(app.shown.get_by_role("radio", name="4 星")).to_have_attribute("aria-checked", "true")
    assert overflowing(app.page) == []
    assert faint_words(app.page) == []


def test_an_address_and_priority_are_asked_each_under_a_consent_of_its_own(
    app_window: App, house: House
) -> None:
    parent, child = one_more(house, "说地址的妈妈", "慕容小寒")
    app = app_window

    app.open(page_url("address", child=child["id"]), phone=parent.phone)
    agree_to(app, "填写地址前，请先读")
    app.shown.get_by_role("textbox", name="上门地址").fill("文定社区 8 幢 301")
    app.press("保存地址")
    expect(app.page.get_by_text("地址已保存")).to_be_visible()
    assert parent.call("GET", f"/children/{child['id']}/address")["address"] == "文定社区 8 幢 301"

    app.open(page_url("priority", child=child["id"]), phone=parent.phone)
    agree_to(app, "申请优先前，请先读")
    app.shown.get_by_role("radio", name="孤独症").tap()
    app.press("申请优先")
    expect(app.text("已申请，等街镇工作人员核实。")).to_be_visible()
    assert overflowing(app.page) == []


def agree_to(app: App, heading: str) -> None:
    app.press("先读说明")
    expect(app.heading(heading)).to_be_visible()
    app.shown.get_by_role("checkbox").tap()
    app.press("同意并继续")
    app.settled()


def test_a_family_chooses_a_centre_by_distance_and_its_place_stays_on_the_phone(
    app_window: App, house: House
) -> None:
    parent, _ = one_more(house, "找近处中心的爸爸", "司马小舟")
    app, sent = app_window, []
    app.page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    app.page.context.set_geolocation({"latitude": 31.7712, "longitude": 120.5467})

    app.open(page_url("book"), phone=parent.phone)
    app.press("亲子活动")
    app.follow(starting("中心：澄江街道"))
    expect(app.shown.get_by_role("img", name=starting("中心位置示意图，17个"))).to_be_visible()
    expect(app.button(starting("选1号，澄江街道"))).to_have_accessible_name(re.compile("已选$"))

    by_distance = app.shown.get_by_role("radio", name="按距离排序")
    by_distance.tap()
    app.dialog("位置").get_by_role("button", name="允许").tap()
    expect(app.shown.get_by_role("alert")).to_contain_text(
        "允许微信使用位置"
    )  # the browser said no
    expect(app.button(starting("选1号，澄江街道"))).to_be_visible()
    app.page.context.grant_permissions(["geolocation"])
    by_distance.tap()
    expect(app.button(re.compile("^选1号，顾山镇亲子活动中心，约2.8公里，"))).to_be_visible()
    expect(app.button(re.compile("^选18号，.*，距离未知，"))).to_have_count(1)
    assert overflowing(app.page) == []
    assert faint_words(app.page) == []
    app.press("地图和路线：顾山镇亲子活动中心")
    app.dialog("地图").get_by_role("button", name="关闭").tap()
    app.press(starting("选1号，顾山镇"))

    expect(app.link(starting("中心：顾山镇亲子活动中心"))).to_be_visible()
    kept = app.page.evaluate("JSON.stringify({ ...localStorage })")
    assert not [text for text in (*sent, kept) if "120.54" in text or "120.55" in text]
