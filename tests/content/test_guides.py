"""The real guides: in order, spread over the ages, and honest about what is not settled."""

import re
from pathlib import Path

import pytest

from backend.facts.figures import load_facts, names_in
from backend.guides.check import check_content
from backend.guides.library import BOOKS, Choice, Library
from backend.guides.loading import load_library
from backend.guides.source import AGE_BANDS, EXPERT, Series, guide_files, read_source

ROOT = Path(__file__).parents[2]
CONTENT = ROOT / "content"


def test_content_is_in_order() -> None:
    assert [str(problem) for problem in check_content(CONTENT)] == []


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(CONTENT, show_pending=True)


@pytest.mark.parametrize(
    ("series", "count", "letter"),
    [
        (Series.MANUAL, 44, "M"),
        (Series.NUTRITION, 22, "N"),
        (Series.HANDBOOK, 30, "H"),
        (Series.SERVICE, 11, "S"),
        (Series.BEFORE, 6, "P"),
    ],
)
def test_every_piece_of_the_outline_is_there(
    library: Library, series: Series, count: int, letter: str
) -> None:
    ids = sorted(guide.id for guide in library.list(Choice(series=series)))

    assert ids == [f"{letter}{number:02}" for number in range(1, count + 1)]


def test_all_recipes_are_there(library: Library) -> None:
    assert sorted(one.id for one in library.recipes()) == [f"R{n:02}" for n in range(1, 25)]


@pytest.mark.parametrize("band", AGE_BANDS)
def test_every_age_has_a_guide_of_its_own(band: str) -> None:
    assert list((CONTENT / "guides" / band).glob("*.md"))


def test_there_is_something_of_both_books_to_read_on_every_day_until_six(
    library: Library,
) -> None:
    for day in range(0, 2192):
        for series in BOOKS:
            assert library.list(Choice(age_days=day, series=series)), (day, series)


def test_nothing_is_shown_in_production_before_its_review() -> None:
    assert len(load_library(CONTENT, show_pending=False)) == 0


def test_every_figure_that_an_expert_must_settle_is_listed_for_the_expert() -> None:
    """Numbers without a source, in the text or named, stand in the reviewer's list."""
    paper = (ROOT / "docs" / "content-review.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### ([MNHSP]\d{2}).*?\n(.*?)(?=^##|\Z)", paper, re.M | re.S))
    facts = load_facts(CONTENT)
    missing = []
    for file in guide_files(CONTENT):
        source = read_source(file, facts)
        figures = [text for text, origin in source.matter.figures.items() if origin == EXPERT]
        named = {name for name in names_in(source.written) if not facts.figures[name].sources}
        figures += [facts.figures[name].text for name in sorted(named)]
        section = sections.get(source.matter.id, "")
        missing += [f"{source.matter.id}: {text}" for text in figures if text not in section]
    assert missing == []
