"""A parent follows the city's 公众号: the code, the scan, the link, and taking it back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import service, templates
from backend.accounts.models import Capability, LinkCode, LinkOutcome, WeChatAccount
from backend.accounts.rules import Keys
from backend.accounts.scenes import LinkScenes
from backend.accounts.service import Reactions
from backend.config import Settings
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from backend.outbox.forms import FormKind
from backend.outbox.ledger import Key
from backend.rights.deletion import delete_parent
from backend.sandbox.config import Account
from tests.accounts.accounts import KEYS, TOWN, add, whole
from tests.accounts.test_followers import Push
from tests.accounts.test_next_channel import follow
from tests.api.families import Phone, code_of
from tests.conftest import make_settings
from tests.outbox.scene import TEMPLATES, grant
from tests.sandbox.running import CONFIG, config_in, running
from tests.wechat.sandboxed import WeChat

Sessions = sessionmaker[Session]
SERVICE = "wxservice00000001"
NOTHING: dict[str, Any] = {
    "account_name": None,
    "linked": False,
    "following": False,
    "code": None,
}


@pytest.fixture
def wechat(tmp_path: Path, clock: FixedClock) -> Iterator[WeChat]:
    config = config_in(tmp_path, accounts=(Account(SERVICE, "service"),))
    with running(config, clock) as url:
        yield WeChat(url, config)


@pytest.fixture
def settings(database: str, wechat: WeChat) -> Settings:
    return make_settings(database, wechat_api_base=wechat.url)


@pytest.fixture
def account(sessions: Sessions, clock: FixedClock, vault: Vault) -> str:
    keys = Keys(CONFIG.secret, KEYS.push_token, KEYS.aes_key)
    able = (Capability.TEMPLATE, Capability.SCAN)
    return add(sessions, clock, vault, whole(SERVICE, town=TOWN, keys=keys), can=able)


def scan(sessions: Sessions, clock: FixedClock, wechat: WeChat, settings: Settings) -> str | None:
    """The newest code, as WeChat tells that somebody scanned it; the outcome."""
    tickets = wechat.ask("GET", f"tickets?appid={SERVICE}")["items"]
    payload = {
        "CreateTime": str(int(clock.now().timestamp())),
        "EventKey": f"qrscene_{tickets[0]['scene']}",
    }
    scenes = LinkScenes(settings.secret_key.get_secret_value())
    with sessions.begin() as session:
        service.store_event(session, clock, Push("subscribe", "openid-scanning", payload, SERVICE))
        service.handle_open_events(session, clock, Reactions(lambda _: {}, delete_parent, scenes))
        newest = select(LinkCode.outcome).order_by(LinkCode.id.desc()).limit(1)
        return session.scalar(newest)


def test_a_parent_links_by_a_code_and_takes_it_back(
    client: FlaskClient,
    sessions: Sessions,
    clock: FixedClock,
    wechat: WeChat,
    settings: Settings,
    account: str,
) -> None:
    phone = Phone(client)
    phone.add_child()
    offered = NOTHING | {"account_name": "号0001"}
    assert phone.get("/me/following").json == offered

    made = phone.post("/me/following/codes")
    assert made.status_code == 201
    assert made.json["picture"].startswith("data:image/png;base64,")
    waiting = phone.get("/me/following").json["code"]
    assert waiting == {"state": "waiting", "expires_at": made.json["expires_at"]}

    assert scan(sessions, clock, wechat, settings) is LinkOutcome.LINKED
    after = phone.get("/me/following").json
    assert (after["linked"], after["following"], after["code"]["state"]) == (True, True, "linked")

    assert phone.delete("/me/following").status_code == 204
    assert phone.delete("/me/following").status_code == 204
    assert phone.get("/me/following").json["linked"] is False
    assert phone.get("/me").status_code == 200, "the mini-program knows the parent all the same"


def ways(phone: Phone) -> dict[str, str | None]:
    """By which 公众号 each message comes, by our names."""
    answer = phone.get("/subscriptions").json
    return {one["name"]: one["account_name"] for one in answer["templates"] + answer["others"]}


@pytest.mark.parametrize(("capability", "kind"), [("template", "message"), ("notify", "once")])
def test_a_follower_is_told_by_which_account_each_message_comes(
    client: FlaskClient,
    sessions: Sessions,
    clock: FixedClock,
    account: str,
    capability: str,
    kind: FormKind,
) -> None:
    """Two of its templates; of the other kind, which this account may not send, a third."""
    phone = Phone(client)
    phone.add_child()
    ids = {"booking_confirmed": "svc-1", "booking_moved": "svc-2"}
    other = {"handbook_reminder": "svc-3"}
    with sessions.begin() as session:
        forms = TEMPLATES.forms(kind, ids)
        forms |= TEMPLATES.forms("once" if kind == "message" else "message", other)
        templates.bootstrap(session, clock, SERVICE, forms)
        row = session.get_one(WeChatAccount, account)
        row.can_template, row.can_notify = capability == "template", capability == "notify"
    assert set(ways(phone).values()) == {None}

    parent_id = phone.get("/me").json["id"]
    follow(sessions, clock, parent_id, account, "openid-following")
    if capability == "notify":  # for each a consent of its own
        assert set(ways(phone).values()) == {None}
        for template_id in ids.values():
            grant(sessions, clock, Key(account, "openid-following", template_id))

    told = ways(phone)
    assert {name for name, by in told.items() if by == "号0001"} == set(ids)
    assert {by for name, by in told.items() if name not in ids} == {None}


def test_a_code_that_nobody_scanned_runs_out(
    client: FlaskClient, clock: FixedClock, account: str
) -> None:
    phone = Phone(client)
    phone.add_child()
    phone.post("/me/following/codes")
    clock.advance(timedelta(minutes=10))

    assert phone.get("/me/following").json["code"]["state"] == "expired"


def test_without_an_account_or_consent_there_is_no_code(
    client: FlaskClient, clock: FixedClock, sessions: Sessions, vault: Vault
) -> None:
    phone = Phone(client)
    assert phone.get("/me/following").json == NOTHING
    assert code_of(phone.post("/me/following/codes")) == "consent_needed"
    phone.agree()
    add(sessions, clock, vault, whole(town="320281107"), can=(Capability.SCAN,))  # another town's
    assert code_of(phone.post("/me/following/codes")) == "nothing_to_follow"
    assert phone.get("/me/following").json == NOTHING


def test_a_wechat_that_refuses_is_told_as_such(
    client: FlaskClient, wechat: WeChat, account: str
) -> None:
    phone = Phone(client)
    phone.add_child()
    wechat.fault("/cgi-bin/qrcode/create", errcode=-1)

    answer = phone.post("/me/following/codes")

    assert (answer.status_code, code_of(answer)) == (503, "wechat_unavailable")
