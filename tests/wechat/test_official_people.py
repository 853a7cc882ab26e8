"""Codes to scan, followers and menus of public accounts."""

import io
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from backend.kernel.clock import FixedClock
from backend.wechat.official import OfficialAccount
from tests.sandbox.running import BARE, CITY, CONFIG, NEWSPAPER
from tests.wechat.accounts import Accounts, city, picture, refusal, told

CLICK = {"type": "click", "name": "下次接种", "key": "next-vaccine"}
VIEW = {"type": "view", "name": "使用说明", "url": "https://example.org/help"}
MINI = {
    "type": "miniprogram",
    "name": "打开",
    "url": "https://example.org/",
    "appid": CONFIG.appid,
    "pagepath": "pages/home/home",
}


def test_a_mini_program_code_is_a_picture_of_the_wanted_size(accounts: Accounts) -> None:
    mini = accounts.official(CONFIG.appid)

    code = Image.open(io.BytesIO(mini.code_unlimited("c=7", "pages/home/home", width=280)))
    clear = Image.open(io.BytesIO(mini.code_unlimited("c=7", clear=True)))

    assert (code.format, code.size) == ("JPEG", (280, 280))
    assert (clear.format, clear.mode, clear.size) == ("PNG", "RGBA", (430, 430))


WRONG_CODES: list[tuple[dict[str, Any], int]] = [
    ({"scene": ""}, 40169),
    ({"scene": "x" * 33}, 40169),
    ({"scene": "中心"}, 40169),
    ({"page": "/pages/home/home"}, 41030),
    ({"page": "pages/home/home?a=1"}, 41030),
    ({"page": "pages/none/none"}, 41030),
    ({"env_version": "beta"}, 40097),
    ({"width": 279}, 40097),
    ({"width": "430"}, 47001),
    ({"check_path": "yes"}, 47001),
]


def test_each_wrong_mini_program_code_has_its_code(accounts: Accounts) -> None:
    good: dict[str, Any] = {"scene": "c=7", "page": "pages/home/home"}

    mini = accounts.official(CONFIG.appid)
    codes = told(mini.code_unlimited, good, WRONG_CODES)

    assert codes == [errcode for _, errcode in WRONG_CODES]


def test_a_page_of_the_next_version_needs_no_check(accounts: Accounts) -> None:
    mini = accounts.official(CONFIG.appid)

    assert mini.code_unlimited("c=7", "pages/new/new", env_version="trial", check_path=False)


def test_codes_have_a_minute_rate_and_belong_to_mini_programs(
    tmp_path: Path, clock: FixedClock
) -> None:
    limits = {"codes_per_minute_of_account": 1}
    with city(tmp_path, clock, limits=limits) as accounts:
        mini = accounts.official(CONFIG.appid)
        assert mini.code_unlimited("a")
        assert refusal(lambda: mini.code_unlimited("b")) == 45009
        assert refusal(lambda: accounts.official().code_unlimited("a")) == 48001


def test_who_scans_a_code_follows_and_is_known_by_its_scene(
    accounts: Accounts, official: OfficialAccount
) -> None:
    code = official.scene_qr("town-3", timedelta(days=7))
    shown = requests.get(
        f"{accounts.wechat.url}/cgi-bin/showqrcode", params={"ticket": code.ticket}, timeout=5
    )

    scanned = accounts.ask("scans", phone=2, ticket=code.url)

    assert Image.open(io.BytesIO(shown.content)).format == "JPEG"
    assert code.expires_in == 7 * 24 * 3600
    assert (scanned["new"], scanned["scene"]) == (True, "town-3")
    follower = official.user_info(accounts.openid(2, follow=False))
    assert (follower.following, follower.scene) == (True, "town-3")
    assert follower.way == "ADD_SCENE_QR_CODE"
    assert follower.since is not None
    assert accounts.ask("scans", phone=2, ticket=code.ticket)["new"] is False
    assert len(accounts.pushes("SCAN")) == len(accounts.pushes("subscribe")) == 1


def test_a_code_ends_with_its_time_or_never(
    accounts: Accounts, official: OfficialAccount, clock: FixedClock
) -> None:
    passing, lasting = official.scene_qr("a"), official.scene_qr("b", None)
    clock.advance(timedelta(days=30))

    assert lasting.expires_in is None
    assert accounts.ask("scans", ticket=lasting.ticket)["scene"] == "b"
    with pytest.raises(AssertionError, match="ticket"):
        accounts.ask("scans", ticket=passing.ticket)


def test_wrong_codes_are_refused(accounts: Accounts, official: OfficialAccount) -> None:
    assert refusal(lambda: official.scene_qr("")) == 40053
    assert refusal(lambda: official.scene_qr("x" * 65)) == 40053
    assert refusal(lambda: official.scene_qr("a", timedelta(days=31))) == 40097
    for appid in (BARE.appid, NEWSPAPER.appid, CONFIG.appid):
        assert refusal(partial(accounts.official(appid).scene_qr, "a")) == 48001


