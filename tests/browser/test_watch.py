"""The watchers see what they are there for: each fault planted once."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.families import add_phone
from tests.browser.house import House
from tests.browser.looks import faint_words, overflowing
from tests.browser.pages import App
from tests.browser.watch import Watch


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("console.warn('careful')", "console: careful"),
        ("setTimeout(() => { throw new Error('lost') })", "uncaught: lost"),
        ("fetch('http://127.0.0.1:1/x').catch(() => 0)", "request to another host"),
    ],
)
def test_a_fault_of_a_page_is_noticed(
    browser: Browser, house: House, script: str, complaint: str
) -> None:
    context = browser.new_context()
    watch = Watch(context, house.base)
    page = context.new_page()
    page.goto(f"{house.base}/livez")

    page.evaluate(f"() => {{ {script} }}")
    page.evaluate("() => new Promise((done) => setTimeout(done))")

    assert [text for text in watch.complaints if text.startswith(complaint)]
    watch.expect(complaint)
    assert [text for text in watch.complaints if text.startswith(complaint)] == []
    context.close()


def test_what_is_too_wide_or_too_faint_is_noticed(app_window: App, house: House) -> None:
    app_window.open(phone=add_phone(house.base, "挑剔的妈妈"))
    heading = app_window.heading("从登记孩子开始")
    expect(heading).to_be_visible()
    assert overflowing(app_window.page) + faint_words(app_window.page) == []

    heading.evaluate("e => Object.assign(e.style, { color: '#ccc', width: '400px' })")

    assert overflowing(app_window.page) != []
    assert ["从登记孩子开始" in words for words in faint_words(app_window.page)] == [True]
