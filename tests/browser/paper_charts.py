"""Growth charts as they are printed, from the standard's table alone, to lie beside the app's.

Nothing of the product draws here: the table is read once more and every line is placed anew, so
that a fault in our axes, names or lines shows as a difference between the two.
"""

import base64
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tests.conftest import ROOT

TABLE = ROOT / "content/growth/wst423_sd.csv"
SD = range(-3, 4)
WIDE, HIGH = 128, 100  # mm of paper within the axes
EDGE = 12
DAYS_A_MONTH = 30.4375
INK = {"m": "#1f5f9e", "f": "#b8386e"}  # printed books: boys in blue, girls in red
SEX = {"m": "男孩", "f": "女孩"}


@dataclass(frozen=True)
class Paper:
    """A chart: what it shows, its corners and how finely its paper is ruled."""

    name: str
    indicator: str
    sex: str
    title: str
    chip: str  # what a parent presses to see the same
    across: tuple[int, int, int, int]  # from, to, a thin line each, a number each
    up: tuple[int, int, float, int]


GIRL = (
    Paper("girl-weight", "wfa", "f", "年龄别体重（公斤）", "体重", (0, 12, 1, 2), (2, 14, 0.5, 1)),
    Paper(
        "girl-weight-for-length",
        "wfl",
        "f",
        "身长别体重（公斤）",
        "身长别体重",
        (45, 80, 1, 5),
        (1, 14, 0.5, 1),
    ),
)
BOY = (
    Paper("boy-length", "lhfa", "m", "年龄别身长（厘米）", "身长", (0, 24, 1, 3), (44, 98, 1, 5)),
    Paper("boy-head", "hcfa", "m", "年龄别头围（厘米）", "头围", (0, 24, 1, 3), (29, 53, 0.5, 1)),
)


@dataclass(frozen=True)
class Measured:
    day: str
    weight_g: int
    length_mm: int
    head_mm: int

    def placed(self, paper: Paper, born: str) -> tuple[float, float]:
        days = (date.fromisoformat(self.day) - date.fromisoformat(born)).days
        kg, cm = self.weight_g / 1000, self.length_mm / 10
        up = {"wfa": kg, "wfl": kg, "lhfa": cm, "hcfa": self.head_mm / 10}[paper.indicator]
        return (cm if paper.indicator == "wfl" else days / DAYS_A_MONTH), up


def svg(paper: Paper, points: list[tuple[float, float]]) -> str:
    ink = INK[paper.sex]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE + 3 * EDGE}mm"'
        f' viewBox="{-EDGE} {-EDGE} {WIDE + 3 * EDGE} {HIGH + 2 * EDGE}" font-size="3.4"'
        ' font-family="Noto Sans CJK SC, sans-serif" fill="none">',
        f'<text x="0" y="-4" fill="{ink}" font-size="4.6">{SEX[paper.sex]} {paper.title}</text>',
        *_ruling(paper, ink),
        *_lines(paper, ink),
        *_child(paper, points),
        "</svg>",
    ]
    return "".join(parts)


def _x(paper: Paper, value: float) -> float:
    first, last, *_ = paper.across
    return round((value - first) / (last - first) * WIDE, 2)


def _y(paper: Paper, value: float) -> float:
    low, high, *_ = paper.up
    return round(HIGH - (value - low) / (high - low) * HIGH, 2)


def _ruling(paper: Paper, ink: str) -> Iterator[str]:
    first, last, thin, named = paper.across
    for step in range(int((last - first) / thin) + 1):
        value = first + step * thin
        x, strong = _x(paper, value), value % named == 0
        yield _stroke(x, 0, x, HIGH, ink, strong)
        if strong:
            yield _number(x, HIGH + 4.5, f"{value:g}", ink, "middle")
    unit = "厘米" if paper.indicator == "wfl" else "月龄"
    yield _number(WIDE + 6, HIGH + 4.5, unit, ink, "start")
    low, high, fine, labelled = paper.up
    for step in range(int((high - low) / fine) + 1):
        level = low + step * fine
        y, strong = _y(paper, level), level % labelled == 0
        yield _stroke(0, y, WIDE, y, ink, strong)
        if strong:
            yield _number(-1.5, y + 1.2, f"{level:g}", ink, "end")


def _stroke(x: float, y: float, to_x: float, to_y: float, ink: str, strong: bool) -> str:
    opacity = 0.4 if strong else 0.15
    return (
        f'<path d="M{x} {y}L{to_x} {to_y}" stroke="{ink}" stroke-width=".25" opacity="{opacity}"/>'
    )


def _number(x: float, y: float, text: str, ink: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" fill="{ink}" text-anchor="{anchor}">{text}</text>'


def _lines(paper: Paper, ink: str) -> Iterator[str]:
    rows = list(_rows(paper))
    for z in SD:
        path = "L".join(f"{_x(paper, x)} {_y(paper, row[z + 3])}" for x, row in rows)
        width = 0.7 if z == 0 else 0.4
        yield f'<path d="M{path}" stroke="{ink}" stroke-width="{width}"/>'
        name = "中位数" if z == 0 else f"{z:+d}SD"
        yield _number(WIDE + 1.5, _y(paper, rows[-1][1][z + 3]) + 1.2, name, ink, "start")


def _rows(paper: Paper) -> Iterator[tuple[float, list[float]]]:
    first, last, *_ = paper.across
    with TABLE.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            mine = (line["indicator"], line["sex"]) == (paper.indicator, paper.sex)
            if mine and first <= float(line["x"]) <= last:
                yield float(line["x"]), [float(line[f"SD_{z}"]) for z in SD]


def _child(paper: Paper, points: list[tuple[float, float]]) -> Iterator[str]:
    for x, y in points:
        yield f'<circle cx="{_x(paper, x)}" cy="{_y(paper, y)}" r="1.1" fill="#111"/>'


def side_by_side(paper: str, app: bytes) -> str:
    """A page with the paper on the left and what the phone shows on the right."""
    picture = base64.b64encode(app).decode()
    return (
        "<!doctype html><meta charset=utf-8><body style='margin:0;padding:12px;display:flex;"
        "gap:16px;align-items:center;background:#fff'>"
        f"{paper}<img height=520 src='data:image/png;base64,{picture}'>"
    )
