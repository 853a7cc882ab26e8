"""Where photos lie: files outside the database, each under a key that nobody can guess.

`PhotoStore` is the whole of what is asked of a place; a folder does it here, an object store
could. `Photos` seals what it puts there, so the place holds nothing that can be looked at.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from backend.handbook.diary.photos import Photo
from backend.kernel.privacy import Vault

KEY = re.compile(r"[0-9a-f]{64}")
SMALL = "-s"  # the small picture of a key
PART = ".part"  # a file that is being written
PURPOSE = "diary-photo"  # the vault's, with the file's own name: files cannot change places


class PhotoStore(Protocol):
    """Bytes under names. Putting is all or nothing; deleting twice is deleting once."""

    def put(self, name: str, data: bytes, at: datetime) -> None: ...

    def get(self, name: str) -> bytes | None: ...

    def delete(self, name: str) -> None: ...

    def names(self, before: datetime) -> Iterator[str]:
        """What was put before an instant, also what was only half put."""
        ...


class FolderStore:
    """A folder, in 256 folders by the first two letters. The processes of a house share it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, data: bytes, at: datetime) -> None:
        """Written beside its place, synced, moved there: a power cut leaves it whole or absent."""
        target = self._path(name)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = target.with_name(name + PART)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.utime(part, (at.timestamp(), at.timestamp()))
        part.replace(target)
        _sync_folder(target.parent)

    def get(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def names(self, before: datetime) -> Iterator[str]:
        if not self._root.is_dir():
            return
        for folder in sorted(self._root.iterdir()):
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                with suppress(FileNotFoundError):  # somebody else deleted it meanwhile
                    if file.stat().st_mtime < before.timestamp():
                        yield file.name

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name


class Photos:
    """Both pictures of a key, sealed, in a store."""

    def __init__(self, store: PhotoStore, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def put(self, photo: Photo, at: datetime) -> str:
        """Keep a photo; returns its key: 256 random bits."""
        key = secrets.token_hex(32)
        for name, data in ((key, photo.full), (key + SMALL, photo.small)):
            self._store.put(name, self._vault.seal_bytes(data, f"{PURPOSE}:{name}"), at)
        return key

    def get(self, key: str, *, small: bool = False) -> bytes | None:
        """A JPEG; None when the file is not there. Raises Unreadable for a changed one."""
        name = key + SMALL if small else key
        sealed = self._store.get(name)
        return None if sealed is None else self._vault.open_bytes(sealed, f"{PURPOSE}:{name}")

    def delete(self, key: str) -> None:
        for name in (key, key + SMALL):
            self._store.delete(name)

    def put_before(self, instant: datetime) -> Iterator[tuple[str, str]]:
        """(name, key) of what has lain there since before an instant; of a half file too."""
        for name in self._store.names(instant):
            found = KEY.match(name)
            if found is not None:
                yield name, found.group()

    def delete_file(self, name: str) -> None:
        self._store.delete(name)

    @staticmethod
    def is_whole(name: str) -> bool:
        """Not what a killed process left of a file."""
        return not name.endswith(PART)


def _sync_folder(folder: Path) -> None:
    """The move itself must survive a power cut. Not every system can sync a folder."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