def test_followers_are_listed_and_told_from_those_who_left(
    accounts: Accounts, official: OfficialAccount
) -> None:
    assert official.followers() == ([], 0)
    first, second = accounts.openid(1), accounts.openid(2)
    accounts.ask("follow", phone=2, appid=CITY.appid, follow=False)

    assert official.followers() == ([first], 1)
    assert official.followers(first) == ([], 1)
    assert official.user_info(second).following is False
    assert official.user_info(first).way == "ADD_SCENE_SEARCH"
    assert refusal(lambda: official.user_info("nobody")) == 40003
    assert refusal(lambda: official.followers("nobody")) == 40003
    assert refusal(lambda: accounts.official(BARE.appid).followers()) == 48001


def test_a_hundred_people_at_most_are_asked_about_and_all_must_be_known(
    accounts: Accounts, official: OfficialAccount
) -> None:
    first, second = accounts.openid(1), accounts.openid(2, follow=False)

    told = official.users_info([first, second])
    assert [(one.openid, one.following) for one in told] == [(first, True), (second, False)]
    for openids, errcode in (([], 40031), ([first] * 101, 40032), ([first, "nobody"], 40003)):
        assert refusal(partial(official.users_info, openids)) == errcode
    assert refusal(lambda: accounts.official(BARE.appid).users_info([first])) == 48001


def test_a_menu_is_set_shown_and_taken_away(accounts: Accounts, official: OfficialAccount) -> None:
    assert official.menu_get() == []
    official.menu_create([CLICK, {"name": "更多", "sub_button": [VIEW, MINI]}])
    menu = official.menu_get()
    menu_id = official.menu_add_conditional([CLICK], {"client_platform_type": "1"})

    assert [button["name"] for button in menu] == ["下次接种", "更多"]
    assert menu[1]["sub_button"][1]["pagepath"] == "pages/home/home"
    assert menu_id.isdecimal()
    assert [button["name"] for button in official.menu_get()] == ["下次接种", "更多"]
    official.menu_delete()
    assert official.menu_get() == []


LONG = "长" * 30
MENUS: list[tuple[list[dict[str, Any]], int]] = [
    ([], 40016),
    ([CLICK] * 4, 40016),
    ([CLICK | {"type": "dance"}], 40017),
    ([CLICK | {"name": "一二三四五六"}], 40018),
    ([CLICK | {"key": "k" * 129}], 40019),
    ([VIEW | {"url": ""}], 40020),
    ([VIEW | {"url": "ftp://example.org"}], 40055),
    ([{"name": "更多", "sub_button": [CLICK | {"sub_button": [CLICK]}]}], 40022),
    ([{"name": "更多", "sub_button": [CLICK] * 6}], 40023),
    ([{"name": "更多", "sub_button": [CLICK | {"type": ""}]}], 40024),
    ([{"name": "更多", "sub_button": [CLICK | {"name": LONG}]}], 40025),
    ([{"name": "更多", "sub_button": [CLICK | {"key": ""}]}], 40026),
    ([{"name": "更多", "sub_button": [VIEW | {"url": "https://x/" + "y" * 1020}]}], 40027),
    ([{"name": "更多", "sub_button": [VIEW | {"url": "javascript:alert(1)"}]}], 40054),
    ([MINI | {"appid": CITY.appid}], 45064),
    ([{"type": "media_id", "name": "图片", "media_id": "none"}], 40007),
    ([{"type": "article_id", "name": "文章", "article_id": "none"}], 53600),
]


def test_each_wrong_menu_has_its_code(official: OfficialAccount) -> None:
    codes = [refusal(partial(official.menu_create, menu)) for menu, _ in MENUS]

    assert codes == [errcode for _, errcode in MENUS]
    assert official.menu_get() == []


def test_a_conditional_menu_needs_a_usual_one_and_a_rule(official: OfficialAccount) -> None:
    rule = {"client_platform_type": "1"}
    assert refusal(lambda: official.menu_add_conditional([CLICK], rule)) == 65303
    official.menu_create([CLICK])

    assert refusal(lambda: official.menu_add_conditional([CLICK], {})) == 65304
    assert refusal(lambda: official.menu_add_conditional([CLICK], {"sex": "1"})) == 65304
    assert refusal(lambda: official.menu_add_conditional([CLICK], {"star": "1"})) == 40035
    for _ in range(30):
        official.menu_add_conditional([CLICK], rule)
    assert refusal(lambda: official.menu_add_conditional([CLICK], rule)) == 65305


def test_a_bare_service_account_has_a_menu_and_no_conditional_one(accounts: Accounts) -> None:
    bare = accounts.official(BARE.appid)
    bare.menu_create([CLICK])

    rule = {"client_platform_type": "1"}
    assert refusal(lambda: bare.menu_add_conditional([CLICK], rule)) == 48001


def test_a_conditional_menu_is_taken_away(accounts: Accounts, official: OfficialAccount) -> None:
    official.menu_create([CLICK])
    menu_id = official.menu_add_conditional([CLICK], {"client_platform_type": "1"})
    client = accounts.client(CITY.appid)

    assert client.menu.del_conditional(menu_id)["errcode"] == 0
    assert refusal(lambda: client.menu.del_conditional(menu_id)) == 65301


def test_a_picture_button_shows_the_picture(accounts: Accounts, official: OfficialAccount) -> None:
    media_id = official.add_image("cover.jpg", picture()).media_id
    official.menu_create([{"type": "media_id", "name": "海报", "media_id": media_id}])
    accounts.openid()

    accounts.ask("taps", phone=1, appid=CITY.appid, button=[0])

    assert accounts.chat()["lines"][0]["media_id"] == media_id
