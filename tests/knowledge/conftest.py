"""Twelve questions for 6–12 months, in a content folder of the test's own."""

from pathlib import Path

import pytest

from backend.config import Settings
from backend.knowledge.questions import Questions
from tests.conftest import make_settings
from tests.knowledge.writing import city_root, facts_root, read_quiz, write_quiz


@pytest.fixture
def quiz_root(tmp_path: Path) -> Path:
    root = facts_root(tmp_path)
    write_quiz(root)
    return root


@pytest.fixture
def questions(quiz_root: Path) -> Questions:
    return read_quiz(quiz_root)


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Of an application that asks our questions."""
    (tmp_path / "content").mkdir()
    return make_settings(database, content_dir=str(city_root(tmp_path / "content")))
