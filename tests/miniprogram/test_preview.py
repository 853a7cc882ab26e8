"""The preview runs a mini-program in Chromium as a phone would."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.miniprogram.conftest import Phone
from tests.miniprogram.phone_server import PhoneServer
from tests.miniprogram.tools import MINIPROGRAM, SAMPLE

pytestmark = pytest.mark.browser

HOME, FORM = "/pages/home/home", "/pages/form/form"
CALLS, DETAIL = "/pages/calls/calls", "/pages/detail/detail"


def press(page: Page, call: str) -> None:
    """Tap the button of one wx call on the page of calls."""
    page.get_by_role("button", name=call, exact=True).tap()


def outcome(page: Page, call: str) -> Any:
    """Wait until the call has succeeded; its result."""
    shown = page.locator("#outcome")
    expect(shown).to_have_text(re.compile(rf"^{call} (?!failed)"))
    return json.loads(shown.inner_text().split(" ", 1)[1])


def failure(page: Page, call: str) -> dict[str, Any]:
    """Wait until the call has failed; what it failed with."""
    shown = page.locator("#outcome")
    expect(shown).to_have_text(re.compile(rf"^{call} failed"))
    error: dict[str, Any] = json.loads(shown.inner_text().split(" failed ", 1)[1])
    return error


def test_the_sample_uses_every_built_in_tag() -> None:
    tags = re.findall(r"'([a-z-]+)'", (MINIPROGRAM / "preview/runtime/tags.js").read_text())
    used = "".join(file.read_text(encoding="utf-8") for file in SAMPLE.rglob("*.wxml"))

    assert [tag for tag in tags if tag != "page" and f"<{tag}" not in used] == []


# -- what is drawn


def test_a_page_shows_its_data_through_templates_slots_and_wxs(phone: Phone) -> None:
    page = phone.open()

    expect(page.locator("#head")).to_have_text("展示用的…")
    expect(page.get_by_role("button", name="辅食添加")).to_contain_text("2026年10月12日 标签")
    expect(page.get_by_text("共 2 条")).to_be_visible()
    expect(page.locator("#nodes")).to_have_text("节点 & 文字")
    expect(page).to_have_title("展示")


def test_rich_text_runs_nothing_that_it_brings(phone: Phone) -> None:
    page = phone.open()

    expect(page.locator("#html li")).to_have_count(2)
    assert page.locator("#html script, #html [onload]").count() == 0
    assert page.evaluate("window.__attacked") is None


def test_sizes_in_rpx_follow_the_width_of_the_phone(phone: Phone) -> None:
    page = phone.open()

    assert page.locator("#head").evaluate("e => getComputedStyle(e).fontSize") == "20px"


def test_styles_of_a_component_stay_inside_it(phone: Phone) -> None:
    page = phone.open()

    weights = [
        page.locator(selector).first.evaluate("e => getComputedStyle(e).fontWeight")
        for selector in ("#head", "wx-view[role=button] > wx-view")
    ]

    assert weights == ["400", "600"]


def test_images_come_from_the_package_and_have_their_label(phone: Phone) -> None:
    page = phone.open()
    image = page.get_by_role("img", name="一片叶子")

    expect(image).to_be_attached()
    page.wait_for_function("document.querySelector('.picture img').naturalWidth === 24")


def test_dark_mode_reaches_page_bars_and_code(phone: Phone) -> None:
    page = phone.open(CALLS)
    page.emulate_media(color_scheme="dark")

    expect(page.locator("#events")).to_have_text("dark")
    expect(page.locator("#navigation")).to_have_css("background-color", "rgb(22, 25, 29)")
    expect(page.locator("#tab-bar")).to_have_css("background-color", "rgb(22, 25, 29)")
    expect(page.locator("wx-page")).to_have_css("background-color", "rgb(15, 17, 20)")


def test_large_type_reaches_code_and_rem(phone: Phone) -> None:
    page = phone.open(f"{DETAIL}?id=1", "?font=23")

    expect(page.get_by_text("编号 1")).to_have_css("font-size", "23px")


def test_canvas_is_drawn_through_the_selector_query(phone: Phone) -> None:
    page = phone.open(f"{DETAIL}?id=1")

    expect(page.get_by_text("300×120")).to_be_visible()
    painted = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v)"
    assert page.locator("canvas").evaluate(painted)


def test_what_was_drawn_becomes_a_picture(phone: Phone) -> None:
    page = phone.open(f"{DETAIL}?id=1")

    expect(page.get_by_role("img", name="画好的")).to_be_attached()
    page.wait_for_function("document.querySelector('.drawn img').naturalWidth > 0")


# -- what a finger does


def test_a_tap_reaches_the_component_and_its_page(phone: Phone) -> None:
    page = phone.open()
    card = page.get_by_role("button", name="新生儿护理")

    card.tap()
    card.tap()

    expect(card).to_contain_text("新生儿护理 2")
    expect(page.locator("#opened")).to_contain_text("1:2|")


def test_swiping_and_scrolling_are_reported(phone: Phone) -> None:
    page = phone.open()

    page.locator("wx-swiper").evaluate("e => e.scrollTo(e.clientWidth, 0)")
    page.locator("wx-scroll-view").evaluate("e => e.scrollTo(0, e.scrollHeight)")
    page.locator(".page-host").evaluate("e => e.scrollTo(0, e.scrollHeight)")

    expect(page.locator("#opened")).to_have_text("|1|到底|刷新0|触底1")


def test_a_page_is_told_what_comes_into_view(phone: Phone) -> None:
    page = phone.open(f"{DETAIL}?id=1")
    end = page.locator("#end")
    expect(end).to_have_text("没到底")

    end.scroll_into_view_if_needed()

    expect(end).to_have_text("看到底了")


def test_pulling_a_page_down_refreshes_it(phone: Phone) -> None:
    page = phone.open()
    expect(page.get_by_text("共 2 条")).to_be_visible()

    page.mouse.move(180, 200)
    page.mouse.down()
    page.mouse.move(180, 260)
    page.mouse.move(180, 400)
    page.mouse.up()

    expect(page.locator("#opened")).to_contain_text("刷新1")
    expect(page.locator(".pull-down")).to_have_css("height", "0px")


def test_a_form_sends_what_was_filled_in(phone: Phone) -> None:
    page = phone.open(FORM)

    page.get_by_text("姓名").tap()
    page.keyboard.type("小明")
    page.locator("textarea").fill("过敏史无")
    page.get_by_role("button", name="镇街").tap()
    page.get_by_role("button", name="周庄").tap()
    page.get_by_role("button", name="村").tap()
    page.get_by_label("第 1 列").select_option("周庄")
    expect(page.get_by_label("第 2 列")).to_have_text("三房巷")
    page.get_by_role("button", name="确定").tap()
    page.get_by_role("button", name="日期").tap()
    page.locator(".dialog input").fill("2027-01-01")  # after the picker's end
    page.get_by_role("button", name="确定").tap()
    page.locator(".dialog input").fill("2026-10-01")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="时间").tap()
    page.locator(".dialog input").fill("09:30")
    page.get_by_role("button", name="确定").tap()
    page.get_by_text("咳嗽").tap()
    page.get_by_text("女", exact=True).tap()
    page.get_by_role("switch", name="提醒").tap()
    page.get_by_role("slider", name="体重").fill("12")
    page.get_by_role("button", name="提交").tap()

    expect(page.get_by_role("button", name="村")).to_have_text("村 周庄三房巷")
    expect(page.locator("#state")).to_have_text("小明|1")
    sent = page.locator("#sent")
    expect(sent).not_to_be_empty()
    assert json.loads(sent.inner_text()) == {
        "name": "小明",
        "memo": "过敏史无",
        "town": 1,
        "date": "2026-10-01",
        "time": "09:30",
        "signs": ["咳嗽"],
        "sex": "f",
        "remind": False,
        "weight": 12,
    }


def test_reset_empties_a_form(phone: Phone) -> None:
    page = phone.open(FORM)
    page.locator("wx-input input").fill("小明")

    page.get_by_role("button", name="重填").tap()

    expect(page.locator("wx-input input")).to_have_value("")


def test_a_disabled_button_does_nothing(phone: Phone) -> None:
    page = phone.open(FORM)

    expect(page.get_by_role("button", name="不可用")).to_be_disabled()


# -- going from page to page


def test_pages_open_and_go_back_and_tabs_keep_their_state(phone: Phone) -> None:
    page = phone.open(FORM)
    page.locator("wx-input input").fill("小明")
    page.get_by_role("tab", name="展示").tap()
    page.get_by_role("link", name="去详情").tap()
    expect(page.get_by_role("heading", name="详情 7")).to_be_visible()
    expect(page.locator("#tab-bar")).to_be_hidden()
    expect(page.locator("#navigation")).to_have_css("background-color", "rgb(11, 122, 75)")

    page.get_by_role("button", name="返回", exact=True).tap()
    expect(page).to_have_title("展示")
    page.get_by_role("link", name="去详情").tap()
    page.get_by_role("link", name="去填写").tap()

    expect(page.get_by_role("tab", name="填写")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#state")).to_contain_text("小明")


def test_a_page_opened_by_its_address_stays_after_a_reload_and_leads_home(phone: Phone) -> None:
    page = phone.open(f"{DETAIL}?id=9")
    page.reload()
    expect(page.get_by_text("编号 9")).to_be_visible()

    page.get_by_role("button", name="回到首页").tap()

    expect(page).to_have_title("展示")


def test_another_address_opens_its_page(phone: Phone) -> None:
    phone.open(FORM)

    page = phone.open(f"{DETAIL}?id=3")

    expect(page).to_have_title("详情 3")


def test_a_page_that_has_left_may_still_set_its_data(phone: Phone) -> None:
    page = phone.open()
    page.get_by_role("link", name="去详情").tap()

    page.get_by_role("button", name="返回上一页").tap()

    expect(page).to_have_title("展示")


@pytest.mark.parametrize(
    ("call", "title"),
    [("relaunch", "详情 1"), ("redirect", "详情 2")],
    ids=["reLaunch", "redirect"],
)
def test_other_ways_to_a_page(phone: Phone, call: str, title: str) -> None:
    page = phone.open(CALLS)

    press(page, call)

    expect(page).to_have_title(title)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("toTab", "navigateTo:fail can not navigateTo a tabbar page"),
        ("nowhere", 'navigateTo:fail page "pages/none/none" is not found'),
        ("relative", "request:fail invalid url"),
        ("foreign", "request:fail url not in domain list"),
        ("aborted", "request:fail abort"),
        ("subscribeToFour", "requestSubscribeMessage:fail tmplIds exceed the maximum of 3"),
        ("subscribeMixed", "requestSubscribeMessage:fail Templates type must be same"),
        (
            "subscribeLate",
            "requestSubscribeMessage:fail can only be invoked by user TAP gesture.",
        ),
    ],
)
def test_a_call_that_wechat_would_refuse_fails(phone: Phone, call: str, message: str) -> None:
    page = phone.open(CALLS)

    press(page, call)

    assert failure(page, call)["errMsg"] == message


# -- wx


def test_what_the_phone_tells_about_itself(phone: Phone) -> None:
    page = phone.open(CALLS)

    press(page, "device")

    assert outcome(page, "device") == {
        "window": 375,
        "theme": "light",
        "font": 16,
        "version": "develop",
        "launched": "pages/calls/calls",
        "can": [True, False],
    }


def test_requests_go_to_the_server_that_serves_the_preview(phone: Phone) -> None:
    page = phone.open(CALLS)

    press(page, "post")
    posted = outcome(page, "post")
    press(page, "query")
    asked = outcome(page, "query")

    assert posted == {"statusCode": 200, "answer": {"posted": {"a": [1], "b": "二"}}}
    assert asked == {"statusCode": 200, "answer": {"x": ["1"], "q": ["发热"]}}


def test_without_a_network_requests_fail_and_the_page_is_told(phone: Phone) -> None:
    page = phone.open(CALLS)
    phone.context.set_offline(True)
    expect(page.locator("#events")).to_have_text("断网")

    press(page, "query")
    assert failure(page, "query")["errMsg"].startswith("request:fail")
    press(page, "network")
    assert outcome(page, "network")["networkType"] == "none"

    phone.context.set_offline(False)
    expect(page.locator("#events")).to_have_text("断网,有网")


def test_storage_is_kept_by_each_phone_for_itself(phone: Phone) -> None:
    page = phone.open(CALLS)
    press(page, "storage")
    kept = {"before": [{"one": 1}, [2]], "after": ["", ""]}
    assert outcome(page, "storage") == kept
    page.get_by_role("button", name="keep", exact=True).tap()

    page.reload()
    press(page, "kept")
    mine = outcome(page, "kept")
    page = phone.open(CALLS, "?phone=2")
    press(page, "kept")

    assert [mine, outcome(page, "kept")] == ["kept", ""]


def test_dialogs_answer_what_was_chosen(phone: Phone) -> None:
    page = phone.open(CALLS)

    press(page, "modal")
    page.get_by_role("dialog", name="确认").get_by_role("button", name="确定").tap()
    assert outcome(page, "modal")["confirm"] is True

    press(page, "ask")
    page.locator(".dialog input").fill("小明")
    page.keyboard.press("Enter")
    assert outcome(page, "ask")["content"] == "小明"

    press(page, "sheet")
    page.get_by_role("button", name="乙").tap()
    assert outcome(page, "sheet")["tapIndex"] == 1

    press(page, "sheet")
    page.get_by_role("button", name="取消").tap()
    assert failure(page, "sheet")["errMsg"] == "showActionSheet:fail cancel"


def test_notices_come_and_go(phone: Phone) -> None:
    page = phone.open(CALLS)

    press(page, "toast")
    expect(page.get_by_role("status")).to_have_text("✓已保存")
    press(page, "loading")
    expect(page.get_by_role("status")).to_have_text("请稍候")
    press(page, "done")
    expect(page.get_by_role("status")).to_have_count(0)


def test_bars_follow_the_page(phone: Phone) -> None:
    page = phone.open(CALLS)

    press(page, "badge")
    expect(page.get_by_role("tab", name="展示")).to_have_text("展示3")
    press(page, "noBadge")
    expect(page.get_by_role("tab", name="展示")).to_have_text("展示")
    press(page, "scroll")
    expect(page.locator(".page-host")).to_have_js_property("scrollTop", 40)
    press(page, "refresh")
    expect(page.get_by_role("status", name="正在刷新")).to_be_visible()


def test_the_rest_of_the_phone(phone: Phone) -> None:
    page = phone.open(CALLS)

    press(page, "copy")
    outcome(page, "copy")
    assert page.evaluate("navigator.clipboard.readText()") == "邀请码"
    press(page, "awake")
    outcome(page, "awake")
    press(page, "later")
    assert outcome(page, "later") == "later"
    press(page, "phone")
    expect(page.get_by_role("status")).to_have_text("拨打 0510-00000000")


def test_a_picture_is_shown_large_and_saved_only_when_allowed(phone: Phone) -> None:
    page = phone.open(CALLS)

    press(page, "large")
    page.get_by_role("dialog", name="图片").get_by_role("button", name="关闭").tap()
    press(page, "save")
    page.get_by_role("dialog", name="相册").get_by_role("button", name="允许").tap()
    outcome(page, "save")
    page.reload()
    press(page, "save")
    page.get_by_role("dialog", name="相册").get_by_role("button", name="拒绝").tap()
    assert failure(page, "save")["errMsg"] == "saveImageToPhotosAlbum:fail auth deny"
    press(page, "save")

    assert failure(page, "save")["errMsg"].endswith("auth deny")
    expect(page.get_by_role("dialog")).to_have_count(0)  # who refused is not asked again


def test_a_page_says_itself_what_a_friend_gets(phone: Phone) -> None:
    page = phone.open(CALLS)

    page.get_by_role("button", name="转发").tap()

    card = page.get_by_role("dialog", name="转发")
    expect(card.get_by_role("heading", name="给你看")).to_be_visible()
    card.get_by_role("button", name="发送").tap()
    expect(card).to_have_count(0)


def test_a_call_that_is_not_simulated_is_an_error(phone: Phone) -> None:
    page = phone.open()

    page.evaluate("wx.startBluetooth")

    assert phone.complaints == ["[preview] wx.startBluetooth is not simulated"]
    phone.complaints.clear()


# -- what the sandbox answers for WeChat


def test_login_codes_are_for_the_chosen_phone_or_the_one_in_the_address(
    phone: Phone, server: PhoneServer
) -> None:
    server.chosen = "2"
    page = phone.open(CALLS)
    press(page, "login")
    chosen = outcome(page, "login")["code"]
    page = phone.open(CALLS, "?phone=1")
    press(page, "login")

    assert [chosen, outcome(page, "login")["code"]] == ["code-login-codes-2", "code-login-codes-1"]


def test_the_phone_number_is_given_only_when_allowed(phone: Phone) -> None:
    page = phone.open(CALLS)

    page.get_by_role("button", name="手机号").tap()
    page.get_by_role("button", name="拒绝").tap()
    expect(page.locator("#outcome")).to_contain_text("getPhoneNumber:fail user deny")
    page.get_by_role("button", name="手机号").tap()
    page.get_by_role("button", name="允许").tap()

    expect(page.locator("#outcome")).to_contain_text("code-phone-codes-1")


def test_each_template_is_accepted_or_refused_by_name(phone: Phone, server: PhoneServer) -> None:
    page = phone.open(CALLS)

    press(page, "subscribe")
    page.get_by_label("接种提醒").uncheck()
    page.get_by_role("button", name="允许").tap()
    result = outcome(page, "subscribe")
    press(page, "subscribe")
    page.get_by_role("button", name="拒绝").tap()
    expect(page.locator("#outcome")).to_contain_text('"T1":"reject"')

    assert result == {"T1": "accept", "T2": "reject", "errMsg": "requestSubscribeMessage:ok"}
    assert server.bodies("/sandbox/api/subscriptions") == [
        {"answers": {"T1": "accept", "T2": "reject"}, "phone": "1"},
        {"answers": {"T1": "reject", "T2": "reject"}, "phone": "1"},
    ]


def test_without_the_sandbox_the_preview_says_so(phone: Phone) -> None:
    phone.page.route("**/sandbox/api/phones", lambda route: route.abort())

    phone.page.goto(f"{phone.server.url}/preview/app.html")

    expect(phone.page.get_by_role("alert")).to_contain_text("微信沙箱没有应答")
    phone.complaints.clear()


# -- the frame


def test_the_frame_shows_the_phone_and_its_switches(browser: Browser, server: PhoneServer) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        color_scheme="null",  # the frame decides, not the test
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{server.url}/preview/index.html")
    screen = page.frame_locator("#screen")

    expect(screen.get_by_role("heading", name="展示")).to_be_visible()
    page.get_by_text("深色").click()
    expect(screen.locator("wx-page")).to_have_css("background-color", "rgb(15, 17, 20)")
    page.get_by_text("浅色").click()
    expect(screen.locator("wx-page")).to_have_css("background-color", "rgb(245, 246, 248)")
    page.get_by_label("演示手机").select_option("爸爸的手机")
    expect(screen.get_by_role("heading", name="展示")).to_be_visible()
    screen.get_by_role("tab", name="调用").click()
    reopen = page.get_by_role("button", name="重新打开小程序")
    reopen.press("Enter")
    expect(screen.get_by_role("heading", name="展示")).to_be_visible()
    expect(reopen).to_be_focused()
    screen.get_by_role("tab", name="调用").click()
    page.get_by_text("断开").click()
    expect(screen.locator("#events")).to_have_text("断网")
    page.get_by_text("特大").click()
    screen.get_by_role("button", name="device", exact=True).click()
    expect(screen.locator("#outcome")).to_contain_text('"font":23')

    assert server.chosen == "2"
    hrefs = [link.get_attribute("href") for link in page.get_by_role("link").all()]
    assert hrefs == ["/sandbox/", "/console/"]
    assert [text for text in complaints if "rich-text drops" not in text] == []
    context.close()


def test_the_build_holds_everything_it_needs(sample_build: Path) -> None:
    texts = [
        file.read_text(encoding="utf-8")
        for file in sample_build.rglob("*")
        if file.suffix in (".html", ".css", ".js")
    ]
    loaded = re.compile(r"""(?:src|href)=["']https?://|url\(["']?https?://|@import""")

    assert len(texts) >= 5
    assert [found for text in texts for found in loaded.findall(text)] == []
