"""Every number in a picture is in the table it was drawn from, and every picture can be read."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import atan2, pi
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
import yaml

from backend.facts.errors import ContentError
from backend.guides.pictures import Picture, draw_all, wording
from tests.guides.writing import CONTENT

NAMES = (
    "food-6-12m",
    "food-12-24m",
    "food-24-48m",
    "food-48-72m",
    "texture-stages",
    "portions",
    "milk-by-age",
    "sleep-by-age",
    "warning-ages",
)
ROWS_OF_FOOD = {
    "food-6-12m": "d6",
    "food-12-24m": "d12",
    "food-24-48m": "d24",
    "food-48-72m": "d48",
}
SVG = "{http://www.w3.org/2000/svg}"
XML = "{http://www.w3.org/XML/1998/namespace}"
ELEMENTS = {"svg", "title", "g", "text", "rect", "circle", "path", "line"}
FORBIDDEN_ATTRIBUTES = {"style", "class", "id", "href", "clip-path", "mask", "filter"}
FORBIDDEN_VALUES = ("%", "var(", "url(", "http", "calc(")
FOODS = ("milk", "cereal", "vegetable", "fruit", "egg", "meat_poultry_fish", "soy", "oil")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
BIGGEST = 8000  # bytes
SMALLEST_LETTERS = 14
BAR_HEIGHT = 10


@dataclass(frozen=True)
class Placed:
    """An element and what `translate` makes of its place."""

    node: Element
    left: float
    top: float

    @property
    def kind(self) -> str:
        return self.node.tag.removeprefix(SVG)

    def number(self, name: str) -> float:
        return float(self.node.get(name, "0"))


@pytest.fixture(scope="module")
def pictures() -> dict[str, Picture]:
    return draw_all(CONTENT)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the tables, to be changed."""
    for name in ("facts", "handbook"):
        shutil.copytree(CONTENT / name, tmp_path / name)
    return tmp_path


def test_the_pictures_are_these(pictures: dict[str, Picture]) -> None:
    assert tuple(pictures) == NAMES
    assert all(picture.name == name for name, picture in pictures.items())


@pytest.mark.parametrize("name", NAMES)
def test_wechat_can_show_it(pictures: dict[str, Picture], name: str) -> None:
    """Its <image> knows no style elements, percentages, variables or other fonts."""
    for document in (pictures[name].light, pictures[name].dark):
        assert len(document) <= BIGGEST
        for node in _parse(document).iter():
            assert node.tag.removeprefix(SVG) in ELEMENTS
            assert not FORBIDDEN_ATTRIBUTES & set(node.attrib)
            assert not [v for v in node.attrib.values() if any(f in v for f in FORBIDDEN_VALUES)]
            assert node.get("font-family", "sans-serif") == "sans-serif"


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(pictures: dict[str, Picture], name: str) -> None:
    picture = pictures[name]
    for document in (picture.light, picture.dark):
        svg = _parse(document)
        assert svg.attrib["role"] == "img"
        assert svg[0].tag == f"{SVG}title"
        assert svg[0].text == picture.title
        assert svg.get(f"{XML}lang") == "zh-CN"
        assert svg.get("font-family") == "sans-serif"
        size = (svg.get("width"), svg.get("height"), svg.get("viewBox"))
        width, height = str(picture.width), str(picture.height)
        assert size == (width, height, f"0 0 {width} {height}")
    assert picture.width == 345
    assert picture.alt.startswith(picture.title)
    assert picture.alt.endswith("。")
    assert "<" not in picture.alt


@pytest.mark.parametrize("name", NAMES)
def test_day_and_night_differ_in_colours_alone(pictures: dict[str, Picture], name: str) -> None:
    light, dark = pictures[name].light, pictures[name].dark
    colours = re.compile(rb"#[0-9a-f]{6}")

    assert light != dark
    assert colours.sub(b"", light) == colours.sub(b"", dark)
    assert b"@" not in light + dark


@pytest.mark.parametrize("name", NAMES)
def test_letters_are_large_and_stay_on_the_card(pictures: dict[str, Picture], name: str) -> None:
    for placed in _placed(_parse(pictures[name].light)):
        if placed.kind == "text":
            assert placed.number("font-size") >= SMALLEST_LETTERS
            left, right = _extent(placed)
            assert left >= 20
            assert right <= 345 - 16, placed.node.text  # closing punctuation may hang a little
            assert 20 < placed.top + placed.number("y") < pictures[name].height - 16


