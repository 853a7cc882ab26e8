"""The scene in the QR code by which a parent links a 公众号. Pure: no clock, no database.

A random number and our signature over it, with a letter in front that tells it from scenes of
posters and shop windows. WeChat takes scenes of up to 64 characters.
"""

import base64
import hashlib
import hmac
import re
from datetime import timedelta

LIFE = timedelta(minutes=10)
PURPOSE = b"link-scene-1"
RANDOM_BYTES, SIGNATURE_BYTES = 16, 16
SHAPE = re.compile(r"L\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{22})", re.ASCII)


class LinkScenes:
    """Makes and knows scenes with a key made of the application's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), PURPOSE, hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "LinkScenes(…)"

    def make(self, random: bytes) -> str:
        text = f"L.{_letters(random[:RANDOM_BYTES])}"
        return f"{text}.{self._signature(text)}"

    def made(self, scene: str) -> bool:
        """Is it one of ours? Guessing costs the database nothing."""
        found = SHAPE.fullmatch(scene)
        if found is None:
            return False
        return hmac.compare_digest(self._signature(f"L.{found[1]}"), found[2])

    def _signature(self, text: str) -> str:
        made = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        return _letters(made[:SIGNATURE_BYTES])


def digest(scene: str) -> bytes:
    return hashlib.sha256(scene.encode()).digest()


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
