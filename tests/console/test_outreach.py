"""公众号 › 文章 and 菜单: who may, what is refused where, and what the sandbox then shows."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask
from PIL import Image
from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.models import AccountKind, Capability
from backend.accounts.rules import Keys
from backend.config import Settings
from backend.console.article_cards import LARGEST_UPLOAD
from backend.deps import EXTENSION
from backend.jobs.publications import run_publications
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from backend.outreach.menu import LEASE, PERHAPS_ANOTHER
from backend.outreach.models import Menu, Publication, PublicationState
from backend.people.models import Role
from tests.accounts.accounts import TOWN, add, whole
from tests.conftest import make_settings
from tests.console.conftest import Desk, Enter
from tests.handbook.pictures import phone_photo as taken
from tests.sandbox.running import CITY, NEWSPAPER
from tests.sandbox.running import TOWN as TOWN_ACCOUNT
from tests.wechat.accounts import Accounts
from tests.wechat.accounts import city as opened

Sessions = sessionmaker[Session]
OWN = f"/settings/wechat-accounts/{TOWN_ACCOUNT.appid}"
OTHERS = f"/settings/wechat-accounts/{CITY.appid}"
SEEN = re.compile(r'name="seen" value="([^"]+)"')


@pytest.fixture
def accounts(tmp_path: Path, clock: FixedClock) -> Iterator[Accounts]:
    with opened(tmp_path, clock) as found:
        yield found


@pytest.fixture
def settings(database: str, accounts: Accounts) -> Settings:
    config = accounts.wechat.config
    return make_settings(
        database,
        wechat_api_base=accounts.wechat.url,
        wechat_appid=config.appid,
        wechat_secret=config.secret,
    )


@pytest.fixture
def town(
    enter: Enter, sessions: Sessions, clock: FixedClock, vault: Vault, accounts: Accounts
) -> Desk:
    can = (Capability.PUBLISH, Capability.MASS, Capability.MENU)
    for appid, where in ((TOWN_ACCOUNT.appid, TOWN), (CITY.appid, None)):
        account = accounts.wechat.config.account(appid)
        assert account is not None
        keys = Keys(account.secret, account.token, account.aes_key)
        add(sessions, clock, vault, whole(appid, town=where, keys=keys), can=can)
    return enter(Role.TOWN)


def act(desk: Desk, path: str, step: str) -> str:
    seen = SEEN.search(desk.page(path))
    assert seen is not None
    return desk.post_and_read(f"{path}/{step}", seen=seen[1], back=f"/console{path}")


def work(app: Flask) -> None:
    parts = app.extensions[EXTENSION]
    run_publications(
        parts.sessions, parts.clock, parts.library, parts.doors.site, parts.account_client
    )


def test_guides_are_chosen_published_and_seen(
    town: Desk, app: Flask, sessions: Sessions, accounts: Accounts
) -> None:
    answer = town.post(f"{OWN}/publications", guide=["发热怎么办"], author="x", way="publish")
    assert answer.status_code == 303
    path = answer.headers["Location"].removeprefix("/console")
    assert "待审，仅供演示" in town.page(path)

    assert "已交给微信" in act(town, path, "submit")
    work(app)

    with sessions() as session:
        (one,) = session.scalars(select(Publication))
    assert one.state is PublicationState.RUNNING
    assert "微信处理中" in town.page(path)
    assert "微信处理中" in town.page(f"{OWN}/publications")


def test_a_mass_message_is_approved_by_the_city(town: Desk, enter: Enter, app: Flask) -> None:
    answer = town.post(f"{OWN}/publications", guide="便秘", author="x", way="mass")
    path = answer.headers["Location"].removeprefix("/console")
    assert "等另一个人审批" in act(town, path, "submit")
    assert "批准群发" not in town.page(path)
    seen = SEEN.search(town.page(path))
    assert seen is not None
    assert town.post(f"{path}/approve", seen=seen[1]).status_code == 403

    assert "已批准" in act(enter(Role.CITY), path, "approve")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"guide": ""}, "请选 1 到 8 篇"),
        ({"guide": "没有的"}, "没有“没有的”这一篇"),
        ({"guide": "没有的"}, 'value="没有的" aria-invalid="true"'),
        ({"author": ""}, "作者（单位）要填"),
        ({"way": "fax"}, "请选发布或群发"),
    ],
)
def test_what_cannot_be_published_is_told(
    town: Desk, fields: dict[str, object], sentence: str
) -> None:
    good = {"guide": "发热怎么办", "author": "x", "way": "publish"}
    answer = town.post(f"{OWN}/publications", **(good | fields))

    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_accounts_without_the_right_copy_by_hand(
    enter: Enter, sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    new = whole(NEWSPAPER.appid, AccountKind.SUBSCRIPTION, town=TOWN, certified=False)
    add(sessions, clock, vault, new)
    desk, base = enter(Role.TOWN), f"/settings/wechat-accounts/{NEWSPAPER.appid}"

    assert "复制到公众平台" in desk.page(f"{base}/publications/new")
    page = desk.page(f"{base}/copy/fare-zenme-ban")
    assert "先怎么做" in page
    file = desk.get(f"{base}/copy/fare-zenme-ban.html")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert "font-size" in file.get_data(as_text=True)
    assert "没有给这个账号自定义菜单的权限" in desk.page(f"{base}/menu")
    desk.post_and_read(f"{base}/menu", **{"name-0": "指南", "kind-0": "web:/g/"})
    assert desk.post(f"{base}/menu/publish").status_code == 403
    answer = desk.post(f"{base}/publications", guide="发热怎么办", author="x", way="publish")
    assert answer.status_code == 422


def test_a_town_has_no_pages_of_others_and_a_clerk_none(
    town: Desk, enter: Enter, centre: int, sessions: Sessions
) -> None:
    for page in ("publications", "publications/new", "menu", "copy/bianmi"):
        assert town.get(f"{OTHERS}/{page}").status_code == 404
        assert enter(centre_id=centre, login=f"c-{page}").get(f"{OWN}/{page}").status_code == 403
    ours = town.post(f"{OWN}/publications", guide="发热怎么办", author="x", way="publish")
    number = ours.location.rpartition("/")[2]
    assert town.get(f"{OWN}/publications/{number}").status_code == 200
    # the number of ours under their account, and the other way round
    assert town.get(f"{OTHERS}/publications/{number}").status_code == 404
    with sessions.begin() as session:
        session.get_one(Publication, int(number)).appid = CITY.appid
    assert town.get(f"{OWN}/publications/{number}").status_code == 404
    for path in ("menu", "menu/publish", "menu/1/restore", f"publications/{number}/cancel"):
        assert town.post(f"{OTHERS}/{path}").status_code == 404
    assert town.post(f"{OWN}/publications/{number}/cancel").status_code == 404


def drafted(desk: Desk, way: str = "publish") -> str:
    """A draft of two articles; the path of the second one's card."""
    answer = desk.post(
        f"{OWN}/publications", guide=["发热怎么办", "便秘"], author="甲镇卫生院", way=way
    )
    return answer.headers["Location"].removeprefix("/console") + "/articles/bianmi"


