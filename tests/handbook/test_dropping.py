"""Photos go with their rows, and when their row never came; whoever is killed in between."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.diary.dropping import drop_photos, sweep_photos
from backend.handbook.diary.models import DiaryEntry, DroppedPhoto
from backend.handbook.diary.photos import Photo
from backend.handbook.diary.service import open_book, put_photo, remove, write
from backend.handbook.diary.store import FolderStore, Photos
from backend.jobs import photos as jobs
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from backend.people.documents import load_documents
from tests.architecture.sources import ROOT
from tests.factories import MORNING, make_child, make_parent

Sessions = sessionmaker[Session]
PICTURE = Photo(b"full", b"small")
DOCUMENTS = load_documents(ROOT / "content")
NIGHT = MORNING.replace(hour=3, minute=40) + timedelta(days=2)


@pytest.fixture
def photos(tmp_path: Path, vault: Vault) -> Photos:
    return Photos(FolderStore(tmp_path), vault)


class Family:
    def __init__(self, sessions: Sessions, clock: FixedClock, photos: Photos, vault: Vault) -> None:
        self.sessions, self.clock, self.photos, self.vault = sessions, clock, photos, vault
        self.parent = make_parent(sessions, documents=DOCUMENTS)
        self.child = make_child(sessions, parent_id=self.parent, birth_date=date(2026, 3, 10))

    def write(self, day: int) -> tuple[int, str]:
        """An entry with a photo: its id and key."""
        key = self.photos.put(PICTURE, self.clock.now())
        with self.sessions.begin() as session:
            book = open_book(session, parent_id=self.parent, child_id=self.child)
            on = date(2026, 11, day)
            row = write(session, self.clock, self.vault, book, day=on, photo=key)
            return row.id, key

    def remove(self, entry: int) -> None:
        with self.sessions.begin() as session:
            book = open_book(session, parent_id=self.parent, child_id=self.child)
            remove(session, self.clock, book, entry_id=entry)


@pytest.fixture
def family(sessions: Sessions, clock: FixedClock, photos: Photos, vault: Vault) -> Family:
    return Family(sessions, clock, photos, vault)


def keys(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(DroppedPhoto.photo_key)))


def test_a_removed_entry_keeps_its_photo_for_ten_minutes(
    family: Family, sessions: Sessions, clock: FixedClock, photos: Photos
) -> None:
    entry, key = family.write(20)
    family.remove(entry)

    clock.set(MORNING + timedelta(minutes=10))
    assert drop_photos(sessions, clock, photos) == 0
    assert photos.get(key) == b"full"

    clock.set(MORNING + timedelta(minutes=10, seconds=1))
    assert drop_photos(sessions, clock, photos) == 1
    assert (photos.get(key), photos.get(key, small=True)) == (None, None)
    assert drop_photos(sessions, clock, photos) == 0
    with sessions() as session:
        assert session.scalars(select(DiaryEntry)).all() == []


def test_a_replaced_photo_goes_and_the_new_one_stays(
    family: Family, sessions: Sessions, clock: FixedClock, photos: Photos
) -> None:
    entry, old = family.write(20)
    new = photos.put(PICTURE, clock.now())
    with sessions.begin() as session:
        book = open_book(session, parent_id=family.parent, child_id=family.child)
        put_photo(session, clock, book, entry_id=entry, photo=new)

    assert keys(sessions) == [old]
    drop_photos(sessions, clock, photos)

    assert (photos.get(old), photos.get(new)) == (None, b"full")


def test_however_a_row_goes_its_photo_is_listed(
    family: Family, sessions: Sessions, clock: FixedClock, photos: Photos
) -> None:
    """Also by the database's own cascade, which no code of ours sees."""
    _, key = family.write(20)
    with sessions.begin() as session:
        session.execute(text("DELETE FROM guardians"))
        session.execute(text("DELETE FROM children WHERE id = :id"), {"id": family.child})

    assert keys(sessions) == [key]


def test_a_change_of_words_lists_no_photo(family: Family, sessions: Sessions) -> None:
    family.write(20)
    with sessions.begin() as session:
        session.execute(text("UPDATE diary_entries SET version = 2, photo_key = photo_key"))

    assert keys(sessions) == []


