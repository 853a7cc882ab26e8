"""Writes small content folders for tests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

CONTENT = Path(__file__).parents[2] / "content"
SENTENCE = "孩子愿意就多玩一会儿，不愿意就停下来抱一抱。"
PARAGRAPH = SENTENCE * 10
BODY = f"{PARAGRAPH}\n\n## 先怎么做\n\n{PARAGRAPH}\n\n## 什么时候去看医生\n\n{SENTENCE}\n"
BODY_BEGINS = "孩子愿意"


def content_root(folder: Path) -> Path:
    """A content folder without guides, with the word lists and the tables of the real one."""
    for name in ("synonyms.txt", "fillers.txt", "forbidden-words.yaml"):
        shutil.copy(CONTENT / name, folder / name)
    for name in ("facts", "handbook"):
        shutil.copytree(CONTENT / name, folder / name)
    return folder


def write_guide(
    root: Path,
    slug: str = "yi-pian",
    *,
    band: str = "6-12m",
    body: str = BODY,
    **matter: Any,
) -> Path:
    """Write one valid guide, changed by `matter`; a value None leaves the key out."""
    front: dict[str, Any] = {
        "id": "M01",
        "title": "一起玩",
        "summary": "跟着孩子的样子来，慢慢玩。",
        "series": "manual",
        "topic": "发育",
        "age_days": [183, 273],
        "tags": ["玩"],
        "sources": ["CNS2022"],
        "figures": {},
        "review": "pending",
        "author_office": "",
    } | matter
    front = {key: value for key, value in front.items() if value is not None}
    text = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, default_flow_style=None)
    file = root / "guides" / band / f"{slug}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\n{text}---\n\n{body}", encoding="utf-8")
    return file


def line_with(file: Path, words: str) -> int:
    """The first line of a file, counted from 1, on which these words stand."""
    lines = file.read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, start=1) if words in line)