def seen_on(desk: Desk, path: str) -> str:
    seen = SEEN.search(desk.page(path))
    assert seen is not None
    return seen[1]


def photo(size: tuple[int, int] = (1200, 900)) -> tuple[io.BytesIO, str]:
    return io.BytesIO(taken(size)), "照片.jpg"


def test_a_card_is_changed_seen_and_sent_as_it_was_seen(
    town: Desk, app: Flask, sessions: Sessions, accounts: Accounts
) -> None:
    path = drafted(town)
    card = {"title": "宝宝便秘了", "author": "儿保科", "digest": "先看这几点。", "cover": "sent"}
    page = town.post_and_read(path, seen=seen_on(town, path), file=photo(), **card)
    assert "已保存" in page
    assert page.count("宝宝便秘了") >= 3
    cover = town.get(f"{path}/cover.jpg").data
    with Image.open(io.BytesIO(cover)) as kept:
        assert (kept.format, kept.size, dict(kept.getexif())) == ("JPEG", (900, 383), {})

    act(town, path.partition("/articles")[0], "submit")
    work(app)

    official = accounts.official(TOWN_ACCOUNT.appid)
    with sessions() as session:
        (one,) = session.scalars(select(Publication))
        step = session.scalars(select(AuditEntry).filter_by(action="publication.card")).one()
        assert step.detail["changed"] == ["author", "cover", "digest", "title"]
    accounts.ask("jobs")
    (article_id,) = official.published_ids()
    sent = official.published(article_id)[1]
    assert (sent["title"], sent["author"], sent["digest"]) == tuple(card.values())[:3]
    assert official.published(article_id)[0]["author"] == "甲镇卫生院"
    media = f"{accounts.wechat.url}/sandbox/api/pictures/{sent['thumb_media_id']}"
    assert requests.get(media, timeout=5).content == cover
    late = {**card, "cover": "ours"}
    answer = town.post(path, seen=one.changed_at.isoformat(), back="/console/x", **late)
    assert answer.status_code == 303, "what is on its way is not changed"

    again = drafted(town)  # of the same text the account shows what it showed
    assert "宝宝便秘了" in town.page(again)
    assert "恢复成指南原来的" in town.post_and_read(again, seen=seen_on(town, again), own="1")
    assert "宝宝便秘了" not in town.page(again)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": " "}, "标题要填"),
        ({"title": "字" * 33}, "标题有 33 个字，最多 32 个字"),
        ({"digest": "字" * 121}, "摘要有 121 个字"),
        ({"author": "字" * 17}, "作者有 17 个字"),
        ({"title": "a\u200bb"}, "无法识别的字符"),
        ({"cover": ""}, "请选一张封面"),
        ({"cover": "kept:999"}, "这张封面不在了"),
        ({"cover": "sent"}, "请选一张图片"),
        ({"cover": "sent", "file": (io.BytesIO(b"GIF89a"), "x.jpg")}, "这张图片打不开"),
        ({"cover": "sent", "file": photo((899, 383))}, "图片太小或太窄"),
    ],
)
def test_a_wrong_card_is_told_and_changes_nothing(
    town: Desk, changes: dict[str, object], sentence: str
) -> None:
    path = drafted(town)
    good = {"title": "x", "author": "x", "digest": "x", "cover": "ours"}
    answer = town.post(path, seen=seen_on(town, path), **(good | changes))

    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    assert "便秘" in town.page(path)


