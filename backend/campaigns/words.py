"""What a campaign may say, when it may be sent, and how it reads. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from backend.campaigns.models import CampaignState
from backend.guides.check_text import wording
from backend.guides.problems import Words
from backend.kernel.clock import CITY, city_time
from backend.kernel.errors import Conflict, Invalid
from backend.outbox.fields import LONGEST_THING, one_line, width
from backend.outbox.hours import SEND_FROM, SEND_UNTIL

# In content/messages/templates.yaml; the second one tells parents who expect a child.
TEMPLATE, EXPECTING_TEMPLATE = "campaign", "pregnancy_notice"
LONGEST_SENTENCE = 120  # a family reads it on a phone
LONGEST_NOTE = 200
FARTHEST = timedelta(days=60)
HOURS = range(SEND_FROM.hour, SEND_UNTIL.hour)
# Whoever wants a family to call, pay or scan is not telling it something about its child.
CONTACT = re.compile(r"https?:|www\.|\d{3,4}-?\d{4,}|加微信|微信号|扫码|二维码", re.IGNORECASE)

S = CampaignState
STATE_TITLES: Mapping[CampaignState, str] = {
    S.DRAFT: "草稿",
    S.SUBMITTED: "待审批",
    S.APPROVED: "已批准，等时间",
    S.RUNNING: "发送中",
    S.PAUSED: "已暂停",
    S.FINISHED: "已发完",
    S.CANCELLED: "已取消",
}
NEXT_STATES: Mapping[CampaignState, frozenset[CampaignState]] = {
    S.DRAFT: frozenset({S.SUBMITTED, S.CANCELLED}),
    S.SUBMITTED: frozenset({S.APPROVED, S.DRAFT, S.CANCELLED}),
    S.APPROVED: frozenset({S.RUNNING, S.PAUSED, S.CANCELLED}),
    S.RUNNING: frozenset({S.PAUSED, S.FINISHED, S.CANCELLED}),
    S.PAUSED: frozenset({S.RUNNING, S.APPROVED, S.CANCELLED}),
    S.FINISHED: frozenset({S.CANCELLED}),
    S.CANCELLED: frozenset(),
}


class CampaignChanged(Conflict):
    code = "campaign_changed"
    message = "这条群发刚刚有变化，请看过再操作"


class CampaignBySelf(Conflict):
    code = "campaign_by_self"
    message = "自己写或提交的群发要由另一个人审批"


class CampaignTextRefused(Invalid):
    code = "campaign_text_refused"
    message = "这样的文字不能群发"


class CampaignTimeWrong(Invalid):
    code = "campaign_time_wrong"
    message = "发送时间有误，请重新选择"


@dataclass(frozen=True)
class Text:
    """What all families are told: a headline, one sentence or two, and what to read."""

    headline: str
    sentence: str
    guide_slug: str


def make_text(headline: str, sentence: str, guide_slug: str) -> Text:
    """On one line each, as WeChat wants it."""
    return Text(one_line(headline), one_line(sentence), guide_slug)


def check_text(said: Text, words: Words, guides: Container[str]) -> None:
    """Raises CampaignTextRefused with every reason: nothing is sold, promised or made up here."""
    found = [*_lengths(said)]
    for text in (said.headline, said.sentence):
        found += [message for _, message in wording(text, words)]
        found += [f"不能做推广：{word}" for word in words.marketing if word in text]
        if contact := CONTACT.search(text):
            found.append(f"不能留网址、电话或微信：{contact.group()}")
    if said.guide_slug not in guides:
        found.append("请选一篇家长现在能读到的指南")
    if found:
        raise CampaignTextRefused("；".join(dict.fromkeys(found)))


def _lengths(said: Text) -> list[str]:
    found = []
    if not 1 <= width(said.headline) <= LONGEST_THING:
        found.append(f"标题要 1～{LONGEST_THING} 字，微信只显示这么多")
    if not 1 <= width(said.sentence) <= LONGEST_SENTENCE:
        found.append(f"正文要 1～{LONGEST_SENTENCE} 字")
    return found


def planned(day: date, hour: int) -> datetime:
    """An hour of the city's day. Raises CampaignTimeWrong for one by night."""
    if hour not in HOURS:
        raise CampaignTimeWrong(f"只在 {SEND_FROM:%H:%M}～{SEND_UNTIL:%H:%M} 之间发送")
    return datetime.combine(day, time(hour), CITY)


def check_planned(planned_at: datetime, now: datetime) -> None:
    """Raises CampaignTimeWrong for an hour that is over, or very far."""
    if planned_at.astimezone(CITY).hour not in HOURS:
        raise CampaignTimeWrong(f"只在 {SEND_FROM:%H:%M}～{SEND_UNTIL:%H:%M} 之间发送")
    # the hour that has begun may still be chosen: it means now
    if planned_at < city_time(now).replace(minute=0, second=0, microsecond=0):
        raise CampaignTimeWrong("这个时间已经过了，请改到以后")
    if planned_at > now + FARTHEST:
        raise CampaignTimeWrong(f"最多提前 {FARTHEST.days} 天")


def check_step(before: CampaignState, after: CampaignState) -> None:
    """Raises CampaignChanged where one state does not lead to the other."""
    if after not in NEXT_STATES[before]:
        raise not_now(before)


def not_now(state: CampaignState) -> CampaignChanged:
    return CampaignChanged(f"现在是：{STATE_TITLES[state]}")


def facts_of(campaign_id: int, said: Text) -> dict[str, Any]:
    """What a message about one child holds, in the shape of `outbox.merged`."""
    return {
        "item_id": f"campaign:{campaign_id}",
        "headline": said.headline,
        "sentence": said.sentence,
        "guide": said.guide_slug,
    }
