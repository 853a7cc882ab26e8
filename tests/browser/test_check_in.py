"""签到 in a hall: the network goes, the page stays, and everything is sent once.

The web application alone, on a database of the test's own, with a clock that stands still.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from backend.app import create_app
from backend.bookings.passes import Holder, Passes
from backend.bookings.slips import Seat, Slips
from backend.kernel.clock import FixedClock
from backend.kernel.db import make_engine, session_factory
from tests.bookings.family import Family, make_family, state_of
from tests.bookings.visit import check_ins, confirmed
from tests.browser.conftest import PHONE, SCREEN
from tests.browser.looks import faint_words
from tests.conftest import make_settings
from tests.console.conftest import HASH, PASSWORD
from tests.factories import MORNING, make_centre, make_slot, make_staff
from tests.fakes import FakeLogin
from tests.process.waiting import eventually

Sessions = sessionmaker[Session]
START = MORNING + timedelta(days=3)
NAMES = ("王小一", "李小二", "张小三")


@dataclass
class Hall:
    """A centre's day: three families are expected at ten."""

    url: str
    sessions: Sessions
    clock: FixedClock
    families: list[Family]
    bookings: list[int]

    def short_code(self, number: int) -> str:
        return self.passes(number)[1]

    def passes(self, number: int) -> tuple[str, str]:
        holder = Holder(self.bookings[number], self.families[number].child)
        made = Passes("s" * 32).issue(holder, START + timedelta(hours=1), self.clock.now())
        return made.code, made.short_code

    def slip(self, number: int) -> str:
        seat = Seat(
            self.bookings[number], self.families[number].child, START, START + timedelta(hours=1)
        )
        return Slips("s" * 32).issue(seat).code

    def state(self, number: int) -> str:
        return state_of(self.sessions, self.bookings[number])[0]


@pytest.fixture
def hall(make_database: Callable[[], str]) -> Iterator[Hall]:
    url = make_database()
    engine = make_engine(url, pool_size=5)
    sessions, clock = session_factory(engine), FixedClock(MORNING)
    centre = make_centre(sessions, name="澄江街道亲子活动中心")
    make_staff(sessions, centre_id=centre, password_hash=HASH, login="clerk")
    slot = make_slot(sessions, centre_id=centre)
    families = [make_family(sessions, name=name, birth_date=date(2026, 1, 15)) for name in NAMES]
    bookings = [confirmed(sessions, clock, family, slot) for family in families]
    clock.set(START - timedelta(minutes=30))
    app = create_app(make_settings(url), clock=clock, sessions=sessions, login=FakeLogin())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        base = f"http://127.0.0.1:{server.server_port}"
        yield Hall(base, sessions, clock, families, bookings)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        engine.dispose()


@pytest.fixture
def device(browser: Browser, hall: Hall) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", has_touch=True)
    context.set_default_timeout(15_000)
    refused: list[str] = []
    context.on("console", lambda said: refused.append(said.text) if "Policy" in said.text else None)
    context.on("weberror", lambda error: refused.append(str(error.error)))
    yield context
    context.close()
    assert refused == []  # nothing is against the page's own Content-Security-Policy


@pytest.fixture
def page(device: BrowserContext, hall: Hall) -> Page:
    """The page 签到, kept by its worker."""
    page = device.new_page()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # width and height
    page.goto(f"{hall.url}/console/check-in")
    page.get_by_label("账号").fill("clerk")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="签到", exact=False).first).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.reload()  # now it comes through the worker, which keeps it
    expect(line(page, "王*一")).to_contain_text("已确认")
    return page


def line(page: Page, name: str) -> Locator:
    return (
        page.get_by_role("listitem").filter(has_text=name).filter(has=page.locator("[data-pill]"))
    )


def tick(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"签到：{name} 一起爬一爬").click()


def type_code(page: Page, code: str) -> None:
    page.get_by_label("8 位签到码").fill(code)
    page.get_by_label("8 位签到码").press("Enter")


