"""Which pages of the console are photographed, and what is put there first to be seen."""

from tests.browser.album import Album
from tests.browser.pages import Desk

CITY_ACCOUNT = "settings/wechat-accounts/wxsandboxpublic00"
CLERK_PAGES = (
    ("today", "今天", ""),
    ("requests", "待确认", "requests"),
    ("slots", "时段", "slots"),
    ("slot-week", "时段：周历", "slots/week"),
    ("slot-new", "新时段", "slots/new"),
    ("slot-series", "每周重复", "slots/series/new"),
    ("check-in", "签到", "check-in"),
    ("paper", "纸质签字", "paper"),
    ("waiting", "候补", "waiting"),
    ("families-known", "家庭：今年预约过的", "families/known"),
    ("statements", "结算", "statements"),
    ("account", "账号", "account"),
)
CITY_PAGES = (
    ("families", "家庭", "families"),
    ("signs", "结算：需要核对的情况", "statements/signs"),
    ("operation", "运行", "operation"),
    ("messages", "没有送达的消息", "messages"),
    ("reminders", "提醒预览", "reminders"),
    ("campaigns", "群发", "campaigns"),
    ("campaign-new", "写一条群发", "campaigns/new"),
    ("content", "内容", "content"),
    ("knowledge", "知晓率", "knowledge"),
    ("reach", "微信触达", "reach"),
    ("no-shows", "提醒效果", "no-shows"),
    ("nursing-rooms", "母婴室", "nursing-rooms"),
    ("settings", "设置：中心", "settings"),
    ("settings-teachers", "设置：老师", "settings/teachers"),
    ("calendar", "设置：日历", "settings/calendar"),
    ("wechat-accounts", "设置：公众号", "settings/wechat-accounts"),
    ("templates", "公众号：消息模板", f"{CITY_ACCOUNT}/templates"),
    ("template", "公众号：一个模板", f"{CITY_ACCOUNT}/templates/booking_confirmed"),
    ("publications", "公众号：文章", f"{CITY_ACCOUNT}/publications"),
    ("menu", "公众号：菜单和回复", f"{CITY_ACCOUNT}/menu"),
    ("policy", "规则", "policy"),
    ("handbook-grants", "手册授权", "handbook-grants"),
    ("handbook-log", "手册授权：查看记录", "handbook-grants/log"),
)
STATES = (
    ("已发完", "campaign", "群发：发到哪里了"),
    ("待审批", "campaign-approval", "群发：等另一个人批准"),
)


def fill_the_city(desk: Desk) -> None:
    """An article and a menu that wait to be published, and a template that somebody has paused."""
    page = desk.page
    desk.open(f"{CITY_ACCOUNT}/publications/new")
    for place, title in enumerate(("便秘", "防烫伤"), start=1):
        page.get_by_label(f"第 {place} 篇").fill(title)
    page.get_by_role("button", name="做成草稿").click()
    desk.open(f"{CITY_ACCOUNT}/menu")
    for number, name, kind in ((1, "发烧怎么办", "answer"), (2, "约指导", "page:pages/book/book")):
        page.get_by_label(f"一级菜单 {number}", exact=True).fill(name)
        page.get_by_label(f"一级菜单 {number}：去哪里").select_option(kind)
    page.get_by_label("一级菜单 1：指南标题或关键词").fill("发烧")
    page.get_by_role("button", name="保存草稿").click()
    desk.open("operation")
    page.get_by_label("暂停：华士镇服务号（演示）").click()
    page.locator("[open] select").select_option(label="预约有变动")
    page.get_by_role("button", name="暂停发送").click()


def photograph_campaigns(album: Album, desk: Desk, group: str) -> None:
    """One that went out, and one that waits for a second person, with its families."""
    for state, name, title in STATES:
        desk.open("campaigns")
        desk.page.get_by_role("row").filter(has_text=state).get_by_role("link").click()
        album.take(desk.page, group, name, title)
    desk.page.get_by_role("link", name="看人数和样子").click()
    album.take(desk.page, group, "campaign-preview", "群发：人数和样子")
