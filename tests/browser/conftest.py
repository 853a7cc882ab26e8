"""The house, started once, and windows that look into it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.house import House, running_house
from tests.browser.pages import App, Desk, SandboxPage
from tests.browser.watch import Watch
from tests.process.product import TEN_IN_THE_MORNING

HERE = Path(__file__).parent
PATIENCE_MS = 30_000
PHONE = {"width": 375, "height": 812}
SCREEN = {"width": 1280, "height": 800}

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    with running_house() as house:
        yield house


Windows = Callable[..., tuple[BrowserContext, Watch]]


@pytest.fixture
def windows(browser: Browser, house: House) -> Iterator[Windows]:
    """Opens browser windows; at the end of the test none may have complained."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def open_window(**options: object) -> tuple[BrowserContext, Watch]:
        context = browser.new_context(
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            permissions=["clipboard-read", "clipboard-write"],
            **options,  # type: ignore[arg-type]  # Playwright's own keywords
        )
        context.set_default_timeout(PATIENCE_MS)
        context.clock.set_system_time(datetime.fromisoformat(TEN_IN_THE_MORNING))
        opened.append((context, Watch(context, house.base)))
        return opened[-1]

    yield open_window
    complaints = [text for _, watch in opened for text in watch.complaints]
    for context, _ in opened:
        context.close()
    assert complaints == []


@pytest.fixture
def new_app(windows: Windows, house: House) -> Callable[..., App]:
    """Makes phones of 375 × 812 with touch; keywords go to the browser context."""

    def make(**options: object) -> App:
        context, watch = windows(viewport=PHONE, has_touch=True, **options)
        return App(context.new_page(), house.base, watch)

    return make


@pytest.fixture
def app_window(new_app: Callable[..., App]) -> App:
    return new_app()


@pytest.fixture
def desk(windows: Windows, house: House) -> Desk:
    """The console in a window, not signed in."""
    return Desk(windows(viewport=SCREEN)[0].new_page(), house.base)


@pytest.fixture
def clerk(desk: Desk, house: House) -> Desk:
    """A clerk of the centre of 澄江街道, signed in."""
    desk.sign_in("zhongxin", house.logins["zhongxin"])
    return desk


@pytest.fixture
def sandbox_page(windows: Windows, house: House) -> SandboxPage:
    return SandboxPage(windows(viewport=SCREEN)[0].new_page(), house.base)
