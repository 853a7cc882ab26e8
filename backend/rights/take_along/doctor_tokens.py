"""The secret in a doctor's link. Pure: no clock, no database.

A token is a random number, the second at which it ends, and our signature over both. A forged or
an old one is told from a good one without asking the database, so guessing costs it nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.kernel.errors import NotFound

LIFE = timedelta(minutes=15)
PURPOSE = b"doctor-link-1"
RANDOM_BYTES, SIGNATURE_BYTES = 16, 16
SHAPE = re.compile(r"([A-Za-z0-9_-]{22})\.([1-9][0-9]{9,10})\.([A-Za-z0-9_-]{22})", re.ASCII)


class LinkUnknown(NotFound):
    """Never made by us, taken back, or of a child that is not there any more."""

    code = "doctor_link_unknown"
    message = "这个链接打不开，请家长重新生成"


class LinkExpired(NotFound):
    code = "doctor_link_expired"
    message = "这个链接过期了，请家长重新生成"


@dataclass(frozen=True)
class Made:
    token: str
    expires_at: datetime


class DoctorTokens:
    """Makes and checks tokens with a key made of the application's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), PURPOSE, hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "DoctorTokens(…)"

    def make(self, random: bytes, now: datetime) -> Made:
        ends = int((now + LIFE).timestamp())
        text = f"{_letters(random[:RANDOM_BYTES])}.{ends}"
        return Made(f"{text}.{self._signature(text)}", datetime.fromtimestamp(ends, UTC))

    def check(self, token: str, now: datetime) -> None:
        """Raises LinkUnknown for what we did not make, LinkExpired after its end."""
        found = SHAPE.fullmatch(token)
        if found is None:
            raise LinkUnknown
        text = f"{found[1]}.{found[2]}"
        if not hmac.compare_digest(self._signature(text), found[3]):
            raise LinkUnknown
        if now >= datetime.fromtimestamp(int(found[2]), UTC):
            raise LinkExpired

    def _signature(self, text: str) -> str:
        return _letters(hmac.new(self._key, text.encode(), hashlib.sha256).digest())


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw[:SIGNATURE_BYTES]).decode().rstrip("=")
