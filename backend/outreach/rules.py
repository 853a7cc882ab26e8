"""What holds for publications: which step follows which, what WeChat's words mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.guides.library import Library
from backend.guides.pieces import Guide
from backend.kernel.errors import Conflict, Forbidden, Invalid
from backend.kernel.typed_text import clean
from backend.outreach.models import PublicationState, Way

MOST_ARTICLES = 8
# Characters; WeChat takes 128 of a digest.
LONGEST_TITLE, LONGEST_DIGEST, LONGEST_AUTHOR = 32, 120, 16
LONGEST_NOTE = 200
TICK = timedelta(microseconds=1)

S = PublicationState
STATE_TITLES: Mapping[PublicationState, str] = {
    S.DRAFT: "草稿",
    S.SUBMITTED: "待审批",
    S.QUEUED: "等待发出",
    S.PREPARING: "正在上传",
    S.READY: "已上传",
    S.SENDING: "正在提交",
    S.RUNNING: "微信处理中",
    S.DONE: "已完成",
    S.FAILED: "没有成功",
    S.UNKNOWN: "结果不明",
    S.CANCELLED: "已取消",
}
WAY_TITLES: Mapping[Way, str] = {Way.PUBLISH: "发布", Way.MASS: "群发"}
NEXT_STATES: Mapping[PublicationState, frozenset[PublicationState]] = {
    S.DRAFT: frozenset({S.SUBMITTED, S.QUEUED, S.CANCELLED}),
    S.SUBMITTED: frozenset({S.DRAFT, S.QUEUED, S.CANCELLED}),
    S.QUEUED: frozenset({S.PREPARING, S.FAILED, S.CANCELLED}),
    S.PREPARING: frozenset({S.QUEUED, S.READY, S.FAILED}),
    S.READY: frozenset({S.SENDING, S.FAILED, S.CANCELLED}),
    S.SENDING: frozenset({S.READY, S.RUNNING, S.FAILED, S.UNKNOWN}),
    S.RUNNING: frozenset({S.DONE, S.FAILED}),
    S.UNKNOWN: frozenset({S.QUEUED, S.READY, S.DONE, S.CANCELLED}),
    S.DONE: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
}
OPEN = frozenset({S.DRAFT, S.SUBMITTED, S.QUEUED, S.READY})  # can be cancelled

PUBLISH_PROBLEMS: Mapping[int, str] = {
    2: "微信的原创校验没有通过",
    3: "微信没有发布成功",
    4: "微信的平台审核没有通过",
    5: "文章已在公众平台删除",
    6: "文章已被微信封禁",
}
MASS_SENT = "send success"
MASS_PROBLEMS: Mapping[str, str] = {
    "send fail": "微信没有发送成功",
    "err(10001)": "微信认为涉嫌广告",
    "err(20001)": "微信认为涉嫌政治",
    "err(20004)": "微信认为涉嫌社会问题",
    "err(20002)": "微信认为涉嫌色情",
    "err(20006)": "微信认为涉嫌违法犯罪",
    "err(20008)": "微信认为涉嫌欺诈",
    "err(20013)": "微信认为涉嫌版权",
    "err(22000)": "微信认为涉嫌互推",
    "err(21000)": "微信没有通过（其他原因）",
    "err(30001)": "原创校验时系统出错，管理员选了不群发",
    "err(30002)": "原创校验认定不能群发",
    "err(30003)": "原创校验认定是转载，管理员选了不群发",
}
REFUSALS: Mapping[int, str] = {
    40007: "微信没有找到草稿或图片，可能已在公众平台删除",
    44004: "文章是空的",
    45002: "文章太长，请少选几篇或换一篇",
    45003: "标题太长",
    45004: "摘要太长",
    45008: "文章篇数超过微信的限制",
    45009: "这个账号今天的接口次数用完了，明天再试",
    45011: "操作太快，过一分钟再试",
    45028: "这个账号的群发次数用完了",
    45110: "作者名太长",
    48001: "这个账号没有这项权限，可能是认证到期",
    48004: "这项权限被微信封禁",
    53503: "微信没有通过这份草稿的检查，请到公众平台查看",
    53504: "微信要求到公众平台手动操作这份草稿",
    53505: "微信要求先在公众平台手动保存这份草稿",
}


class PublicationChanged(Conflict):
    code = "publication_changed"
    message = "这次发布刚刚有变化，请看过再操作"


class PublicationBySelf(Conflict):
    code = "publication_by_self"
    message = "自己写或提交的群发要由另一个人审批"


class PublicationRefused(Invalid):
    """The detail says which guide, and why."""

    code = "publication_refused"
    message = "这些指南不能发布"


class CardRefused(Invalid):
    """The detail says what is wrong. `field`: title, author, digest or cover."""

    code = "card_refused"
    message = "这张卡片微信会拒收"

    def __init__(self, detail: str, field: str) -> None:
        super().__init__(detail)
        self.field = field


class PublicationNotAllowed(Forbidden):
    code = "publication_not_allowed"
    message = "这个公众号没有这项权限"


def later(now: datetime, before: datetime) -> datetime:
    """Now, and in any case after `before`: the version of a row that people have seen."""
    return max(now, before + TICK)


def check_step(before: PublicationState, after: PublicationState) -> None:
    if after not in NEXT_STATES[before]:
        raise PublicationChanged(f"现在是“{STATE_TITLES[before]}”")


def chosen(library: Library, slugs: Sequence[str]) -> list[Guide]:
    """The guides in the order they were chosen. Raises PublicationRefused."""
    unique = list(dict.fromkeys(slugs))
    if not 1 <= len(unique) <= MOST_ARTICLES:
        raise PublicationRefused(f"请选 1 到 {MOST_ARTICLES} 篇")
    guides = [guide for slug in unique if (guide := library.find(slug))]
    if len(guides) != len(unique):
        raise PublicationRefused("有一篇现在不能给家长看，请重新选")
    return guides


@dataclass(frozen=True)
class Card:
    """What readers see of an article before they open it. `cover`: a CoverPicture, None: ours."""

    title: str
    digest: str
    author: str
    cover: int | None = None


def own_card(guide: Guide, author: str) -> Card:
    """The guide's own words."""
    return Card(guide.title[:LONGEST_TITLE], guide.summary[:LONGEST_DIGEST], author)


