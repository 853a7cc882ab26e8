"""What the first start makes up and every later one finds again: keys and passwords."""

import base64
import json
import os
import secrets
import string
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from backend.config import KEY_BYTES

HEADER = "# Made at the first start. Without these keys the data cannot be read.\n"
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105  # none that look alike
PASSWORD_LENGTH = 12  # 59 bits


def settings_of(var: Path) -> dict[str, str]:
    """The variables in var/settings.env; what is missing there is made up and added."""
    file = var / "settings.env"
    text = file.read_text() if file.exists() else HEADER
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    known = {name: value for name, equals, value in pairs if equals}
    missing = {name: value for name, value in _new_settings().items() if name not in known}
    if missing:
        write_secret(file, text, *(f"{name}={value}\n" for name, value in missing.items()))
    return known | missing


def demo_passwords(file: Path, logins: Iterable[str]) -> Mapping[str, str]:
    """A password for each login: those in the file, and new ones for the others.

    The file is complete before this returns, so call it before the accounts are committed.
    """
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = [login for login in logins if login not in known]
    if missing:
        known |= {login: new_password() for login in missing}
        write_secret(file, json.dumps(known, indent=1))
    return known


def new_password() -> str:
    return "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(PASSWORD_LENGTH))


def write_secret(file: Path, *parts: str) -> None:
    """Write a file that only its owner may read, wholly or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as fresh:  # mode 0600
        fresh.writelines(parts)
        fresh.flush()
        os.fsync(fresh.fileno())
    Path(fresh.name).replace(file)


def _new_settings() -> dict[str, str]:
    letters = string.ascii_letters + string.digits
    return {
        "BACKEND_SECRET_KEY": secrets.token_urlsafe(32),
        "BACKEND_FIELD_KEYS": f"k1:{_key()}",
        "BACKEND_LOOKUP_KEY": _key(),
        "BACKEND_WECHAT_APPID": "wx" + secrets.token_hex(8),
        "BACKEND_WECHAT_SECRET": secrets.token_hex(16),
        "BACKEND_WECHAT_TOKEN": secrets.token_hex(16),
        "BACKEND_WECHAT_AES_KEY": "".join(secrets.choice(letters) for _ in range(43)),
    }


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
