"""设置 › 公众号 › 模板: chosen at WeChat, filled in, proved, tried, and paused when it is gone."""

from collections.abc import Iterator
from datetime import datetime
from html import unescape
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import templates as registry
from backend.accounts.models import AccountKind, WeChatAccount, WeChatTemplate
from backend.accounts.rules import Keys
from backend.config import Settings
from backend.console.message_templates import MEANINGS
from backend.jobs import accounts as night
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.privacy import Vault
from backend.outbox import pauses
from backend.people import phones
from backend.people.models import Parent, ParentIdentity, Role
from backend.sandbox.config import Account
from backend.sandbox.templates import Template, TemplateField
from backend.wechat.client import AccountClient
from backend.wechat.official import OfficialAccount
from backend.wechat.tokens import MemoryTokenStore
from backend.wechat.transport import Transport
from tests.accounts.accounts import KEYS, TOWN, add, whole
from tests.conftest import make_settings
from tests.console.conftest import Desk, Enter
from tests.factories import make_parent
from tests.outbox.scene import TEMPLATES
from tests.sandbox.running import CONFIG, config_in, running
from tests.wechat.sandboxed import WeChat

Sessions = sessionmaker[Session]
SERVICE, PAPER = "wxservice00000001", "wxpaper0000000001"
PHONE = "13800000001"
ACTIVITY = Template(
    "activity-template-id-of-the-town-0123456789",
    "活动报名通知",
    (
        TemplateField("thing1", "预约项目"),
        TemplateField("time2", "服务时间"),
        TemplateField("phrase3", "状态"),
    ),
    kind="message",
)
OLD = Template(
    "old-template-id-of-the-town-0123456789abcde",
    "旧通知",
    (TemplateField("first", "开头"),),
    kind="message",
)
NOTICE = Template(
    "notice-template-id-of-the-town",
    "预约结果通知",
    (TemplateField("thing4", "活动名称"), TemplateField("time5", "预约时间")),
)
BASE = f"/settings/wechat-accounts/{SERVICE}/templates"
PAGE = f"{BASE}/booking_confirmed"
FILLED = {
    "template": ACTIVITY.id,
    "text-thing1": "{title}",
    "text-time2": "{starts_at:time}",
    "text-phrase3": "已确认",
}


@pytest.fixture
def wechat(tmp_path: Path, clock: FixedClock) -> Iterator[WeChat]:
    chosen = {one.id: one for one in (ACTIVITY, OLD, NOTICE)}
    accounts = (
        Account(SERVICE, "service", templates=chosen),
        Account(PAPER, "subscription"),
    )
    with running(config_in(tmp_path, accounts=accounts), clock) as url:
        yield WeChat(url, config_in(tmp_path, accounts=accounts))


@pytest.fixture
def settings(database: str, wechat: WeChat) -> Settings:
    return make_settings(
        database,
        wechat_api_base=wechat.url,
        wechat_appid=wechat.config.appid,
        wechat_secret=wechat.config.secret,
        campaign_test_phone=SecretStr(PHONE),
    )


@pytest.fixture
def town(enter: Enter, sessions: Sessions, clock: FixedClock, vault: Vault) -> Desk:
    keys = Keys(CONFIG.secret, KEYS.push_token, KEYS.aes_key)
    add(sessions, clock, vault, whole(SERVICE, town=TOWN, keys=keys))
    return enter(Role.TOWN)


@pytest.fixture
def client(wechat: WeChat, clock: FixedClock) -> Iterator[AccountClient]:
    """The account itself, as its owner uses it at WeChat."""
    transport = Transport(wechat.url)
    yield AccountClient(
        SERVICE, CONFIG.secret, store=MemoryTokenStore(), clock=clock, transport=transport
    )
    transport.close()


def texts_of(sessions: Sessions) -> dict[str, str]:
    with sessions() as session:
        form = registry.forms_of(session, SERVICE)["booking_confirmed"]
    return {one.name: one.text for one in form.fields}


