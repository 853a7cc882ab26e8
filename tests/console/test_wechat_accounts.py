"""设置 › 公众号: entered once, keys never shown, asked at WeChat, retired and taken back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.keeping import keys_of
from backend.accounts.models import AccountKind, Capability, CapabilityAnswer, WeChatAccount
from backend.accounts.rules import Keys
from backend.config import Settings
from backend.deps import EXTENSION
from backend.jobs.followers import compare_followers
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from backend.people.models import Role
from backend.sandbox.config import Account
from tests.accounts.accounts import KEYS, TOWN, add, whole
from tests.conftest import make_settings
from tests.console.conftest import Desk, Enter
from tests.sandbox.running import CONFIG, config_in, running
from tests.wechat.sandboxed import WeChat

Sessions = sessionmaker[Session]
SERVICE, PAPER, ELSEWHERE = "wxservice00000001", "wxpaper0000000001", "wxelsewhere000001"
LIST, OTHER_TOWN = "/settings/wechat-accounts", "320281107"


@pytest.fixture
def wechat(tmp_path: Path, clock: FixedClock) -> Iterator[WeChat]:
    accounts = (Account(SERVICE, "service"), Account(PAPER, "subscription"))
    config = config_in(tmp_path, accounts=accounts)
    with running(config, clock) as url:
        yield WeChat(url, config)


@pytest.fixture
def settings(database: str, wechat: WeChat) -> Settings:
    return make_settings(
        database,
        wechat_api_base=wechat.url,
        wechat_appid=wechat.config.appid,
        wechat_secret=wechat.config.secret,
    )


@pytest.fixture
def city(enter: Enter) -> Desk:
    return enter(Role.CITY)


@pytest.fixture
def town(enter: Enter) -> Desk:
    return enter(Role.TOWN)


def account_form(**changes: object) -> dict[str, object]:
    return {
        "name": "澄江健康",
        "kind": "service",
        "town_code": TOWN,
        "certified": "yes",
        "appid": SERVICE,
        "secret": CONFIG.secret,
        "push_token": KEYS.push_token,
        "aes_key": KEYS.aes_key,
    } | changes


def row_of(sessions: Sessions, appid: str = SERVICE) -> WeChatAccount:
    with sessions() as session:
        return session.get_one(WeChatAccount, appid)


def test_an_account_is_entered_asked_about_and_its_keys_are_not_shown(
    town: Desk, sessions: Sessions, vault: Vault, clock: FixedClock
) -> None:
    page = town.post_and_read(LIST, **account_form())

    assert "已登记，微信的回答见下表" in page
    row = row_of(sessions)
    assert (row.kind, row.town_code, row.certified) == (AccountKind.SERVICE, TOWN, True)
    assert all(row.can(capability) for capability in Capability)
    assert keys_of(vault, row) == Keys(CONFIG.secret, KEYS.push_token, KEYS.aes_key)
    assert "密钥已设置" in page
    assert "模板消息" in page
    edit = town.page(f"{LIST}/{SERVICE}")
    assert "已设置。不改就空着" in edit
    for shown in (page, edit):
        assert not any(key in shown for key in (CONFIG.secret, KEYS.push_token, KEYS.aes_key))
    with sessions() as session:
        acts = session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == f"account:{SERVICE}")
        ).all()
    assert acts == ["account.added", "account.capabilities_changed"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"secret": "wrong-secret-of-this"}, "AppSecret 不对"),
        ({"appid": "wxunknown00000001"}, "微信不认识这个 AppID"),
    ],
)
def test_wrong_keys_are_told_with_what_to_do(
    town: Desk, changes: dict[str, object], sentence: str
) -> None:
    page = town.post_and_read(LIST, **account_form(**changes))

    assert page.count(sentence) == 2, "in the notice, and on the account for as long as it is so"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"secret": ""}, "请填写"),
        ({"push_token": "!!"}, "3 到 32 个字母或数字</p>"),
        ({"name": ""}, "密钥不留在页面上，请再填一次"),
        ({"aes_key": "short"}, "43 个字母或数字</p>"),
        ({"appid": "gh_1"}, "只有小写字母和数字</p>"),
        ({"town_code": OTHER_TOWN}, "请检查标出的几项"),
        ({"town_code": "city"}, "请检查标出的几项"),
        ({"kind": "mini"}, "请检查标出的几项"),
        ({"name": ""}, "请填写"),
    ],
)
def test_what_cannot_be_an_account_of_the_town_is_refused(
    town: Desk, sessions: Sessions, changes: dict[str, object], sentence: str
) -> None:
    answer = town.post(LIST, **account_form(**changes))

    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    with sessions() as session:
        assert session.get(WeChatAccount, SERVICE) is None


def test_a_paper_account_may_publish_and_not_tell_one_person(city: Desk) -> None:
    form = account_form(appid=PAPER, kind="subscription", town_code="city", name="育儿报")
    page = city.post_and_read(LIST, **form)

    assert "育儿报" in page
    assert page.count("只有认证的服务号能用") == 2
    assert "没有这项权限（48001）" in page


def test_a_new_key_is_taken_and_an_empty_field_keeps_the_old_one(
    town: Desk, sessions: Sessions, vault: Vault, clock: FixedClock
) -> None:
    town.post_and_read(LIST, **account_form(secret="the-wrong-secret"))
    kept = account_form(push_token="", aes_key="", name="澄江卫生")
    page = town.post_and_read(f"{LIST}/{SERVICE}", **kept)

    assert "已保存，微信的回答见下表" in page
    row = row_of(sessions)
    assert (row.name, row.secret_version, row.asked_errcode) == ("澄江卫生", 2, 0)
    assert keys_of(vault, row) == Keys(CONFIG.secret, KEYS.push_token, KEYS.aes_key)


def test_asking_again_shows_what_was_lost(town: Desk, sessions: Sessions, wechat: WeChat) -> None:
    town.post_and_read(LIST, **account_form())
    wechat.fault("/cgi-bin/draft/count", errcode=48001)

    page = town.post_and_read(f"{LIST}/{SERVICE}/ask")

    assert "起失去" in page
    assert not row_of(sessions).can_publish
    with sessions() as session:
        told = session.get_one(CapabilityAnswer, (SERVICE, Capability.PUBLISH))
    assert told.lost_at is not None
    wechat.fault("/cgi-bin/stable_token", drop="after")
    assert "微信暂时没有响应" in town.post_and_read(f"{LIST}/{SERVICE}/ask")


def test_an_account_is_retired_and_taken_back(town: Desk, sessions: Sessions) -> None:
    town.post_and_read(LIST, **account_form())

    page = town.post_and_read(f"{LIST}/{SERVICE}/retire")
    assert "已停用" in page
    assert f"{LIST}/{SERVICE}/restore" in page
    assert town.get(f"{LIST}/{SERVICE}").status_code == 404
    assert row_of(sessions).retired_at is not None

    assert "已恢复" in town.post_and_read(f"{LIST}/{SERVICE}/restore")
    assert row_of(sessions).can_template


def test_a_town_sees_and_changes_its_own_and_the_city_all(
    town: Desk, city: Desk, sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole(ELSEWHERE, town=OTHER_TOWN))
    town.post_and_read(LIST, **account_form())

    assert ELSEWHERE not in town.page(LIST)
    for act in ("", "/ask", "/retire", "/restore"):
        answer = town.post(f"{LIST}/{ELSEWHERE}{act}", **account_form())
        assert answer.status_code == 404, act
    assert town.get(f"{LIST}/{ELSEWHERE}").status_code == 404
    whole_city = city.page(LIST)
    assert all(appid in whole_city for appid in (ELSEWHERE, SERVICE, CONFIG.appid))
    assert row_of(sessions, ELSEWHERE).retired_at is None


def test_an_account_that_another_town_retired_is_not_taken_over(
    town: Desk, city: Desk, sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole(SERVICE, town=OTHER_TOWN))
    city.post_and_read(f"{LIST}/{SERVICE}/retire")

    answer = town.post(LIST, **account_form())

    assert answer.status_code == 422
    assert "联系市级管理员" in answer.get_data(as_text=True)


def test_the_mini_program_follows_the_settings(
    city: Desk, sessions: Sessions, vault: Vault
) -> None:
    assert "密钥由维护人员设在服务器上" in city.page(LIST)
    edit = city.page(f"{LIST}/{CONFIG.appid}")
    assert 'name="secret"' not in edit
    assert 'name="kind"' not in edit

    city.post_and_read(f"{LIST}/{CONFIG.appid}", name="澄育小程序", secret="x" * 32)
    row = row_of(sessions, CONFIG.appid)
    assert row.name == "澄育小程序"
    assert keys_of(vault, row).secret == CONFIG.secret
    assert city.post(f"{LIST}/{CONFIG.appid}/retire").status_code == 404
    assert row_of(sessions, CONFIG.appid).retired_at is None


def test_a_clerk_has_no_such_page(enter: Enter, centre: int) -> None:
    clerk = enter(centre_id=centre)

    assert clerk.get(LIST).status_code == 403
    assert "公众号" not in clerk.page("/settings")


def test_followers_are_compared_at_a_word_and_the_card_says_how_far_it_is(
    town: Desk, app: Flask, wechat: WeChat, clock: FixedClock
) -> None:
    town.post_and_read(LIST, **account_form())
    parts = app.extensions[EXTENSION]
    wechat.ask("POST", "follow", phone=1, appid=SERVICE, follow=True)
    wechat.fault("/cgi-bin/user/get", errcode=-1, times=1)
    compare_followers(parts.sessions, clock, parts.account_client)
    page = town.page(LIST)
    assert "正在核对：0 人" in page
    assert "微信暂时没有回答（-1），11月23日" in page

    clock.advance(timedelta(minutes=1))
    compare_followers(parts.sessions, clock, parts.account_client)
    page = town.page(LIST)
    assert "上次和微信核对：11月23日" in page
    assert "补上 1 人，名单里没有的 0 人" in page
    assert "还有 1 人等着问微信是谁" in page
    assert "开始和微信核对" in town.post_and_read(f"{LIST}/{SERVICE}/compare")
    assert "正在核对，刷新" in town.post_and_read(f"{LIST}/{SERVICE}/compare")