@pytest.mark.parametrize("name", NAMES)
def test_no_words_lie_on_others(pictures: dict[str, Picture], name: str) -> None:
    texts = [p for p in _placed(_parse(pictures[name].light)) if p.kind == "text"]
    for place, one in enumerate(texts):
        for other in texts[place + 1 :]:
            apart = abs(one.top + one.number("y") - other.top - other.number("y"))
            (left, right), (others_left, others_right) = _extent(one), _extent(other)
            beside = right <= others_left or others_right <= left
            assert beside or apart >= SMALLEST_LETTERS, (one.node.text, other.node.text)


@pytest.mark.parametrize("name", NAMES)
def test_words_stand_out_from_what_lies_below(pictures: dict[str, Picture], name: str) -> None:
    for document in (pictures[name].light, pictures[name].dark):
        grounds: list[Placed] = []
        for placed in _placed(_parse(document)):
            if placed.kind == "rect":
                grounds.append(placed)
            elif placed.kind == "text":
                below = [ground for ground in grounds if _covers(ground, placed)][-1]
                assert _contrast(_fill(placed), _fill(below)) >= 4.5, placed.node.text


@pytest.mark.parametrize("name", [*ROWS_OF_FOOD, "milk-by-age"])
def test_bars_stand_out_from_their_tracks(pictures: dict[str, Picture], name: str) -> None:
    for document in (pictures[name].light, pictures[name].dark):
        for track, bar in _bars(_parse(document)):
            assert _contrast(_fill(bar), _fill(track)) >= 3


@pytest.mark.parametrize("name", ROWS_OF_FOOD)
def test_food_is_what_the_table_says(pictures: dict[str, Picture], name: str) -> None:
    table = _feeding()["daily_amounts"]
    row = _row(table["rows"], ROWS_OF_FOOD[name])
    salt = str(row["salt"])
    ages = _ages(row["age_months"])
    numbers = _numbers(salt, *(str(row[food]) for food in FOODS if food in row)) | ages

    assert _shown_numbers(pictures[name]) == numbers
    assert _numbers(pictures[name].alt) == numbers
    assert table["unit"] in _words(pictures[name])
    for food in FOODS:
        if food in row:
            assert _span(row[food]) in _words(pictures[name])
    assert ("大豆" in pictures[name].alt) == ("soy" in row)


@pytest.mark.parametrize("name", ROWS_OF_FOOD)
def test_bars_are_as_long_as_their_numbers(pictures: dict[str, Picture], name: str) -> None:
    rows = _feeding()["daily_amounts"]["rows"]
    row = _row(rows, ROWS_OF_FOOD[name])
    most_milk = max(one["milk"][1] for one in rows)
    most_food = max(row[food][1] for food in FOODS[1:] if food in row)
    amounts = [(row[f], most_milk if f == "milk" else most_food) for f in FOODS if f in row]

    bars = list(_bars(_parse(pictures[name].light)))
    assert len(bars) == len(amounts)
    for (track, bar), (amount, most) in zip(bars, amounts, strict=True):
        _check_bar(track, bar, amount, most)


def test_milk_is_what_both_texts_say(pictures: dict[str, Picture]) -> None:
    feeding = _feeding()
    bands, picture = feeding["bands"], pictures["milk-by-age"]
    milk = [band["milk"] for band in bands]
    told = [str([one["ml"], one.get("ml_alt", ""), one["times"]]) for one in milk]
    told += [band["label_zh"] for band in bands]
    keys = {"CNS2022"} | {key for one in milk for key in one.get("ml_alt", {})}
    sources = yaml.safe_load((CONTENT / "facts" / "sources.yaml").read_text(encoding="utf-8"))
    titles = [sources[key]["title"] for key in sorted(keys)]

    told = [words.replace("NFE2025", "") for words in told]
    assert _numbers(picture.alt) == _numbers(*told)
    assert _shown_numbers(picture) == _numbers(*told, *titles)
    for title in titles:
        assert title in "".join(_words(picture))
    for one in milk:
        if one.get("ml_alt"):  # then the other numbers are said to be 膳食指南: they are
            assert one["ml"] in [row["milk"] for row in feeding["daily_amounts"]["rows"]]


