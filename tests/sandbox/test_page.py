"""The page in a real browser: it shows, obeys, and keeps itself up to date."""

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import jsonify
from flask.typing import ResponseReturnValue
from playwright.sync_api import Browser, Page, expect

from backend.kernel.clock import CITY, FixedClock
from backend.sandbox.server import create_sandbox, listen
from tests.sandbox.running import BOOKING, DATA, Talk, config_in, state_of
from tests.wechat.accounts import picture

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)  # the page asks every two seconds; machines can be busy

WAITING = {"id": 1, "title": "预约成功通知", "to": "妈妈手机", "state": "waiting"}


@dataclass
class Night:
    """What /demo/queue of the product would say; none is a product without a demo."""

    items: list[dict[str, object]] | None = None
    sent: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    url: str
    talk: Talk
    night: Night


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A sandbox behind a port, with the product's two demo addresses beside it."""
    config, night = config_in(tmp_path, job_seconds=None), Night()
    app = create_sandbox(config, FixedClock(datetime(2026, 11, 23, 22, tzinfo=CITY)))

    @app.get("/demo/queue")
    def queue() -> ResponseReturnValue:
        if night.items is None:
            return "", 404
        due = [{**item, "due_at": "2026-11-24T08:00:00+08:00"} for item in night.items]
        return jsonify(quiet=True, opens_at="2026-11-24T08:00:00+08:00", items=due)

    @app.post("/demo/send-now")
    def send_now() -> ResponseReturnValue:
        night.sent.extend(str(item["title"]) for item in night.items or [])
        night.items = []
        return "", 204

    server = listen(app, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    client = app.test_client()
    yield Place(f"http://127.0.0.1:{server.server_port}", Talk(client, config), night)
    server.shutdown()
    thread.join()
    server.server_close()
    state_of(client).close()


@pytest.fixture
def page(browser: Browser, place: Place) -> Iterator[Page]:
    """The open page. A request to another host, or an error in a script, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    page = context.new_page()
    wrong: list[str] = []
    requested: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{place.url}/sandbox/")
    expect(page.get_by_role("button", name="妈妈手机")).to_be_visible()
    yield page
    context.close()
    assert wrong == []
    assert [url for url in requested if not url.startswith(("data:", place.url))] == []


def test_a_message_appears_by_itself(page: Page, place: Place) -> None:
    expect(page.get_by_text("还没有收到消息")).to_be_visible()
    place.talk.accept()
    place.talk.send(page="pages/bookings/bookings?id=7")

    notice = page.get_by_role("article")
    expect(notice.get_by_role("heading", name=BOOKING.title)).to_be_visible()
    for text in DATA.values():
        expect(notice.get_by_text(text)).to_be_visible()
    link = notice.get_by_role("link", name="进入小程序查看")
    expect(link).to_have_attribute("href", "/preview/?phone=1#/pages/bookings/bookings?id=7")


def test_one_accepts_and_stops_for_the_phone_that_one_sees(page: Page, place: Place) -> None:
    page.get_by_role("button", name="爸爸手机").click()
    expect(page.get_by_role("button", name="爸爸手机", pressed=True)).to_be_visible()
    page.get_by_role("button", name=f"接受：{BOOKING.title}").click()
    expect(page.locator("#templates .some")).to_have_text("可收 1 条")

    answer = place.talk.send(touser=place.talk.openid(1))
    assert answer["errcode"] == 0
    page.get_by_role("button", name=f"停收：{BOOKING.title}").click()
    expect(page.locator("#templates .some")).to_have_count(0)


def test_one_follows_and_chooses_by_keyboard(page: Page, place: Place) -> None:
    page.get_by_role("button", name="奶奶手机").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="让预览用这部手机").focus()
    page.keyboard.press("Enter")
    follow = page.get_by_role("switch", name="关注公众号")
    follow.focus()
    page.keyboard.press("Space")

    expect(page.get_by_text("关注公众号").nth(1)).to_be_visible()  # in the log of pushes
    expect(follow).to_be_checked()
    expect(follow).to_be_focused()
    chosen = [one["name"] for one in place.talk.people("get", "phones")["items"] if one["chosen"]]
    assert chosen == ["奶奶手机"]


def test_one_makes_trouble_and_takes_it_away(page: Page, place: Place) -> None:
    page.locator("#faults-panel summary").click()
    page.get_by_label("错误码", exact=True).fill("45011")
    page.get_by_role("button", name="加上").click()
    expect(page.get_by_text("错误码 45011，共 1 次")).to_be_visible()
    assert place.talk.send()["errcode"] == 45011

    page.get_by_role("button", name="去掉", exact=True).click()
    expect(page.get_by_text("现在一切正常")).to_be_visible()


def test_a_new_phone_is_there_at_once(page: Page) -> None:
    page.get_by_label("新手机的名字").fill("外婆手机")
    page.get_by_role("button", name="添加").click()

    expect(page.get_by_role("button", name="外婆手机")).to_be_visible()


def test_at_night_the_queue_waits_and_can_be_sent_now(page: Page, place: Place) -> None:
    expect(page.locator("#night")).to_be_hidden()
    place.night.items = [dict(WAITING)]
    page.reload()

    expect(page.get_by_text("夜间不发送，08:00 送出")).to_be_visible()
    expect(page.locator("#night").get_by_text("预约成功通知")).to_be_visible()
    page.get_by_role("button", name="现在发送").click()
    expect(page.get_by_role("button", name="现在发送")).to_have_count(0)
    assert place.night.sent == ["预约成功通知"]


def test_text_of_strangers_stays_text(page: Page, place: Place) -> None:
    place.talk.accept()
    value = {name: {"value": text} for name, text in DATA.items()}
    place.talk.send(data=value | {"thing1": {"value": "<img src=x>"}})
    place.talk.people("post", "phones", name="<b>甲</b>")

    expect(page.get_by_text("<img src=x>")).to_be_visible()
    expect(page.get_by_role("button", name="<b>甲</b>")).to_be_visible()


def test_one_scans_a_code_writes_and_taps_the_menu(page: Page, place: Place) -> None:
    scene = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "town-3"}}}
    call(place, "/cgi-bin/qrcode/create", scene)
    button = {"type": "click", "name": "下次接种", "key": "next"}
    more = {"name": "更多", "sub_button": [button | {"name": "联系我们"}]}
    call(place, "/cgi-bin/menu/create", {"button": [button, more]})
    page.get_by_role("button", name="扫二维码 town-3").click()
    expect(page.get_by_role("switch", name="关注公众号")).to_be_checked()

    page.get_by_role("button", name="公众号", exact=True).click()
    page.get_by_label("写给公众号").fill("<b>你好</b>")
    page.keyboard.press("Enter")
    expect(page.locator("#chat").get_by_text("<b>你好</b>")).to_be_visible()
    page.get_by_role("button", name="下次接种").click()
    expect(page.locator("#chat").get_by_text("点了菜单：下次接种")).to_be_visible()
    page.locator("summary", has_text="更多").click()
    page.get_by_role("button", name="联系我们").click()
    expect(page.locator("#chat").get_by_text("点了菜单：联系我们")).to_be_visible()


def test_one_reads_what_an_account_has_sent_to_all(page: Page, place: Place) -> None:
    page.get_by_text("关注公众号").first.click()
    expect(page.get_by_role("switch", name="关注公众号")).to_be_checked()
    media = {"media": (io.BytesIO(picture()), "cover.jpg")}
    cover = call(place, "/cgi-bin/material/add_material", None, data=media, type="image")
    article = {
        "title": "春季活动",
        "content": "<p>周六亲子阅读</p><img src=x onerror=alert(1)>",
        "thumb_media_id": cover["media_id"],
    }
    draft = call(place, "/cgi-bin/draft/add", {"articles": [article]})["media_id"]
    body = {"filter": {"is_to_all": True}, "msgtype": "mpnews", "mpnews": {"media_id": draft}}
    call(place, "/cgi-bin/message/mass/sendall", body)
    page.locator("#account-panel summary").click()
    page.get_by_role("button", name="发布和群发现在就出结果").click()

    page.get_by_role("button", name="公众号", exact=True).click()
    expect(page.locator("#chat").get_by_role("heading", name="春季活动")).to_be_visible()
    page.get_by_role("link", name="阅读全文").click()
    expect(page.get_by_role("heading", name="春季活动")).to_be_visible()
    expect(page.frame_locator("iframe").get_by_text("周六亲子阅读")).to_be_visible()


def call(place: Place, path: str, body: Any, *, data: Any = None, **query: str) -> dict[str, Any]:
    """What the public account asks of WeChat."""
    token = place.talk.token(place.talk.config.public_appid)
    answer: dict[str, Any] = place.talk.client.post(
        path, query_string={"access_token": token, **query}, json=body, data=data
    ).get_json(force=True)
    assert answer.get("errcode", 0) == 0, answer
    return answer


@pytest.mark.parametrize("width", [375, 768, 1280])
def test_nothing_sticks_out(page: Page, place: Place, width: int) -> None:
    place.talk.accept()
    place.talk.send()
    page.set_viewport_size({"width": width, "height": 812})
    expect(page.get_by_role("article")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") == width
