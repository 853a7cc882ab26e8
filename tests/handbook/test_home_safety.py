"""The safety check of the home: complete, sourced, and asked by age."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from backend.facts.errors import ContentError
from backend.facts.figures import load_facts
from backend.handbook.home_safety import (
    FILE,
    UNVERIFIED,
    Answer,
    NothingAnswered,
    check_answers,
    load_home_list,
)
from backend.kernel.errors import Invalid
from tests.architecture.sources import ROOT

CONTENT = ROOT / "content"
FACTS = load_facts(CONTENT)
LIST = load_home_list(CONTENT, FACTS)
ITEMS = [item for hazard in LIST.hazards for item in hazard.items]


def test_all_seven_hazards_are_asked_about() -> None:
    titles = [hazard.title for hazard in LIST.hazards]

    assert titles == ["窒息", "溺水", "烫伤", "跌落", "乘车", "中毒", "动物抓咬"]


def test_numbers_come_from_the_facts() -> None:
    raw = yaml.safe_load((CONTENT / FILE).read_text(encoding="utf-8"))
    for hazard in raw["hazards"]:
        for item in hazard["items"]:
            assert not any(sign.isdigit() for sign in item["text"] + item["next"]), item["id"]
    shown = {item.id: item.text for item in ITEMS}
    assert "37～40℃" in shown["burn-bath"]
    assert "3厘米" in shown["choke-parts"]


def test_every_line_says_where_it_is_from_or_that_nobody_checked() -> None:
    for item in ITEMS:
        assert item.verified == (item.source != UNVERIFIED), item.id
        assert item.verified == item.source.startswith("《"), item.id
    unsure = {item.id for item in ITEMS if not item.verified}
    assert unsure == {"fall-walker", "car-seat", "car-rear", "car-alone", "bite-alone"}


def test_every_guide_is_there() -> None:
    slugs = {file.stem for file in (CONTENT / "guides").rglob("*.md")}

    assert {hazard.guide for hazard in LIST.hazards if hazard.guide} <= slugs


@pytest.mark.parametrize(
    ("months", "asked", "not_asked"),
    [
        (0, {"choke-bed", "car-rear", "fall-change"}, {"poison-locked", "fall-stairs"}),
        (5, {"choke-bed"}, {"fall-window"}),
        (6, {"poison-locked", "fall-window", "bite-alone"}, set()),
        (12, {"fall-walker"}, {"car-rear"}),
        (24, {"car-seat"}, {"fall-walker", "choke-bed", "fall-change"}),
        (83, {"car-seat"}, set()),
    ],
)
def test_the_home_of_a_child_of_that_age(months: int, asked: set[str], not_asked: set[str]) -> None:
    found = {item.id for hazard in LIST.at(months) for item in hazard.items}

    assert asked <= found
    assert not not_asked & found


def test_nothing_is_asked_after_the_last_age() -> None:
    assert LIST.at(84) == []


def test_answers_are_some_and_on_the_list() -> None:
    check_answers(LIST, {"choke-bed": Answer.DONE})
    with pytest.raises(NothingAnswered):
        check_answers(LIST, {})
    with pytest.raises(Invalid):
        check_answers(LIST, {"choke-bed": Answer.DONE, "no-such": Answer.DONE})


ITEM: dict[str, object] = {
    "id": "a-b",
    "months": [0, 6],
    "text": "x",
    "next": "y",
    "mark": "memory",
    "sources": [],
}


@pytest.mark.parametrize(
    "changes",
    [
        {"mark": "verified"},
        {"sources": ["TYINJ"]},
        {"months": [6, 6]},
        {"text": "{no-such-figure}"},
        {"mark": "verified", "sources": ["NOSUCH"]},
        {"id": "A"},
    ],
)
def test_a_wrong_line_stops_the_start(tmp_path: Path, changes: dict[str, object]) -> None:
    _write(tmp_path, [ITEM | changes])

    with pytest.raises(ContentError):
        load_home_list(tmp_path, FACTS)


def test_a_line_is_there_once(tmp_path: Path) -> None:
    _write(tmp_path, [ITEM, ITEM])

    with pytest.raises(ContentError, match="home_item_twice"):
        load_home_list(tmp_path, FACTS)


def _write(folder: Path, items: list[dict[str, object]]) -> None:
    (folder / "handbook").mkdir()
    hazard = {"id": "choke", "title": "窒息", "items": items}
    content = {"version": "1", "checked_on": date(2026, 11, 27).isoformat(), "hazards": [hazard]}
    (folder / FILE).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