def test_a_file_beyond_every_limit_is_not_even_read(town: Desk) -> None:
    path = drafted(town)
    answer = town.client.post(
        f"/console{path}",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(LARGEST_UPLOAD + 1)},
    )
    assert (answer.status_code, "太大" in answer.get_data(as_text=True)) == (413, True)


def test_what_waits_for_a_second_person_is_taken_back_to_be_changed(town: Desk) -> None:
    path = drafted(town, "mass")
    publication = path.partition("/articles")[0]
    act(town, publication, "submit")
    assert "卡片不能再改" in town.page(path)
    assert "已退回草稿" in act(town, publication, "back")
    assert "保存并看样子" in town.page(path)


def test_covers_of_others_are_nobodys(town: Desk, enter: Enter) -> None:
    path = drafted(town)
    card = {"title": "x", "author": "x", "digest": "x", "cover": "sent"}
    town.post_and_read(path, seen=seen_on(town, path), file=photo(), **card)
    address = re.search(r"covers/(\d+)\.jpg", town.page(path))
    assert address is not None
    assert town.get(f"{OWN}/covers/{address[1]}.jpg").status_code == 200
    city = enter(Role.CITY)
    assert city.get(f"{OTHERS}/covers/{address[1]}.jpg").status_code == 404
    other = enter(Role.TOWN, town_code="320281102", login="other")
    assert other.get(path).status_code == 404
    assert other.post(path, seen="x").status_code == 404


MENU = {
    "name-0": "问一问",
    "name-0-0": "发烧",
    "kind-0-0": "answer",
    "word-0-0": "发烧",
    "name-0-1": "看指南",
    "kind-0-1": "guide",
    "word-0-1": "便秘",
    "name-1": "预约",
    "kind-1": "page:pages/book/book",
}


