"""How full a bowl is at one meal. The bowl is a paraboloid, and the level that of the volume."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from backend.guides.pictures import frame, icons, svg, wording
from backend.guides.pictures.colours import Colour
from backend.guides.pictures.frame import Drawing
from backend.guides.pictures.svg import Fragment, Lettering
from backend.guides.pictures.tables import Band, Range, Solids

TITLE = "一餐吃多少"
UNIT = "毫升"
HOW_TO_READ = "碗上宽下窄，所以半碗看着不止一半高。吃多吃少，看孩子。"
FIRST_ROW = 92
ROW_HEIGHT = 182
HALF_WIDTH = 52  # of the bowl at its brim
DEPTH = 50
CENTRED = Lettering(16, bold=True, anchor=svg.CENTRED)
APART = 76  # from the middle, where there are two bowls
AMOUNT = re.compile(r"\d+")
IN_BRACKETS = re.compile(r"（[^）]*）")


@dataclass(frozen=True)
class Portion:
    """What is drawn of one band."""

    ages: str
    meals: str
    in_bowls: str
    ml: Range

    @property
    def spoken(self) -> str:
        amount = wording.span(self.ml)
        return f"{self.ages}{self.meals}，每餐{amount}{UNIT}，{self.in_bowls}"


def draw_portions(bands: Sequence[Band], bowl: str) -> Drawing:
    """`bowl`: the size of a bowl with its unit."""
    subtitle = f"按{bowl}的碗画"
    portions = [
        _portion(band, band.solids, band.solids.per_meal_ml)
        for band in bands
        if band.solids and band.solids.per_meal_ml
    ]
    capacity = float(AMOUNT.findall(bowl)[0])
    parts = [frame.heading(TITLE, subtitle, icons.cereal())]
    y: float = FIRST_ROW
    for portion in portions:
        parts.append(_row(y, portion, capacity))
        y += ROW_HEIGHT
    parts.append(frame.divider(y))
    closing, y = frame.paragraph(y + 32, HOW_TO_READ)
    parts.append(closing)
    alt = f"{TITLE}（{subtitle}）：" + wording.listed(portion.spoken for portion in portions)
    return Drawing("portions", TITLE, alt, round(y) + 4, tuple(parts))


def _portion(band: Band, solids: Solids, ml: Range) -> Portion:
    meals = f"每天{wording.span(solids.times_per_day)}次"
    if solids.snacks:
        meals += f"，加餐{wording.span(solids.snacks)}次"
    in_bowls = IN_BRACKETS.sub("", solids.note.split("；")[0])  # without what the note adds
    awaited = band.marks.per_meal_ml == "memory"
    return Portion(band.label_zh, meals, wording.remarked(in_bowls, awaited=awaited), ml)


def _row(y: float, portion: Portion, capacity: float) -> Fragment:
    shown = list(dict.fromkeys(portion.ml))
    middle = svg.WIDTH / 2
    places = [middle] if len(shown) == 1 else [middle - APART, middle + APART]
    parts = [
        frame.divider(y),
        svg.text(svg.MARGIN, y + 30, portion.ages, frame.AGES_LETTERS),
        frame.small(svg.RIGHT, y + 30, portion.meals, svg.ENDING),
        frame.small(middle, y + 160, portion.in_bowls, svg.CENTRED),
    ]
    for x, ml in zip(places, shown, strict=True):
        amount = f"{wording.number(ml)} {UNIT}"
        parts.append(svg.moved(x, y + 52, _bowl(ml / capacity)))
        parts.append(svg.text(x, y + 135, amount, CENTRED))
    if len(shown) > 1:
        parts.append(svg.moved(middle, y + 75, svg.stroke("M-10 0h18m-6-6l6 6l-6 6", Colour.QUIET)))
    return svg.group(*parts)


def _bowl(share: float) -> Fragment:
    """A bowl around x = 0 with its brim on y = 0, filled to a share of its volume."""
    return svg.group(
        svg.path(f"M-15 {DEPTH - 2}h30l3 8h-36z", fill=Colour.CLAY),
        svg.path(_cup(1), fill=Colour.CARD),
        svg.path(_cup(share), fill=Colour.HONEY, stroke=Colour.SUN),
        svg.stroke(_cup(1), Colour.CLAY, stroke_width=3),
    )


def _cup(share: float) -> str:
    """The lower part of the bowl that holds a share of its volume.

    The volume of a paraboloid grows with the square of its height, its width with the root.
    """
    height = DEPTH * sqrt(share)
    half = HALF_WIDTH * sqrt(height / DEPTH)
    top, bottom = DEPTH - height, DEPTH + height  # of the control point: the curve turns at DEPTH
    return f"M{-half:.1f} {top:.1f}Q0 {bottom:.1f} {half:.1f} {top:.1f}z"
