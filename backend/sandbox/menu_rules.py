"""What WeChat takes as a menu: three buttons, five under each, names and addresses in bounds.

Source: 自定义菜单 创建接口 (developers.weixin.qq.com), as of 2026-11. Longer names than four and
eight characters are accepted and shown shortened. The 1024 bytes of an address are documented;
the address has to be http(s).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.sandbox.errors import WireError

MOST_BUTTONS, MOST_SUB_BUTTONS = 3, 5
LONGEST_KEY = 128  # bytes
LONGEST_URL = 1024  # bytes
KEYED = frozenset(
    {
        "click",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    }
)
WITH_MEDIA = frozenset({"media_id", "view_limited"})
WITH_ARTICLE = frozenset({"article_id", "article_view_limited"})


@dataclass(frozen=True)
class Level:
    """The codes of one level of the menu, and its longest name in bytes."""

    longest_name: int
    kind: int
    name: int
    key: int
    url: int
    domain: int


TOP = Level(16, kind=40017, name=40018, key=40019, url=40020, domain=40055)
SUB = Level(60, kind=40024, name=40025, key=40026, url=40027, domain=40054)


@dataclass(frozen=True)
class Known:
    """What a button may point to: pictures, articles, and the account's mini-programs."""

    media: Callable[[str], bool]
    article: Callable[[str], bool]
    miniprogram: Callable[[str], bool]


def checked_buttons(given: Any, known: Known) -> list[dict[str, Any]]:
    """Raises WireError 40016 to 40027, 40054, 40055, 45064, 40007 or 53600."""
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_BUTTONS:
        raise WireError(40016)
    return [_top_button(button, known) for button in given]


def _top_button(button: Any, known: Known) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise WireError(40016)
    below = button.get("sub_button")
    if not below:
        return _button(button, TOP, known) | {"sub_button": []}
    if not isinstance(below, list) or len(below) > MOST_SUB_BUTTONS:
        raise WireError(40023)
    for sub in below:
        if not isinstance(sub, dict) or sub.get("sub_button"):
            raise WireError(40022)
    return {
        "name": _name(button, TOP),
        "sub_button": [_button(sub, SUB, known) | {"sub_button": []} for sub in below],
    }


def _button(button: Mapping[str, Any], level: Level, known: Known) -> dict[str, Any]:
    kind = button.get("type")
    name = _name(button, level)
    if kind in KEYED:
        key = _bounded(button, "key", LONGEST_KEY, level.key)
        return {"type": kind, "name": name, "key": key}
    if kind == "view":
        return {"type": kind, "name": name, "url": _url(button, level)}
    if kind == "miniprogram":
        return {"type": kind, "name": name} | _miniprogram(button, level, known)
    if kind in WITH_MEDIA:
        media_id = str(button.get("media_id", ""))
        if not known.media(media_id):
            raise WireError(40007)
        return {"type": kind, "name": name, "media_id": media_id}
    if kind in WITH_ARTICLE:
        article_id = str(button.get("article_id", ""))
        if not known.article(article_id):
            raise WireError(53600)
        return {"type": kind, "name": name, "article_id": article_id}
    raise WireError(level.kind)


def _miniprogram(button: Mapping[str, Any], level: Level, known: Known) -> dict[str, Any]:
    """The address is for phones too old for mini-programs. Raises WireError 45064."""
    url = _url(button, level)
    appid, path = button.get("appid"), button.get("pagepath")
    if not isinstance(appid, str) or not isinstance(path, str) or not path:
        raise WireError(45064)
    if not known.miniprogram(appid):
        raise WireError(45064)
    return {"url": url, "appid": appid, "pagepath": path}


def _name(button: Mapping[str, Any], level: Level) -> str:
    return _bounded(button, "name", level.longest_name, level.name)


def _url(button: Mapping[str, Any], level: Level) -> str:
    url = _bounded(button, "url", LONGEST_URL, level.url)
    if not url.startswith(("http://", "https://")):
        raise WireError(level.domain)
    return url


def _bounded(button: Mapping[str, Any], field: str, longest: int, errcode: int) -> str:
    value = button.get(field)
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= longest:
        raise WireError(errcode)
    return value
