"""What a person does on our pages, in the words that stand on them."""

import re
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.browser.watch import Watch

MOST_TABS = 80  # presses of the Tab key before something counts as out of reach


def starting(text: str) -> re.Pattern[str]:
    """An accessible name that begins with this text."""
    return re.compile("^" + re.escape(text))


def tab_to(page: Page, name: str | re.Pattern[str], role: str = "") -> None:
    """Press Tab until something of this accessible name has the focus."""
    wanted = name if isinstance(name, re.Pattern) else re.compile(f"^{re.escape(name)}$")
    passed = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "() => { const e = document.activeElement;"
            " return [e.getAttribute('aria-label') ?? (e.labels?.[0] ?? e).textContent.trim(),"
            "  e.getAttribute('role') ?? e.tagName.toLowerCase()] }"
        )
        if wanted.search(said[0]) and role in ("", said[1]):
            return
        passed.append(said[0][:20])
    raise AssertionError(f"Tab does not reach {wanted.pattern}; it passed {passed}")


class App:
    """The mini-program on one phone."""

    def __init__(self, page: Page, base: str, watch: Watch) -> None:
        self.page = page
        self.watch = watch
        self._base = base

    def open(self, route: str = "", phone: int | None = None, font: int | None = None) -> None:
        """Start it, at a page if one is given, with the chosen phone if none is given."""
        asked = {"phone": phone, "font": font}
        query = "&".join(f"{name}={value}" for name, value in asked.items() if value is not None)
        self.page.goto("about:blank")  # a changed hash alone would not start it again
        self.page.goto(f"{self._base}/preview/app.html?{query}#{route}")
        self.page.locator("wx-page").first.wait_for()
        self.settled()

    def settled(self) -> None:
        """Wait until nothing on the shown page is loading."""
        expect(self.shown).to_have_count(1)
        expect(self.shown.get_by_role("status", name="正在加载")).to_have_count(0)
        expect(self.shown.locator("wx-page > *").first).to_be_attached()

    @property
    def shown(self) -> Locator:
        """The page on top; tabs that were left stay in the document, hidden."""
        return self.page.locator(".page-host:not([hidden])")

    def text(self, words: str | re.Pattern[str]) -> Locator:
        return self.shown.get_by_text(words)

    def tab(self, name: str) -> None:
        self.page.locator("#tab-bar").get_by_role("tab", name=name).tap()
        self.settled()

    def back(self) -> None:
        self.page.get_by_role("button", name="返回").tap()
        self.settled()

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.shown.get_by_role("button", name=name, exact=isinstance(name, str))

    def press(self, name: str | re.Pattern[str]) -> None:
        self.button(name).first.tap()

    def link(self, name: str | re.Pattern[str]) -> Locator:
        return self.shown.get_by_role("link", name=name, exact=isinstance(name, str))

    def follow(self, name: str | re.Pattern[str]) -> None:
        self.link(name).first.tap()
        self.settled()

    def heading(self, name: str) -> Locator:
        return self.shown.get_by_role("heading", name=name, exact=True)

    def dialog(self, name: str) -> Locator:
        return self.page.get_by_role("dialog", name=name)

    def choose(self, label: str, option: str) -> None:
        """Open the picker of a field and take one of its lines."""
        self.shown.get_by_role("button", name=starting(label)).tap()
        self.dialog("请选择").get_by_role("button", name=option, exact=True).tap()

    def choose_date(self, label: str, day: str) -> None:
        self.shown.get_by_role("button", name=starting(label)).tap()
        wheel = self.dialog("请选择")
        wheel.locator("input").fill(day)
        wheel.get_by_role("button", name="确定").tap()

    def agree(self) -> None:
        """Read both documents to the end of the page, tick each, go on."""
        for _ in range(2):
            self.press(starting("阅读全文："))
        for box in self.shown.get_by_role("checkbox").all():
            box.tap()
        self.press("同意并继续")

    def answer_wechat(self, *, accept: bool) -> None:
        """WeChat's own question about messages."""
        question = self.dialog("订阅消息")
        question.get_by_role("button", name="允许" if accept else "拒绝").tap()
        expect(question).to_have_count(0)


class Desk:
    """The console, as staff use it."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self._base = base

    def open(self, path: str = "") -> None:
        self.page.goto(f"{self._base}/console/{path}")

    def sign_in(self, login: str, password: str) -> None:
        """With the keyboard alone, from the door."""
        self.open()
        expect(self.page.get_by_label("账号")).to_be_focused()
        self.page.keyboard.type(login)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("navigation", name="工作台")).to_be_visible()

    def go(self, name: str) -> None:
        self.page.get_by_role("navigation", name="工作台").get_by_role("link", name=name).click()

    def decline(self, about: str, reason: str) -> None:
        """Open 婉拒 of one booking, write the reason, send it."""
        self.page.locator("summary").filter(has_text="婉拒").and_(
            self.page.get_by_label(f"婉拒：{about}", exact=True)
        ).click()
        self.page.get_by_label("写给家长的原因").locator("visible=true").fill(reason)
        self.page.get_by_role("button", name="婉拒并通知家长").locator("visible=true").click()

    @property
    def notice(self) -> Locator:
        return self.page.locator(".notices")


class SandboxPage:
    """The page that stands for WeChat."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self._base = base

    def open(self) -> None:
        self.page.goto(f"{self._base}/sandbox/")

    def choose(self, phone: str) -> None:
        """Let the preview be this phone."""
        listed = self.page.locator("#phones").get_by_role("button", name=phone)
        listed.click()
        self.page.get_by_role("button", name="让预览用这部手机").or_(
            listed.get_by_text("预览正在用")
        ).click()
        expect(listed).to_contain_text("预览正在用")

    def messages_of(self, phone: str) -> Locator:
        self.page.locator("#phones").get_by_role("button", name=phone).click()
        return self.page.get_by_role("log", name="收到的消息")


def page_url(route: str, **query: object) -> str:
    """`page_url("guide", slug="x")`: /pages/guide/guide?slug=x"""
    parameters = "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
    return f"/pages/{route}/{route}" + (f"?{parameters}" if parameters else "")
