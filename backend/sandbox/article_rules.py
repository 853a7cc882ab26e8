"""What WeChat takes as an article of a draft.

Source: 新增草稿 (developers.weixin.qq.com, draft_add), as of 2026-11: title 32, author 16 and
digest 128 characters, content under 20 000 characters and 1 MB, source address 1 KB; scripts
and foreign pictures are taken out of the content.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from backend.sandbox.errors import WireError

LONGEST: Mapping[str, tuple[int, int]] = {  # characters, and the code beyond
    "title": (32, 45003),
    "author": (16, 45110),
    "digest": (128, 45004),
}
LONGEST_CONTENT = 20_000  # characters; it must stay under
LARGEST_CONTENT = 1024 * 1024  # bytes
LONGEST_SOURCE = 1024  # bytes
MOST_ARTICLES = 8
MOST_PICTURES = 20
OWN_PICTURES = ("http://mmbiz.qpic.cn/", "https://mmbiz.qpic.cn/")
DIGEST_OF_CONTENT = 54  # characters

SCRIPT = re.compile(r"<script\b.*?(</script\s*>|$)", re.I | re.S)
PICTURE = re.compile(r"<img\b[^>]*>", re.I)
SOURCE = re.compile(r"""\b(?:data-)?src\s*=\s*["']?([^"'\s>]+)""", re.I)
TAG = re.compile(r"<[^>]*>")

HasMedia = Callable[[str, bool], bool]  # media id, whether a cover picture will do


def checked_articles(given: Any, has_media: HasMedia) -> list[dict[str, Any]]:
    """Raises WireError 47001, 44003, 45008 or those of `checked_article`."""
    if not isinstance(given, list):
        raise WireError(47001)
    if not given:
        raise WireError(44003)
    if len(given) > MOST_ARTICLES:
        raise WireError(45008)
    return [checked_article(one, has_media) for one in given]


def checked_article(given: Any, has_media: HasMedia) -> dict[str, Any]:
    """The article as WeChat keeps it. Raises WireError naming what is wrong by its code."""
    if not isinstance(given, dict):
        raise WireError(47001)
    article = {
        "article_type": given.get("article_type", "news"),
        "content_source_url": _text(given, "content_source_url"),
        "content": _content(given),
        "need_open_comment": _flag(given, "need_open_comment"),
        "only_fans_can_comment": _flag(given, "only_fans_can_comment"),
    }
    for name, (longest, errcode) in LONGEST.items():
        article[name] = _text(given, name)
        if len(article[name]) > longest:
            raise WireError(errcode)
    if not article["title"].strip():
        raise WireError(45003)
    if len(article["content_source_url"].encode()) > LONGEST_SOURCE:
        raise WireError(45005)
    article["digest"] = article["digest"] or _plain(article["content"])[:DIGEST_OF_CONTENT]
    return article | _pictures(article["article_type"], given, has_media)


def _content(given: Mapping[str, Any]) -> str:
    content = _text(given, "content")
    if not content.strip():
        raise WireError(44004)
    if len(content) >= LONGEST_CONTENT or len(content.encode()) >= LARGEST_CONTENT:
        raise WireError(45002)
    return PICTURE.sub(_own_picture, SCRIPT.sub("", content))


def _own_picture(tag: re.Match[str]) -> str:
    source = SOURCE.search(tag.group())
    return tag.group() if source and source.group(1).startswith(OWN_PICTURES) else ""


def _pictures(kind: Any, given: Mapping[str, Any], has_media: HasMedia) -> dict[str, Any]:
    """The cover of an article, or the pictures of a picture message. Raises WireError 40007."""
    if kind == "news":
        cover = given.get("thumb_media_id")
        if not isinstance(cover, str) or not has_media(cover, True):
            raise WireError(40007)
        return {"thumb_media_id": cover}
    if kind != "newspic":
        raise WireError(40008)
    info = given.get("image_info")
    images = info.get("image_list") if isinstance(info, dict) else None
    if not isinstance(images, list) or not 1 <= len(images) <= MOST_PICTURES:
        raise WireError(40007)
    for image in images:
        media_id = image.get("image_media_id") if isinstance(image, dict) else None
        if not isinstance(media_id, str) or not has_media(media_id, False):
            raise WireError(40007)
    return {"image_info": info}


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise WireError(47001)
    return value


def _flag(given: Mapping[str, Any], name: str) -> int:
    value = given.get(name, 0)
    if value not in (0, 1) or isinstance(value, bool):
        raise WireError(47001)
    return int(value)


def _plain(content: str) -> str:
    return " ".join(TAG.sub(" ", content).split())
