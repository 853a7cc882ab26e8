"""The menu of a 公众号: three buttons with five below each. Its rules are pure; no step commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.guides.library import Library
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.outreach.models import Menu, MenuState
from backend.outreach.replies import KEYWORD, Doors
from backend.people.scopes import staff_actor

MOST_TOP, MOST_BELOW = 3, 5
LONGEST_TOP, LONGEST_BELOW, LONGEST_KEY = 16, 60, 128  # bytes, WeChat's
LEASE = timedelta(minutes=1)  # what is being sent for longer was killed, or stopped
TICK = timedelta(microseconds=1)  # two sendings of a version never bear the same time
PAGES: Mapping[str, str] = {
    "pages/home/home": "首页",
    "pages/guides/guides": "育儿指南",
    "pages/book/book": "预约指导",
    "pages/centres/centres": "中心列表",
    "pages/handbook/handbook": "健康手册",
    "pages/vaccines/vaccines": "疫苗",
    "pages/quiz/quiz": "育儿问答",
    "pages/rooms/rooms": "母婴室",
    "pages/follow/follow": "绑定公众号",
}
SITES: Mapping[str, str] = {
    "/g/": "指南目录",
    "/g/recipes": "菜谱",
    "/g/nursing-rooms": "母婴室名录",
}
GUIDE, ANSWER = "guide", "answer"
PAGE, SITE = "page:", "web:"
KINDS: Mapping[str, str] = {
    **{f"{PAGE}{path}": f"小程序：{title}" for path, title in PAGES.items()},
    **{f"{SITE}{path}": f"网页：{title}" for path, title in SITES.items()},
    GUIDE: "一篇指南（下面填标题）",
    ANSWER: "关键词回复（下面填词）",
}
# What WeChat says about a button, by its code: the level and the field it is about.
REFUSALS: Mapping[int, str] = {
    -1: "微信暂时没有响应，请稍后再发布",
    40016: "一级菜单的个数不对",
    40017: "一级菜单里有一个类型微信不认识",
    40018: "一级菜单的名称太长或太短",
    40019: "一级菜单的关键词太长",
    40020: "一级菜单的网址太长",
    40023: "二级菜单的个数不对",
    40024: "二级菜单里有一个类型微信不认识",
    40025: "二级菜单的名称太长或太短",
    40026: "二级菜单的关键词太长",
    40027: "二级菜单的网址太长",
    40054: "二级菜单的网址不合要求",
    40055: "一级菜单的网址不合要求",
    45064: "小程序没有关联到这个公众号，请先到公众平台“小程序管理”关联",
    48001: "这个账号没有自定义菜单的权限",
}


PERHAPS_ANOTHER = "有一次发布停了太久才送到微信，手机上的菜单可能不是最新的一版，请保存后再发布一次"


class MenuWrong(Invalid):
    """`fields`: a sentence for each entry that is wrong, by its place (`0`, `0-2`)."""

    code = "menu_wrong"
    message = "请检查标出的几项"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("")
        self.fields = fields


class MenuBusy(Conflict):
    code = "menu_busy"
    message = "菜单正在发布，请过一分钟再试"


@dataclass(frozen=True)
class Entry:
    """What was typed in one place. `kind`: a key of KINDS; empty for a button with others below."""

    name: str = ""
    kind: str = ""
    word: str = ""
    below: tuple[Entry, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.kind or self.word or any(not b.is_empty for b in self.below))

    def plain(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "word": self.word,
            "below": [one.plain() for one in self.below],
        }


def read_entry(plain: Mapping[str, Any]) -> Entry:
    below = tuple(read_entry(one) for one in plain.get("below", ()))
    return Entry(str(plain["name"]), str(plain["kind"]), str(plain["word"]), below)


def checked(entries: Sequence[Entry], library: Library) -> list[Entry]:
    """Without empty places. Raises MenuWrong."""
    wrong: dict[str, str] = {}
    kept = []
    for place, top in enumerate(entries):
        below = []
        for under, one in enumerate(top.below):
            if not one.is_empty:
                below.append(one)
                _check(one, f"{place}-{under}", LONGEST_BELOW, library, wrong)
        top = Entry(top.name, "" if below else top.kind, "" if below else top.word, tuple(below))
        if top.is_empty:
            continue
        kept.append(top)
        _check(top, str(place), LONGEST_TOP, library, wrong)
    if wrong:
        raise MenuWrong(wrong)
    return kept


def _check(one: Entry, place: str, longest: int, library: Library, wrong: dict[str, str]) -> None:
    size = len(one.name.encode())
    if not one.name:
        wrong[place] = "请填名称"
    elif size > longest:
        wrong[place] = f"名称太长，最多 {longest // 3} 个汉字"
    elif one.below:
        return
    elif one.kind not in KINDS:
        wrong[place] = "请选点了以后去哪里"
    elif one.kind == GUIDE and slug_of(one.word, library) is None:
        wrong[place] = "没有这一篇指南，请从列表里选"
    elif one.kind == ANSWER and not 1 <= len(f"{KEYWORD}{one.word}".encode()) - 7 <= 120:
        wrong[place] = "请填关键词，最多 40 个汉字"
    elif one.word and one.kind not in (GUIDE, ANSWER):
        wrong[place] = "“一篇指南”和“关键词回复”才填标题或词，请改选其中一项，或把它清空"


def slug_of(title: str, library: Library) -> str | None:
    return next((one.slug for one in library.pieces() if one.title == title), None)


def wechat_buttons(
    entries: Sequence[Entry], library: Library, doors: Doors
) -> list[dict[str, Any]]:
    """As WeChat wants them. Raises MenuWrong for a guide that is not shown any more."""
    kept = checked(entries, library)
    return [_button(one, library, doors) for one in kept]


def _button(one: Entry, library: Library, doors: Doors) -> dict[str, Any]:
    if one.below:
        return {
            "name": one.name,
            "sub_button": [_button(sub, library, doors) for sub in one.below],
        }
    if one.kind == ANSWER:
        return {"type": "click", "name": one.name, "key": f"{KEYWORD}{one.word}"}
    if one.kind.startswith(PAGE):
        return {
            "type": "miniprogram",
            "name": one.name,
            "url": f"{doors.site}/g/",  # for phones too old for mini-programs
            "appid": doors.mini_appid,
            "pagepath": one.kind.removeprefix(PAGE),
        }
    path = f"/g/{slug_of(one.word, library)}" if one.kind == GUIDE else one.kind[len(SITE) :]
    return {"type": "view", "name": one.name, "url": f"{doors.site}{path}"}


def in_work(session: Session, appid: str, *, lock: bool = False) -> Menu | None:
    states = (MenuState.DRAFT, MenuState.SENDING)
    found = select(Menu).where(Menu.appid == appid, Menu.state.in_(states))
    return session.scalar(found.with_for_update() if lock else found)


def live(session: Session, appid: str) -> Menu | None:
    return session.scalar(select(Menu).where(Menu.appid == appid, Menu.state == MenuState.LIVE))


def past(session: Session, appid: str, most: int = 20) -> Sequence[Menu]:
    return session.scalars(
        select(Menu)
        .where(Menu.appid == appid, Menu.state == MenuState.PAST)
        .order_by(Menu.published_at.desc())
        .limit(most)
    ).all()


def save_draft(
    session: Session, clock: Clock, appid: str, entries: Sequence[Entry], staff_id: int
) -> Menu:
    """The version being worked on, whoever began it. Raises MenuBusy while it is sent."""
    now, buttons = clock.now(), [one.plain() for one in entries]
    row = in_work(session, appid, lock=True)
    if row is None:
        row = Menu(
            appid=appid,
            state=MenuState.DRAFT,
            buttons=buttons,
            written_by=staff_id,
            written_at=now,
            problem="",
        )
        session.add(row)
    else:
        _check_idle(row, clock)
        row.state, row.buttons, row.errcode, row.problem = MenuState.DRAFT, buttons, None, ""
        row.written_by, row.written_at = staff_id, now
    session.flush()
    _note(session, clock, appid, staff_id, "written")
    return row


def restore(session: Session, clock: Clock, appid: str, menu_id: int, staff_id: int) -> Menu:
    """An earlier version as the draft. Raises NotFound or MenuBusy."""
    found = session.get(Menu, menu_id)
    if found is None or found.appid != appid:
        raise NotFound
    entries = [read_entry(one) for one in found.buttons]
    return save_draft(session, clock, appid, entries, staff_id)


@dataclass(frozen=True)
class Sending:
    """A version on its way to WeChat. `since` tells this sending of it from a later one."""

    menu_id: int
    appid: str
    since: datetime
    buttons: Sequence[Mapping[str, Any]]


def begin_sending(session: Session, clock: Clock, appid: str, staff_id: int) -> Sending:
    """Before WeChat is called. A menu that was being sent when the service died is sent again."""
    row = in_work(session, appid, lock=True)
    if row is None:
        raise NotFound("没有要发布的菜单，请先保存")
    _check_idle(row, clock)
    row.state, row.errcode, row.problem = MenuState.SENDING, None, ""
    row.written_at = max(clock.now(), row.written_at + TICK)
    _note(session, clock, appid, staff_id, "sent")
    return Sending(row.id, appid, row.written_at, row.buttons)


def _check_idle(row: Menu, clock: Clock) -> None:
    if row.state is MenuState.SENDING and row.written_at > clock.now() - LEASE:
        raise MenuBusy


def check_held(clock: Clock, sending: Sending) -> None:
    """The last look before the call: who was stopped for a while may be behind others by now.

    Raises MenuBusy.
    """
    if clock.now() >= sending.since + LEASE:
        raise MenuBusy


def taken(session: Session, clock: Clock, sending: Sending) -> bool:
    """WeChat has it: the one before is history. False when the phones may show another version
    than ours, since somebody went on without this sending.

    `begin_sending` has emptied `problem`: what stands there came from such a late one.
    """
    versions = _versions(session, sending.appid)
    row = _held(versions, sending)
    if row is None:
        return not _doubted(versions, sending)
    for before in versions:
        if before.state is MenuState.LIVE:
            before.state = MenuState.PAST
            session.flush()
    row.state, row.published_at = MenuState.LIVE, clock.now()
    return not row.problem


def refused(session: Session, sending: Sending, errcode: int | None) -> str:
    """Back to the draft with what WeChat said; None: nothing was heard."""
    versions = _versions(session, sending.appid)
    row = _held(versions, sending)
    said = (
        "微信没有回答，不知道是否已生效，再发布一次即可"
        if errcode is None
        else REFUSALS.get(errcode, "微信没有接受这份菜单") + f"（{errcode}）"
    )
    if row is None:
        return PERHAPS_ANOTHER if errcode is None and _doubted(versions, sending) else said
    row.state, row.errcode, row.problem = MenuState.DRAFT, errcode, said
    return said


def _versions(session: Session, appid: str) -> Sequence[Menu]:
    """In work and live, locked in one order."""
    return session.scalars(
        select(Menu)
        .where(Menu.appid == appid, Menu.state != MenuState.PAST)
        .order_by(Menu.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _held(versions: Sequence[Menu], sending: Sending) -> Menu | None:
    """The version, unless its lease ran out and somebody went on with it."""
    for row in versions:
        if row.id == sending.menu_id and row.state is MenuState.SENDING:
            return row if row.written_at == sending.since else None
    return None


def _doubted(versions: Sequence[Menu], sending: Sending) -> bool:
    """Say at each version that reads otherwise that a late call may have replaced it."""
    others = [row for row in versions if row.buttons != sending.buttons]
    for row in others:
        row.problem = PERHAPS_ANOTHER
    return bool(others)


def _note(session: Session, clock: Clock, appid: str, staff_id: int, what: str) -> None:
    audit.record(
        session,
        clock,
        actor=staff_actor(staff_id),
        action=f"menu.{what}",
        subject=f"account:{appid}",
    )
