"""Files that nobody can read or guess, whole or not there."""

from datetime import timedelta
from pathlib import Path

import pytest

from backend.handbook.diary.photos import Photo
from backend.handbook.diary.store import PART, SMALL, FolderStore, Photos
from backend.kernel.privacy import Unreadable, Vault
from tests.factories import MORNING

PHOTO = Photo(b"\xff\xd8 the whole picture", b"\xff\xd8 the small one")


@pytest.fixture
def photos(tmp_path: Path, vault: Vault) -> Photos:
    return Photos(FolderStore(tmp_path), vault)


def files(root: Path) -> list[Path]:
    return sorted(file for file in root.rglob("*") if file.is_file())


def test_what_was_put_is_there_again(photos: Photos) -> None:
    key = photos.put(PHOTO, MORNING)

    assert photos.get(key) == PHOTO.full
    assert photos.get(key, small=True) == PHOTO.small


def test_the_files_are_sealed_and_their_owners_alone(photos: Photos, tmp_path: Path) -> None:
    photos.put(PHOTO, MORNING)

    found = files(tmp_path)
    assert len(found) == 2
    for file in found:
        assert b"picture" not in file.read_bytes()
        assert b"small" not in file.read_bytes()
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o077 == 0


def test_a_file_in_anothers_place_is_not_shown(photos: Photos, tmp_path: Path) -> None:
    first, second = photos.put(PHOTO, MORNING), photos.put(PHOTO, MORNING)
    place = {file.name: file for file in files(tmp_path)}
    place[first].write_bytes(place[second].read_bytes())

    with pytest.raises(Unreadable):
        photos.get(first)


def test_a_file_of_a_lost_key_is_not_shown(photos: Photos, tmp_path: Path, vault: Vault) -> None:
    key = photos.put(PHOTO, MORNING)
    other = Photos(FolderStore(tmp_path), Vault({"k9": b"9" * 32}, b"l" * 32))

    with pytest.raises(Unreadable):
        other.get(key)


def test_keys_cannot_be_guessed(photos: Photos) -> None:
    keys = {photos.put(PHOTO, MORNING) for _ in range(5)}

    assert len(keys) == 5
    assert {len(key) for key in keys} == {64}


def test_deleting_twice_is_deleting_once(photos: Photos, tmp_path: Path) -> None:
    key = photos.put(PHOTO, MORNING)

    photos.delete(key)
    photos.delete(key)

    assert photos.get(key) is None
    assert files(tmp_path) == []


def test_what_lies_there_is_told_by_when_it_was_put(photos: Photos, tmp_path: Path) -> None:
    key = photos.put(PHOTO, MORNING)
    half = tmp_path / "ab" / ("ab" * 32 + PART)
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"half")
    (tmp_path / "ab" / "README").write_text("not ours")
    (tmp_path / "lost+found").write_text("not ours either")

    assert list(photos.put_before(MORNING)) == []
    told = dict(photos.put_before(MORNING + timedelta(days=4000)))
    assert told == {key: key, key + SMALL: key, half.name: "ab" * 32}
    assert [photos.is_whole(name) for name in (key, half.name)] == [True, False]


def test_a_folder_that_is_not_there_yet_holds_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "none")

    assert list(store.names(MORNING)) == []
    assert store.get("ab" * 32) is None
