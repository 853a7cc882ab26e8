"""Every number of every text beside its table, read by other means than the product reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.facts.figures import load_facts
from backend.guides.loading import load_shelf
from backend.guides.source import EXPERT, GuideSource

CONTENT = Path(__file__).parents[2] / "content"
NUMBER = re.compile(r"\d+(?:\.\d+)?")
NAMED = re.compile(r"\{([a-z0-9-]+)\}")
NOT_A_FIGURE = re.compile(r"\]\([^)]*\)|打120|^\s*\d+\.\s", re.MULTILINE)


def registry() -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for file in (CONTENT / "facts" / "figures").glob("*.yaml"):
        entries |= yaml.safe_load(file.read_text(encoding="utf-8"))
    return entries


def in_table(path: str) -> Any:
    """The value at `table/key/id/…`."""
    name, *steps = path.split("/")
    files = (CONTENT / "facts" / f"{name}.yaml", CONTENT / "handbook" / f"{name}.yaml")
    value: Any = yaml.safe_load(next(f for f in files if f.is_file()).read_text(encoding="utf-8"))
    for step in steps:
        if isinstance(value, list):
            [value] = [row for row in value if step in (row.get("id"), row.get("code"))]
        else:
            value = value[step]
    return value


def numbers(text: str) -> list[float]:
    return [float(number) for number in NUMBER.findall(text)]


@pytest.mark.parametrize("name", [name for name, one in registry().items() if "from" in one])
def test_a_figure_says_what_its_table_says(name: str) -> None:
    entry = registry()[name]
    value = in_table(entry["from"])
    expected = [float(one) for one in dict.fromkeys(value if isinstance(value, list) else [value])]
    if entry["unit"] == "岁":
        expected = [months / 12 for months in expected]

    said = load_facts(CONTENT).figures[name].text

    assert numbers(said) == expected
    assert said.endswith(entry["unit"])


GUIDES = load_shelf(CONTENT).guides


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.matter.id)
def test_every_number_that_a_reader_sees_is_a_named_or_a_declared_one(guide: GuideSource) -> None:
    entries = registry()
    written = guide.written.split("\n")
    shown = [line for line in written if line.startswith("summary:")]
    text = NOT_A_FIGURE.sub("] ", "\n".join((*shown, *written[guide.body_line - 1 :])))
    by_name = [number for name in NAMED.findall(text) for number in _of(entries[name])]
    declared = guide.matter.figures
    rest = NAMED.sub(" ", text)
    for figure in sorted(declared, key=len, reverse=True):
        rest = rest.replace(figure, " ")

    assert numbers(rest) == []
    seen = NOT_A_FIGURE.sub("] ", _seen(guide))
    literal = NAMED.sub(" ", text)
    assert sorted(numbers(seen)) == sorted([*by_name, *numbers(literal)])
    assert {one for one in declared.values() if one != EXPERT} <= set(guide.matter.sources)


def _of(entry: dict[str, Any]) -> list[float]:
    """The numbers of one entry, from the table itself."""
    if "text" in entry:
        return numbers(entry["text"])
    value = in_table(entry["from"])
    found = [float(one) for one in dict.fromkeys(value if isinstance(value, list) else [value])]
    return [one / 12 for one in found] if entry["unit"] == "岁" else found


def _seen(guide: GuideSource) -> str:
    return f"summary: {guide.matter.summary}\n{guide.body}"