def test_milk_bars_are_as_long_as_their_numbers(pictures: dict[str, Picture]) -> None:
    amounts = []
    for band in _feeding()["bands"]:
        amounts += [band["milk"]["ml"]] if band["milk"]["ml"] else []
        for words in band["milk"].get("ml_alt", {}).values():
            amounts += [
                [int(low), int(high)] for low, high in re.findall(r"(\d+)～(\d+)(?:，|$)", words)
            ]
    bars = list(_bars(_parse(pictures["milk-by-age"].light)))

    assert len(bars) == len(amounts)
    for (track, bar), amount in zip(bars, amounts, strict=True):
        _check_bar(track, bar, amount, max(high for _, high in amounts))


def test_textures_are_those_of_the_bands(pictures: dict[str, Picture]) -> None:
    bands = [band for band in _feeding()["bands"] if band["texture"]]
    picture = pictures["texture-stages"]

    assert _shown_numbers(picture) == _numbers(*(band["label_zh"] for band in bands))
    assert _numbers(picture.alt) == _shown_numbers(picture)
    for band in bands:
        assert band["texture"] in "".join(_words(picture))
        awaited = band["marks"]["texture"] == "memory"
        assert (f"{band['texture']}（待营养师定）" in picture.alt) == awaited


def test_portions_are_those_of_the_bands(pictures: dict[str, Picture]) -> None:
    bands = [band for band in _feeding()["bands"] if (band["solids"] or {}).get("per_meal_ml")]
    told = [_bowl()]
    for band in bands:
        solids = band["solids"]
        note = solids["note"].split("；")[0].split("（")[0]
        told += [band["label_zh"], note, str(solids["per_meal_ml"]), str(solids["times_per_day"])]
        told.append(str(solids.get("snacks", "")))

    assert _shown_numbers(pictures["portions"]) == _numbers(*told)
    assert _numbers(pictures["portions"].alt) == _numbers(*told)


def test_bowls_are_filled_to_the_volume(pictures: dict[str, Picture]) -> None:
    """In a paraboloid the volume below a level grows with the fourth power of the width there."""
    [capacity] = (float(number) for number in _numbers(_bowl()))
    bands = [band["solids"] or {} for band in _feeding()["bands"]]
    amounts = [ml for solids in bands for ml in dict.fromkeys(solids.get("per_meal_ml", []))]
    cups = re.compile(r"M-(\d+(?:\.\d+)?) \S+Q0 \S+ \1 \S+z")
    paths = [node.get("d", "") for node in _parse(pictures["portions"].light).iter(f"{SVG}path")]
    widths = [float(found[1]) for found in map(cups.fullmatch, paths) if found]

    assert len(widths) == 3 * len(amounts)  # each bowl: empty, its food, its rim
    for whole, food, ml in zip(widths[::3], widths[1::3], amounts, strict=True):
        assert (food / whole) ** 4 * capacity == pytest.approx(ml, rel=0.05)


def test_sleep_is_what_the_table_says(pictures: dict[str, Picture]) -> None:
    rows = _read("facts/development.yaml")["sleep"]["hours_per_day"]
    numbers = _numbers(*(str(row["hours"]) for row in rows))
    numbers |= {number for row in rows for number in _ages(row["age_months"])}

    assert _shown_numbers(pictures["sleep-by-age"]) == numbers
    assert _numbers(pictures["sleep-by-age"].alt) == numbers


def test_rings_are_as_long_as_the_hours(pictures: dict[str, Picture]) -> None:
    rows = _read("facts/development.yaml")["sleep"]["hours_per_day"]
    paths = _parse(pictures["sleep-by-age"].light).iter(f"{SVG}path")
    arc = re.compile(r"M\S+ \S+A52 52 0 [01] 1 (\S+) (\S+)")
    ends = [found.groups() for found in (arc.fullmatch(p.get("d", "")) for p in paths) if found]
    hours = [atan2(float(x), -float(y)) / (2 * pi) % 1 * 24 for x, y in ends]

    assert hours == pytest.approx([hour for row in rows for hour in row["hours"]], abs=0.05)


