"""The curves that are drawn from the tables, and tables that are not whole."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.facts.errors import ContentError
from backend.handbook.growth.check import check_growth
from backend.handbook.growth.curves import curve
from backend.handbook.growth.measurements import Indicator
from backend.handbook.growth.standards import StandardName, load_standard
from backend.kernel.ages import DAYS_PER_MONTH
from backend.kernel.sex import Sex
from tests.handbook.growth.standards import CONTENT, WST423_SD, published, who, wst423


def test_a_curve_of_wst423_holds_its_rows_and_both_ends() -> None:
    points = curve(wst423(), Indicator.WEIGHT, Sex.FEMALE, 0.5, 36)
    rows = {
        float(row["x"]): tuple(float(row[f"SD_{z}"]) for z in range(-3, 4))
        for row in published(WST423_SD)
        if (row["indicator"], row["sex"]) == ("wfa", "f") and 1 <= float(row["x"]) <= 36
    }

    assert points[0].x == 0.5
    assert {point.x: point.lines for point in points[1:]} == rows


def test_a_curve_of_who_has_weeks_months_and_the_step_to_standing() -> None:
    points = curve(who(), Indicator.LENGTH, Sex.MALE, 0, 60)
    xs = [point.x for point in points]
    by_day = {round(point.x * DAYS_PER_MONTH): point.lines for point in points}

    assert xs == sorted(set(xs))
    assert {0, 7, 84, 91, 365, 730, 731, 1826} <= set(by_day)
    assert by_day[730][3] == 87.8018
    assert by_day[731][3] == 87.1303
    assert len(points) < 80


def test_a_curve_by_length_is_in_centimetres_and_ends_with_the_table() -> None:
    points = curve(who(), Indicator.WEIGHT_FOR_LENGTH, Sex.MALE, 60, 200)

    assert (points[0].x, points[-1].x) == (60, 110)
    assert curve(wst423(), Indicator.HEAD, Sex.MALE, 40, 60) == ()


def test_our_tables_are_in_order() -> None:
    assert list(check_growth(CONTENT)) == []


def without_a_row(text: str) -> str:
    return "".join(line for line in text.splitlines(True) if not line.startswith("wfa,f,6,"))


def with_crossed_lines(text: str) -> str:
    return text.replace("wfa,m,0,2.4,2.7,", "wfa,m,0,2.7,2.4,")


def with_a_letter(text: str) -> str:
    return text.replace("wfa,m,0,2.4,", "wfa,m,0,2.l,")


def with_another_head(text: str) -> str:
    return text.replace("SD_0", "median")


def cut_off(text: str) -> str:
    return "".join(text.splitlines(True)[:-1])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (without_a_row, "wst423_sd.csv:52: growth_gap: x=7 不是应有的下一行"),
        (with_crossed_lines, "wfa,m x=0: 七条线没有从小到大"),
        (with_a_letter, "wst423_sd.csv:2: growth_row"),
        (with_another_head, "wst423_sd.csv:1: growth_head"),
        (cut_off, "hcfa,f 缺 x=36 起的行"),
    ],
)
def test_a_table_that_is_not_whole_is_named(
    tmp_path: Path, spoil: Callable[[str], str], says: str
) -> None:
    root = tmp_path / "content"
    shutil.copytree(CONTENT / "growth", root / "growth")
    shutil.copytree(CONTENT / "facts", root / "facts")
    file = root / "growth" / "wst423_sd.csv"
    file.write_text(spoil(file.read_text(encoding="utf-8")), encoding="utf-8")

    [problem] = check_growth(root)

    assert says in problem


def test_a_missing_table_and_a_missing_name_are_named(tmp_path: Path) -> None:
    shutil.copytree(CONTENT / "growth", tmp_path / "growth")
    shutil.copytree(CONTENT / "facts", tmp_path / "facts")
    (tmp_path / "growth" / "who_lms.csv").unlink()
    names = tmp_path / "facts" / "feeding.yaml"
    text = names.read_text(encoding="utf-8")
    names.write_text(text.replace("  - {z: +1..+2, label: 中上}\n", ""), encoding="utf-8")

    with pytest.raises(ContentError, match="growth_missing"):
        load_standard(tmp_path, StandardName.WHO)
    with pytest.raises(ContentError, match="levels_sd 有一段没有名称"):
        load_standard(tmp_path, StandardName.WST423)
