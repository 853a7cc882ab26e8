"""Named figures: taken from tables, worded with their units."""

from pathlib import Path

import pytest

from backend.facts.errors import ContentError
from backend.facts.figures import load_facts, names_in
from tests.guides.writing import content_root


def with_entry(folder: Path, entry: str) -> Path:
    root = content_root(folder)
    (root / "facts" / "figures" / "zz.yaml").write_text(f"x: {{{entry}}}\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("from: feeding/bands/b6/milk/ml, unit: 毫升, sources: [CNS2022]", "500～700毫升"),
        ("from: feeding/bands/b9/solids/per_meal_ml, unit: 毫升, sources: []", "125毫升"),
        ("from: feeding/daily_amounts/rows/d12/salt, unit: 克, sources: []", "0～1.5克"),
        ("from: vaccines/vaccines/Polio/doses/polio-4/months, unit: 岁, sources: []", "4岁"),
        ("from: vaccines/vaccines/HepB/doses/hepb-2/months, unit: 月龄, sources: []", "1月龄"),
        ("text: 400国际单位, sources: [CNS2022]", "400国际单位"),
    ],
)
def test_a_figure_is_worded_with_its_unit(tmp_path: Path, entry: str, text: str) -> None:
    facts = load_facts(with_entry(tmp_path, entry))

    assert facts.figures["x"].text == text
    assert facts.fill("每天{x}，好。") == f"每天{text}，好。"


def test_months_that_are_no_whole_years_are_not_called_years(tmp_path: Path) -> None:
    entry = "from: vaccines/vaccines/DTaP/doses/dtap-4/months, unit: 岁, sources: []"

    with pytest.raises(ContentError, match="figure_from"):
        load_facts(with_entry(tmp_path, entry))


def test_only_names_in_braces_are_figures() -> None:
    assert names_in("{milk-6-12m} {Milk} {a b} { x } {x}") == ["milk-6-12m", "x"]