def test_the_way_passes_every_check_up(pictures: dict[str, Picture]) -> None:
    groups = _read("facts/development.yaml")["warning_signs"]["groups"]
    visits = _read("handbook/checkups.yaml")["visits"]
    picture = pictures["warning-ages"]
    looked_at = {group["age_months"] for group in groups}
    others = [visit for visit in visits if visit["target"].get("months") not in looked_at]
    [items] = {len(group["items"]) for group in groups}
    counts = f"{len(visits)}次体检，{len(groups)}次要看，每次{items}条"
    labels = [group["label_zh"] for group in groups]
    days = [f"{visit['target']['days']}天" for visit in others]

    assert counts in picture.alt
    assert set(_words(picture)) >= {counts, *labels, *days}
    assert _shown_numbers(picture) == _numbers(counts, *labels, *days)
    assert _numbers(picture.alt) == _numbers(counts, *labels)
    assert all(visit["title"] in picture.alt for visit in others)
    assert {visit["target"].get("months") for visit in visits} >= looked_at


def test_what_an_expert_has_to_decide_is_said(pictures: dict[str, Picture]) -> None:
    assert wording.AWAITED not in pictures["food-6-12m"].alt
    assert "油的量待营养师定" in pictures["food-12-24m"].alt
    assert {"带*的量待营养师定", "油*"} <= set(_words(pictures["food-12-24m"]))
    for name in ("food-24-48m", "food-48-72m"):
        assert "盐以外的量待营养师定" in pictures[name].alt
        assert "盐以外的量待营养师定" in _words(pictures[name])


def test_another_number_in_the_table_is_another_number_in_the_picture(root: Path) -> None:
    def change(table: Any) -> None:
        _row(table["daily_amounts"]["rows"], "d6")["milk"] = [510, 690]

    _rewrite(root / "facts" / "feeding.yaml", change)
    picture = draw_all(root)["food-6-12m"]

    assert "奶510～690毫升" in picture.alt
    assert "510～690" in _words(picture)


def test_a_mark_in_the_table_becomes_words(root: Path) -> None:
    def change(table: Any) -> None:
        _row(table["daily_amounts"]["rows"], "d6").update(mark="memory", note="")
        for band in table["bands"]:
            band["marks"] = dict.fromkeys(band["marks"], "memory")

    _rewrite(root / "facts" / "feeding.yaml", change)
    pictures = draw_all(root)

    assert "以上的量待营养师定" in _words(pictures["food-6-12m"])
    assert pictures["milk-by-age"].alt.count(wording.AWAITED) == len(_feeding()["bands"])
    assert pictures["portions"].alt.count(wording.AWAITED) == 3


def test_words_of_the_table_are_not_taken_for_markup(root: Path) -> None:
    def change(table: Any) -> None:
        table["bands"][1]["texture"] = '"<b>&泥"'

    _rewrite(root / "facts" / "feeding.yaml", change)

    assert '"<b>&泥"' in _words(draw_all(root)["texture-stages"])


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("facts/feeding.yaml", "cereal: [20, 75]", "cereal: [20]"),
        ("facts/feeding.yaml", "6～7月800～1000，8月起", "6～7月约1000，8月起"),
        ("facts/feeding.yaml", "NFE2025: 700～800", "XYZ: 700～800"),
        ("facts/development.yaml", "hours: [13, 18]", "hours: 十三"),
        ("facts/figures/feeding.yaml", "text: 250毫升", "text: 一小碗"),
        ("handbook/checkups.yaml", "title: 满月体检", "name: 满月体检"),
    ],
)
def test_a_wrong_table_is_named(root: Path, file: str, before: str, after: str) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert text.count(before) == 1
    (root / file).write_text(text.replace(before, after), encoding="utf-8")

    with pytest.raises(ContentError) as error:
        draw_all(root)

    assert error.value.file == root / file


def test_no_number_is_typed_in_the_code() -> None:
    """Words for parents hold no figure; those come from the tables."""
    folder = Path(wording.__file__).parent
    found = [
        f"{file.name}: {words}"
        for file in sorted(folder.glob("*.py"))
        for words in _strings(ast.parse(file.read_text(encoding="utf-8")))
        if re.search(r"[\u4e00-\u9fff]", words) and re.search(r"\d", words)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("months", "words"),
    [
        ((0, 4), "0～3月龄"),
        ((6, 12), "6～11月龄"),
        ((12, 24), "12～23月龄"),
        ((12, 36), "1～2岁"),
        ((24, 48), "2～3岁"),
        ((30, 42), "30～41月龄"),
    ],
)
def test_ages_are_written_as_parents_count(months: tuple[int, int], words: str) -> None:
    assert wording.ages(months) == words


