"""What WeChat pushes to us: verified, decrypted, and told as plain values.

Only the safe mode is read: in plain mode the signature does not cover the body.
"""

import hashlib
import hmac
import json
import secrets
from binascii import Error as BadBase64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from struct import error as BadStructure
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import WeChatException

LARGEST_PUSH = 256 * 1024  # bytes; real ones have a few hundred
MESSAGE_EVENT = "event"


class SignatureInvalid(Exception):
    """Not from WeChat, or not for us."""


class BadPush(Exception):
    """Not in a shape that WeChat sends."""


@dataclass(frozen=True)
class InboundEvent:
    """One push. `dedupe_key` is the same for every re-send of it, and unique otherwise.

    `kind` is WeChat's Event, or its MsgType for a message (`text`, `image`, …). In `payload`
    every scalar is text, and `List` is always a list, however WeChat wrote it.
    """

    appid: str
    dedupe_key: str
    kind: str
    openid: str = field(repr=False)
    created_at: datetime
    payload: dict[str, Any] = field(repr=False)


def signature_of(token: str, *parts: str) -> str:
    """WeChat's signature: SHA-1 over the sorted parts, as 40 hex digits."""
    return hashlib.sha1("".join(sorted((token, *parts))).encode()).hexdigest()  # noqa: S324


class PushReader:
    """Reads the pushes of one account, and seals what it answers."""

    def __init__(self, appid: str, token: str, aes_key: str, *, may_answer: bool = False) -> None:
        """`aes_key`: the 43 characters of EncodingAESKey. Raises ValueError if they are not.

        `may_answer`: whether its people are answered in the response; not in a mini-program.
        """
        self.may_answer = may_answer
        self._appid = appid
        self._token = token
        try:
            self._cipher = PrpCrypto(WeChatCrypto(token, aes_key, appid).key)
        except (AssertionError, BadBase64) as error:
            raise ValueError("EncodingAESKey needs 43 characters of base64") from error

    def check_url(self, query: Mapping[str, str]) -> str:
        """The `echostr` that WeChat wants to hear when the address is set in its console.

        Raises SignatureInvalid.
        """
        self._check(query.get("signature"), query.get("timestamp"), query.get("nonce"))
        return query.get("echostr", "")

    def read(self, query: Mapping[str, str], body: bytes) -> InboundEvent:
        """Verify and decrypt one push, XML or JSON. Raises SignatureInvalid or BadPush."""
        if len(body) > LARGEST_PUSH:
            raise BadPush("too large")
        sealed = _parsed(body).get("Encrypt")
        if not isinstance(sealed, str) or not sealed or not sealed.isascii():
            raise BadPush("not encrypted: the account has to be in safe mode")
        self._check(query.get("msg_signature"), query.get("timestamp"), query.get("nonce"), sealed)
        fields = _parsed(self._opened(sealed))
        try:
            return _event(self._appid, fields)
        except RecursionError:
            pass
        raise BadPush("too deep")

    def sealed(self, document: str, moment: int) -> str:
        """An answer to a push: encrypted and signed, as safe mode wants it."""
        encrypted = self._cipher.encrypt(document, self._appid)
        if isinstance(encrypted, bytes):
            encrypted = encrypted.decode()
        nonce = secrets.token_hex(8)
        signature = signature_of(self._token, str(moment), nonce, encrypted)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{moment}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )

    def _check(self, signature: str | None, *parts: str | None) -> None:
        given = [part for part in parts if part]
        if not signature or len(given) != len(parts):
            raise SignatureInvalid
        expected = signature_of(self._token, *given)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise SignatureInvalid

    def _opened(self, sealed: str) -> bytes:
        try:
            text: str = self._cipher.decrypt(sealed, self._appid)
        except (WeChatException, ValueError, IndexError, BadStructure):
            text = ""
        if not text:
            raise BadPush("cannot be decrypted for this account")
        return text.encode()


def _parsed(body: bytes) -> dict[str, Any]:
    """The fields of an XML or JSON document. xmltodict refuses entities by itself."""
    try:
        is_json = body.lstrip()[:1] == b"{"
        fields = json.loads(body) if is_json else xmltodict.parse(body)["xml"]
    except (ExpatError, ValueError, KeyError, TypeError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise BadPush("neither XML nor JSON of WeChat's")
    return fields


def _event(appid: str, raw: Mapping[str, Any]) -> InboundEvent:
    payload: dict[str, Any] = {name: _plain(value) for name, value in raw.items()}
    openid, moment = payload.get("FromUserName"), payload.get("CreateTime")
    message_type = payload.get("MsgType")
    kind = payload.get("Event") if message_type == MESSAGE_EVENT else message_type
    texts = (openid, moment, kind)
    if not all(isinstance(text, str) and text for text in texts):
        raise BadPush("sender, time or kind is missing")
    for wrapped in [value for value in payload.values() if isinstance(value, dict)]:
        payload.setdefault("List", wrapped.get("List"))  # XML wraps what JSON gives flat
    if payload.get("List") is not None:
        payload["List"] = _many(payload["List"])
    try:
        created_at = datetime.fromtimestamp(int(str(moment)), UTC)
    except (ValueError, OverflowError, OSError):
        created_at = None
    if created_at is None:
        raise BadPush("CreateTime is no time")
    return InboundEvent(
        appid=appid,
        dedupe_key=_dedupe_key(payload, str(kind)),
        kind=str(kind),
        openid=str(openid),
        created_at=created_at,
        payload={name: value for name, value in payload.items() if value is not None},
    )


def _dedupe_key(payload: Mapping[str, Any], kind: str) -> str:
    """MsgId for a message; sender, second and kind for an event.

    Two notices can reach one person in one second, so the ids of what an event reports are
    part of its key. Hashed: the key is stored and logged, and an openid may not be.
    """
    if payload.get("MsgType") != MESSAGE_EVENT and payload.get("MsgId"):
        return f"message:{payload['MsgId']}"
    items = payload.get("List") or [payload]
    reported = [f"{item.get('TemplateId', '')}:{item.get('MsgID', '')}" for item in items]
    published = payload.get("PublishEventInfo")
    if isinstance(published, dict):
        reported.append(str(published.get("publish_id", "")))
    if payload.get("OpenID"):  # whom it is about, where the sender is WeChat itself
        reported.append(str(payload["OpenID"]))
    parts = (payload["FromUserName"], payload["CreateTime"], kind, *reported)
    return f"event:{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:40]}"


def _plain(value: Any) -> Any:
    """Scalars as text, so that XML and JSON come out alike."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if value is None:
        return ""
    # JSON can name halves of characters and the zero, which PostgreSQL does not take.
    return str(value).encode(errors="replace").decode().replace("\0", "")


def _many(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in items):
        raise BadPush("List holds something else than items")
    return items