def test_a_family_is_ticked_and_another_types_its_code(page: Page, hall: Hall) -> None:
    tick(page, "王*一")
    expect(line(page, "王*一")).to_contain_text("已到场")
    type_code(page, hall.short_code(1).lower())

    expect(line(page, "李*二")).to_contain_text("已到场")
    expect(page.locator("[data-come]")).to_have_text("2")
    assert [hall.state(number) for number in range(3)] == ["attended", "attended", "confirmed"]
    type_code(page, "AAAA-3333")
    expect(page.get_by_role("status").last).to_contain_text("签到码无效或已过期")
    type_code(page, "00")
    expect(page.get_by_role("status").last).to_contain_text("8 位字母和数字")


def test_without_a_network_it_opens_keeps_and_later_sends_once(
    page: Page, device: BrowserContext, hall: Hall
) -> None:
    code = hall.short_code(1)
    device.set_offline(True)
    page.reload()  # in the hall, the page is opened anew

    tick(page, "王*一")
    type_code(page, code)
    expect(line(page, "王*一")).to_contain_text("待核对")
    expect(page.get_by_text("待上传 2")).to_be_visible()
    expect(page.get_by_text("没有网络，已保存在本机")).to_be_visible()
    assert check_ins(hall.sessions) == []
    page.reload()  # a closed lid loses nothing
    expect(page.get_by_text("待上传 2")).to_be_visible()
    expect(line(page, "王*一")).to_contain_text("待核对")

    hall.clock.advance(timedelta(minutes=25))  # the code itself is over by now
    device.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")

    expect(page.get_by_text("待上传")).to_be_hidden()
    expect(line(page, "李*二")).to_contain_text("已到场")
    assert hall.state(0) == hall.state(1) == "attended"
    rows = check_ins(hall.sessions)
    assert len(rows) == 2
    page.reload()
    expect(page.locator("[data-come]")).to_have_text("2")
    assert len(check_ins(hall.sessions)) == 2


def test_signing_out_takes_the_list_off_the_device(
    page: Page, device: BrowserContext, hall: Hall
) -> None:
    assert page.evaluate("caches.has('check-in')")

    page.get_by_role("button", name="退出").click()
    expect(page.get_by_text("已退出")).to_be_visible()

    assert not page.evaluate("caches.has('check-in')")
    device.set_offline(True)
    page.goto(f"{hall.url}/console/check-in")
    expect(page.get_by_role("heading", name="没有网络")).to_be_visible()
    assert "王*一" not in page.content()


def test_a_device_with_a_wrong_clock_says_the_servers_time(page: Page, hall: Hall) -> None:
    """The browser runs on the machine's own time, days away from the hall's."""
    tick(page, "张*三")
    expect(line(page, "张*三")).to_contain_text("已到场")

    (row,) = check_ins(hall.sessions)
    assert abs(row.scanned_at - hall.clock.now()) < timedelta(seconds=30)


def test_a_scanned_code_is_taken_where_the_browser_can_read_one(
    device: BrowserContext, hall: Hall
) -> None:
    """The camera is the browser's; a stand-in for its detector reads the same again and again."""
    code, slip = hall.passes(2)[0], hall.slip(1)
    device.add_init_script(
        "if (navigator.mediaDevices)"
        " navigator.mediaDevices.getUserMedia = async () => new MediaStream();"
        "HTMLVideoElement.prototype.play = async () => {};"
        "window.BarcodeDetector = class { async detect() {"
        f" return [{{ rawValue: '{code}' }}, {{ rawValue: '{slip}' }},"
        " { rawValue: 'https://elsewhere' }]; } };"
    )
    page = device.new_page()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # width and height
    page.goto(f"{hall.url}/console/check-in")
    page.get_by_label("账号").fill("clerk")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()

    page.get_by_role("button", name="打开摄像头扫码").click()

    expect(line(page, "张*三")).to_contain_text("已到场")
    expect(line(page, "李*二")).to_contain_text("已到场")
    expect(page.get_by_text("这不是澄育的签到码")).to_be_visible()
    eventually(lambda: [one.way.value for one in check_ins(hall.sessions)] == ["qr", "qr"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_door_can_be_read_and_fits(page: Page, hall: Hall, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # one of its literals
    tick(page, "王*一")
    type_code(page, "AAAA-3333")
    expect(page.get_by_text("签到码无效")).to_be_visible()
    for size in (PHONE, SCREEN):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # width and height
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert faint_words(page) == []
