"""Pictures of every page, from a house at the same moment each time.

    python -m tests.browser.screenshots [folder]

Writes PNGs and an index into docs/screenshots.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.album import PATIENCE_MS, Album, write_index
from tests.browser.chromium import chromium
from tests.browser.desk_pages import (
    CITY_PAGES,
    CLERK_PAGES,
    fill_the_city,
    photograph_campaigns,
)
from tests.browser.families import (
    CLASS,
    EIGHT_MONTHS,
    Parent,
    add_phone,
    phone_called,
    received,
    sandbox,
)
from tests.browser.house import House, running_house
from tests.browser.pages import App, Desk, page_url, starting
from tests.browser.paper_charts import BOY, GIRL, SEX, Measured, Paper, side_by_side, svg
from tests.conftest import ROOT
from tests.process.waiting import eventually

FOLDER = ROOT / "docs/screenshots"
PHONE = {"width": 375, "height": 812}
SCREEN = {"width": 1280, "height": 720}
WIDTHS = (1280, 768)
# A gradient alone would make a picture three times as large.
FLAT = "body { background-image: none !important }"
SEND, DATA_FORMAT_WRONG = "/cgi-bin/message/subscribe/send", 47003
BESIDE_PAPER = {"width": 1060, "height": 545}
GIRL_MEASURED = (  # invented, as all children here
    Measured(EIGHT_MONTHS, 3250, 500, 340),
    Measured("2026-04-16", 4350, 545, 370),
    Measured("2026-06-18", 6200, 612, 398),
    Measured("2026-09-20", 7600, 668, 423),
    Measured("2026-11-20", 8050, 692, 433),
)
BOY_MEASURED = (
    Measured("2025-05-10", 3600, 512, 345),
    Measured("2025-08-12", 7300, 638, 411),
    Measured("2025-11-12", 8900, 700, 440),
    Measured("2026-05-11", 10600, 785, 465),
    Measured("2026-11-12", 11800, 842, 477),
)


@dataclass(frozen=True)
class Family:
    """Whose pages the pictures show."""

    parent: Parent
    child: int
    newcomer: Parent
    bereaved: Parent


def make_family(house: House, clerk: Desk) -> Family:
    """A mother with one booking, who may book another, and a grandmother without a child."""
    parent = Parent.of_phone(house.base, 1)
    child = parent.register("许念安")["id"]
    parent.subscribe("booking_confirmed", "booking_declined", "handbook_reminder")
    parent.book(child, CLASS)
    clerk.go("待确认")
    clerk.page.get_by_role("button", name=f"确认：许*安 {CLASS}").click()
    eventually(lambda: received(house.base, parent.phone))
    trouble_the_city(house, clerk)
    for vaccine in ("hepb-1", "bcg-1"):
        path = f"/children/{child}/handbook/vaccine:{vaccine}"
        parent.call("PUT", path, {"done_on": EIGHT_MONTHS})
    parent.expect_a_child()
    measure(parent, child, GIRL_MEASURED)
    newcomer = Parent.of_phone(house.base, phone_called(house.base, "奶奶手机"))
    return Family(parent, child, newcomer, bereaved_parent(house))


def measure(parent: Parent, child: int, measured: tuple[Measured, ...]) -> None:
    for one in measured:
        values = {"weight_g": one.weight_g, "length_mm": one.length_mm, "head_mm": one.head_mm}
        parent.call("PUT", f"/children/{child}/growth/{one.day}", {**values, "lying": True})


def bereaved_parent(house: House) -> Parent:
    """Of a child that died; the book is kept."""
    parent = Parent.of_phone(house.base, add_phone(house.base, "另一位妈妈"))
    child = parent.register("荀小雨", birth_date="2026-02-10")["id"]
    for vaccine in ("hepb-1", "bcg-1"):
        path = f"/children/{child}/handbook/vaccine:{vaccine}"
        parent.call("PUT", path, {"done_on": "2026-02-10"})
    parent.call("PUT", f"/children/{child}/departure", {"kind": "died"})
    return parent


def trouble_the_city(house: House, clerk: Desk) -> None:
    """A message that WeChat refuses, so that the list of the undelivered is not empty."""
    neighbour = Parent.of_phone(house.base, phone_called(house.base, "邻居手机"))
    other = neighbour.register("尤嘉木", sex="m")["id"]
    neighbour.subscribe("booking_confirmed")
    neighbour.book(other, CLASS)
    sandbox(house.base, "POST", "faults", path=SEND, errcode=DATA_FORMAT_WRONG, times=1)
    clerk.page.reload()
    clerk.page.get_by_role("button", name=f"确认：尤*木 {CLASS}").click()
    neighbour.message("booking_confirmed", "failed")


def photograph_app(album: Album, family: Family, scheme: str) -> None:
    """Every page of the mini-program in one colour scheme."""
    group = f"app-{scheme}"
    with album.window(viewport=PHONE, has_touch=True, color_scheme=scheme) as (page, watch):
        app = App(page, album.house.base, watch)
        for name, title, route in pages_of_newcomer():
            app.open(route, phone=family.newcomer.phone)
            album.take(page, group, name, title)
        for name, title, route in pages_of_parent(family):
            app.open(route, phone=family.parent.phone)
            album.take(page, group, name, title)
        app.open(page_url("handbook"), phone=family.parent.phone)
        app.heading("手册里的各部分").evaluate("(heading) => heading.scrollIntoView()")
        album.take(page, group, "handbook-chapters", "手册的各部分")
        app.open(page_url("handbook"), phone=family.bereaved.phone)
        album.take(page, group, "handbook-kept", "孩子离世后的手册")
        app.open(page_url("book"), phone=family.parent.phone)
        app.press(re.compile(rf"^预约：.*{CLASS}"))
        expect(app.dialog("确认预约").get_by_role("img")).to_be_visible()
        album.take(page, group, "book-confirm", "确认预约")
        app.open(page_url("guides"), phone=family.parent.phone)
        page.context.set_offline(True)
        watch.expect("ERR_INTERNET_DISCONNECTED")
        app.tab("首页")
        expect(app.text("没有连上网络").or_(app.text("当前离线")).first).to_be_visible()
        album.take(page, group, "offline", "没有网络时")


def pages_of_newcomer() -> list[tuple[str, str, str]]:
    return [
        ("welcome", "首页：还没有登记孩子", page_url("home")),
        ("consent", "登记前的两份文件", page_url("consent", next=page_url("child-form"))),
        ("bookings-empty", "我的预约：还没有", page_url("bookings")),
        ("join", "输入邀请码", page_url("invite")),
    ]


def keep_a_diary(parent: Parent, child: int) -> None:
    parent.agree("diary")
    for day, note in (
        ("2026-11-20", "第一次吃米粉，吃了两勺，还要。"),
        ("2026-11-22", "自己坐了好一会儿。"),
    ):
        parent.call("POST", f"/children/{child}/diary", {"day": day, "note": note})
    parent.call("PUT", f"/children/{child}/home-check", {"answers": {"fall-window": "not_yet"}})


def pages_of_the_handbook(child: int) -> list[tuple[str, str, str]]:
    return [
        ("screenings", "发育筛查", page_url("screenings")),
        ("screening", "看四条", page_url("screening", visit="m8")),
        ("screening-result", "筛查的结果", page_url("screening", visit="m6")),
        ("newborn-screening", "新生儿筛查", page_url("newborn-screening")),
        ("eye-care", "眼保健和听力", page_url("eye-care")),
        ("family-doctor", "家庭医生签约", page_url("family-doctor")),
        ("growth", "生长曲线", page_url("growth")),
        ("measure", "记一次测量", page_url("measure")),
        ("dose", "手册里的一剂", page_url("item", id="vaccine:hepb-2")),
        ("vaccines", "接种本", page_url("vaccines")),
        ("vaccine-facts", "会改变日期的几件事", page_url("vaccine-facts", child=child)),
        ("diary", "成长日记", page_url("diary")),
        ("diary-day", "写一天", page_url("diary-day", child=child)),
        ("home-check", "家庭安全自查", page_url("home-check")),
        ("take-along", "带走手册", page_url("take-along", child=child)),
        ("chapter", "孕前", page_url("chapter", name="before")),
    ]


def pages_of_parent(family: Family) -> list[tuple[str, str, str]]:
    """(file name, title, address) of the pages that need no tap."""
    parent, child = family.parent, family.child
    age = parent.call("GET", "/children")["items"][0]["age_days"]
    guide = parent.call("GET", f"/guides?age_days={age}")["items"][0]["slug"]
    parent.call("PUT", f"/marks/{guide}/favourite")
    quiz = parent.call("POST", "/quizzes", {"child_id": child})["id"]
    booking = parent.call("GET", "/bookings")["items"][0]["id"]
    signs = [{"id": f"w06-{n}", "answer": "yes" if n == 1 else "no"} for n in range(1, 5)]
    parent.call("PUT", f"/children/{child}/screenings/m6", {"answers": signs})
    keep_a_diary(parent, child)
    return [
        ("home", "首页", page_url("home")),
        ("guides", "育儿", page_url("guides")),
        ("guide", "一篇指南", page_url("guide", slug=guide)),
        ("search", "搜索", page_url("search", q="发烧")),
        ("recipes", "菜谱", page_url("recipes")),
        ("recipe", "一道菜", page_url("recipe", slug="danhuang-bocai-zhou")),
        ("favourites", "我的收藏", page_url("favourites")),
        ("quiz", "知识问答", page_url("quiz")),
        ("quiz-set", "一道题", page_url("quiz-set", id=quiz)),
        ("book", "预约", page_url("book")),
        ("bookings", "我的预约", page_url("bookings")),
        ("visit", "一次预约", page_url("visit", id=booking)),
        ("centres", "选中心", page_url("centres")),
        ("rooms", "母婴室名录", page_url("rooms")),
        ("handbook", "手册", page_url("handbook")),
        ("item", "手册里的一次体检", page_url("item", id="checkup:m8")),
        ("pregnancy", "孕期手册", page_url("pregnancy")),
        ("pregnancy-dates", "预产期", page_url("pregnancy-dates")),
        ("pregnancy-diary", "体重和胎动", page_url("pregnancy-diary")),
        ("pregnancy-birth", "宝宝出生了", page_url("pregnancy-birth")),
        *pages_of_the_handbook(child),
        ("messages", "消息", page_url("messages")),
        ("me", "我的", page_url("me")),
        ("child-form", "登记孩子", page_url("child-form")),
        ("invite", "邀请家人", page_url("invite", child=child)),
    ]


def photograph_console(album: Album, width: int) -> None:
    """Every page of the console as a clerk of one centre and as the city see it."""
    group = f"console-{width}"
    with album.window(viewport={"width": width, "height": 600}) as (page, _):
        desk = Desk(page, album.house.base)
        desk.open()
        album.take(page, group, "sign-in", "登录")
        desk.sign_in("zhongxin", album.house.logins["zhongxin"])
        for name, title, path in CLERK_PAGES:
            desk.open(path)
            album.take(page, group, name, title)
        desk.open("requests")
        page.locator(".booking a.child").first.click()
        album.take(page, group, "booking", "一个预约")
        page.context.clear_cookies()
        desk.sign_in("shiji", album.house.logins["shiji"])
        for name, title, path in CITY_PAGES:
            desk.open(path)
            album.take(page, group, name, title)
        photograph_campaigns(album, desk, group)
        desk.open("content")
        page.locator(".texts a").first.click()
        album.take(page, group, "guide", "一篇待审的文章")
        photograph_handbook(album, desk, group)


def photograph_handbook(album: Album, desk: Desk, group: str) -> None:
    """What a child-health doctor sees."""
    page = desk.page
    page.context.clear_cookies()
    desk.sign_in("erbao", album.house.logins["erbao"])
    album.take(page, group, "handbooks", "儿保：申请看手册")
    page.get_by_role("link", name="看手册").click()
    page.get_by_role("link", name="生长").click()
    page.get_by_role("heading", name="测量").wait_for()
    album.take(page, group, "handbook", "儿保：一个孩子的手册")


def photograph_doors(album: Album) -> None:
    """The start page, what its doors open, and the console at night."""
    house = album.house
    with album.window(viewport=SCREEN) as (page, _):
        for name, title, path, ready in (
            ("start", "首页的四个入口", "/", "a.door"),
            ("preview", "手机框里的家长端", "/preview/", "iframe"),
            ("sandbox", "微信沙箱", "/sandbox/", "#messages article"),
            ("docs", "接口文档", "/api/docs", ".opblock"),
            ("library", "网页版育儿库", "/g/", "main a"),
            ("web-guide", "网页上的一篇", "/g/liu-ba-yue-caidan", "main h1"),
        ):
            page.goto(house.base + path)
            page.locator(ready).first.wait_for()
            if name == "preview":
                page.frame_locator("iframe").get_by_role("heading", name="要做的事").wait_for()
                page.add_style_tag(content=FLAT)
            album.take(page, "doors", name, title)
    with album.window(viewport=SCREEN, color_scheme="dark") as (page, _):
        desk = Desk(page, house.base)
        desk.sign_in("zhongxin", house.logins["zhongxin"])
        album.take(page, "doors", "today-dark", "工作台，深色")
        page.goto(f"{house.base}/sandbox/")
        page.locator("#messages article").first.wait_for()
        album.take(page, "doors", "sandbox-dark", "微信沙箱，深色")
        page.context.clear_cookies()
        desk.sign_in("shiji", house.logins["shiji"])
        desk.open("operation")
        album.take(page, "doors", "operation-dark", "运行，深色")


def photograph_curves(album: Album, family: Family) -> None:
    """What the app draws beside the same chart as it is printed: a girl's and a boy's."""
    other = Parent.of_phone(album.house.base, add_phone(album.house.base, "男孩的妈妈"))
    boy = other.register("尤嘉禾", birth_date=BOY_MEASURED[0].day, sex="m")["id"]
    measure(other, boy, BOY_MEASURED)
    for parent, papers, measured in (
        (family.parent, GIRL, GIRL_MEASURED),
        (other, BOY, BOY_MEASURED),
    ):
        for paper, scheme in zip(papers, ("light", "dark"), strict=True):
            lay_beside(album, parent, paper, measured, scheme)


def lay_beside(
    album: Album, parent: Parent, paper: Paper, measured: tuple[Measured, ...], scheme: str
) -> None:
    phone = {"viewport": PHONE, "has_touch": True, "device_scale_factor": 2}
    with album.window(**phone, color_scheme=scheme) as (page, watch):
        app = App(page, album.house.base, watch)
        app.open(page_url("growth"), phone=parent.phone)
        app.shown.get_by_role("radio", name=paper.chip, exact=True).tap()
        table = app.shown.get_by_role("table", name=starting(paper.title.split("（")[0]))
        expect(table).to_be_visible()
        drawn = app.shown.locator(".chart").screenshot()
    points = [one.placed(paper, born=measured[0].day) for one in measured]
    with album.window(viewport=BESIDE_PAPER) as (page, _):
        page.set_content(side_by_side(svg(paper, points), drawn))
        title = f"{SEX[paper.sex]}，{paper.title}"
        album.take(page, "curves", paper.name, title, exact=True)


def main(folder: Path) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    with chromium() as browser, running_house() as house:
        album = Album(browser, house, folder)
        with album.window(viewport=SCREEN) as (page, _):
            clerk = Desk(page, house.base)
            clerk.sign_in("zhongxin", house.logins["zhongxin"])
            family = make_family(house, clerk)
            page.context.clear_cookies()
            clerk.sign_in("shiji", house.logins["shiji"])
            fill_the_city(clerk)
        photograph_doors(album)
        for scheme in ("light", "dark"):
            photograph_app(album, family, scheme)
        for width in WIDTHS:
            photograph_console(album, width)
        photograph_curves(album, family)
        write_index(folder, album.shots)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