def test_what_the_account_has_chosen_is_proposed_proved_and_saved(
    town: Desk, sessions: Sessions
) -> None:
    assert "没有选" in town.page(BASE)
    page = unescape(town.page(f"{PAGE}?template={ACTIVITY.id}"))
    assert 'value="{starts_at:time}"' in page
    assert "活动开始，年月日和时间" in page
    told = {fact for name in TEMPLATES for fact in TEMPLATES[name].told}
    assert told <= set(MEANINGS), "a fact without a Chinese meaning"
    assert "还不能保存：这样填微信会拒收：“状态”（phrase3）还没有填" in page.replace("。", "：")

    looked = unescape(town.post(PAGE, preview="1", **FILLED).get_data(as_text=True))
    assert "2026年12月31日 23:59" in looked
    assert "没有选" in town.page(BASE), "a look saves nothing"

    saved = town.post_and_read(PAGE, **FILLED)
    assert "已保存，从现在起按这样发" in saved
    assert "试发一条给自己" in saved
    assert texts_of(sessions) == {
        "thing1": "{title}",
        "time2": "{starts_at:time}",
        "phrase3": "已确认",
    }
    assert "活动报名通知" in town.page(BASE)

    assert "已停用" in town.post_and_read(f"{PAGE}/retire")
    with sessions() as session:
        row_id = session.scalars(
            select(WeChatTemplate.id).where(WeChatTemplate.appid == SERVICE)
        ).one()
    assert "已恢复" in town.post_and_read(f"{BASE}/{row_id}/restore")
    assert texts_of(sessions)["phrase3"] == "已确认"


NOTICED = {
    "template": NOTICE.id,
    "text-thing4": "{title}",
    "text-time5": "{starts_at:time}",
}


def test_a_notice_of_a_service_account_is_proposed_proved_and_tried(
    town: Desk, sessions: Sessions, wechat: WeChat, clock: FixedClock, client: AccountClient
) -> None:
    page = unescape(town.page(f"{PAGE}?template={NOTICE.id}"))
    assert "订阅通知（一次性）：活动名称、预约时间" in page
    assert "家长在公众号里同意一次，才能收到一条" in page
    assert 'value="{starts_at:time}"' in page
    wrong = town.post(PAGE, **{**NOTICED, "text-time5": "下午"})
    assert (wrong.status_code, "“预约时间”（time5）" in wrong.get_data(as_text=True)) == (422, True)
    looked = unescape(town.post(PAGE, preview="1", **NOTICED).get_data(as_text=True))
    assert "2026年12月31日 23:59" in looked

    assert "已保存，从现在起按这样发" in town.post_and_read(PAGE, **NOTICED)
    listed = town.page(BASE)
    assert "订阅通知（一次性）" in listed
    assert "发不出" in listed, "WeChat has not been asked what the account may"
    assert "和微信上的一样" in town.post_and_read(f"{BASE}/check")
    with sessions.begin() as session:
        row = session.get_one(WeChatAccount, SERVICE)
        row.can_notify = True
    assert "发不出" not in town.page(BASE)
    wechat.fault("/wxaapi/newtmpl/gettemplate", errcode=48001)
    town.post_and_read(f"{BASE}/check")
    assert "已暂停" not in town.page(BASE), "a list that was not shown says nothing"


