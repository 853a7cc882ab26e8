"""Pushes as WeChat writes them: XML or JSON, encrypted, signed. The values are never trusted."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from wechatpy.crypto import PrpCrypto, WeChatCrypto

from backend.sandbox.config import SandboxConfig

WRAPPERS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


@dataclass(frozen=True)
class SealedPush:
    """`query` goes behind the webhook's address, `body` is what is POSTed there."""

    query: str
    body: bytes
    content_type: str


def event_text(
    config: SandboxConfig,
    fields: Mapping[str, Any],
    items: Sequence[Mapping[str, str]] = (),
) -> str:
    """The readable document. JSON has `List` flat, and one item bare; XML wraps it."""
    if config.push_format == "json":
        listed = {"List": items[0] if len(items) == 1 else list(items)} if items else {}
        return json.dumps({**fields, **listed}, ensure_ascii=False)
    wrapper = WRAPPERS.get(fields.get("Event", ""), "")
    lists = "".join(f"<List>{_elements(item)}</List>" for item in items)
    wrapped = f"<{wrapper}>{lists}</{wrapper}>" if items else ""
    return f"<xml>{_elements(fields)}{wrapped}</xml>"


def seal(config: SandboxConfig, appid: str, openid: str, text: str, timestamp: int) -> SealedPush:
    """Encrypt and sign one document for one account. `timestamp` in Unix seconds."""
    account = config.account(appid)
    token, aes_key = (account.token, account.aes_key) if account else (config.token, config.aes_key)
    encrypted = PrpCrypto(WeChatCrypto(token, aes_key, appid).key).encrypt(text, appid).decode()
    nonce = str(secrets.randbelow(10**10))
    moment = str(timestamp)
    query = urlencode(
        {
            "signature": sign(token, moment, nonce),
            "timestamp": moment,
            "nonce": nonce,
            "openid": openid,
            "encrypt_type": "aes",
            "msg_signature": sign(token, moment, nonce, encrypted),
        }
    )
    if config.push_format == "json":
        document = json.dumps({"ToUserName": original_id(appid), "Encrypt": encrypted})
        return SealedPush(query, document.encode(), "application/json")
    document = (
        f"<xml><ToUserName><![CDATA[{original_id(appid)}]]></ToUserName>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    return SealedPush(query, document.encode(), "text/xml")


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324  # WeChat's


def original_id(appid: str) -> str:
    """An account's gh_ name, invented from its appid."""
    return f"gh_{hashlib.sha256(appid.encode()).hexdigest()[:12]}"


def platform_openid(appid: str) -> str:
    """From whom an account hears of its own work, and of what people settle with WeChat."""
    return f"o{hashlib.sha256(f'platform of {appid}'.encode()).hexdigest()[:27]}"


def _elements(fields: Mapping[str, Any]) -> str:
    """A mapping nests; a list repeats its name."""
    return "".join(
        f"<{name}>{_elements(one) if isinstance(one, Mapping) else escape(str(one))}</{name}>"
        for name, value in fields.items()
        for one in (value if isinstance(value, list) else [value])
    )
