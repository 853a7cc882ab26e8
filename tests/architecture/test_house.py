"""The project stands alone: no address of a workplace, no host that is not meant."""

import re
from pathlib import Path

from backend.config import PREFIX, Settings
from tests.architecture.sources import ROOT, tracked

WORKPLACE = re.compile(rb"(?<![\w.$-])/(?:" + rb"work|tmp|root" + rb")/[\w.]")
NEIGHBOUR = re.compile(r"\.\./" + "shared")
HOST = re.compile(r"(?:\b(?:https?|wss?):)?//((?:[\w-]+\.)+[a-z]{2,}|localhost|\d+(?:\.\d+){3})")
SCREENS = ("miniprogram/app/", "backend/console/", "backend/pages/", "backend/sandbox/")
READ_BY_A_BROWSER = {".html", ".css", ".js", ".ts", ".wxml", ".wxss", ".json", ".svg"}
ALLOWED_HOSTS = {
    "www.w3.org",  # the name of SVG's language; nobody calls it
    "127.0.0.1",  # the service beside WeChat DevTools
    "chengyu.example",  # placeholders that the city replaces; .example never resolves
    "trial.chengyu.example",
}
OPERATIONS = ROOT / "docs" / "operations.md"


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    found = [
        f"{name}: {hit.group().decode()}"
        for name in tracked()
        for hit in [WORKPLACE.search((ROOT / name).read_bytes())]
        if hit is not None
    ]
    assert found == []


def test_nothing_reads_beyond_the_clone() -> None:
    found = [
        name
        for name in tracked()
        if name.endswith((".py", ".mjs", ".ts", ".js", ".sh", ".md", ".yaml", "Makefile"))
        and NEIGHBOUR.search((ROOT / name).read_text(encoding="utf-8"))
    ]
    assert found == []


def test_screens_ask_no_other_host() -> None:
    found = {
        (name, host)
        for name in tracked()
        if name.startswith(SCREENS) and Path(name).suffix in READ_BY_A_BROWSER
        for host in HOST.findall((ROOT / name).read_text(encoding="utf-8"))
        if host not in ALLOWED_HOSTS
    }
    assert found == set()


def test_every_setting_is_explained_to_operators() -> None:
    text = OPERATIONS.read_text(encoding="utf-8") if OPERATIONS.exists() else None
    if text is not None:
        missing = [
            name
            for name in (PREFIX + field.upper() for field in Settings.model_fields)
            if f"`{name}`" not in text
        ]
        assert missing == []
        mentioned = set(re.findall(r"`(BACKEND_[A-Z_]+)`", text))
        assert mentioned <= {PREFIX + field.upper() for field in Settings.model_fields}


def test_the_first_start_of_a_clone_has_everything_it_names() -> None:
    """The tree that setup.cfg and the Makefile speak of is there."""
    for name in ("setup.cfg", "pyproject.toml", "Makefile", "migrations/HEAD", ".ci/run"):
        assert (ROOT / name).is_file(), name