def test_the_sweep_takes_what_never_got_a_row_after_a_day(
    family: Family, sessions: Sessions, clock: FixedClock, photos: Photos
) -> None:
    _, kept = family.write(20)
    orphan = photos.put(PICTURE, clock.now())

    clock.set(MORNING + timedelta(hours=24))
    assert sweep_photos(sessions, clock, photos) == 0  # a row may still be on its way
    clock.set(MORNING + timedelta(hours=24, seconds=1))
    assert sweep_photos(sessions, clock, photos) == 2  # both sizes
    assert sweep_photos(sessions, clock, photos) == 0

    assert (photos.get(orphan), photos.get(kept)) == (None, b"full")


class Stumbling(FolderStore):
    """A store whose process is killed at its third deletion."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.left = 2

    def delete(self, name: str) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        super().delete(name)


def test_a_sweep_that_was_killed_is_done_again(
    sessions: Sessions, clock: FixedClock, photos: Photos, vault: Vault, tmp_path: Path
) -> None:
    orphans = [photos.put(PICTURE, clock.now()) for _ in range(3)]
    clock.set(NIGHT)
    with pytest.raises(KeyboardInterrupt):
        jobs.sweep(sessions, clock, Photos(Stumbling(tmp_path), vault), NIGHT)
    assert any(photos.get(key) or photos.get(key, small=True) for key in orphans)

    jobs.sweep(sessions, clock, photos, NIGHT)
    jobs.sweep(sessions, clock, photos, NIGHT)

    assert list(photos.put_before(NIGHT)) == []


def test_a_drop_that_was_killed_is_done_again(
    family: Family, sessions: Sessions, clock: FixedClock, photos: Photos, tmp_path: Path
) -> None:
    for day in (18, 19, 20):
        family.remove(family.write(day)[0])
    clock.set(NIGHT)
    with pytest.raises(KeyboardInterrupt):
        jobs.drop(sessions, clock, Photos(Stumbling(tmp_path), family.vault))
    assert len(keys(sessions)) == 3  # listed until all are surely gone

    jobs.drop(sessions, clock, photos)

    assert (keys(sessions), list(photos.put_before(NIGHT))) == ([], [])


# Writes half a file, keeps a whole photo that will get no row, and is killed.
KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from backend.handbook.diary.photos import Photo
from backend.handbook.diary.store import FolderStore, Photos
from backend.kernel.privacy import Vault

at = datetime.fromisoformat(sys.argv[2])
photos = Photos(FolderStore(Path(sys.argv[1])), Vault({"k1": b"f" * 32}, b"l" * 32))
photos.put(Photo(b"full", b"small"), at)
os.fsync = lambda number: os.kill(os.getpid(), signal.SIGKILL)
photos.put(Photo(b"half", b"half"), at)
"""


def test_what_a_killed_upload_left_is_swept(
    sessions: Sessions, clock: FixedClock, photos: Photos, tmp_path: Path
) -> None:
    done = subprocess.run(  # our own words
        [sys.executable, "-c", KILLED, str(tmp_path), MORNING.isoformat()], cwd=ROOT, check=False
    )
    assert done.returncode == -signal.SIGKILL
    for file in tmp_path.rglob("*.part"):  # the half file has the machine's time
        os.utime(file, (MORNING.timestamp(), MORNING.timestamp()))
    assert len(list(_files(tmp_path))) == 3

    clock.set(NIGHT)
    assert sweep_photos(sessions, clock, photos) == 3

    assert list(_files(tmp_path)) == []


def _files(root: Path) -> Iterator[Path]:
    return (file for file in root.rglob("*") if file.is_file())


def test_a_half_file_beside_a_kept_photo_goes_alone(
    family: Family, sessions: Sessions, clock: FixedClock, photos: Photos, tmp_path: Path
) -> None:
    _, key = family.write(20)
    half = tmp_path / key[:2] / f"{key}.part"
    half.write_bytes(b"half")
    os.utime(half, (MORNING.timestamp(), MORNING.timestamp()))
    clock.set(_later())

    assert sweep_photos(sessions, clock, photos) == 1

    assert photos.get(key) == b"full"


def _later() -> datetime:
    return MORNING + timedelta(days=3)
