"""What WeChat says about templates, codes, articles, mass messages and followers, as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any, Literal

FORM_FIELD = re.compile(r"^(?P<label>.*?)[:：]?\{\{(?P<name>\w+)\.DATA\}\}\s*$", re.M)


@dataclass(frozen=True)
class ChosenTemplate:
    """A template of the account. `content` is its form: `会议时间:{{date2.DATA}}`, by lines.

    `once`: one notice for each consent; `long`: any number; `message`: a 模板消息, no consent.
    `values`: what a field takes, by its name, where WeChat lists that.
    """

    id: str
    title: str
    content: str
    kind: Literal["once", "long", "message"]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        """The label of each field by its name, in the order of the form."""
        return {
            found["name"]: found["label"].strip() for found in FORM_FIELD.finditer(self.content)
        }


@dataclass(frozen=True)
class SceneCode:
    """A QR code with a scene. `url` is what the code holds: draw it, or show the ticket."""

    ticket: str
    url: str
    expires_in: int | None  # seconds; None for ever


@dataclass(frozen=True)
class Picture:
    """A lasting picture of the account."""

    media_id: str
    url: str


@dataclass(frozen=True)
class Article:
    """One article of a draft. `cover` is the media id of a lasting picture."""

    title: str
    content: str  # HTML; pictures only from `upload_article_image`
    cover: str
    author: str = ""
    digest: str = ""
    source_url: str = ""  # 阅读原文
    open_comments: bool = False

    def body(self) -> dict[str, Any]:
        """As WeChat wants it."""
        return {
            "article_type": "news",
            "title": self.title,
            "author": self.author,
            "digest": self.digest,
            "content": self.content,
            "content_source_url": self.source_url,
            "thumb_media_id": self.cover,
            "need_open_comment": int(self.open_comments),
            "only_fans_can_comment": 0,
        }


class PublishStatus(IntEnum):
    """publish_status of freepublish/get."""

    PUBLISHED = 0
    RUNNING = 1
    ORIGINAL_REFUSED = 2
    FAILED = 3
    NOT_APPROVED = 4
    DELETED = 5
    BANNED = 6


@dataclass(frozen=True)
class Publication:
    """`urls` in the order of the articles, once published; `failed` counts from 1."""

    status: PublishStatus
    article_id: str | None = None
    urls: tuple[str, ...] = ()
    failed: tuple[int, ...] = ()


class MassStatus(StrEnum):
    """msg_status of message/mass/get."""

    SENDING = "SENDING"
    SENT = "SEND_SUCCESS"
    FAILED = "SEND_FAIL"
    DELETED = "DELETE"


@dataclass(frozen=True)
class MassMessage:
    """`repeated`: WeChat had this client id already, so nothing was sent a second time."""

    msg_id: int
    repeated: bool = False


@dataclass(frozen=True)
class Follower:
    """A person as an account knows them. `scene`: of the QR code through which they came."""

    openid: str = field(repr=False)
    following: bool
    since: datetime | None = None
    unionid: str | None = field(default=None, repr=False)
    way: str = ""  # WeChat's subscribe_scene
    scene: str = ""


@dataclass(frozen=True)
class Quota:
    """Calls of one path in one day."""

    daily_limit: int
    used: int
    remain: int


def publication_of(answer: Mapping[str, Any]) -> Publication:
    """Raises ValueError for a status that we do not know."""
    detail = answer.get("article_detail") or {}
    items = sorted(detail.get("item") or [], key=lambda item: int(item["idx"]))
    return Publication(
        PublishStatus(int(answer["publish_status"])),
        answer.get("article_id") or None,
        tuple(str(item["article_url"]) for item in items),
        tuple(int(place) for place in answer.get("fail_idx") or ()),
    )


def follower_of(answer: Mapping[str, Any]) -> Follower:
    following = int(answer.get("subscribe", 0)) == 1
    moment = answer.get("subscribe_time")
    return Follower(
        openid=str(answer["openid"]),
        following=following,
        since=datetime.fromtimestamp(int(moment), UTC) if following and moment else None,
        unionid=answer.get("unionid") or None,
        way=str(answer.get("subscribe_scene", "")),
        scene=str(answer.get("qr_scene_str") or answer.get("qr_scene") or ""),
    )
