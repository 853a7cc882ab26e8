"""A flood of WeChat's pushes: each event up to four times, in any order, as XML and as JSON."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import select, text

from backend.config import Settings
from backend.outbox.models import Balance
from backend.sandbox.push_format import SealedPush, event_text, seal
from tests.process.receivers import Sessions
from tests.sandbox.running import CONFIG

COPIES = 4  # the first delivery and WeChat's three repetitions
CONNECTIONS = 32
SECOND = 1795399200  # 2026-11-23, 10:00 in the city
TEMPLATE_ID = "tpl-handbook-reminder"


@dataclass(frozen=True)
class Post:
    """One delivery, ready for the wire."""

    path: str
    push: SealedPush

    def bytes(self) -> bytes:
        head = (
            f"POST {self.path}?{self.push.query} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: {self.push.content_type}\r\n"
            f"Content-Length: {len(self.push.body)}\r\n\r\n"
        )
        return head.encode() + self.push.body


@dataclass(frozen=True)
class Flood:
    """`rows`: of each connection the posts; `grants`: what each openid has allowed in the end."""

    rows: Sequence[Sequence[Post]]
    grants: Counter[str]

    @property
    def events(self) -> int:
        return self.grants.total()


def make_flood(settings: Settings, posts: int, seed: int = 6) -> Flood:
    """So many posts: each event is a family's yes to one more message, sent one to four times."""
    chance = random.Random(seed)
    made: list[Post] = []
    grants: Counter[str] = Counter()
    while len(made) < posts:
        number = grants.total()
        openid = f"o-of-the-flood-{number // 3:012}"  # three different seconds of one person
        grants[openid] += 1
        copies = min(chance.randint(1, COPIES), posts - len(made))
        made += [_post(settings, openid, SECOND + number % 3, chance) for _ in range(copies)]
    chance.shuffle(made)
    return Flood([made[number::CONNECTIONS] for number in range(CONNECTIONS)], grants)


def _post(settings: Settings, openid: str, moment: int, chance: random.Random) -> Post:
    form: Literal["xml", "json"] = chance.choice(("xml", "json"))
    account = replace(
        CONFIG,
        appid=settings.wechat_appid,
        token=settings.wechat_token.get_secret_value(),
        aes_key=settings.wechat_aes_key.get_secret_value(),
        push_format=form,
    )
    fields = {
        "ToUserName": "gh_0123456789ab",
        "FromUserName": openid,
        "CreateTime": str(moment),
        "MsgType": "event",
        "Event": "subscribe_msg_popup_event",
    }
    item = {
        "TemplateId": TEMPLATE_ID,
        "SubscribeStatusString": "accept",
        "PopupScene": "0",
    }
    readable = event_text(account, fields, [item])
    return Post(
        f"/wechat/{settings.wechat_appid}",
        seal(account, settings.wechat_appid, openid, readable, moment),
    )


def open_events(sessions: Sessions) -> int:
    with sessions() as session:
        waiting = text("SELECT count(*) FROM inbound_events WHERE handled_at IS NULL")
        return session.scalar(waiting) or 0


def handled_once(sessions: Sessions, flood: Flood) -> bool:
    """Is there one row an event, and does every yes count exactly once?"""
    with sessions() as session:
        rows = text("SELECT count(*), count(*) FILTER (WHERE outcome = 'applied')"
                    "  FROM inbound_events")  # fmt: skip
        stored, applied = session.execute(rows).one()
        balances = select(Balance.openid, Balance.balance).where(Balance.template_id == TEMPLATE_ID)
        counted = {row.openid: row.balance for row in session.execute(balances)}
    return stored == applied == flood.events and counted == flood.grants