def test_a_menu_is_drafted_published_and_taken_back(town: Desk, accounts: Accounts) -> None:
    page = town.post_and_read(f"{OWN}/menu", **MENU)
    assert "草稿，和手机上的不一样" in page
    assert "已发布" in town.post_and_read(f"{OWN}/menu/publish")

    ask, book = accounts.official(TOWN_ACCOUNT.appid).menu_get()
    assert [sub["type"] for sub in ask["sub_button"]] == ["click", "view"]
    assert ask["sub_button"][0]["key"] == "answer:发烧"
    assert ask["sub_button"][1]["url"].endswith("/g/bianmi")
    assert book["pagepath"] == "pages/book/book"

    town.post_and_read(f"{OWN}/menu", **{"name-0": "指南", "kind-0": "web:/g/"})
    page = town.post_and_read(f"{OWN}/menu/publish")
    restore = re.search(r'action="/console([^"]+/restore)"', page)
    assert restore is not None
    assert "问一问" in town.post_and_read(restore[1])
    town.post_and_read(f"{OWN}/menu/publish")
    assert len(accounts.official(TOWN_ACCOUNT.appid).menu_get()) == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name-0": "一二三四五六"}, "名称太长，最多 5 个汉字"),
        ({"word-0-1": "没有的"}, "没有这一篇指南"),
        ({"word-0-0": ""}, "请填关键词"),
        ({"kind-1": ""}, "请选点了以后去哪里"),
        ({"word-1": "发热怎么办"}, "才填标题或词"),
        ({"name-1": ""}, "请填名称"),
    ],
)
def test_a_wrong_entry_is_marked(town: Desk, changes: dict[str, str], sentence: str) -> None:
    answer = town.post(f"{OWN}/menu", **(MENU | changes))

    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_what_wechat_refuses_is_told_and_a_lost_answer_too(town: Desk, accounts: Accounts) -> None:
    town.post_and_read(f"{OWN}/menu", **MENU)
    accounts.wechat.fault("/cgi-bin/menu/create", errcode=45064, times=1)
    assert "没有关联到这个公众号" in town.post_and_read(f"{OWN}/menu/publish")
    accounts.wechat.fault("/cgi-bin/menu/create", drop="after", times=1)
    assert "再发布一次即可" in town.post_and_read(f"{OWN}/menu/publish")
    assert "已发布" in town.post_and_read(f"{OWN}/menu/publish")


def test_who_was_stopped_before_the_call_makes_it_no_more(
    town: Desk, accounts: Accounts, sessions: Sessions, clock: FixedClock
) -> None:
    """Between the mark and the call, as when the process was stopped; a newer one may be live."""
    town.post_and_read(f"{OWN}/menu", **MENU)

    def stop(_: Session) -> None:
        clock.advance(LEASE)

    event.listen(sessions, "after_commit", stop)
    page = town.post_and_read(f"{OWN}/menu/publish")
    event.remove(sessions, "after_commit", stop)

    assert "菜单正在发布" in page
    assert "/cgi-bin/menu/create" not in accounts.wechat.calls()
    assert "已发布" in town.post_and_read(f"{OWN}/menu/publish")


def test_a_doubt_about_what_phones_show_stands_on_the_page(
    town: Desk, accounts: Accounts, sessions: Sessions
) -> None:
    town.post_and_read(f"{OWN}/menu", **MENU)
    town.post_and_read(f"{OWN}/menu/publish")
    with sessions.begin() as session:
        session.scalars(select(Menu)).one().problem = PERHAPS_ANOTHER

    assert PERHAPS_ANOTHER in town.page(f"{OWN}/menu")


def test_keys_that_cannot_be_opened_any_more_are_told(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    """The field key was changed and the old one thrown away."""
    other = Vault({"k9": b"9" * 32}, b"9" * 32)
    can = (Capability.MENU, Capability.TEMPLATE)
    add(sessions, clock, other, whole(TOWN_ACCOUNT.appid, town=TOWN), can=can)
    desk = enter(Role.TOWN)
    desk.post_and_read(f"{OWN}/menu", **MENU)

    for path in ("menu/publish", "templates/check"):
        page = desk.post_and_read(f"{OWN}/{path}", back=f"/console{OWN}/menu")
        assert "请重新填写 AppSecret" in page
    assert "草稿" in desk.page(f"{OWN}/menu"), "not on its way for ever"
