"""Keyset pages: stable while rows arrive, cheap at any depth."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from backend.kernel.errors import Invalid

Row = TypeVar("Row")
LARGEST = 2**63 - 1  # bigint
LIMIT = 50
MOST = 200


@dataclass(frozen=True)
class Page(Generic[Row]):
    items: list[Row]
    next: str | None


def encode_cursor(*keys: int | str) -> str:
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).decode().rstrip("=")


def decode_cursor(text: str, kinds: tuple[type, ...]) -> tuple[int | str, ...]:
    """The keys in a cursor of ours. Raises Invalid for anything else."""
    try:
        keys = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Invalid("翻页参数有误，请从第一页重新打开") from error
    if not isinstance(keys, list) or [type(key) for key in keys] != list(kinds):
        raise Invalid("翻页参数有误，请从第一页重新打开")
    if any(isinstance(key, int) and abs(key) > LARGEST for key in keys):
        raise Invalid("翻页参数有误，请从第一页重新打开")
    return tuple(keys)


def page_of(
    rows: Sequence[Row], limit: int, keys: Callable[[Row], tuple[int | str, ...]]
) -> Page[Row]:
    """A page from `limit + 1` fetched rows: the extra one only says that there is more."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return Page(items, encode_cursor(*keys(items[-1])) if more and items else None)