def test_lines_end_at_commas_and_tear_no_number() -> None:
    assert wording.lines("泥糊到碎末，像嫩豆腐，用舌头能压碎", 180, 15) == [
        "泥糊到碎末，像嫩豆腐，",
        "用舌头能压碎",
    ]
    assert wording.lines("一共是500～700毫升左右的奶", 100, 15) == [
        "一共是",
        "500～700毫升",
        "左右的奶",
    ]
    assert wording.lines("四个字的，", 60, 15) == ["四个字的，"]


def _parse(document: bytes) -> Element:
    return ElementTree.fromstring(document)


def _placed(svg: Element) -> Iterator[Placed]:
    """All elements in the order they are drawn."""

    def walk(node: Element, left: float, top: float) -> Iterator[Placed]:
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)", node.get("transform", ""))
        if moved:
            left, top = left + float(moved[1]), top + float(moved[2])
        yield Placed(node, left, top)
        for child in node:
            yield from walk(child, left, top)

    return walk(svg, 0, 0)


def _extent(placed: Placed) -> tuple[float, float]:
    """Where words begin and end, about."""
    width = wording.width(placed.node.text or "", int(placed.number("font-size")))
    before = {"middle": width / 2, "end": width}.get(placed.node.get("text-anchor", ""), 0)
    begins = placed.left + placed.number("x") - before
    return begins, begins + width


def _covers(ground: Placed, words: Placed) -> bool:
    x, y = sum(_extent(words)) / 2, words.top + words.number("y") - 5
    left, top = ground.left + ground.number("x"), ground.top + ground.number("y")
    right, bottom = left + ground.number("width"), top + ground.number("height")
    return left <= x <= right and top <= y <= bottom


def _bars(svg: Element) -> Iterator[tuple[Placed, Placed]]:
    """Tracks and their bars, which are drawn one after the other."""
    bars = [p for p in _placed(svg) if p.kind == "rect" and p.number("height") == BAR_HEIGHT]
    return zip(bars[::2], bars[1::2], strict=True)


def _check_bar(track: Placed, bar: Placed, amount: Sequence[float], most: float) -> None:
    width = track.number("width")
    low, high = (ml / most * width for ml in amount)
    begins = bar.number("x") - track.number("x")
    ends = begins + bar.number("width")
    assert 0 <= begins <= ends <= width
    if high - low > BAR_HEIGHT:
        assert (begins, ends) == pytest.approx((low, high), abs=0.2)
        return
    assert bar.number("width") == BAR_HEIGHT  # a dot, around the amount
    assert begins <= (low + high) / 2 <= ends


def _fill(placed: Placed) -> str:
    return placed.node.attrib["fill"]


def _contrast(one: str, other: str) -> float:
    """Of WCAG 2, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _words(picture: Picture) -> list[str]:
    return [node.text or "" for node in _parse(picture.light).iter(f"{SVG}text")]


def _numbers(*texts: str) -> set[str]:
    return {number for text in texts for number in NUMBER.findall(text)}


def _shown_numbers(picture: Picture) -> set[str]:
    return _numbers(picture.title, *_words(picture))


def _ages(months: Sequence[int]) -> set[str]:
    """The last age is that before the end; from two years on it is counted in years."""
    first, end = months
    if end > 24:
        return {str(first // 12), str(end // 12 - 1)}
    return {str(first), str(end - 1)}


def _span(amounts: Sequence[float]) -> str:
    low, high = amounts
    return str(low) if low == high else f"{low}～{high}"


def _read(file: str) -> Any:
    return yaml.safe_load((CONTENT / file).read_text(encoding="utf-8"))


def _feeding() -> Any:
    return _read("facts/feeding.yaml")


def _bowl() -> str:
    return str(_read("facts/figures/feeding.yaml")["bowl"]["text"])


def _row(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(row for row in rows if row["id"] == name)


def _rewrite(file: Path, change: Callable[[Any], None]) -> None:
    table = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(table)
    file.write_text(yaml.safe_dump(table, allow_unicode=True), encoding="utf-8")


def _strings(tree: ast.Module) -> Iterator[str]:
    """Strings of the code, without docstrings."""
    documentation = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in documentation:
            yield str(node.value)