def test_what_is_wrong_is_told_in_chinese(town: Desk, wechat: WeChat) -> None:
    for changes, sentence in (
        ({"text-phrase3": "{title}"}, "“状态”（phrase3）要写 1 到 5 个汉字"),
        ({"text-thing1": ""}, "“预约项目”（thing1）还没有填"),
        ({"text-time2": "下午"}, "“服务时间”（time2）只能是一个时间"),
        ({"template": OLD.id, "text-first": "您好"}, "“开头”（first）是旧的"),
    ):
        response = town.post(PAGE, **{**FILLED, **changes})
        assert response.status_code == 422
        assert sentence in response.get_data(as_text=True)

    town.post(PAGE, **FILLED)
    wechat.fault("/cgi-bin/template/get_all_private_template", errcode=48001)
    wechat.fault("/wxaapi/newtmpl/gettemplate", errcode=48001, times=1)
    unanswered = town.post(PAGE, **{**FILLED, "text-thing1": "另一句"})
    kept = unanswered.get_data(as_text=True)
    assert (unanswered.status_code, "48001" in kept, 'value="另一句"' in kept) == (503, True, True)

    page = town.post_and_read(PAGE, **{**FILLED, "template": "gone"})
    assert "微信上已经没有这个模板" in page
    wechat.fault("/cgi-bin/template/get_all_private_template", errcode=48001)
    assert "48001" not in town.page(PAGE), "it may have 订阅通知 all the same"
    wechat.fault("/wxaapi/newtmpl/gettemplate", errcode=48001)
    assert "48001" in town.page(PAGE)


def test_what_vanished_at_wechat_is_paused_and_shown(
    town: Desk, sessions: Sessions, clock: FixedClock, client: AccountClient
) -> None:
    town.post(PAGE, **FILLED)
    assert "和微信上的一样" in town.post_and_read(f"{BASE}/check")
    client.template.del_private_template(ACTIVITY.id)
    vault = Vault({"k1": b"f" * 32}, b"l" * 32)
    nominal = datetime(2026, 11, 23, 5, 10, tzinfo=CITY)
    night.ask_accounts(sessions, clock, vault, lambda _: client, nominal)

    page = town.page(BASE)
    assert "微信上已经没有这个模板，已暂停发送" in page
    assert "1 个已暂停" in town.page("/settings/wechat-accounts")
    with sessions() as session:
        assert (SERVICE, "booking_confirmed") in pauses.standing(session, clock.now())


def test_a_trial_says_what_wechat_answered(
    town: Desk, sessions: Sessions, vault: Vault, wechat: WeChat, client: AccountClient
) -> None:
    town.post(PAGE, **FILLED)
    assert "请先用试发的手机登录小程序" in town.post_and_read(f"{PAGE}/test")
    parent_id = make_parent(sessions)
    with sessions.begin() as session:
        parent = session.get_one(Parent, parent_id)
        parent.phone_sealed = vault.seal(PHONE, phones.PHONE)
        parent.phone_fingerprint = vault.fingerprint(phones.PHONE, PHONE)
    assert "还没有关联这个公众号" in town.post_and_read(f"{PAGE}/test")

    wechat.ask("POST", "follow", appid=SERVICE, follow=True)
    openid = OfficialAccount(client).followers()[0][0]
    with sessions.begin() as session:
        session.add(ParentIdentity(appid=SERVICE, openid=openid, parent_id=parent_id))
    assert "微信已接收" in town.post_and_read(f"{PAGE}/test")
    with sessions() as session:
        told = session.scalars(
            select(AuditEntry.detail).where(AuditEntry.action == "template.tested")
        ).all()
    assert [entry["sent"] for entry in told] == [True]


def test_others_and_those_who_may_not_see_nothing(
    town: Desk, enter: Enter, sessions: Sessions, clock: FixedClock, vault: Vault, centre: int
) -> None:
    keys = Keys(CONFIG.secret, KEYS.push_token, KEYS.aes_key)
    paper = whole(PAPER, AccountKind.SUBSCRIPTION, town=TOWN, keys=keys, certified=False)
    add(sessions, clock, vault, paper)
    assert town.get(f"/settings/wechat-accounts/{PAPER}/templates").status_code == 404
    assert town.get(f"{BASE}/booking_requested").status_code == 404, "told in the app alone"
    elsewhere = enter(Role.TOWN, town_code="320281107", login="elsewhere")
    assert elsewhere.get(BASE).status_code == 404
    assert enter(centre_id=centre).get(BASE).status_code == 403
