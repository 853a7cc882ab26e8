"""Every figure of a text, its number, its sentence and its source."""

from pathlib import Path
from typing import Any

import pytest

from backend.guides.figure_list import MARK, ListedFigure, figures_of, mark_figures
from backend.guides.loading import Shelf, load_shelf
from backend.guides.render import render
from tests.guides.writing import CONTENT, content_root, write_guide


@pytest.fixture(scope="module")
def real() -> Shelf:
    return load_shelf(CONTENT)


def listed(root: Path, body: str, **matter: Any) -> tuple[ListedFigure, ...]:
    file = write_guide(root, body=body, **matter)
    shelf = load_shelf(root)
    source = next(one for one in shelf.guides if one.file == file)
    return figures_of(source, shelf.facts)


def test_figures_come_in_reading_order_each_once_with_all_its_sentences(tmp_path: Path) -> None:
    found = listed(
        content_root(tmp_path),
        "每天{milk-6-12m}。喝水另算。\n\n- 满6个月看看。6个月也行！\n\n每天{milk-6-12m}，不多。\n",
        figures={"6个月": "CNS2022"},
    )

    assert [(one.number, one.text, one.name) for one in found] == [
        (1, "500～700毫升", "milk-6-12m"),
        (2, "6个月", ""),
    ]
    assert found[0].sentences == ("每天500～700毫升。", "每天500～700毫升，不多。")
    assert found[1].sentences == ("满6个月看看。6个月也行！", "6个月也行！")


def test_a_figure_of_a_table_says_where_it_was_taken_from(tmp_path: Path) -> None:
    (figure,) = listed(content_root(tmp_path), "每天喝{milk-6-12m}左右就可以了。\n")

    assert figure.origin == "feeding/bands/b6/milk/ml"
    assert "膳食指南" in figure.sources[0].title
    assert figure.is_sourced


def test_a_figure_that_nobody_saw_in_a_source_is_left_to_the_expert(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    registry = "bath-test: {text: 37.5℃, sources: [], note: 常用说法}\n"
    (root / "facts" / "figures" / "of-this-test.yaml").write_text(registry, encoding="utf-8")
    found = listed(
        root,
        "水温{bath-test}左右。等上9分钟就可以了。\n",
        figures={"9分钟": "expert"},
    )

    assert [one.is_sourced for one in found] == [False, False]
    assert [one.note for one in found] == ["常用说法", ""]


def test_the_title_and_the_summary_count_too(tmp_path: Path) -> None:
    (figure,) = listed(
        content_root(tmp_path),
        "没有数字。\n",
        title="6～8月龄一起玩",
        figures={"6～8月龄": "CNS2022"},
    )

    assert figure.sentences == ("标题：6～8月龄一起玩",)


def test_the_longer_figure_is_meant_and_an_address_is_no_text(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "chi-1-sui", id="M02", title="别的")
    found = listed(
        root,
        "到1岁半再看。[1岁以后](guide:chi-1-sui)就好。\n",
        figures={"1岁": "CNS2022", "1岁半": "CNS2022"},
    )

    assert {one.text: one.sentences for one in found} == {
        "1岁半": ("到1岁半再看。1岁以后就好。",),
        "1岁": ("1岁以后就好。",),
    }


def test_a_marked_text_differs_from_what_parents_read_in_its_marks_alone(real: Shelf) -> None:
    slugs = {one.slug for one in real.guides} | {one.slug for one in real.recipes}
    for source in real.guides:
        figures = figures_of(source, real.facts)
        marked = render(mark_figures(source, figures, real.facts), slugs, real.pictures).html
        plain = render(source.body, slugs, real.pictures).html
        assert MARK.sub(r"\2", marked) == plain, source.slug
        by_number = {str(one.number): one.text for one in figures}
        assert all(by_number[one[1]] == one[2] for one in MARK.finditer(marked)), source.slug


def test_every_declared_figure_of_the_real_texts_is_listed(real: Shelf) -> None:
    for source in real.guides:
        found = {one.text for one in figures_of(source, real.facts) if not one.name}
        missing = set(source.matter.figures) - found
        longer = {one for one in missing if any(one in other for other in found)}
        assert missing == longer, source.slug
