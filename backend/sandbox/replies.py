"""What our webhook answers to a person at once (被动回复): read as strictly as WeChat reads it.

Pushes go out in safe mode, so an answer has to be encrypted and signed as well.
"""

import hmac
from binascii import Error as BadBase64
from struct import error as BadStructure
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import WeChatException

from backend.sandbox.chats import Chats
from backend.sandbox.config import SandboxConfig
from backend.sandbox.push_format import original_id, sign

TROUBLE = "该公众号提供的服务出现故障，请稍后再试"  # what WeChat itself writes into the chat
ANSWERED = frozenset({"text", "CLICK", "subscribe", "SCAN"})  # kinds that may be answered
AWAITED = frozenset({"text", "CLICK"})  # silence on these is no trouble, a failure is
MOST_ARTICLES = 8


class WrongReply(Exception):
    """Not an answer that WeChat takes; the text says why."""


class Replies:
    def __init__(self, config: SandboxConfig, chats: Chats) -> None:
        self._config = config
        self._chats = chats

    def take(self, appid: str, openid: str, kind: str, body: bytes) -> str | None:
        """Show an answer in the chat. What is wrong with it, or None."""
        if kind not in ANSWERED:
            return None
        try:
            line = self._line(appid, openid, body)
        except WrongReply as error:
            self.fail(openid, kind)
            return f"wrong reply: {error}"
        if line:
            self._chats.add(openid, "reply", line)
        return None

    def fail(self, openid: str, kind: str) -> None:
        """Nothing usable came: the person reads WeChat's own sentence."""
        if kind in AWAITED:
            self._chats.add(openid, "system", {"text": TROUBLE})

    def _line(self, appid: str, openid: str, body: bytes) -> dict[str, Any]:
        reply = _parsed(self._opened(appid, _parsed(body)))
        if reply.get("ToUserName") != openid or reply.get("FromUserName") != original_id(appid):
            raise WrongReply("sender and receiver")
        if not str(reply.get("CreateTime", "")).isdecimal():
            raise WrongReply("CreateTime")
        kind = reply.get("MsgType")
        if kind == "text":
            text = reply.get("Content")
            if not isinstance(text, str) or not text:
                raise WrongReply("Content")
            return {"text": text}
        if kind == "image":
            image = reply.get("Image")
            return {"media_id": str(image.get("MediaId", "")) if isinstance(image, dict) else ""}
        if kind == "news":
            return {"links": _links(reply)}
        if kind == "transfer_customer_service":
            return {}
        raise WrongReply("MsgType")

    def _opened(self, appid: str, sealed: dict[str, Any]) -> bytes:
        account = self._config.account(appid)
        encrypted = sealed.get("Encrypt")
        if account is None or not isinstance(encrypted, str):
            raise WrongReply("not encrypted, though the account is in safe mode")
        parts = [str(sealed.get(name) or "") for name in ("TimeStamp", "Nonce")]
        expected = sign(account.token, *parts, encrypted)
        if not hmac.compare_digest(expected, str(sealed.get("MsgSignature", ""))):
            raise WrongReply("MsgSignature")
        cipher = PrpCrypto(WeChatCrypto(account.token, account.aes_key, appid).key)
        try:
            text: str = cipher.decrypt(encrypted, appid)
        except (WeChatException, ValueError, IndexError, BadStructure, BadBase64):
            raise WrongReply("cannot be decrypted") from None
        return text.encode()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        fields = xmltodict.parse(body)["xml"]
    except (ExpatError, ValueError, KeyError, TypeError):
        fields = None
    if not isinstance(fields, dict):
        raise WrongReply("not XML")
    return fields


def _links(reply: dict[str, Any]) -> list[dict[str, str]]:
    articles = reply.get("Articles")
    items = articles.get("item") if isinstance(articles, dict) else None
    given = items if isinstance(items, list) else [items]
    listed = [item for item in given if isinstance(item, dict) and item.get("Title")]
    if len(listed) != len(given) or reply.get("ArticleCount") != str(len(listed)):
        raise WrongReply("Articles")
    if len(listed) > MOST_ARTICLES:
        raise WrongReply("ArticleCount")
    names = {"title": "Title", "digest": "Description", "url": "Url"}
    return [{name: str(item.get(key) or "") for name, key in names.items()} for item in listed]