def checked_card(card: Card) -> Card:
    """What was typed, without the spaces around it. Raises CardRefused."""
    title = _typed(card.title, "title", "标题", LONGEST_TITLE)
    author = _typed(card.author, "author", "作者", LONGEST_AUTHOR)
    return Card(title, _typed(card.digest, "digest", "摘要", LONGEST_DIGEST), author, card.cover)


def _typed(text: str, field: str, name: str, longest: int) -> str:
    kept = text.strip()
    if not kept:
        raise CardRefused(f"{name}要填", field)
    if len(kept) > longest:
        raise CardRefused(f"{name}有 {len(kept)} 个字，最多 {longest} 个字", field)
    try:
        return clean(kept)
    except ValueError as error:
        raise CardRefused(f"{name}里有无法识别的字符或换行", field) from error


def as_article(guide: Guide, card: Card) -> dict[str, Any]:
    """What is kept of a guide that is to be published; `hash` is the text that was meant."""
    return {"slug": guide.slug, "hash": guide.content_hash, **vars(card)}


def card_of(article: Mapping[str, Any], author: str) -> Card:
    """`author`: the publication's; articles of before there were cards have no other."""
    return Card(
        str(article["title"]),
        str(article["digest"]),
        str(article.get("author") or author),
        article.get("cover"),
    )


def meant(library: Library, articles: Sequence[Mapping[str, Any]]) -> list[Guide]:
    """The guides as they were approved. Raises PublicationRefused for one that has changed."""
    guides = chosen(library, [str(one["slug"]) for one in articles])
    for guide, article in zip(guides, articles, strict=True):
        if guide.content_hash != article["hash"]:
            raise PublicationRefused(f"《{guide.title}》在这以后改过，请重新做一份")
    return guides


def refusal(errcode: int) -> str:
    return REFUSALS.get(errcode, f"微信没有接受（错误码 {errcode}）")
