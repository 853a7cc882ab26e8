"""What a person who writes to a 公众号, taps its menu or scans its code is answered. Pure.

The same push is answered with the same words, however often WeChat sends it. Nothing that a
person wrote is repeated, kept or logged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.guides.library import Choice, Library
from backend.guides.pieces import Piece
from backend.guides.search.fields import fold
from backend.guides.search.query import typed_age_days
from backend.outreach.reply_words import ReplyWords

ANSWERED = frozenset({"text", "CLICK", "subscribe", "SCAN"})
KEYWORD = "answer:"  # of a menu's key, or of a code that somebody hung up
SCENE_OF_FOLLOWING = "qrscene_"
MOST_LINKS = 5
LONGEST_REPLY = 2000  # bytes; WeChat cuts at 2048 (from memory)
LONGEST_TYPED = 200  # characters; the rest of a novel is not read
NEWBORN = re.compile(r"出生\d{1,2}天|\d{1,2}天的?(?:宝宝|婴儿|孩子|娃|大)")
PENDING_MARK = "（待审）"


@dataclass(frozen=True)
class Doors:
    """Where answers lead: our own pages, and the mini-program."""

    site: str  # without a slash at the end
    mini_appid: str
    mini_page: str = "pages/home/home"


@dataclass(frozen=True)
class Reply:
    """`first`: what stands above all else, an emergency. `pieces` are shown as links."""

    first: str = ""
    lead: str = ""
    pieces: tuple[Piece, ...] = ()
    last: str = ""
    door: bool = False


def reply_to(
    kind: str,
    payload: Mapping[str, Any],
    library: Library,
    words: ReplyWords,
    is_link: Callable[[str], bool],
) -> Reply | None:
    """What to say to a push; None where silence is right.

    `is_link`: whether a scene is one by which a parent links the account.
    """
    if kind == "text":
        return answer(str(payload.get("Content", "")), library, words)
    key = str(payload.get("EventKey", ""))
    if kind == "CLICK":
        return answer(key.removeprefix(KEYWORD), library, words)
    scene = key.removeprefix(SCENE_OF_FOLLOWING)
    if kind == "subscribe":
        lead = f"{words.linking}\n{words.welcome}" if is_link(scene) else words.welcome
        return Reply(lead=lead, door=True)
    if kind == "SCAN":
        if is_link(scene):
            return Reply(lead=words.linking)
        if scene.startswith(KEYWORD):
            return answer(scene.removeprefix(KEYWORD), library, words)
    return None


def answer(typed: str, library: Library, words: ReplyWords) -> Reply:
    """The pieces for a word or an age; danger first."""
    text = fold(typed.strip()[:LONGEST_TYPED])
    first = danger(text, words)
    lead, pieces = _found(text, library, words)
    if not pieces:
        return Reply(first=first, lead="" if first else words.nothing, door=True)
    ill = any(word in text for word in words.illness)
    careful = f"{words.careful}\n" if ill and not first else ""
    last = f"{careful}{words.not_a_doctor}"
    return Reply(first=first, lead=lead, pieces=pieces, last=last, door=True)


def _found(text: str, library: Library, words: ReplyWords) -> tuple[str, tuple[Piece, ...]]:
    """By words; by an age alone what is read at that age, its card before the others."""
    hits = [hit.piece for hit in library.search(text, most=3 * MOST_LINKS)] if text else []
    age, rest = typed_age_days(text)
    if age is None:
        return words.found, tuple(hits[:MOST_LINKS])
    fitting = [piece for piece in hits if piece.fits(age)]
    if rest and hits:
        return words.found, tuple((fitting or hits)[:MOST_LINKS])
    read_then = [*fitting[:1], *library.list(Choice(age_days=age))]
    return words.of_age, tuple({one.slug: one for one in read_then}.values())[:MOST_LINKS]


def danger(text: str, words: ReplyWords) -> str:
    """The sentence that sends somebody to a doctor now; empty without a sign of danger."""
    if any(word in text for word in words.urgent):
        return words.emergency
    age, _ = typed_age_days(text)
    young = (
        (age is not None and age < words.young_until_days)
        or any(word in text for word in words.young)
        or NEWBORN.search(text) is not None
    )
    return words.young_fever if young and any(word in text for word in words.fever) else ""


def text_of(reply: Reply, doors: Doors) -> str:
    """The words as WeChat shows them, with links; as many as fit."""
    links = [_link(piece, doors) for piece in reply.pieces]
    while True:
        text = _joined(reply, links, doors)
        if len(text.encode()) <= LONGEST_REPLY or not links:
            return text
        links.pop()


def _joined(reply: Reply, links: list[str], doors: Doors) -> str:
    parts = [reply.first]
    parts += [f"{reply.lead}：", *links] if links else [reply.lead]
    parts += [reply.last, _door(doors) if reply.door else ""]
    return "\n".join(part for part in parts if part)


def _link(piece: Piece, doors: Doors) -> str:
    mark = "" if piece.standing.is_shown else PENDING_MARK
    return f'<a href="{doors.site}/g/{piece.slug}">{_plain(piece.title)}</a>{mark}'


def _door(doors: Doors) -> str:
    return (
        f'<a href="{doors.site}/g/" data-miniprogram-appid="{doors.mini_appid}"'
        f' data-miniprogram-path="{doors.mini_page}">打开小程序</a>'
    )


def _plain(text: str) -> str:
    return text.replace("<", "＜").replace(">", "＞")


def reply_xml(text: str, payload: Mapping[str, Any], moment: int) -> str:
    """The answer to the sender of a push, before it is encrypted."""
    return (
        "<xml>"
        f"<ToUserName>{_cdata(payload['FromUserName'])}</ToUserName>"
        f"<FromUserName>{_cdata(payload['ToUserName'])}</FromUserName>"
        f"<CreateTime>{moment}</CreateTime>"
        "<MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{_cdata(text)}</Content>"
        "</xml>"
    )


def _cdata(text: str) -> str:
    """`]]>` would end the section: it is split between two."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
