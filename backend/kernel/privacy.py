"""Personal data at rest and on screens: sealed, looked up by fingerprint, masked by default."""

import base64
import hashlib
import hmac
import os
import unicodedata
from collections.abc import Mapping
from datetime import date

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12  # NIST SP 800-38D: 96-bit nonce for AES-GCM


class Unreadable(Exception):
    """A sealed text whose key is gone or which was changed. Never carries the text."""


class Vault:
    """Seals texts and small files with AES-256-GCM and makes keyed fingerprints for look-up.

    `field_keys` maps a key id to 32 bytes; the first one seals, all of them open, so keys can
    rotate: add a new one in front, re-seal in the background, drop the old one. The purpose is
    authenticated with the text, so a name cannot be moved into a phone's column.
    """

    def __init__(self, field_keys: Mapping[str, bytes], lookup_key: bytes) -> None:
        if not field_keys:
            raise ValueError("at least one field key is needed")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in field_keys.items()}
        self._current = next(iter(field_keys))
        self._lookup_key = lookup_key

    def seal(self, text: str, purpose: str) -> str:
        """`key-id:base64(nonce + ciphertext)`."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, text.encode(), purpose.encode())
        return f"{self._current}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, purpose: str) -> str:
        """The text again. Raises Unreadable for a lost key or a changed value."""
        key_id, _, body = sealed.partition(":")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise Unreadable("the key of this value is not among the field keys")
        try:
            raw = base64.b64decode(body, validate=True)
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Unreadable("the value does not fit its key or purpose") from error

    def sealed_today(self, sealed: str) -> bool:
        """Was it sealed with the key that seals now? What was not can be sealed again."""
        return sealed.partition(":")[0] == self._current

    def seal_bytes(self, data: bytes, purpose: str) -> bytes:
        """`key-id:` and then nonce and ciphertext, for files."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, data, purpose.encode())
        return self._current.encode() + b":" + nonce + sealed

    def open_bytes(self, sealed: bytes, purpose: str) -> bytes:
        """The bytes again. Raises Unreadable for a lost key or a changed file."""
        key_id, _, raw = sealed.partition(b":")
        cipher = self._ciphers.get(key_id.decode(errors="replace"))
        if cipher is None:
            raise Unreadable("the key of this file is not among the field keys")
        try:
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise Unreadable("the file does not fit its key or purpose") from error

    def fingerprint(self, purpose: str, *parts: str) -> bytes:
        """32 bytes, equal for equal parts; useless without the key. For unique look-ups."""
        message = "\x1f".join((purpose, *parts))
        return hmac.new(self._lookup_key, message.encode(), hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "Vault(…)"


def fold_name(name: str) -> str:
    """A name without the differences that a keyboard makes: width, case, spaces, dots."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in folded if not c.isspace() and c not in "·・.")


def mask_name(name: str) -> str:
    """王*一; a name of one character stays one star."""
    if len(name) <= 1:
        return "*"
    if len(name) == 2:
        return f"{name[0]}*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


def initial_of(name: str) -> str:
    """王*: the first character, whatever the length."""
    return f"{name[:1]}*"


def mask_phone(phone: str) -> str:
    """138****1234."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "****"


def mask_birth_date(birth: date) -> str:
    """Year and month are enough to serve a family: 2026年4月."""
    return f"{birth.year}年{birth.month}月"
