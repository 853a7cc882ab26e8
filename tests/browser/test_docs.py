"""The start page and its four doors; the API's documentation."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, SCREEN, Windows
from tests.browser.house import House


@pytest.mark.parametrize(
    ("door", "inside"),
    [
        ("家长端预览", "家长端预览"),
        ("中心工作台", "中心工作台"),
        ("微信沙箱", "微信沙箱"),
    ],
)
def test_a_door_of_the_start_page_opens(
    windows: Windows, house: House, door: str, inside: str
) -> None:
    page = windows(viewport=SCREEN)[0].new_page()
    page.goto(f"{house.base}/")

    page.get_by_role("link", name=door).click()

    expect(page.get_by_role("heading", name=inside)).to_be_visible()


def test_the_preview_shows_the_mini_program_in_a_phone(windows: Windows, house: House) -> None:
    page = windows(viewport=SCREEN)[0].new_page()
    page.goto(f"{house.base}/preview/")

    tabs = page.frame_locator("iframe").locator("#tab-bar").get_by_role("tab")

    expect(tabs).to_have_text(["首页", "育儿", "预约", "手册", "我的"])


def test_the_documentation_lists_the_api_from_this_server_alone(
    windows: Windows, house: House
) -> None:
    """That nothing comes from another host, the window itself watches."""
    page = windows(viewport=SCREEN)[0].new_page()
    page.goto(f"{house.base}/")

    page.get_by_role("link", name="接口文档").click()

    expect(page.get_by_text("/api/v1/bookings", exact=True).first).to_be_visible()
    page.get_by_text("/api/v1/guides/{slug}").first.click()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()


def test_the_start_page_fits_a_phone(windows: Windows, house: House) -> None:
    page = windows(viewport=PHONE)[0].new_page()
    page.goto(f"{house.base}/")

    expect(page.get_by_role("link")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
