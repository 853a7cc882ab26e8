"""A phone in Chromium that shows the sample mini-program."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.miniprogram.phone_server import PhoneServer, serving
from tests.miniprogram.tools import SAMPLE, build

PATIENCE_MS = 5_000


@pytest.fixture(scope="session")
def sample_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("preview") / "dist"
    build(SAMPLE, out)
    return out


@pytest.fixture
def server(sample_build: Path) -> Iterator[PhoneServer]:
    with serving(sample_build) as running:
        yield running


class Phone:
    """One browser window of the size of a phone, and what went wrong in it."""

    def __init__(self, context: BrowserContext, server: PhoneServer) -> None:
        self.context = context
        self.server = server
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._check_host(request.url))

    def open(self, route: str = "", parameters: str = "") -> Page:
        """Show a page of the mini-program: `/pages/form/form`."""
        self.page.goto(f"{self.server.url}/preview/app.html{parameters}#{route}")
        self.page.locator("wx-page").first.wait_for()
        return self.page

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _check_host(self, url: str) -> None:
        if not url.startswith((self.server.url, "data:", "blob:")):
            self.complaints.append(f"request to another host: {url}")


@pytest.fixture
def phone(browser: Browser, server: PhoneServer) -> Iterator[Phone]:
    """375 × 812, with touch. A test that expects complaints clears `phone.complaints`."""
    context = browser.new_context(
        viewport={"width": 375, "height": 812},
        has_touch=True,
        locale="zh-CN",
        permissions=["clipboard-read", "clipboard-write"],
    )
    shown = Phone(context, server)
    yield shown
    context.close()
    assert shown.complaints == []
