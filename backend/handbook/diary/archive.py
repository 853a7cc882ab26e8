"""The whole diary as one file to take along, made while it is read: no album fits into memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from backend.handbook.diary.store import Photos

NOTES = "日记.txt"


@dataclass(frozen=True)
class Leaf:
    """A day of the diary, opened."""

    number: int
    day: date
    note: str | None
    photo_key: str | None

    @property
    def file(self) -> str:
        return f"照片/{self.day.isoformat()}-{self.number}.jpg"


class _Outlet(io.RawIOBase):
    """Takes what zipfile writes, and hands it on."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        taken = bytes(data)  # type: ignore[call-overload]  # any buffer
        self._parts.append(taken)
        return len(taken)

    def drain(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zipped(leaves: Sequence[Leaf], photos: Photos) -> Iterator[bytes]:
    """A ZIP of the notes in one text and of every photo; photos are packed tightly already."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_entry(NOTES), _text(leaves))
        for leaf in leaves:
            picture = None if leaf.photo_key is None else photos.get(leaf.photo_key)
            if picture is not None:
                archive.writestr(_entry(leaf.file, leaf.day), picture)
            yield outlet.drain()
    yield outlet.drain()


def _entry(name: str, day: date = date(1980, 1, 1)) -> zipfile.ZipInfo:
    """Stamped with the day it tells of: what the machine's clock says is nobody's business."""
    return zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))


def _text(leaves: Sequence[Leaf]) -> str:
    parts = []
    for leaf in leaves:
        lines = [leaf.day.isoformat(), leaf.note or ""]
        if leaf.photo_key is not None:
            lines.append(leaf.file)
        parts.append("\n".join(line for line in lines if line))
    return "\ufeff" + "\n\n".join(parts) + "\n"
