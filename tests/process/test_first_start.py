from pathlib import Path

from backend.cli.first_start import demo_passwords, settings_of
from backend.config import parse_field_keys, parse_key


def test_keys_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first = settings_of(tmp_path)

    assert settings_of(tmp_path) == first
    assert (tmp_path / "settings.env").stat().st_mode & 0o777 == 0o600
    assert len(parse_key(first["BACKEND_LOOKUP_KEY"])) == 32
    assert list(parse_field_keys(first["BACKEND_FIELD_KEYS"])) == ["k1"]


def test_a_key_that_a_newer_version_needs_is_added_and_the_others_stay(tmp_path: Path) -> None:
    first = settings_of(tmp_path)
    file = tmp_path / "settings.env"
    lines = [line for line in file.read_text().splitlines() if "LOOKUP_KEY" not in line]
    file.write_text("\n".join([*lines, ""]))

    again = settings_of(tmp_path)

    assert again.keys() == first.keys()
    assert again["BACKEND_FIELD_KEYS"] == first["BACKEND_FIELD_KEYS"]
    assert settings_of(tmp_path) == again


def test_every_installation_has_keys_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()

    shared = set(settings_of(tmp_path).values()) & set(settings_of(tmp_path / "other").values())

    assert shared == set()


def test_passwords_stay_and_new_logins_get_theirs(tmp_path: Path) -> None:
    file = tmp_path / "logins.json"
    first = demo_passwords(file, ["zhang"])

    second = demo_passwords(file, ["zhang", "li"])

    assert second["zhang"] == first["zhang"]
    assert set(second) == {"zhang", "li"}
    assert len(second["li"]) >= 12
    assert file.stat().st_mode & 0o777 == 0o600
