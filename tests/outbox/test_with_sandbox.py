"""Our own words through our own client into the strict sandbox, over HTTP."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.outbox import pauses
from backend.outbox.delivery import deliver
from backend.outbox.ledger import Key
from backend.outbox.models import MessageState
from backend.outbox.parts import Delivery
from backend.sandbox.templates import Template, TemplateField
from backend.wechat.client import AccountClient
from backend.wechat.messenger import WeChatMessenger
from backend.wechat.tokens import MemoryTokenStore
from backend.wechat.transport import Transport
from tests.factories import APPID, make_child, make_parent
from tests.fakes import FakeMessenger
from tests.outbox.scene import (
    BOOKING,
    TEMPLATE_ID,
    TEMPLATES,
    balance,
    delivery,
    grant,
    message,
    tell,
)
from tests.sandbox.running import config_in, running

Sessions = sessionmaker[Session]
ROOT = Path(__file__).parents[2]
IDS = {name: f"sandbox-{name}" for name in TEMPLATES} | {"booking_confirmed": TEMPLATE_ID}
LONG = "江阴市澄江街道中山社区科学育儿指导与亲子活动服务中心（人民路总部一号楼二层东侧）\n"
FACTS = BOOKING | {
    "title": LONG,
    "centre": LONG,
    "reason": LONG,
    "item_id": "vaccine:hepb-1",
    "item_title": LONG,
    "due_date": "2026-11-27",
    "until": "2026-11-25T12:00:00+08:00",
    "before": "2026-11-27T09:00:00+08:00",
    "room": "二楼律动室",
    "waiting_id": 5,
    "week": 41,
    "days_left": 280,
    "aim_date": "2026-11-27",
    "until_date": "2026-12-03",
    "card": LONG,
    "headline": LONG,
    "sentence": LONG,
    "guide": "ka-jiezhong-hou",
}


def as_wechat_knows_them() -> dict[str, Template]:
    forms = {IDS[name]: TEMPLATES[name].wechat for name in TEMPLATES}
    return {
        template_id: Template(
            template_id,
            form.title,
            tuple(TemplateField(name, field.label) for name, field in form.fields.items()),
        )
        for template_id, form in forms.items()
        if form is not None
    }


@pytest.fixture
def sandbox(tmp_path: Path, clock: FixedClock) -> Iterator[str]:
    known = as_wechat_knows_them()
    pages = json.loads((ROOT / "miniprogram/app/app.json").read_text(encoding="utf-8"))["pages"]
    config = config_in(tmp_path, appid=APPID, templates=known, pages=tuple(pages))
    config = replace(config, push_sent_events=False)
    with running(config, clock) as url:
        yield url


@pytest.fixture
def parts(sandbox: str, sessions: Sessions, clock: FixedClock) -> Iterator[Delivery]:
    transport = Transport(sandbox, connect_seconds=5, read_seconds=5)
    client = AccountClient(
        APPID,
        "0123456789abcdef0123456789abcdef",
        store=MemoryTokenStore(),
        clock=clock,
        transport=transport,
    )
    known = delivery(sessions, clock, FakeMessenger(), template_ids=IDS)
    yield replace(known, messenger=WeChatMessenger(client))
    transport.close()


def openids(sandbox: str, template_id: str, count: int, permissions: int) -> list[str]:
    body = {"count": count, "template_id": template_id, "balance": permissions}
    answer = requests.post(f"{sandbox}/sandbox/api/crowd", json=body, timeout=5)
    assert answer.ok, answer.text
    return [item["openid"] for item in answer.json()["items"]]


def told(sessions: Sessions, clock: FixedClock, openid: str, template: str) -> int:
    parent_id = make_parent(sessions, openid=openid)
    child_id = make_child(sessions, parent_id=parent_id, name="欧阳一一")
    grant(sessions, clock, Key(APPID, openid, IDS[template]))
    return tell(sessions, clock, parent_id, child_id, template=template, data=FACTS)


@pytest.mark.parametrize("template", [name for name in TEMPLATES if TEMPLATES[name].wechat])
def test_the_longest_real_words_and_the_page_of_every_template_are_taken(
    sandbox: str, parts: Delivery, sessions: Sessions, clock: FixedClock, template: str
) -> None:
    (openid,) = openids(sandbox, IDS[template], 1, 1)
    told(sessions, clock, openid, template)

    assert deliver(parts).sent == 1


def test_many_at_once_arrive_once_each_and_who_refused_finds_it_in_the_app(
    sandbox: str, parts: Delivery, sessions: Sessions, clock: FixedClock
) -> None:
    willing = openids(sandbox, TEMPLATE_ID, 20, 1)
    (refusing,) = openids(sandbox, TEMPLATE_ID, 1, 0)
    for openid in willing:
        told(sessions, clock, openid, "booking_confirmed")
    refused = told(sessions, clock, refusing, "booking_confirmed")

    done = deliver(parts)

    assert (done.sent, done.in_app) == (20, 1)
    answer = requests.get(f"{sandbox}/sandbox/api/messages?phone=all", timeout=5).json()
    assert answer["total"] == 20
    lost = message(sessions, refused)
    assert (lost.state, lost.errcode) == (MessageState.IN_APP, 43101)
    assert balance(sessions, Key(APPID, refusing, TEMPLATE_ID)) == 0


@pytest.mark.parametrize("errcode", [40037, 40125, 45011, 45009, 99999])
def test_a_refusal_that_is_about_all_of_them_is_asked_once(
    sandbox: str, parts: Delivery, sessions: Sessions, clock: FixedClock, errcode: int
) -> None:
    willing = openids(sandbox, TEMPLATE_ID, 12, 1)
    for openid in willing:
        told(sessions, clock, openid, "booking_confirmed")
    fault = {"path": "/cgi-bin/message/subscribe/send", "errcode": errcode}
    requests.post(f"{sandbox}/sandbox/api/faults", json=fault, timeout=5).raise_for_status()

    done = deliver(replace(parts, threads=1))

    assert (done.sent, done.postponed) == (0, 12)
    assert deliver(parts).claimed == 0
    with sessions() as session:
        (paused,) = pauses.pauses(session, clock)
    assert paused.errcode == errcode
    requests.delete(f"{sandbox}/sandbox/api/faults", timeout=5).raise_for_status()
    with sessions.begin() as session:
        pauses.resume(session, clock, pause_id=paused.id, by="staff:7")

    assert deliver(parts).sent == 12
