"""The real guides: in order, spread over the ages, and honest about what is not settled."""

import re
from pathlib import Path

import pytest

from backend.guides.check import check_content
from backend.guides.library import Choice, load_library
from backend.guides.source import AGE_BANDS, Series, guide_files, read_source

ROOT = Path(__file__).parents[2]
CONTENT = ROOT / "content"


def test_content_is_in_order() -> None:
    assert [str(problem) for problem in check_content(CONTENT)] == []


def test_both_books_have_nine_guides_and_more() -> None:
    library = load_library(CONTENT, show_pending=True)

    for series in Series:
        assert len(library.list(Choice(series=series))) >= 9


@pytest.mark.parametrize("band", AGE_BANDS)
def test_every_age_has_a_guide_of_its_own(band: str) -> None:
    assert list((CONTENT / "guides" / band).glob("*.md"))


def test_there_is_something_of_both_books_to_read_on_every_day_until_six() -> None:
    library = load_library(CONTENT, show_pending=True)

    for day in range(0, 2192):
        for series in Series:
            assert library.list(Choice(age_days=day, series=series)), (day, series)


def test_nothing_is_shown_in_production_before_its_review() -> None:
    assert len(load_library(CONTENT, show_pending=False)) == 0


def test_every_figure_that_an_expert_must_settle_is_listed_for_the_expert() -> None:
    paper = (ROOT / "docs" / "content-review.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### ([MN]\d{2}).*?\n(.*?)(?=^##|\Z)", paper, re.M | re.S))
    for file in guide_files(CONTENT):
        matter = read_source(file).matter
        assert matter.id in sections, f"{matter.id} has no section"
        for figure, origin in matter.figures.items():
            if origin == "expert":
                assert figure in sections[matter.id], f"{matter.id}: {figure}"


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("副食", "6月龄开始加辅食"),
        ("奶粉", "第一口奶"),
        ("噎", "噎住风险的食物"),
        ("睡觉", "新生儿睡眠"),
        ("缺铁", "补铁防贫血"),
        ("vd", "维生素D和钙"),
    ],
)
def test_what_parents_type_finds_the_guide(query: str, title: str) -> None:
    found = load_library(CONTENT, show_pending=True).list(Choice(q=query))

    assert title in [guide.title for guide in found[:6]]
