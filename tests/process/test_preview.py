"""When the preview is built again. The compiler here only notes that it was called."""

import os
from pathlib import Path

import pytest

from backend.cli.preview import PreviewNotBuilt, build_if_stale

COMPILER = """
import fs from 'node:fs';
fs.mkdirSync('preview/dist', { recursive: true });
fs.appendFileSync('preview/dist/calls', 'x');
"""
LATER = 4_000_000_000  # seconds: newer than anything written now


@pytest.fixture
def miniprogram(tmp_path: Path) -> Path:
    for name, text in {
        "package-lock.json": "{}",
        "app/pages/home.wxml": "<view/>",
        "preview/build.mjs": COMPILER,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_it_is_built_once_while_nothing_changes(miniprogram: Path) -> None:
    assert build_if_stale(miniprogram)
    assert not build_if_stale(miniprogram)


def test_a_changed_source_builds_it_again(miniprogram: Path) -> None:
    build_if_stale(miniprogram)
    os.utime(miniprogram / "app" / "pages" / "home.wxml", (LATER, LATER))

    assert build_if_stale(miniprogram)


def test_a_deleted_source_builds_it_again(miniprogram: Path) -> None:
    build_if_stale(miniprogram)
    (miniprogram / "app" / "pages" / "home.wxml").unlink()
    os.utime(miniprogram / "app" / "pages", (LATER, LATER))

    assert build_if_stale(miniprogram)


def test_a_build_that_was_cut_off_counts_for_nothing(miniprogram: Path) -> None:
    build_if_stale(miniprogram)
    (miniprogram / "preview" / "dist" / ".built").unlink()

    assert build_if_stale(miniprogram)


def test_the_compilers_own_words_say_why_it_is_not_built(miniprogram: Path) -> None:
    (miniprogram / "preview" / "build.mjs").write_text("throw new Error('home.wxml line 1')")

    with pytest.raises(PreviewNotBuilt, match=r"home\.wxml line 1"):
        build_if_stale(miniprogram)
